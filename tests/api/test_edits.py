"""Changing, tracing back and deleting memories over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.conftest import SignUp


async def change(client: Client, memory: dict[str, Any], **fields: object) -> dict[str, Any]:
    """Changes a memory; the answer, which must be 200."""
    answer = await client.put(f"/v1/memories/{memory['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_changed_text_is_found_and_the_old_one_is_not(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    changed = await change(alice, stored, content="票务系统由张伟维护")

    assert changed["content"] == changed["l2_content"] == changed["l0_abstract"] == "票务系统由张伟维护"
    assert await alice.found("谁维护票务系统") == ["票务系统由张伟维护"]
    assert await alice.found("Argo deploys") == []


async def test_an_empty_change_moves_the_version_and_nothing_else(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"])
    del stored["task_id"]

    changed = await change(alice, stored)

    assert changed["version"] == 2
    assert changed["updated_at"] > stored["updated_at"]
    assert {**changed, "version": 1, "updated_at": stored["updated_at"]} == stored


async def test_the_answer_has_the_version_that_is_stored(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    changed = await change(alice, stored, content="Deploys go through Flux")

    assert (await alice.get(f"/v1/memories/{stored['id']}")).json() == changed
    assert changed["version"] == 2


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("tags", ["新标签", "新标签", "🚀"], ["新标签", "🚀"]),
        ("tags", [], []),
        ("category", "Events", "events"),
        ("memory_type", "pinned", "pinned"),
        ("importance", 1, 1),
        ("state", "ARCHIVED", "archived"),
    ],
)
async def test_a_field_can_be_changed_alone(alice: Client, field: str, value: object, shown: object) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"])

    changed = await change(alice, stored, **{field: value})

    assert changed[field] == shown
    assert changed["content"] == "Deploys go through Argo"


async def test_a_tag_edit_leaves_rank_and_score_as_they_were(alice: Client) -> None:
    for text in ("Deploys go through Argo", "Argo needs a token to deploy", "张伟喜欢喝绿茶", "The demo is on Monday"):
        await alice.store(text, tags=["infra"])
    before = (await alice.search("how do deploys go through?", min_score=0))["results"]

    await change(alice, before[0]["memory"], tags=["部署"])

    after = (await alice.search("how do deploys go through?", min_score=0))["results"]
    assert scores(after) == scores(before)
    assert after[0]["memory"]["tags"] == ["部署"]


async def test_a_tag_edit_leaves_the_vector_as_it_was(alice: Client, driver: AsyncDriver) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"])
    before = await embedding(driver, stored["id"])

    await change(alice, stored, tags=["部署"], importance=0.9, category="cases")

    assert await embedding(driver, stored["id"]) == before
    assert before


async def test_a_changed_tag_filters_at_once(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["old"])

    await change(alice, stored, tags=["新"])

    assert await alice.found("Argo deploys", tags="新") == ["Deploys go through Argo"]
    assert await alice.found("Argo deploys", tags="old") == []


async def test_an_archived_memory_is_listed_but_not_found(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    await change(alice, stored, state="archived")

    assert await alice.found("Argo deploys") == []
    assert (await alice.get("/v1/memories")).json()["memories"][0]["state"] == "archived"


async def test_an_archived_memory_comes_back(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await change(alice, stored, state="archived")

    await change(alice, stored, state="active")

    assert await alice.found("Argo deploys") == ["Deploys go through Argo"]
    assert (await alice.store("Deploys go through Argo"))["id"] == stored["id"]


@pytest.mark.parametrize("state", ["active", "archived"])
async def test_the_state_of_a_replaced_memory_is_not_set_by_hand(alice: Client, state: str) -> None:
    old = await alice.store("Zoë lives in Paris")
    await alice.store("Zoë lives in Rome", replaces=[old["id"]])

    answer = await alice.put(f"/v1/memories/{old['id']}", json={"state": state})

    assert answer.status_code == 400
    assert "relation" in answer.json()["error"]["message"]


async def test_a_change_keeps_the_count_of_repeats(alice: Client, driver: AsyncDriver) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.store("Deploys go through Argo")

    await change(alice, stored, tags=["x"])

    query = "MATCH (memory:Memory {id: $id}) RETURN memory.repeat_count AS repeats"
    assert (await driver.execute_query(query, id=stored["id"])).records[0]["repeats"] == 1


async def test_a_memory_can_be_deleted_by_its_state(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    changed = await change(alice, stored, state="deleted")

    assert changed["state"] == "deleted"
    assert (await alice.put(f"/v1/memories/{stored['id']}", json={"state": "active"})).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "superseded"),
        ("state", "unknown"),
        ("category", "hobbies"),
        ("memory_type", "fact"),
        ("memory_type", "session"),
        ("content", ""),
        ("content", "<private>秘密</private>"),
    ],
)
async def test_a_bad_value_is_refused_and_changes_nothing(alice: Client, field: str, value: str) -> None:
    stored = await alice.store("Deploys go through Argo")

    answer = await alice.put(f"/v1/memories/{stored['id']}", json={"tags": ["x"], field: value})

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]
    assert (await alice.get(f"/v1/memories/{stored['id']}")).json()["version"] == 1


async def test_a_text_that_is_too_long_is_refused_with_a_hint(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    answer = await alice.put(f"/v1/memories/{stored['id']}", json={"content": "汉" * 100_001})

    assert answer.status_code == 413
    assert answer.json()["error"]["hint"]


async def test_a_change_to_a_long_text_and_back_leaves_no_piece_behind(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await change(alice, stored, content="小熊猫住在成都。" * 100)
    assert len(await alice.found("小熊猫住在哪里")) == 1

    await change(alice, stored, content="Deploys go through Flux")

    assert await alice.found("小熊猫住在哪里") == []
    assert await alice.found("Flux deploys") == ["Deploys go through Flux"]


async def test_a_stranger_cannot_change_and_learns_nothing(alice: Client, stranger: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    foreign = await stranger.put(f"/v1/memories/{stored['id']}", json={"content": "x"})
    unknown = await stranger.put("/v1/memories/nobody", json={"content": "x"})

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


async def test_a_message_is_never_edited(alice: Client) -> None:
    await alice.say("Deploys go through Argo")
    message = (await alice.search("Argo deploys"))["results"][0]["memory"]

    answer = await alice.put(f"/v1/memories/{message['id']}", json={"content": "x"})

    assert answer.status_code == 400


async def test_history_shows_what_was_said_before_newest_first(sign_up: SignUp) -> None:
    bob = await sign_up("Bob")
    stored = await bob.store("住在巴黎", tags=["家"], importance=0.2)
    await change(bob, stored, content="住在罗马")
    await change(bob, stored, tags=[], importance=0.8)

    history = (await bob.get(f"/v1/memories/{stored['id']}/history")).json()["revisions"]

    said = [(old["version"], old["content"], old["tags"], old["importance"]) for old in history]
    assert said == [(2, "住在罗马", ["家"], 0.2), (1, "住在巴黎", ["家"], 0.2)]
    assert {old["edited_by"] for old in history} == {bob.user_id}
    assert all(old["edited_at"].endswith("+00:00") for old in history)


async def test_a_memory_that_was_never_edited_has_an_empty_history(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    assert (await alice.get(f"/v1/memories/{stored['id']}/history")).json() == {"revisions": []}


async def test_the_history_of_what_is_gone_or_foreign_is_not_found(alice: Client, stranger: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    path = f"/v1/memories/{stored['id']}/history"
    foreign = await stranger.get(path)

    await alice.delete(f"/v1/memories/{stored['id']}")

    assert (await alice.get(path)).status_code == foreign.status_code == 404


async def test_if_match_lets_only_the_reader_of_the_latest_state_change_it(alice: Client) -> None:
    created = await alice.post("/v1/memories", json={"content": "Deploys go through Argo"})
    path, tag = f"/v1/memories/{created.json()['id']}", created.headers["ETag"]

    first = await alice.put(path, json={"content": "first"}, headers={"If-Match": tag})
    second = await alice.put(path, json={"content": "second"}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["error"]["code"] == "precondition_failed"
    assert (await alice.get(path)).json()["content"] == "first"


async def test_the_tag_of_a_read_is_good_for_a_change(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await change(alice, stored, tags=["x"])
    tag = (await alice.get(f"/v1/memories/{stored['id']}")).headers["ETag"]

    answer = await alice.put(f"/v1/memories/{stored['id']}", json={}, headers={"If-Match": tag})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


@pytest.mark.parametrize("tag", ["*", "", ' W/"1" ', "1"])
async def test_a_tag_may_be_spelled_in_several_ways(alice: Client, tag: str) -> None:
    stored = await alice.store("Deploys go through Argo")

    answer = await alice.put(f"/v1/memories/{stored['id']}", json={}, headers={"If-Match": tag})

    assert answer.status_code == 200


@pytest.mark.parametrize("tag", ['"abc"', "-1", '"²"', '"' + "9" * 5_000 + '"'])
async def test_a_tag_that_is_none_of_ours_is_refused(alice: Client, tag: str) -> None:
    stored = await alice.store("Deploys go through Argo")

    answer = await alice.put(f"/v1/memories/{stored['id']}", json={}, headers={"If-Match": tag.encode()})

    assert answer.status_code == 400
    assert "If-Match" in answer.json()["error"]["message"]


def scores(results: list[dict[str, Any]]) -> list[tuple[str, float]]:
    return [(result["memory"]["id"], round(result["score"], 6)) for result in results]


async def embedding(driver: AsyncDriver, memory_id: str) -> list[float] | None:
    """The vector of a memory, which no answer shows."""
    query = "MATCH (memory:Memory {id: $id}) RETURN memory.embedding AS embedding"
    return (await driver.execute_query(query, id=memory_id)).records[0]["embedding"]

"""Deleting one memory, several, those that match a filter, and everything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Client

PATH = "/v1/memories/batch-delete"
CONFIRMED = {"X-Confirm": "delete-all"}


async def contents(client: Client) -> list[str]:
    """What the list shows, newest first."""
    return [memory["content"] for memory in (await client.get("/v1/memories")).json()["memories"]]


async def test_deleting_twice_is_no_error(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('Deploys go through Argo'))['id']}"

    first, second = await alice.delete(path), await alice.delete(path)

    assert first.status_code == second.status_code == 200
    assert first.text == second.text == '{"status":"deleted"}'


async def test_a_deleted_memory_is_gone_for_every_route(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('Deploys go through Argo'))['id']}"
    await alice.delete(path)

    answers = [
        await alice.get(path),
        await alice.put(path, json={"state": "active"}),
        await alice.get(f"{path}/history"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert await alice.found("Argo deploys", include_superseded="true") == []
    assert (await alice.get("/v1/memories")).json()["total_count"] == 0


async def test_a_deleted_memory_is_not_listed_as_deleted_either(alice: Client) -> None:
    await alice.delete(f"/v1/memories/{(await alice.store('Deploys go through Argo'))['id']}")

    assert (await alice.get("/v1/memories", params={"state": "deleted"})).json()["memories"] == []


async def test_a_message_can_be_deleted_and_does_not_come_back(alice: Client) -> None:
    await alice.say("Deploys go through Argo", session_id="s1")
    message = (await alice.search("Argo deploys"))["results"][0]["memory"]

    deleted = await alice.delete(f"/v1/memories/{message['id']}")
    again = await alice.say("Deploys go through Argo", session_id="s1")

    assert (deleted.status_code, again["stored_count"]) == (200, 0)
    assert await alice.found("Argo deploys") == []


async def test_a_long_memory_is_deleted_with_its_pieces(alice: Client) -> None:
    stored = await alice.store("小熊猫住在成都。" * 100)

    await alice.delete(f"/v1/memories/{stored['id']}")

    assert await alice.found("小熊猫住在哪里", min_score=0) == []


async def test_a_stranger_cannot_delete_and_learns_nothing(alice: Client, stranger: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    foreign = await stranger.delete(f"/v1/memories/{stored['id']}")
    unknown = await stranger.delete("/v1/memories/nobody")

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert await contents(alice) == ["Deploys go through Argo"]


async def test_ids_are_deleted_without_confirmation_and_unknown_ones_skipped(alice: Client, stranger: Client) -> None:
    one, two = [(await alice.store(text))["id"] for text in ("一", "二")]
    await alice.store("三")
    foreign = (await stranger.store("别人的"))["id"]

    answer = await alice.post(PATH, json={"memory_ids": [one, two, two, foreign, "nobody"]})

    assert (answer.status_code, answer.json()) == (200, {"deleted": 2, "mode": "ids"})
    assert (await contents(alice), await contents(stranger)) == (["三"], ["别人的"])


async def test_no_ids_delete_nothing(alice: Client) -> None:
    await alice.store("Deploys go through Argo")

    answer = await alice.post(PATH, json={"memory_ids": [], "filter": {}, "confirm": True})

    assert answer.json() == {"deleted": 0, "mode": "ids"}
    assert await contents(alice) == ["Deploys go through Argo"]


async def test_ids_win_over_a_filter(alice: Client) -> None:
    one = await alice.store("one")
    await alice.store("two")

    await alice.post(PATH, json={"memory_ids": [one["id"]], "filter": {}, "confirm": True})

    assert await contents(alice) == ["two"]


async def test_a_filter_is_only_counted_until_it_is_confirmed(alice: Client) -> None:
    for text in ("one", "two"):
        await alice.store(text, source="import:a")
    await alice.store("三", source="mcp")

    preview = await alice.post(PATH, json={"filter": {"source": "import:"}})
    before = await contents(alice)
    confirmed = await alice.post(PATH, json={"filter": {"source": "import:"}, "confirm": True})

    assert (preview.json(), confirmed.json()) == ({"would_delete": 2}, {"deleted": 2, "mode": "filter"})
    assert (before, await contents(alice)) == (["三", "two", "one"], ["三"])


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"tags": ["红", "甜"]}, ["chilli", "apple"]),
        ({"tags": ["红"]}, ["apple"]),
        ({"category": "events"}, ["cherry", "apple"]),
        ({"memory_type": "pinned"}, ["cherry", "chilli"]),
        ({"state": "archived"}, ["chilli", "apple"]),
        ({"source": "sh"}, ["cherry", "apple"]),
        ({"source": "%"}, ["cherry", "chilli", "apple"]),
        ({"category": "hobbies"}, ["cherry", "chilli", "apple"]),
        ({"before": "2020-01-01"}, ["cherry", "chilli", "apple"]),
        ({"before": "2199-01-01T00:00:00Z"}, []),
        ({}, []),
    ],
)
async def test_a_filter_deletes_what_matches_all_of_it(alice: Client, wanted: dict[str, Any], left: list[str]) -> None:
    await alice.store("apple", tags=["甜"], memory_type="pinned")
    await alice.store("chilli", tags=["红"], category="events", source="shop")
    cherry = await alice.store("cherry", tags=["红", "甜"])
    await alice.put(f"/v1/memories/{cherry['id']}", json={"state": "archived"})

    answer = await alice.post(PATH, json={"filter": wanted, "confirm": True})

    assert answer.json() == {"deleted": 3 - len(left), "mode": "filter"}
    assert await contents(alice) == left


async def test_before_is_strict(alice: Client) -> None:
    one, two = await alice.store("one"), await alice.store("two")
    assert one["created_at"] < two["created_at"]

    answer = await alice.post(PATH, json={"filter": {"before": two["created_at"]}, "confirm": True})

    assert answer.json()["deleted"] == 1
    assert await contents(alice) == ["two"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"confirm": True}, 400),
        ({"filter": {"before": "soon"}}, 400),
        ({"filter": {}, "confirm": None}, 422),
        ({"filter": [], "confirm": True}, 422),
        ({"memory_ids": "all"}, 422),
    ],
)
async def test_a_bad_batch_is_refused_and_deletes_nothing(alice: Client, body: dict[str, Any], status: int) -> None:
    await alice.store("Deploys go through Argo")

    answer = await alice.post(PATH, json=body)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "validation_error"
    assert await contents(alice) == ["Deploys go through Argo"]


@pytest.mark.parametrize("headers", [{}, {"X-Confirm": "yes"}, {"X-Confirm": "Delete-All"}])
async def test_deleting_everything_needs_its_header(alice: Client, headers: dict[str, str]) -> None:
    await alice.store("Deploys go through Argo")

    answer = await alice.delete("/v1/memories/all", headers=headers)

    assert answer.status_code == 400
    assert "X-Confirm" in answer.json()["error"]["message"]
    assert await contents(alice) == ["Deploys go through Argo"]


async def test_everything_is_deleted_with_its_header(alice: Client, stranger: Client) -> None:
    await alice.store("Deploys go through Argo")
    await alice.say("张伟喜欢喝绿茶", "小熊猫住在成都。" * 100)
    await stranger.store("别人的")

    answer = await alice.delete("/v1/memories/all", headers=CONFIRMED)

    assert (answer.status_code, answer.json()) == (200, {"deleted": 1, "sessions_cleared": 2})
    assert (await alice.search(""))["results"] == []
    assert (await contents(alice), await contents(stranger)) == ([], ["别人的"])


@pytest.mark.parametrize("seq", [None, 7])
async def test_messages_can_be_sent_again_after_everything_was_deleted(alice: Client, seq: int | None) -> None:
    body = {"messages": [{"role": "user", "content": "Deploys go through Argo", "seq": seq}], "session_id": "s1"}
    await alice.post("/v1/memories", json=body)
    await alice.delete("/v1/memories/all", headers=CONFIRMED)

    again = await alice.post("/v1/memories", json=body)

    assert again.json()["stored_count"] == 1
    assert await alice.found("Argo deploys") == ["Deploys go through Argo"]


async def test_deleting_everything_leaves_what_only_another_agent_may_see(alice: Client) -> None:
    planner = {"X-Agent-Id": "planner"}
    body = {"content": "计划：周一上线", "visibility": "private"}
    path = f"/v1/memories/{(await alice.post('/v1/memories', json=body, headers=planner)).json()['id']}"

    answer = await alice.delete("/v1/memories/all", headers=CONFIRMED)

    assert answer.json()["deleted"] == 0
    assert (await alice.get(path, headers=planner)).status_code == 200

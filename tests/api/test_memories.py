"""Memories over HTTP: storing a text with and without its optional fields, and reading one."""

from __future__ import annotations

from typing import Any

import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.conftest import SignUp

FIELDS = [
    *("id", "content", "l0_abstract", "l1_overview", "l2_content", "category", "memory_type", "state", "tier"),
    *("importance", "confidence", "access_count", "tags", "scope", "agent_id", "session_id", "tenant_id", "source"),
    *("relations", "superseded_by", "invalidated_at", "created_at", "updated_at", "last_accessed_at", "space_id"),
    *("visibility", "owner_agent_id", "provenance", "version", "task_id"),
]
TEXTS = (
    "Deploys go through Argo",
    "张伟喜欢喝绿茶，不喜欢咖啡",
    "🚀 Launch with Zoë at 10:30 👩‍👩‍👧‍👦",
    " \ttabs\nand lines ",
)


async def test_stored_text_is_answered_with_all_fields_and_found_at_once(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"], source="mcp")

    assert list(stored) == FIELDS
    assert stored["memory_type"] == "insight"
    assert await alice.found("how do deploys go through?") == ["Deploys go through Argo"]


async def test_fields_that_are_not_sent_have_the_defaults_of_the_contract(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    assert {name: stored[name] for name in FIELDS[5:29] if not name.endswith("_at")} == {
        "category": "preferences",
        "memory_type": "insight",
        "state": "active",
        "tier": "peripheral",
        "importance": 0.5,
        "confidence": 0.5,
        "access_count": 0,
        "tags": [],
        "scope": "global",
        "agent_id": None,
        "session_id": None,
        "tenant_id": alice.user_id,
        "source": None,
        "relations": [],
        "superseded_by": None,
        "space_id": f"personal/{alice.user_id}",
        "visibility": "global",
        "owner_agent_id": "",
        "provenance": None,
        "version": 1,
    }


@pytest.mark.parametrize("text", TEXTS)
async def test_a_text_comes_back_character_for_character(alice: Client, text: str) -> None:
    stored = await alice.store(text)

    read = (await alice.get(f"/v1/memories/{stored['id']}")).json()
    assert read["content"] == read["l2_content"] == stored["content"] == text


async def test_a_chinese_text_is_found_by_part_of_it(alice: Client) -> None:
    await alice.store("张伟喜欢喝绿茶，不喜欢咖啡")

    assert await alice.found("张伟喜欢喝什么？") == ["张伟喜欢喝绿茶，不喜欢咖啡"]


@pytest.mark.parametrize(
    ("content", "abstract"),
    [
        ("Green tea.\nNever coffee.", "Green tea. Never coffee."),
        (f"他住在巴黎。{'他喜欢绿茶，' * 40}", "他住在巴黎。"),
    ],
)
async def test_the_abstract_is_as_much_as_fits_on_a_line(alice: Client, content: str, abstract: str) -> None:
    stored = await alice.store(content)

    assert stored["l0_abstract"] == abstract


@pytest.mark.parametrize(
    ("field", "sent", "shown"),
    [
        ("category", "events", "events"),
        ("category", "ENTITIES", "entities"),
        ("memory_type", "pinned", "pinned"),
        ("importance", 0.9, 0.9),
        ("importance", 0, 0),
        ("tags", ["部署", " infra ", "infra", "🚀", " "], ["部署", "infra", "🚀"]),
        ("source", "claude-code", "claude-code"),
        ("source", "", None),
        ("visibility", "private", "private"),
    ],
)
async def test_an_optional_field_is_kept(alice: Client, field: str, sent: object, shown: object) -> None:
    stored = await alice.store("Deploys go through Argo", **{field: sent})

    assert stored[field] == shown
    assert (await alice.get(f"/v1/memories/{stored['id']}")).json()[field] == shown


@pytest.mark.parametrize(
    "field", ["tags", "source", "category", "memory_type", "importance", "space", "visibility", "replaces", "messages"]
)
async def test_null_is_as_good_as_absent(alice: Client, field: str) -> None:
    stored = await alice.store("Deploys go through Argo", **{field: None})

    assert (stored["tags"], stored["source"], stored["category"]) == ([], None, "preferences")


async def test_the_agent_comes_from_the_header_and_not_from_the_body(sign_up: SignUp) -> None:
    bob = await sign_up("Bob", agent="planner")

    stored = await bob.store("Deploys go through Argo", agent_id="other", session_id="s1")

    assert (stored["agent_id"], stored["owner_agent_id"], stored["session_id"]) == ("planner", "planner", None)


@pytest.mark.parametrize("spelled", ["personal/{key}", "personal:{key}", "personal/{user_id}", "personal:{user_id}"])
async def test_the_personal_space_may_be_named_by_key_or_handle(alice: Client, spelled: str) -> None:
    stored = await alice.store("Deploys go through Argo", space=spelled.format(key=alice.key, user_id=alice.user_id))

    assert stored["space_id"] == f"personal/{alice.user_id}"


async def test_storing_in_a_foreign_space_is_storing_in_none(alice: Client, stranger: Client) -> None:
    foreign, unknown = [
        await alice.post("/v1/memories", json={"content": "x", "space": f"personal/{name}"})
        for name in (stranger.user_id, "nobody")
    ]

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


async def test_a_fact_of_the_past_is_found_by_asking_for_its_time(alice: Client) -> None:
    await alice.store("Zoë lives in Paris", valid_from="2020-01-01T00:00:00Z", valid_to="2021-06-01T00:00:00+02:00")

    assert await alice.found("where does Zoë live?") == []
    assert await alice.found("where does Zoë live?", as_of="2021-05-31T21:00:00Z") == ["Zoë lives in Paris"]
    assert await alice.found("where does Zoë live?", as_of="2021-05-31T23:00:00Z") == []


async def test_a_fact_from_before_the_computers_epoch_is_found_and_listed(alice: Client) -> None:
    await alice.store("外婆住在苏州老宅", valid_from="1938-05-01T00:00:00Z")

    assert await alice.found("外婆住在哪里") == ["外婆住在苏州老宅"]
    assert (await alice.get("/v1/memories")).json()["memories"]


async def test_a_time_may_not_end_before_it_begins(alice: Client) -> None:
    times = {"valid_from": "2026-03-02T00:00:00Z", "valid_to": "2026-03-01T00:00:00Z"}

    answer = await alice.post("/v1/memories", json={"content": "x", **times})

    assert answer.status_code == 400
    assert "valid_to" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category", "hobbies"),
        ("memory_type", "fact"),
        ("memory_type", "session"),
        ("visibility", "secret"),
        ("visibility", "shared:nobody"),
    ],
)
async def test_an_unknown_value_is_refused_with_the_name_of_its_field(alice: Client, field: str, value: str) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x", field: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"
    assert field in answer.json()["error"]["message"]
    assert (await alice.get("/v1/memories")).json()["total_count"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", 5),
        ("tags", "infra"),
        ("tags", [None]),
        ("importance", "high"),
        ("importance", 1.5),
        ("valid_from", "yesterday"),
        ("valid_from", "2026-03-02T00:00:00"),
        ("replaces", "id"),
        ("source", "s" * 257),
    ],
)
async def test_a_value_of_the_wrong_type_or_size_is_refused_with_its_field(
    alice: Client, field: str, value: object
) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x", field: value})

    assert answer.status_code == 422
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize("tags", [["t" * 257], [f"tag{number}" for number in range(101)]])
async def test_too_many_or_too_long_tags_are_refused(alice: Client, tags: list[str]) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x", "tags": tags})

    assert answer.status_code == 400
    assert "tags" in answer.json()["error"]["message"]


@pytest.mark.parametrize("agent", ["a" * 257, "a" * 20_000])
async def test_a_name_of_an_agent_that_is_no_name_is_refused(alice: Client, agent: str) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x"}, headers={"X-Agent-Id": agent})

    assert answer.status_code == 400
    assert "X-Agent-Id" in answer.json()["error"]["message"]


async def test_unknown_fields_are_ignored(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", relations=[{"x": 1}], 标签="无", tier="core")

    assert (stored["relations"], stored["tier"]) == ([], "peripheral")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": None},
        {"content": ""},
        {"content": " \n\t　"},
        {"content": "<private>my password</private>"},
        {"content": "<private>我的密码"},
        {"content": " <PRIVATE>a</PRIVATE>　<private>b"},
    ],
)
async def test_nothing_to_remember_is_refused(alice: Client, body: dict[str, Any]) -> None:
    answer = await alice.post("/v1/memories", json=body)

    assert answer.status_code == 400
    assert "content" in answer.json()["error"]["message"]


@pytest.mark.parametrize("character", ["a", "汉", "🚀"])
async def test_a_text_that_is_too_long_is_refused_with_a_hint(alice: Client, character: str) -> None:
    answer = await alice.post("/v1/memories", json={"content": character * 100_001})

    assert answer.status_code == 413
    error = answer.json()["error"]
    assert (error["code"], "100001" in error["message"], "split" in error["hint"]) == ("content_too_long", True, True)


async def test_the_longest_text_is_stored_whole_and_found_by_its_last_words(alice: Client) -> None:
    text = "第一章讲绿茶的历史。" * 9_999 + "结尾是小熊猫"

    stored = await alice.store(text)

    assert stored["content"] == text
    assert (await alice.search("小熊猫"))["results"][0]["memory"]["id"] == stored["id"]


async def test_a_body_above_two_megabytes_is_refused(alice: Client) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x", "padding": "y" * 2_100_000})

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "content_too_long"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"content": "\\ud83d"}'])
async def test_a_body_that_is_no_json_is_refused(alice: Client, body: bytes) -> None:
    answer = await alice.post("/v1/memories", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"


@pytest.mark.parametrize(
    "again", ["Deploys go through Argo", "deploys  go THROUGH argo.", "Ｄｅｐｌｏｙｓ go through Argo"]
)
async def test_the_same_text_again_is_a_repeat_of_the_first(alice: Client, driver: AsyncDriver, again: str) -> None:
    first = await alice.store("Deploys go through Argo", tags=["infra"])

    repeat = await alice.post("/v1/memories", json={"content": again})

    assert repeat.status_code == 200
    assert repeat.json() == {**first, "task_id": None}
    assert await repeat_count(driver, first["id"]) == 1
    assert (await alice.get("/v1/memories")).json()["total_count"] == 1


async def test_a_chinese_text_again_is_a_repeat_too(alice: Client) -> None:
    first = await alice.store("张伟喜欢喝绿茶")

    assert (await alice.store("张伟喜欢喝绿茶。"))["id"] == first["id"]


async def test_a_question_is_no_repeat_of_its_statement(alice: Client) -> None:
    first = await alice.store("The gate is open")

    assert (await alice.store("The gate is open?"))["id"] != first["id"]


async def test_the_same_text_by_another_agent_is_another_memory(alice: Client) -> None:
    first = await alice.store("Deploys go through Argo")

    second = await alice.post(
        "/v1/memories", json={"content": "Deploys go through Argo"}, headers={"X-Agent-Id": "planner"}
    )

    assert second.status_code == 201
    assert second.json()["id"] != first["id"]


async def test_the_same_text_for_another_audience_is_another_memory(alice: Client) -> None:
    first = await alice.store("Deploys go through Argo")

    second = await alice.store("Deploys go through Argo", visibility="private")

    assert second["id"] != first["id"]


async def test_the_same_text_of_a_stranger_is_another_memory(alice: Client, stranger: Client) -> None:
    first = await alice.store("Deploys go through Argo")

    assert (await stranger.store("Deploys go through Argo"))["id"] != first["id"]


async def test_a_deleted_text_can_be_stored_anew(alice: Client) -> None:
    first = await alice.store("Deploys go through Argo")
    await alice.delete(f"/v1/memories/{first['id']}")

    second = await alice.store("Deploys go through Argo")

    assert second["id"] != first["id"]
    assert await alice.found("how do deploys go through?") == ["Deploys go through Argo"]


async def test_a_memory_that_is_not_mine_reads_like_one_that_is_not_there(alice: Client, stranger: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    foreign = await stranger.get(f"/v1/memories/{stored['id']}")
    unknown = await stranger.get("/v1/memories/00000000-0000-4000-8000-000000000000")

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


async def test_a_private_memory_is_there_for_its_own_agent_only(alice: Client) -> None:
    planner, writer = {"X-Agent-Id": "planner"}, {"X-Agent-Id": "writer"}
    body = {"content": "Deploys go through Argo", "visibility": "private"}
    path = f"/v1/memories/{(await alice.post('/v1/memories', json=body, headers=planner)).json()['id']}"

    statuses = [(await alice.get(path, headers=headers)).status_code for headers in (planner, writer, {})]

    assert statuses == [200, 404, 404]


@pytest.mark.parametrize(("state", "status"), [("active", 200), ("archived", 200), ("deleted", 404)])
async def test_a_memory_can_be_read_until_it_is_deleted(alice: Client, state: str, status: int) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.put(f"/v1/memories/{stored['id']}", json={"state": state})

    read = await alice.get(f"/v1/memories/{stored['id']}")

    assert read.status_code == status
    assert read.json().get("state", "deleted") == state


async def repeat_count(driver: AsyncDriver, memory_id: str) -> int:
    """How often a memory was stated again, which no answer shows."""
    query = "MATCH (memory:Memory {id: $id}) RETURN memory.repeat_count AS repeats"
    return (await driver.execute_query(query, id=memory_id)).records[0]["repeats"]

"""Listing memories over HTTP: pages, filters, orders, and what a list never shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clients import Client

MINE = {"X-Agent-Id": "planner"}


async def listed(client: Client, **parameters: object) -> dict[str, Any]:
    """A page of the list; the whole answer, which must be 200."""
    answer = await client.get("/v1/memories", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def contents(client: Client, **parameters: object) -> list[str]:
    return [memory["content"] for memory in (await listed(client, **parameters))["memories"]]


async def pages(client: Client, **parameters: object) -> AsyncIterator[list[str]]:
    """The contents of one page after the other, as long as there is a cursor."""
    page = await listed(client, **parameters)
    yield [memory["content"] for memory in page["memories"]]
    while page["next_cursor"]:
        page = await listed(client, cursor=page["next_cursor"], **parameters)
        yield [memory["content"] for memory in page["memories"]]


@pytest.fixture
async def fruit(alice: Client) -> dict[str, dict[str, Any]]:
    """Three memories that differ in everything a list filters or sorts by, oldest first."""
    apple = await alice.store(
        "apple", tags=["甜", "红"], importance=0.2, source="shop", valid_from="2024-05-01T00:00:00Z"
    )
    chilli = await alice.post(
        "/v1/memories",
        json={"content": "chilli", "tags": ["红"], "category": "events", "importance": 0.9},
        headers=MINE,
    )
    cherry = await alice.store("樱桃", tags=["甜"], memory_type="pinned")
    await alice.put(f"/v1/memories/{apple['id']}", json={"state": "archived"})
    return {"apple": apple, "chilli": chilli.json(), "樱桃": cherry}


async def test_an_empty_list_has_all_its_keys(alice: Client) -> None:
    answer = await alice.get("/v1/memories")

    assert answer.text == '{"memories":[],"total_count":0,"limit":20,"offset":0,"next_cursor":null}'


async def test_the_newest_memory_comes_first(alice: Client) -> None:
    for text in ("one", "二", "three"):
        await alice.store(text)

    assert await contents(alice) == ["three", "二", "one"]


async def test_a_list_item_is_the_memory_as_a_read_shows_it(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"])

    page = await listed(alice)

    assert page["memories"] == [(await alice.get(f"/v1/memories/{stored['id']}")).json()]


async def test_no_key_of_a_list_is_error(alice: Client) -> None:
    await alice.store("Deploys go through Argo", tags=["infra"])

    assert '"error"' not in (await alice.get("/v1/memories", params={"limit": 20, "offset": 0})).text


async def test_limit_and_offset_cut_a_page_and_the_total_counts_all(alice: Client) -> None:
    for number in range(5):
        await alice.store(f"number {number}")

    page = await listed(alice, limit=2, offset=1)

    assert [memory["content"] for memory in page["memories"]] == ["number 3", "number 2"]
    assert (page["total_count"], page["limit"], page["offset"]) == (5, 2, 1)


@pytest.mark.parametrize("parameters", [{"limit": 0}, {"offset": 9}])
async def test_a_page_without_items_still_counts(alice: Client, parameters: dict[str, int]) -> None:
    await alice.store("Deploys go through Argo")

    page = await listed(alice, **parameters)

    assert (page["memories"], page["total_count"], page["next_cursor"]) == ([], 1, None)


@pytest.mark.parametrize(("asked", "used"), [(200, 200), (201, 200), (10_000, 200), ("", 20)])
async def test_a_limit_above_200_is_cut_and_the_answer_says_so(alice: Client, asked: object, used: int) -> None:
    parameters = {"limit": asked} if asked else {}

    assert (await listed(alice, **parameters))["limit"] == used


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "-1"),
        ("limit", "abc"),
        ("limit", "1.5"),
        ("offset", "-1"),
        ("offset", "x"),
        ("cursor", "绿茶"),
        ("cursor", "bm90IG91cnM"),
        ("cursor", "WyJjb250ZW50Iix0cnVlLCIxIiwiIl0"),
        ("since", "yesterday"),
        ("until", "2026-01-01T00:00:00"),
        ("include_superseded", "1"),
    ],
)
async def test_a_parameter_that_cannot_be_read_is_refused_by_name(alice: Client, name: str, value: str) -> None:
    answer = await alice.get("/v1/memories", params={name: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "importance"])
@pytest.mark.parametrize("order", ["desc", "asc"])
async def test_a_cursor_walks_over_all_items_once(alice: Client, sort: str, order: str) -> None:
    texts = [f"第{number}条" for number in range(7)]
    for number, text in enumerate(texts):
        await alice.store(text, importance=(number % 3) / 2)

    walked = [text async for page in pages(alice, limit=3, sort=sort, order=order) for text in page]

    assert sorted(walked) == texts
    assert walked == await contents(alice, sort=sort, order=order)


async def test_a_cursor_walks_over_all_items_once_while_others_are_inserted_and_changed(alice: Client) -> None:
    texts = [f"number {number}" for number in range(6)]
    ids = [(await alice.store(text))["id"] for text in texts]

    walked: list[str] = []
    async for page in pages(alice, limit=2):
        walked += page
        await alice.store(f"newcomer after {len(walked)}")
        await alice.put(f"/v1/memories/{ids[0]}", json={"tags": [str(len(walked))]})

    assert walked == texts[::-1]


async def test_a_cursor_survives_the_deletion_of_the_item_it_stands_on(alice: Client) -> None:
    for text in ("one", "two", "three"):
        await alice.store(text)
    page = await listed(alice, limit=1)
    await alice.delete(f"/v1/memories/{page['memories'][0]['id']}")

    assert await contents(alice, cursor=page["next_cursor"]) == ["two", "one"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"category": "events"}, ["chilli"]),
        ({"memory_type": "pinned"}, ["樱桃"]),
        ({"memory_type": "insight"}, ["chilli", "apple"]),
        ({"tier": "peripheral"}, ["樱桃", "chilli", "apple"]),
        ({"tier": "core"}, []),
        ({"state": "archived"}, ["apple"]),
        ({"state": "active"}, ["樱桃", "chilli"]),
        ({"tags": "甜"}, ["樱桃", "apple"]),
        ({"tags": "甜, 红"}, ["apple"]),
        ({"source": "shop"}, ["apple"]),
        ({"agent_id": "planner"}, ["chilli"]),
        ({"since": "2025-01-01"}, ["樱桃", "chilli"]),
        ({"until": "2025-01-01T00:00:00+08:00"}, ["apple"]),
        ({"category": "preferences", "tags": "红"}, ["apple"]),
    ],
)
async def test_a_filter_changes_list_and_total(
    alice: Client, fruit: object, parameters: dict[str, str], expected: list[str]
) -> None:
    page = await listed(alice, **parameters)

    assert [memory["content"] for memory in page["memories"]] == expected
    assert page["total_count"] == len(expected)


@pytest.mark.parametrize(
    "parameters",
    [
        {"category": "hobbies"},
        {"category": "Events"},
        {"tier": "gold"},
        {"memory_type": "fact"},
        {"state": "unknown"},
        {"state": "deleted"},
        {"tags": "红,酸"},
        {"source": "sho"},
        {"agent_id": "%"},
        {"session_id": "none"},
    ],
)
async def test_a_value_that_nothing_has_gives_an_empty_list(
    alice: Client, fruit: object, parameters: dict[str, str]
) -> None:
    page = await listed(alice, **parameters)

    assert (page["memories"], page["total_count"]) == ([], 0)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        ("created_at", ["apple", "chilli", "樱桃"]),
        ("updated_at", ["chilli", "樱桃", "apple"]),
        ("importance", ["apple", "樱桃", "chilli"]),
        ("unknown", ["apple", "chilli", "樱桃"]),
    ],
)
async def test_a_list_can_be_sorted_both_ways(alice: Client, fruit: object, sort: str, ascending: list[str]) -> None:
    assert await contents(alice, sort=sort, order="desc") == ascending[::-1]
    assert await contents(alice, sort=sort, order="asc") == ascending
    assert await contents(alice, sort=sort, order="whatever") == ascending


async def test_a_list_can_be_sorted_by_use(alice: Client, fruit: dict[str, dict[str, Any]], parts: Any) -> None:
    await alice.get(f"/v1/memories/{fruit['chilli']['id']}")
    await parts.accesses.flush()

    assert (await contents(alice, sort="access_count"))[0] == "chilli"


async def test_messages_are_listed_only_when_they_are_asked_for(alice: Client) -> None:
    await alice.store("Deploys go through Argo")
    await alice.say("张伟喜欢喝绿茶", "What else?", session_id="s1")

    memories, messages = await listed(alice), await listed(alice, memory_type="session", order="asc")

    assert [memory["content"] for memory in memories["memories"]] == ["Deploys go through Argo"]
    assert [memory["content"] for memory in messages["memories"]] == ["张伟喜欢喝绿茶", "What else?"]
    assert (memories["total_count"], messages["total_count"]) == (1, 2)


async def test_messages_can_be_listed_by_session_and_walked(alice: Client) -> None:
    texts = [f"第{number}句" for number in range(5)]
    await alice.say(*texts, session_id="s1")
    await alice.say("elsewhere", session_id="s2")

    walked = [text async for page in pages(alice, memory_type="session", session_id="s1", limit=2) for text in page]

    assert walked == texts[::-1]


async def test_private_memories_of_another_agent_are_neither_listed_nor_counted(alice: Client) -> None:
    await alice.store("for everybody")
    body = {"content": "计划：周一上线", "visibility": "private"}
    await alice.post("/v1/memories", json=body, headers=MINE)

    assert (await listed(alice))["total_count"] == len(await contents(alice)) == 1
    assert (await listed(alice, category="preferences"))["total_count"] == 1
    assert (await alice.get("/v1/memories", headers=MINE)).json()["total_count"] == 2


async def test_a_stranger_sees_no_list_of_mine(alice: Client, stranger: Client) -> None:
    await alice.store("Deploys go through Argo")

    for space in ("", f"personal/{alice.user_id}", f"personal/{alice.key}", "all", "team/x"):
        assert (await listed(stranger, space=space))["total_count"] == 0


@pytest.mark.parametrize("space", ["all", "personal/{user_id}", "personal:{user_id}", "personal/{key},team/unknown"])
async def test_the_space_of_a_list_can_be_named(alice: Client, space: str) -> None:
    await alice.store("Deploys go through Argo")

    assert await contents(alice, space=space.format(user_id=alice.user_id, key=alice.key)) == [
        "Deploys go through Argo"
    ]


async def test_a_list_needs_a_key(anonymous: Client) -> None:
    answer = await anonymous.get("/v1/memories")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"

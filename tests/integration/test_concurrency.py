"""Many requests of one tenant at the same time: each is done once, and no deadlock reaches a client."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.conftest import SignUp

AT_ONCE = 16


async def together(*requests: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    """The answers to requests that are under way at the same time."""
    return await asyncio.gather(*requests)


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_one_text_stored_by_many_is_one_memory_and_repeats_of_it(alice: Client, driver: AsyncDriver) -> None:
    body = {"content": "张伟喜欢喝绿茶", "tags": ["饮料"]}

    answers = await together(*(alice.post("/v1/memories", json=body) for _ in range(AT_ONCE)))

    assert statuses(answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    query = "MATCH (memory:Memory {tenant_id: $tenant}) RETURN memory.repeat_count AS repeats"
    assert (await driver.execute_query(query, tenant=alice.user_id)).records[0].values() == [AT_ONCE - 1]


async def test_writers_of_one_space_queue_up_and_never_meet_crosswise(
    alice: Client, caplog: pytest.LogCaptureFixture
) -> None:
    # The driver repeats what met a deadlock after a second and more, and says so in its log only.
    answers = await together(*(alice.post("/v1/memories", json={"content": f"box {n}"}) for n in range(3 * AT_ONCE)))

    assert statuses(answers) == {201: 3 * AT_ONCE}
    assert not [record.getMessage() for record in caplog.records if "Deadlock" in record.getMessage()]


async def test_different_texts_with_the_same_tags_are_all_stored(alice: Client) -> None:
    bodies = [{"content": f"第{number}条", "tags": ["甲", "乙"]} for number in range(AT_ONCE)]

    answers = await together(*(alice.post("/v1/memories", json=body) for body in bodies))

    assert statuses(answers) == {201: AT_ONCE}
    assert (await alice.get("/v1/memories", params={"tags": "甲,乙"})).json()["total_count"] == AT_ONCE


async def test_windows_of_one_session_store_no_message_twice(alice: Client, driver: AsyncDriver) -> None:
    texts = ["one", "ok", "二", "ok", "three"]

    answers = await asyncio.gather(*(alice.say(*texts, session_id="s1") for _ in range(8)))

    assert sorted(answer["stored_count"] for answer in answers) == [0] * 7 + [5]
    query = "MATCH (episode:Episode {tenant_id: $tenant}) RETURN episode.content AS said ORDER BY episode.position"
    found = await driver.execute_query(query, tenant=alice.user_id)
    assert [record["said"] for record in found.records] == texts


async def test_first_windows_without_a_session_id_make_one_session(alice: Client) -> None:
    texts = ["Move the parser into its own module", "ok", "二"]

    answers = await asyncio.gather(*(alice.say(*texts) for _ in range(8)))

    assert sorted(answer["stored_count"] for answer in answers) == [0] * 7 + [3]
    assert len({answer["session_id"] for answer in answers}) == 1


async def test_a_numbered_session_stores_no_message_twice(alice: Client) -> None:
    window = [{"role": "user", "content": "ok", "seq": number} for number in range(5)]
    body = {"messages": window, "session_id": "s1"}

    answers = await together(*(alice.post("/v1/memories", json=body) for _ in range(8)))

    assert sum(answer.json()["stored_count"] for answer in answers) == 5


async def test_of_changes_to_the_same_state_one_wins(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('start'))['id']}"

    requests = [alice.put(path, json={"content": f"第{n}版"}, headers={"If-Match": '"1"'}) for n in range(8)]
    answers = await together(*requests)

    assert statuses(answers) == {200: 1, 412: 7}
    assert (await alice.get(path)).json()["version"] == 2


async def test_changes_without_a_condition_are_all_made_one_after_the_other(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('start'))['id']}"

    answers = await together(*(alice.put(path, json={"content": f"第{n}版"}) for n in range(8)))

    assert statuses(answers) == {200: 8}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 10))
    history = (await alice.get(f"{path}/history")).json()["revisions"]
    assert [revision["version"] for revision in history] == list(range(8, 0, -1))


async def test_changes_to_different_fields_are_all_kept(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('start'))['id']}"
    changes = [{"tags": ["新"]}, {"importance": 0.9}, {"category": "events"}, {"content": "改了"}]

    await together(*(alice.put(path, json=change) for change in changes))

    memory = (await alice.get(path)).json()
    assert [memory[name] for name in ("tags", "importance", "category", "content")] == [["新"], 0.9, "events", "改了"]


async def test_a_memory_is_replaced_once(alice: Client) -> None:
    old = await alice.store("住在巴黎")
    bodies = [{"content": f"住在{city}", "replaces": [old["id"]]} for city in ("罗马", "里斯本", "柏林", "维也纳")]

    answers = await together(*(alice.post("/v1/memories", json=body) for body in bodies))

    assert statuses(answers) == {201: 1, 400: 3}
    assert (await alice.get("/v1/memories")).json()["total_count"] == 1


async def test_deleting_at_the_same_time_counts_once(alice: Client) -> None:
    ids = [(await alice.store(f"第{number}条"))["id"] for number in range(5)]
    body = {"memory_ids": ids}

    answers = await together(*(alice.post("/v1/memories/batch-delete", json=body) for _ in range(6)))

    assert sum(answer.json()["deleted"] for answer in answers) == 5


async def test_no_deadlock_reaches_a_client(alice: Client) -> None:
    stored = [await alice.store(f"number {n}", tags=["a", "b"]) for n in range(4)]
    one, two, *_ = [f"/v1/memories/{memory['id']}" for memory in stored]

    requests = [
        *(alice.post("/v1/memories", json={"content": f"new {n}", "tags": ["b", "a", "c"]}) for n in range(8)),
        *(alice.post("/v1/memories", json=conversation(n)) for n in range(8)),
        *(alice.put(one, json={"tags": [f"t{n}", "a"]}) for n in range(6)),
        *(alice.put(two, json={"content": f"two {n}"}) for n in range(6)),
        *(alice.post(f"{one}/relations", json=relation(stored[1], kind)) for kind in ("supports", "contradicts")),
        *(alice.post(f"{two}/relations", json=relation(stored[0], kind)) for kind in ("supports", "contradicts")),
        alice.post("/v1/memories/batch-delete", json={"memory_ids": [stored[3]["id"], stored[2]["id"]]}),
        alice.delete(f"/v1/memories/{stored[2]['id']}"),
    ]
    answers = await together(*requests)

    assert set(statuses(answers)) <= {200, 201, 202}, [answer.text for answer in answers]


async def test_tenants_do_not_wait_for_each_other(sign_up: SignUp) -> None:
    tenants = [await sign_up() for _ in range(4)]

    answers = await together(
        *(tenant.post("/v1/memories", json={"content": f"第{n}条"}) for tenant in tenants for n in range(4))
    )

    assert statuses(answers) == {201: 16}


def conversation(number: int) -> dict[str, Any]:
    texts = [f"message {number}", "ok", "好"]
    return {"messages": [{"role": "user", "content": text} for text in texts], "session_id": f"s{number % 2}"}


def relation(target: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"type": kind, "target_id": target["id"]}

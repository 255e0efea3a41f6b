"""Relations that are found between memories which are there already, over HTTP: at once, by task, again, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.tasks import LEASE
from app.services import discovery
from app.services.parts import Parts
from app.worker import Worker
from tests.api.test_imports import bring
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

Work = Callable[[], Awaitable[int]]
# What lies in a space, without what only records that it was looked at.
GRAPH = """
MATCH (memory:Memory {tenant_id: $tenant_id})
RETURN memory.id AS id, memory.state AS state, toString(memory.valid_to) AS until, memory.confidence AS confidence,
  COLLECT {
    MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM]->(other)
    RETURN type(relation) + other.id AS named ORDER BY named
  } AS relations
ORDER BY id
"""
FORGET_TASKS = "MATCH (task:Task {tenant_id: $tenant_id}) SET task.phase = null, task.status = 'cancelled'"
# Times that a test looks whether a worker has begun, some seconds in all.
LOOKS = 400
EARLIER, LATER = "2026-03-01T09:00:00Z", "2026-03-09T09:00:00Z"
FORMATTER = ("We format our Python code with black.", "We switched from black to ruff format for our Python code.")
FORMATTER_ZH = ("我们的代码用 black 格式化。", "我们的代码从 black 改用 ruff 格式化了。")
CAPTCHA = ("The login page needs a captcha.", "The login page does not need a captcha.")
CAPTCHA_ZH = ("登录页面需要验证码。", "登录页面不需要验证码。")


async def store(client: Client, *texts: str, **fields: object) -> list[str]:
    """Memories said one after the other, whose own tasks do not run: nothing compared them yet."""
    times = [EARLIER, LATER]
    return [(await client.store(text, valid_from=at, **fields))["id"] for text, at in zip(texts, times, strict=False)]


async def reconcile(client: Client, **query: object) -> dict[str, Any]:
    answer = await client.post("/v1/imports/cross-reconcile", params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def picture(driver: AsyncDriver, client: Client) -> list[dict[str, Any]]:
    return (await driver.execute_query(GRAPH, tenant_id=client.user_id)).records[:]  # type: ignore[return-value]


async def forget_tasks(driver: AsyncDriver, *clients: Client) -> None:
    """Takes away the tasks that would compare each memory as it comes, so that discovery has something to find."""
    for client in clients:
        await driver.execute_query(FORGET_TASKS, tenant_id=client.user_id)


async def test_an_empty_space_and_memories_of_different_things_have_no_relations(alice: Client) -> None:
    empty = await reconcile(alice)
    await store(alice, "The cat sleeps on the sofa.", "Invoices are paid within thirty days.")
    nothing = await reconcile(alice)

    counted = {"relations_created": 0, "proposals": 0, "status": "completed"}
    assert empty == {**counted, "memories_scanned": 0, "pairs_judged": 0, "task_id": None}
    assert (nothing["relations_created"], nothing["memories_scanned"]) == (0, 2)


@pytest.mark.parametrize("texts", [FORMATTER, FORMATTER_ZH], ids=["english", "chinese"])
async def test_what_took_the_place_of_something_is_found_not_found_twice_and_taken_back(
    alice: Client, driver: AsyncDriver, texts: tuple[str, str]
) -> None:
    older, newer = await store(alice, *texts)
    before = await picture(driver, alice)

    found = await reconcile(alice)
    again = await reconcile(alice)
    [relation] = [one for one in await alice.related(newer) if one["type"] != "similar_to"]
    state = (await alice.get(f"/v1/memories/{older}")).json()["state"]
    undone = await alice.post("/v1/decisions/undo", json={"task_id": found["task_id"]})

    assert (found["relations_created"], found["memories_scanned"], found["pairs_judged"]) == (1, 2, 1)
    assert (again["memories_scanned"], again["pairs_judged"], again["task_id"]) == (0, 0, None)
    assert (relation["type"], relation["direction"], relation["memory"]["id"]) == ("supersedes", "out", older)
    assert (relation["method"], relation["task_id"]) == ("judge", found["task_id"])
    assert 0.7 <= relation["weight"] <= 1
    assert state == "superseded"
    assert undone.json() == {"undone": 1, "retracted": 0, "reopened": 1, "blocked": []}
    assert await picture(driver, alice) == before
    assert (await reconcile(alice))["pairs_judged"] == 0


@pytest.mark.parametrize("texts", [CAPTCHA, CAPTCHA_ZH], ids=["english", "chinese"])
async def test_two_members_who_contradict_each_other_are_found_and_nobody_elses_memories(
    alice: Client, stranger: Client, sign_up: SignUp, texts: tuple[str, str]
) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    [mine] = await store(alice, texts[0], space=team)
    [his] = await store(bob, texts[1], space=team)
    # The same words in a space of nobody else, and private ones of another agent in the team.
    await store(stranger, *texts)
    other_agent = {"X-Agent-Id": "other"}
    private = {"content": f"{texts[1]}!", "space": team, "visibility": "private"}
    await bob.post("/v1/memories", json=private, headers=other_agent)

    found = await reconcile(alice, space=team)

    assert (found["memories_scanned"], found["relations_created"]) == (2, 1)
    [relation] = [one for one in await alice.related(mine) if one["type"] == "contradicts"]
    assert relation["memory"]["id"] == his
    [conflict] = (await bob.get("/v1/conflicts")).json()["conflicts"]
    assert {conflict["left"]["memory"]["id"], conflict["right"]["memory"]["id"]} == {mine, his}
    assert (await stranger.get("/v1/conflicts")).json()["conflicts"] == []
    assert (await stranger.post("/v1/imports/cross-reconcile", params={"space": team})).status_code == 404


async def test_what_is_not_certain_is_a_proposal_and_retires_nothing(alice: Client, driver: AsyncDriver) -> None:
    await store(alice, "I think deploys freeze on Fridays.", "Deploys freeze on Fridays, says the handbook.")
    before = await picture(driver, alice)

    found = await reconcile(alice)

    assert (found["relations_created"], found["proposals"]) == (0, 1)
    assert await picture(driver, alice) == before
    decided = (await alice.get("/v1/decisions", params={"task_id": found["task_id"]})).json()["decisions"]
    assert [(one["action"], one["reason"].startswith("only proposed")) for one in decided] == [("create", True)]
    assert decided[0]["requested_action"] != "create"


async def test_a_changed_text_is_compared_again_and_nothing_else(alice: Client, driver: AsyncDriver) -> None:
    older, newer = await store(alice, FORMATTER[0], "Our Python code has four packages.")
    first = await reconcile(alice)
    await alice.put(f"/v1/memories/{newer}", json={"content": FORMATTER[1]})

    second = await reconcile(alice)

    assert (first["memories_scanned"], first["relations_created"]) == (2, 0)
    assert (second["memories_scanned"], second["pairs_judged"], second["relations_created"]) == (1, 1, 1)
    assert (await alice.get(f"/v1/memories/{older}")).json()["state"] == "superseded"


async def test_a_pinned_memory_is_contradicted_and_stays(alice: Client) -> None:
    older, _ = await store(alice, *FORMATTER, memory_type="pinned")

    await reconcile(alice)

    assert (await alice.get(f"/v1/memories/{older}")).json()["state"] == "active"


@pytest.mark.parametrize("query", [{"wait": "soon"}, {"wait": "-1"}, {"wait": "31"}])
async def test_a_wait_that_cannot_be_is_refused_by_name(alice: Client, query: dict[str, str]) -> None:
    answer = await alice.post("/v1/imports/cross-reconcile", params=query)

    assert answer.status_code == 400
    assert "wait" in answer.json()["error"]["message"]


async def many(client: Client, number: int) -> None:
    """More memories than are compared at once, half of them replaced by the other half."""
    tools = [f"{letter}{digit}box" for letter in "abcdefghijklmnopqrstuvwxyz" for digit in "1234567"]
    for tool in tools[: number // 2]:
        await store(client, f"The {tool} team deploys with Argo.", f"The {tool} team switched from Argo to Flux.")


async def test_a_large_space_becomes_a_task_that_goes_on_where_a_killed_worker_stopped(
    sign_up: SignUp, parts: Parts, driver: AsyncDriver
) -> None:
    clock = FixedClock(parts.clock() - timedelta(days=9_000))
    own = msgspec.structs.replace(parts, clock=clock)
    client = await sign_up(parts=own)
    await many(client, discovery.AT_ONCE + 2)
    await forget_tasks(driver, client)

    queued = await client.post("/v1/imports/cross-reconcile", params={"wait": "0.1"})
    same = await client.post("/v1/imports/cross-reconcile")
    task_id = queued.json()["task_id"]
    killed = asyncio.create_task(Worker(own).run_pending())
    for _ in range(LOOKS):
        if (await task_of(client, task_id))["counts"]["done"]:
            break
        await asyncio.sleep(0.05)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    part = await task_of(client, task_id)
    clock.move(LEASE.total_seconds() + 1)
    await Worker(own).run_pending()
    ended = await task_of(client, task_id)

    assert (queued.status_code, queued.json()["status"]) == (202, "queued")
    assert same.json()["task_id"] == task_id
    assert 0 < part["counts"]["done"] < discovery.AT_ONCE
    assert ended["status"] == "completed"
    decided = (await client.get("/v1/decisions/counts", params={"task_id": task_id})).json()["counts"]
    replaced = sum(one["count"] for one in decided if one["action"] == "supersede")
    assert replaced == (await client.get("/v1/memories", params={"state": "superseded"})).json()["total_count"]
    assert (await reconcile(client))["pairs_judged"] == 0


async def task_of(client: Client, task_id: str) -> dict[str, Any]:
    return (await client.get(f"/v1/tasks/{task_id}")).json()


async def test_an_import_is_compared_by_itself_and_goes_back_with_what_was_found(
    alice: Client, work: Work, driver: AsyncDriver
) -> None:
    [older] = await store(alice, FORMATTER[0])
    await forget_tasks(driver, alice)
    before = await picture(driver, alice)
    made = await bring(alice, f"{FORMATTER[1]}\n")
    await work()
    kinds = [task["kind"] for task in (await alice.get("/v1/tasks")).json()["tasks"]]

    answer = await alice.post(f"/v1/imports/{made['id']}/rollback")

    assert "discover" in kinds
    assert answer.json()["blocked"] == []
    assert await picture(driver, alice) == before
    assert (await alice.get(f"/v1/memories/{older}")).json()["state"] == "active"

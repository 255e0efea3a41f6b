"""The age of memories over HTTP, with a clock that is moved; each test has tenants of its own.

The clock stands in the past, so that the workers of these tests see no work of others.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.memories import timestamp
from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

DAY = 86_400.0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(200_000)))


@pytest.fixture
def moved(parts: Parts, clock: FixedClock) -> Parts:
    """A service whose clock a test moves."""
    return msgspec.structs.replace(parts, clock=clock)


@pytest.fixture
async def ann(sign_up: SignUp, moved: Parts) -> Client:
    return await sign_up("Ann", parts=moved)


async def age(client: Client, parts: Parts, **parameters: str) -> dict[str, int]:
    """What the task of a run by hand counted."""
    run = await client.post("/v1/lifecycle/run", params=parameters)
    assert run.status_code == 202, run.text
    await Worker(parts).run_pending()
    task = (await client.get(f"/v1/tasks/{run.json()['task_id']}")).json()
    assert (task["status"], task["kind"]) == ("completed", "lifecycle")
    return {name: task["counts"][name] for name in task["counts"] if name not in ("stored", "done", "total")}


async def plan(client: Client, **parameters: str) -> dict[str, dict[str, Any]]:
    """What a dry run would change, by the id of the memory."""
    run = await client.post("/v1/lifecycle/run", params={"dry_run": "true", **parameters})
    assert (run.status_code, run.json()["task_id"]) == (200, None), run.text
    return {change["memory_id"]: change for change in run.json()["changes"]}


async def recall(client: Client, parts: Parts, memory: dict[str, Any]) -> None:
    """A read that is counted at once."""
    assert (await client.get(f"/v1/memories/{memory['id']}")).status_code == 200
    await parts.accesses.flush()


async def seen(driver: AsyncDriver, memory: dict[str, Any]) -> tuple[str, str]:
    """State and tier, read past the service, which would count it."""
    rows = await driver.execute_query("MATCH (m:Memory {id: $id}) RETURN m.state, m.tier", id=memory["id"])
    return rows.records[0][0], rows.records[0][1]


async def told(client: Client, memory: dict[str, Any]) -> list[dict[str, Any]]:
    """The decisions about a memory that tell of its age, newest first."""
    found = (await client.get("/v1/decisions", params={"memory_id": memory["id"]})).json()["decisions"]
    return [decision for decision in found if decision["method"] == "age"]


async def test_memory_that_is_recalled_on_three_days_rises_and_sinks_when_it_is_forgotten(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    used, busy = await ann.store("The deploy key lies in the safe"), await ann.store("大家都觉得食堂太吵了")
    for _ in range(3):
        clock.move(DAY)
        await recall(ann, moved, used)
    for _ in range(5):
        await recall(ann, moved, busy)
    assert (await plan(ann))[used["id"]]["action"] == "promote"
    assert await seen(driver, used) == ("active", "peripheral")

    assert await age(ann, moved) == {"promote": 1}
    assert await seen(driver, used) == ("active", "working")
    assert await seen(driver, busy) == ("active", "peripheral")
    read = (await ann.get(f"/v1/memories/{used['id']}")).json()
    assert (read["access_count"], read["tier"]) == (3, "working")
    assert [memory["id"] for memory in (await ann.get("/v1/memories?tier=working")).json()["memories"]] == [used["id"]]
    assert [(one["action"], one["label"]) for one in await told(ann, used)] == [("promote", "working")]

    clock.move(200 * DAY)
    # The rows of both are due, and only what is really unused sinks.
    assert await age(ann, moved) == {"demote": 1, "archive": 1}
    assert await seen(driver, used) == ("active", "peripheral")
    assert await seen(driver, busy) == ("archived", "peripheral")
    assert await age(ann, moved) == {}
    clock.move(15 * DAY)
    assert await age(ann, moved) == {"archive": 1}
    assert await ann.found("deploy key safe") == []
    assert await ann.found("deploy key safe", include_superseded="true") == ["The deploy key lies in the safe"]


async def test_what_is_archived_comes_back_by_undoing_and_by_hand(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    english, chinese = await ann.store("The spare key hangs in the hall"), await ann.store("大家都说备用钥匙很旧")
    clock.move(200 * DAY)
    before = (await plan(ann))[chinese["id"]]
    assert (before["action"], before["state"]) == ("archive", "archived")
    assert await ann.found("备用钥匙") == ["大家都说备用钥匙很旧"]
    await age(ann, moved)
    assert await ann.found("备用钥匙") == []
    (decision,) = await told(ann, english)
    assert decision["scores"]["idle_days"] == pytest.approx(200, abs=0.1)

    assert (await ann.post(f"/v1/decisions/{decision['id']}/undo")).status_code == 200
    assert (await ann.put(f"/v1/memories/{chinese['id']}", json={"state": "active"})).status_code == 200

    for memory in (english, chinese):
        assert await seen(driver, memory) == ("active", "peripheral")
    assert await ann.found("备用钥匙") == ["大家都说备用钥匙很旧"]
    # Whoever brings something back wants to keep it for a while.
    clock.move(30 * DAY)
    assert await age(ann, moved) == {}
    # Once more changes nothing, not even after somebody archived it by hand.
    await ann.put(f"/v1/memories/{english['id']}", json={"state": "archived"})
    assert (await ann.post(f"/v1/decisions/{decision['id']}/undo")).status_code == 200
    assert await seen(driver, english) == ("archived", "peripheral")


async def test_a_run_is_undone_as_a_whole_and_does_not_block_what_was_decided_before(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    first = await ann.say("I adopted a grey cat named Pixel.", "我养了一只叫豆豆的狗。", session_id="pets")
    await Worker(moved).run_pending()
    facts = (await ann.get("/v1/memories")).json()["memories"]
    assert facts
    clock.move(200 * DAY)
    run = (await ann.post("/v1/lifecycle/run")).json()
    await Worker(moved).run_pending()
    changed = [memory for memory in facts if (await seen(driver, memory))[0] == "archived"]
    assert changed

    undone = (await ann.post("/v1/decisions/undo", json={"task_id": run["task_id"]})).json()
    assert (undone["blocked"], undone["undone"] >= len(changed)) == ([], True)
    assert [(await seen(driver, memory))[0] for memory in changed] == ["active"] * len(changed)
    clock.move(200 * DAY)
    await age(ann, moved)
    undone = (await ann.post("/v1/decisions/undo", json={"task_id": first["task_id"]})).json()
    assert undone["blocked"] == []
    assert [(await seen(driver, memory))[0] for memory in facts] == ["retracted"] * len(facts)


async def test_what_is_pinned_a_value_or_in_dispute_does_not_sink(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    pinned = await ann.store(
        "Never deploy on Friday", memory_type="pinned", valid_to=timestamp(clock.at + timedelta(2))
    )
    await ann.say("I live in Lisbon.", session_id="home")
    left, right = await ann.store("Everybody liked the concert"), await ann.store("Half of us went home angry")
    idle = await ann.store("A lamp was on in the cellar")
    await Worker(moved).run_pending()
    assert (await ann.relate(left["id"], right["id"], "contradicts")).status_code == 201
    (slot,) = (await ann.get("/v1/slots", params={"attribute": "residence"})).json()["slots"]
    head = {"id": slot["values"][0]["memory_id"]}
    clock.move(400 * DAY)

    await age(ann, moved)

    assert await seen(driver, pinned) == ("active", "core")
    assert await seen(driver, head) == ("active", "core")
    assert await seen(driver, left) == await seen(driver, right) == ("active", "peripheral")
    assert await seen(driver, idle) == ("archived", "peripheral")


async def test_what_is_over_expires_and_stays_in_history(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    begun = clock.at
    sale = await ann.store("The garden sale is on", valid_to=timestamp(begun + timedelta(1)))
    job = await ann.store("I started at Acme today")
    await ann.say("We have a meeting with the board tomorrow at 10.", "我明天上午10点要去看牙医。", session_id="plans")
    await Worker(moved).run_pending()
    facts = (await ann.get("/v1/memories")).json()["memories"]
    (plan_id,) = [one["id"] for one in facts if "board" in one["content"]]
    (chinese,) = [one for one in facts if "牙医" in one["content"]]
    assert await ann.found("牙医") != []
    assert "The garden sale is on" in await ann.found("garden sale")
    clock.move(3 * DAY)

    assert await age(ann, moved) == {"expire": 3}

    assert await seen(driver, sale) == await seen(driver, {"id": plan_id}) == ("expired", "peripheral")
    assert await seen(driver, chinese) == ("expired", "peripheral")
    assert await seen(driver, job) == ("active", "peripheral")
    assert await ann.found("garden sale") == []
    assert [text for text in await ann.found("meeting with the board") if "board" in text] == []
    assert await ann.found("牙医") == []
    assert "The garden sale is on" in await ann.found("garden sale", include_superseded="true")
    assert "The garden sale is on" in await ann.found("garden sale", as_of=timestamp(begun + timedelta(hours=1)))
    assert any("牙医" in text for text in await ann.found("牙医", include_superseded="true"))
    assert (await ann.get(f"/v1/memories/{sale['id']}")).json()["state"] == "archived"
    # Who says that it is not over is believed, by undoing or by hand.
    (decision,) = await told(ann, {"id": plan_id})
    await ann.post(f"/v1/decisions/{decision['id']}/undo")
    await ann.put(f"/v1/memories/{sale['id']}", json={"state": "active"})
    assert await age(ann, moved) == {}
    assert await ann.found("garden sale") == ["The garden sale is on"]
    assert any("board" in text for text in await ann.found("meeting with the board"))


async def test_dry_run_shows_only_what_the_caller_sees_and_foreign_spaces_are_unknown(
    ann: Client, sign_up: SignUp, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    ben, eve = await sign_up("Ben", parts=moved), await sign_up("Eve", parts=moved)
    space = await ann.space("blue", role="member", ben=ben)
    await ann.put(f"/v1/spaces/{space['id']}/members/{ben.user_id}", json={"role": "reader"})
    shared = await ann.store("The bus leaves at seven", space=space["id"])
    private = await ann.store("My locker is number four", space=space["id"], visibility="private")
    mine = await ann.store("The blue mug is mine")
    clock.move(200 * DAY)

    assert set(await plan(ann, space=space["id"])) == {shared["id"], private["id"]}
    other_agent = await ann.post(
        "/v1/lifecycle/run", params={"dry_run": "true", "space": space["id"]}, headers={"X-Agent-Id": "x"}
    )
    assert [change["memory_id"] for change in other_agent.json()["changes"]] == [shared["id"]]
    assert (await eve.get("/v1/lifecycle")).json()["due_count"] == 0
    assert (await ben.get("/v1/lifecycle")).json()["due_count"] == 1
    refused = await ben.post("/v1/lifecycle/run", params={"space": space["id"]})
    assert refused.status_code == 401
    unknown = await eve.post("/v1/lifecycle/run", params={"space": space["id"]})
    nothing = await eve.post("/v1/lifecycle/run", params={"space": "team/none"})
    assert (unknown.status_code, unknown.text) == (404, nothing.text)
    bad = await ann.post("/v1/lifecycle/run", params={"dry_run": "perhaps"})
    assert (bad.status_code, "dry_run" in bad.text) == (400, True)
    # The task of a space changes what nobody else sees as well, and nothing elsewhere.
    assert await age(ann, moved, space=space["id"]) == {"archive": 2}
    assert await seen(driver, private) == ("archived", "peripheral")
    assert await seen(driver, mine) == ("active", "peripheral")


async def test_reads_count_once_a_day_and_reader_and_searches_count_as_well(
    ann: Client, moved: Parts, clock: FixedClock, driver: AsyncDriver
) -> None:
    memory = await ann.store("大家都喜欢那间会议室")
    for agent in ("a", "b", "a"):
        await ann.get("/v1/memories/search", params={"q": "会议室"}, headers={"X-Agent-Id": agent})
    await moved.accesses.flush()
    await ann.get("/v1/memories")
    await plan(ann)
    await moved.accesses.flush()
    rows = await driver.execute_query(
        "MATCH (m:Memory {id: $id})<-[r:RECALLED]-(e) RETURN m.uses, m.access_count, count(e), sum(r.count)",
        id=memory["id"],
    )
    assert rows.records[0].values() == [2.0, 3, 2, 2]
    clock.move(60 * DAY)
    await recall(ann, moved, memory)
    rows = await driver.execute_query("MATCH (m:Memory {id: $id}) RETURN m.uses", id=memory["id"])
    assert rows.records[0][0] == pytest.approx(2.0)

"""Periodic work: each period is done by one worker, what is interrupted doubles nothing, and what is old goes.

The clock stands in a past of its own, so that what is due there is of these tests only.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.errors import Unavailable
from app.services import schedule
from app.services.parts import Parts
from app.services.schedule import LEASE, RETRY, Job, Scheduler
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock
from tests.servers.openai_api import OpenAIServer, status

DAY = 86_400.0
HOUR = timedelta(hours=1)
FORGET = """
MATCH (node:Memory|Task|RecallEvent) WHERE node.review_at < $before OR node.created_at < $before OR node.at < $before
DETACH DELETE node
"""


@pytest.fixture
async def past(driver: AsyncDriver, remote_parts: Parts) -> FixedClock:
    """A clock in a past where nothing is due."""
    await driver.execute_query(FORGET, before=datetime(2020, 1, 1, tzinfo=UTC))
    return FixedClock(datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(200_000)))


@pytest.fixture
def old_parts(remote_parts: Parts, past: FixedClock) -> Parts:
    return msgspec.structs.replace(remote_parts, clock=past)


@pytest.fixture
async def client(sign_up: SignUp, old_parts: Parts) -> Client:
    return await sign_up(parts=old_parts)


class KilledError(Exception):
    """The process is gone: nothing catches it, and nothing is written after it."""


def name() -> str:
    """Periodic work that no other test knows."""
    return f"job-{random.randrange(10**12)}"


async def kinds(client: Client) -> list[str]:
    return [task["kind"] for task in (await client.get("/v1/tasks")).json()["tasks"]]


async def test_two_workers_do_a_period_once_and_the_next_one_again(old_parts: Parts, past: FixedClock) -> None:
    done: list[datetime] = []

    async def work(_: Parts, period: datetime) -> None:
        done.append(period)
        await asyncio.sleep(0)

    jobs = [Job(name(), HOUR, work)]
    workers = [Scheduler(old_parts, jobs) for _ in range(4)]
    did = await asyncio.gather(*(worker.run_due() for worker in workers))
    assert (len(done), sum(map(len, did))) == (1, 1)
    assert await workers[0].run_due() == []
    past.move(HOUR.total_seconds())
    await asyncio.gather(*(worker.run_due() for worker in workers))
    assert len(done) == 2


async def test_what_fails_is_tried_again_soon_and_what_is_killed_after_its_lease(
    old_parts: Parts, past: FixedClock
) -> None:
    done: list[datetime] = []

    async def fail(_: Parts, period: datetime) -> None:
        done.append(period)
        raise TimeoutError

    async def die(_: Parts, period: datetime) -> None:
        done.append(period)
        raise KilledError

    failing = Scheduler(old_parts, [Job(name(), HOUR, fail)])
    assert len(await failing.run_due()) == 1
    assert await failing.run_due() == []
    past.move(RETRY.total_seconds())
    assert len(await failing.run_due()) == 1
    assert len(done) == 2
    job = Job(name(), HOUR, die)
    with pytest.raises(KilledError):
        await Scheduler(old_parts, [job]).run_due()
    assert await Scheduler(old_parts, [job]).run_due() == []
    past.move(LEASE.total_seconds())
    with pytest.raises(KilledError):
        await Scheduler(old_parts, [job]).run_due()
    # The same period, so what it queued in part is not queued twice.
    assert done[2] == done[3]


async def test_spaces_with_something_due_get_one_task_a_period_and_others_none(
    client: Client, sign_up: SignUp, old_parts: Parts, past: FixedClock
) -> None:
    other = await sign_up(parts=old_parts)
    await client.store("Deploys go through Argo")
    past.move(10 * DAY)
    await other.store("部署用阿尔戈")
    await Worker(old_parts).run_pending()
    past.move(81 * DAY)
    period = past.at
    for _ in range(2):
        await schedule.queue_aging(old_parts, period)
    assert (await kinds(client)).count("lifecycle") == 1
    assert "lifecycle" not in await kinds(other)
    await Worker(old_parts).run_pending()
    await schedule.queue_aging(old_parts, past.at + HOUR)
    assert (await kinds(client)).count("lifecycle") == 1
    (memory,) = (await client.get("/v1/memories")).json()["memories"]
    assert memory["state"] == "archived"
    decisions = (await client.get("/v1/decisions", params={"action": "archive"})).json()["decisions"]
    assert len(decisions) == 1


async def test_a_worker_that_dies_in_the_middle_doubles_nothing(
    client: Client, old_parts: Parts, past: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await client.store(f"Shelf {number} holds boxes of kind {number * 7}")
    await Worker(old_parts).run_pending()
    past.move(120 * DAY)
    monkeypatch.setattr("app.services.lifecycle.BATCH", 2)
    await client.post("/v1/lifecycle/run")
    write, writes = old_parts.graph.write, 0

    async def dying(work: object, *arguments: object) -> object:
        """Writes one batch, and then nothing any more."""
        nonlocal writes
        writes += getattr(work, "__name__", "") == "_age_batch"
        if writes > 1:
            raise Unavailable("killed")
        return await write(work, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(old_parts.graph, "write", dying)
    await Worker(old_parts).run_pending()
    assert writes > 1
    monkeypatch.setattr(old_parts.graph, "write", write)
    past.move(120)
    await Worker(old_parts).run_pending()

    decisions = (await client.get("/v1/decisions", params={"action": "archive"})).json()["decisions"]
    assert len({decision["memory_id"] for decision in decisions}) == len(decisions) == 5
    states = [memory["state"] for memory in (await client.get("/v1/memories")).json()["memories"]]
    assert states == ["archived"] * 5


async def test_missing_vectors_are_made_again_and_old_tasks_go(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer, driver: AsyncDriver
) -> None:
    embedding_server.always(status(400))
    lost = (await client.store("Deploys go through Argo"))["task_id"]
    for _ in range(10):
        await Worker(old_parts).run_pending()
        past.move(600)
    assert (await client.get(f"/v1/tasks/{lost}")).json()["status"] == "failed"
    embedding_server.always(None)
    await schedule.retry_lost(old_parts, past.at)
    await Worker(old_parts).run_pending()
    assert (await client.get(f"/v1/tasks/{lost}")).json()["status"] == "completed"
    found = await client.search("Argo deploys", include="why")
    assert found["degraded"] == []
    assert found["results"][0]["why"]["p_vector"] > 0
    await old_parts.accesses.flush()

    past.move(20 * DAY)
    await schedule.clean(old_parts, past.at)
    assert (await client.get(f"/v1/tasks/{lost}")).status_code == 200
    past.move(20 * DAY)
    await schedule.clean(old_parts, past.at)
    assert (await client.get(f"/v1/tasks/{lost}")).status_code == 404
    rows = await driver.execute_query("MATCH (e:RecallEvent {tenant_id: $id}) RETURN count(e)", id=client.user_id)
    assert rows.records[0][0] == 0
    (memory,) = (await client.get("/v1/memories")).json()["memories"]
    assert memory["access_count"] == 1


async def test_periodic_work_is_listed_with_its_times(client: Client, old_parts: Parts) -> None:
    view = (await client.get("/v1/lifecycle")).json()
    assert [job["name"] for job in view["jobs"]] == [job.name for job in schedule.jobs_of(old_parts.settings)]
    off = msgspec.structs.replace(old_parts.settings, lifecycle_minutes=0)
    assert "lifecycle" not in [job.name for job in schedule.jobs_of(off)]

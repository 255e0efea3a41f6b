"""Background work that fails, is interrupted, or is wanted by several workers at once.

The clock of these tests stands in the past, so that their workers see no work of other tests.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.tasks import LEASE, MAX_ATTEMPTS, Task
from app.services.parts import Parts
from app.storage import system
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock
from tests.servers.openai_api import OpenAIServer, slow, status

FIVE_MINUTES = 300
DEADLINE_SECONDS = 20


@pytest.fixture
def past() -> FixedClock:
    """A clock of this test's own, since another one may have left work behind."""
    return FixedClock(datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(200_000)))


@pytest.fixture
def old_parts(remote_parts: Parts, past: FixedClock) -> Parts:
    """A service in the past with the scripted embedding server."""
    return msgspec.structs.replace(remote_parts, clock=past)


@pytest.fixture
async def client(sign_up: SignUp, old_parts: Parts) -> Client:
    return await sign_up(parts=old_parts)


async def test_a_failing_embedder_is_tried_again_with_growing_pauses(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer, driver: AsyncDriver
) -> None:
    embedding_server.always(status(400))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    pauses: list[float] = []
    for _ in range(5):
        await Worker(old_parts).run_pending()
        pauses.append((await due_at(driver, task_id) - past.at).total_seconds())
        past.move(pauses[-1])

    assert all(0.75 <= pause / 2**index <= 1.25 for index, pause in enumerate(pauses))
    task = await task_of(client, task_id)
    assert (task["status"], task["attempts"], task["finished_at"]) == ("queued", 5, None)


async def test_after_eight_attempts_it_is_failed_with_the_reasons(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer
) -> None:
    embedding_server.always(status(400))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    for _ in range(MAX_ATTEMPTS + 2):
        await Worker(old_parts).run_pending()
        past.move(FIVE_MINUTES * 2)

    task = await task_of(client, task_id)

    assert (task["status"], task["attempts"]) == ("failed", MAX_ATTEMPTS)
    assert task["errors"] == ["the embedding endpoint answered with status 400"] * MAX_ATTEMPTS
    assert task["finished_at"] is not None
    assert await client.found("deploys Argo") == ["Deploys go through Argo"]


async def test_work_goes_on_when_the_embedder_is_back(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer
) -> None:
    embedding_server.always(status(400))
    task_id = (await client.say("Deploys go through Argo", "张伟喜欢喝绿茶"))["task_id"]
    await Worker(old_parts).run_pending()
    embedding_server.always(None)
    past.move(FIVE_MINUTES)
    await Worker(old_parts).run_pending()

    task = await task_of(client, task_id)

    assert (task["status"], task["attempts"], len(task["errors"])) == ("completed", 2, 1)
    assert (await client.search("张伟喝什么", include="why"))["results"][0]["why"]["p_vector"] > 0


async def test_the_work_of_a_worker_that_died_is_done_once_by_another(
    client: Client, old_parts: Parts, past: FixedClock
) -> None:
    first = await client.store("The harbour office opens at nine in the morning")
    await Worker(old_parts).run_pending()
    second = await client.store("The harbour office opens at ten in the morning")
    await die_working(old_parts, "dead")
    within = await Worker(old_parts).run_pending()
    past.move(LEASE.total_seconds() + 1)

    after = [await Worker(old_parts).run_pending() for _ in range(2)]

    task = await task_of(client, second["task_id"])
    assert (within, after) == (0, [1, 0])
    assert (task["status"], task["attempts"]) == ("completed", 2)
    assert len(await client.related(first["id"])) == 1


async def test_a_task_that_ends_every_worker_is_given_up(client: Client, old_parts: Parts, past: FixedClock) -> None:
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    for number in range(MAX_ATTEMPTS):
        await die_working(old_parts, f"dead {number}")
        past.move(LEASE.total_seconds() + 1)
    await Worker(old_parts).run_pending()

    task = await task_of(client, task_id)

    assert (task["status"], task["errors"]) == ("failed", ["internal error (WorkersLost)"])


async def test_a_worker_that_lost_its_lease_changes_nothing_any_more(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer
) -> None:
    embedding_server.always(status(400))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    embedding_server.always(None)
    embedding_server.script(slow(0.5))
    sleepy = asyncio.create_task(Worker(old_parts).run_pending())
    await until(lambda: len(embedding_server.requests) == 2)
    past.move(LEASE.total_seconds() + 1)
    await Worker(old_parts).run_pending()
    done = await task_of(client, task_id)
    await sleepy

    assert (done["status"], done["attempts"]) == ("completed", 2)
    assert await task_of(client, task_id) == done


async def test_two_workers_never_do_the_same_work(client: Client, old_parts: Parts) -> None:
    ids = {(await client.store(f"Fact number {number} about the harbour"))["task_id"] for number in range(12)}
    workers = [Worker(old_parts) for _ in range(4)]

    while sum(await asyncio.gather(*(worker.run_pending() for worker in workers))):
        pass

    tasks = (await client.get("/v1/tasks")).json()["tasks"]
    assert {task["id"] for task in tasks} == ids
    assert {(task["status"], task["attempts"]) for task in tasks} == {("completed", 1)}


async def test_a_running_worker_finds_new_work_and_ends_what_it_does_when_it_is_stopped(
    client: Client, old_parts: Parts, embedding_server: OpenAIServer
) -> None:
    worker = Worker(old_parts)
    worker.start()
    embedding_server.always(status(400))
    embedding_server.script(status(400), slow(0.5))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    await until(lambda: len(embedding_server.requests) == 2)

    await asyncio.wait_for(worker.stop(), DEADLINE_SECONDS)

    assert (await task_of(client, task_id))["status"] == "completed"


async def test_an_idle_worker_stops_at_once(old_parts: Parts) -> None:
    worker = Worker(old_parts)
    worker.start()
    await asyncio.sleep(0)

    await asyncio.wait_for(worker.stop(), 0.9)


async def test_the_work_of_a_tenant_that_is_gone_is_cancelled(
    client: Client, old_parts: Parts, driver: AsyncDriver
) -> None:
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    tenant = {"id": client.user_id}
    await driver.execute_query("MATCH (tenant:Tenant {id: $id}) SET tenant.status = 'closed'", tenant)
    await Worker(old_parts).run_pending()
    await driver.execute_query("MATCH (tenant:Tenant {id: $id}) SET tenant.status = 'active'", tenant)

    assert (await task_of(client, task_id))["status"] == "cancelled"


async def die_working(parts: Parts, worker: str) -> None:
    """What is left of a worker that is killed right after it took a task."""
    now = parts.clock()
    taken = await parts.graph.write(system.claim_task, worker, now, now + LEASE)
    assert isinstance(taken, Task)


async def due_at(driver: AsyncDriver, task_id: str) -> datetime:
    found = await driver.execute_query("MATCH (task:Task {id: $id}) RETURN task.due_at AS due_at", id=task_id)
    return found.records[0]["due_at"].to_native()


async def task_of(client: Client, task_id: str) -> dict[str, Any]:
    return (await client.get(f"/v1/tasks/{task_id}")).json()


async def until(is_so: Callable[[], bool]) -> None:
    """Waits for something that another task does."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - what is waited for is on a server in another thread
            await asyncio.sleep(0.01)

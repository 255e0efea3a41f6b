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

from app.domain.tasks import LEASE, MAX_ATTEMPTS
from app.services.parts import Parts
from app.storage import system
from app.storage.graph import Graph
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock
from tests.servers.openai_api import OpenAIServer, slow, status

FIVE_MINUTES = 300
FORGET = """
MATCH (task:Task) WHERE task.created_at < $before AND task.phase IS NOT NULL
SET task.phase = null, task.status = 'cancelled'
"""
DEADLINE_SECONDS = 20


@pytest.fixture
async def past(driver: AsyncDriver, graph: Graph) -> FixedClock:
    """A clock in a past without work: what another test left behind there is taken away."""
    await driver.execute_query(FORGET, before=datetime(2020, 1, 1, tzinfo=UTC))
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


async def test_tasks_of_a_session_are_done_in_order_and_never_two_at_once(
    client: Client, old_parts: Parts, past: FixedClock, driver: AsyncDriver
) -> None:
    ids: list[str] = []
    for text in ("I moved to Lisbon", "我喜欢喝茶", "I sold my car"):
        ids.append((await client.say(text, session_id="s"))["task_id"])
        past.move(1)
    taken = [await claim(old_parts) for _ in range(2)]
    await Worker(old_parts).run_pending()
    meanwhile = [(await task_of(client, task_id))["status"] for task_id in ids]
    past.move(LEASE.total_seconds() + 1)
    await Worker(old_parts).run_pending()

    tasks = [await task_of(client, task_id) for task_id in ids]

    assert taken == [ids[0], None]
    assert meanwhile == ["running", "queued", "queued"]
    assert [(task["status"], task["attempts"]) for task in tasks] == [("completed", n) for n in (2, 1, 1)]


async def test_what_waits_for_its_retry_holds_up_its_session_until_it_has_failed(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer
) -> None:
    embedding_server.always(status(400))
    first, second = [(await client.say(text, session_id="s"))["task_id"] for text in ("It rains", "下雨了")]
    await Worker(old_parts).run_pending()
    held_up = (await task_of(client, second))["attempts"]
    for _ in range(MAX_ATTEMPTS - 1):
        past.move(FIVE_MINUTES * 2)
        await Worker(old_parts).run_pending()

    assert (held_up, (await task_of(client, first))["status"]) == (0, "failed")
    assert (await task_of(client, second))["attempts"] == 1


async def test_a_dead_letter_is_retried_before_the_later_ones_of_its_session(
    client: Client, old_parts: Parts, past: FixedClock
) -> None:
    first = (await client.say("It rains", session_id="s"))["task_id"]
    await client.post(f"/v1/tasks/{first}/cancel")
    past.move(1)
    second = (await client.say("下雨了", session_id="s"))["task_id"]
    await client.post(f"/v1/tasks/{first}/retry")

    taken = [await claim(old_parts) for _ in range(2)]

    assert taken == [first, None]
    assert (await task_of(client, second))["status"] == "queued"


async def test_tenants_take_turns(sign_up: SignUp, client: Client, old_parts: Parts, past: FixedClock) -> None:
    busy = [(await client.store(f"Fact number {number} about the harbour"))["task_id"] for number in range(20)]
    past.move(60)
    other = await sign_up(parts=old_parts)
    single = (await other.store("张伟喜欢喝绿茶"))["task_id"]
    served = ""
    taken: list[str] = []
    for _ in range(3):
        now = old_parts.clock()
        found = await old_parts.graph.write(system.claim_task, "w", served, now, now + LEASE)
        assert found
        served = found.tenant_id
        taken.append(found.task.id if found.task else "")

    assert single in taken[:2]
    assert set(taken) - {single} == set(busy[:2])


async def test_the_lease_is_kept_while_the_work_is_busy(
    client: Client, old_parts: Parts, past: FixedClock, embedding_server: OpenAIServer
) -> None:
    task_id, busy = await slow_task(client, old_parts, embedding_server)
    for _ in range(4):
        past.move(LEASE.total_seconds() / 2)
        await asyncio.sleep(0.15)
    taken = await claim(old_parts)
    await busy

    assert taken is None
    assert ((await task_of(client, task_id))["status"], (await task_of(client, task_id))["attempts"]) == (
        "completed",
        1,
    )


async def test_a_running_task_that_is_cancelled_stops_and_is_not_taken_again(
    client: Client, old_parts: Parts, embedding_server: OpenAIServer
) -> None:
    task_id, busy = await slow_task(client, old_parts, embedding_server)

    asked = (await client.post(f"/v1/tasks/{task_id}/cancel")).json()
    again = await client.post(f"/v1/tasks/{task_id}/cancel")
    await busy

    assert (asked["status"], again.status_code) == ("running", 200)
    assert (await task_of(client, task_id))["status"] == "cancelled"
    assert await claim(old_parts) is None


async def test_what_has_not_ended_in_the_grace_period_goes_back_to_the_queue(
    client: Client, old_parts: Parts, embedding_server: OpenAIServer
) -> None:
    hasty = msgspec.structs.replace(old_parts.settings, worker_grace_secs=0)
    worker = Worker(msgspec.structs.replace(old_parts, settings=hasty))
    embedding_server.always(status(400))
    embedding_server.script(status(400), slow(0.9))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    worker.start()
    await until(lambda: len(embedding_server.requests) == 2)
    await asyncio.wait_for(worker.stop(), DEADLINE_SECONDS)
    given_back = await task_of(client, task_id)
    embedding_server.always(None)

    assert (given_back["status"], given_back["attempts"]) == ("queued", 0)
    assert await Worker(old_parts).run_pending() == 1
    assert (await task_of(client, task_id))["status"] == "completed"


async def test_a_worker_does_several_tasks_at_a_time(
    client: Client, old_parts: Parts, embedding_server: OpenAIServer
) -> None:
    embedding_server.always(status(400))
    ids = [(await client.store(text))["task_id"] for text in ("Deploys go through Argo", "张伟喜欢喝绿茶")]
    embedding_server.always(None)
    embedding_server.script(slow(0.8), slow(0.8))
    before = len(embedding_server.requests)
    worker = Worker(old_parts)
    worker.start()
    await until(lambda: len(embedding_server.requests) == before + 2)
    running = {(await task_of(client, task_id))["status"] for task_id in ids}
    await asyncio.wait_for(worker.stop(), DEADLINE_SECONDS)

    assert running == {"running"}
    assert {(await task_of(client, task_id))["status"] for task_id in ids} == {"completed"}


async def slow_task(client: Client, parts: Parts, embedding_server: OpenAIServer) -> tuple[str, asyncio.Task[int]]:
    """A task that a worker with a fast heart is busy with."""
    embedding_server.always(status(400))
    task_id = (await client.store("Deploys go through Argo"))["task_id"]
    embedding_server.always(None)
    embedding_server.script(slow(0.9))
    before = len(embedding_server.requests)
    busy = asyncio.create_task(Worker(parts, heartbeat_seconds=0.05).run_pending())
    await until(lambda: len(embedding_server.requests) == before + 1)
    return task_id, busy


async def claim(parts: Parts) -> str | None:
    """The id of the next task, which is then another worker's."""
    now = parts.clock()
    found = await parts.graph.write(system.claim_task, "another", "", now, now + LEASE)
    return found.task.id if found and found.task else None


async def die_working(parts: Parts, worker: str) -> None:
    """What is left of a worker that is killed right after it took a task."""
    now = parts.clock()
    await parts.graph.write(system.wake_tasks, now, 100)
    taken = await parts.graph.write(system.claim_task, worker, "", now, now + LEASE)
    assert taken
    assert taken.task


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

"""Periodic work, each period done by one of all workers: a table of jobs, whose leases lie in the graph.

A job is short: it finds what is due and queues tasks for it. Tasks have ids made from the period, so a job that is
interrupted and done again by somebody else queues nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4, uuid5

import msgspec

from app.config import Settings
from app.domain.aging import JobView, LifecycleView
from app.domain.errors import OurmemError
from app.domain.memories import timestamp
from app.domain.principal import Principal
from app.services import communities, consolidation, lifecycle
from app.services import tasks as task_service
from app.services.parts import Parts
from app.storage import system, system_jobs, tasks
from app.storage.graph import AlreadyThere, Graph, QueryFailed, Transaction
from app.storage.system_jobs import JobEnd, JobState
from ingest.linking import NAMESPACE

LOG = logging.getLogger(__name__)
# How often a worker looks whether something is due.
LOOK_SECONDS = 30.0
# A job that is not done after this time ends; its lease lasts longer, so nobody else begins before.
JOB_SECONDS = 240.0
LEASE = timedelta(seconds=2 * JOB_SECONDS)
# After a failure it is tried again before the next period.
RETRY = timedelta(minutes=5)
# The memories that are due longest decide which spaces come first; the others have their turn in the next period.
MOST_DUE = 10_000
# Vectors that wait for a failed task are tried again for a week; then something else is wrong.
LOST_LIFE = timedelta(days=7)
MOST_LOST = 1_000
# Who read what is kept for a month (pipelines 5.2).
RECALL_LIFE = timedelta(days=30)
# Who follows the changes of a space and was away for longer reads everything once more.
EVENT_LIFE = timedelta(days=30)
DELETE_BATCH = 1_000

# Communities cost seconds of a processor for a large space, and nobody waits for them; the rest has its turn next time.
COMMUNITIES_EVERY = timedelta(hours=6)
MOST_MOVED = 1_000
# Once a night (pipelines 5.6), and it finds little to do where little was said.
CONSOLIDATION_EVERY = timedelta(days=1)

# What a job does in the period that a time names.
Work = Callable[[Parts, datetime], Awaitable[None]]


class Job(msgspec.Struct, frozen=True):
    """Periodic work: its name, how often it is due, and what it does."""

    name: str
    every: timedelta
    work: Work


def jobs_of(settings: Settings) -> list[Job]:
    """The table of periodic work, without what the settings switch off."""
    table = [
        Job("lifecycle", timedelta(minutes=settings.lifecycle_minutes), queue_aging),
        Job("vectors", timedelta(hours=1), retry_lost),
        Job("communities", COMMUNITIES_EVERY, queue_communities),
        Job("consolidation", CONSOLIDATION_EVERY, queue_consolidation),
        Job("cleaning", timedelta(days=1), clean),
    ]
    return [job for job in table if job.every]


async def queue_aging(parts: Parts, period: datetime) -> None:
    """A task for each space in which memories are to be looked at."""
    for due in await parts.graph.read(system_jobs.list_due_spaces, parts.clock(), MOST_DUE):
        task_id = str(uuid5(NAMESPACE, f"lifecycle\n{due.space_key}\n{period.isoformat()}"))
        await _queue(parts.graph, lifecycle.new_task(due.space_key, due.tenant_id, task_id, parts.clock()))


async def queue_communities(parts: Parts, period: datetime) -> None:
    """A task for each space that has moved since its communities were made."""
    for due in await parts.graph.read(system_jobs.list_moved_spaces, MOST_MOVED):
        task_id = str(uuid5(NAMESPACE, f"communities\n{due.space_key}\n{period.isoformat()}"))
        await _queue(parts.graph, communities.new_task(due.space_key, due.tenant_id, task_id, parts.clock()))


async def queue_consolidation(parts: Parts, period: datetime) -> None:
    """A task for each space that has moved since its memories were consolidated."""
    for due in await parts.graph.read(system_jobs.list_unconsolidated_spaces, MOST_MOVED):
        task_id = str(uuid5(NAMESPACE, f"consolidation\n{due.space_key}\n{period.isoformat()}"))
        await _queue(parts.graph, consolidation.new_task(due.space_key, due.tenant_id, task_id, parts.clock()))


async def _queue(graph: Graph, task: tasks.Task) -> None:
    """Queues a task unless it was queued in this period already."""
    with contextlib.suppress(AlreadyThere):
        await graph.write(tasks.create, task, None)


async def retry_lost(parts: Parts, period: datetime) -> None:
    """Queues tasks again that gave up on vectors, as after an embedding endpoint was down for long."""
    for task in await parts.graph.read(system_jobs.list_lost_tasks, period - LOST_LIFE, MOST_LOST):
        principal = await parts.graph.read(system.get_task_principal, task)
        if principal is None:
            continue
        try:
            await parts.graph.write(task_service.retry, principal, task.id, parts.clock())
        except OurmemError as error:
            LOG.warning("task %s stays failed: %s", task.id, error)


async def clean(parts: Parts, period: datetime) -> None:
    """Takes away what nobody asks for any more: tasks that ended well, who read what on which day, old events."""
    if days := parts.settings.tasks_kept_days:
        await _delete_all(parts.graph, system_jobs.delete_old_tasks, period - timedelta(days=days))
    await _delete_all(parts.graph, system_jobs.delete_old_recalls, period - RECALL_LIFE)
    after = ""
    while spaces := await parts.graph.read(system_jobs.list_event_spaces, after, DELETE_BATCH):
        for space_key in spaces:
            delete = partial(system_jobs.delete_old_events, space_key=space_key)
            await _delete_all(parts.graph, delete, period - EVENT_LIFE)
        after = spaces[-1]


async def _delete_all(
    graph: Graph, delete: Callable[[Transaction, datetime, int], Awaitable[int]], before: datetime
) -> None:
    while await graph.write(delete, before, DELETE_BATCH) == DELETE_BATCH:
        pass


class Scheduler:
    """Looks every now and then whether periodic work is due, and does it unless another worker has it."""

    def __init__(self, parts: Parts, jobs: Sequence[Job] | None = None) -> None:
        self._parts = parts
        self._jobs = jobs_of(parts.settings) if jobs is None else jobs
        self._name = uuid4().hex
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins in the background of the running event loop."""
        self._runner = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Ends at once; what is interrupted is done by another worker when the lease is over, or by this one later."""
        if self._runner:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner

    async def _run(self) -> None:
        while True:
            try:
                await self.run_due()
            except (OurmemError, QueryFailed) as error:
                LOG.warning("periodic work waits: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def run_due(self) -> list[str]:
        """Does what is due, and says what that was."""
        now = self._parts.clock()
        states = await self._parts.graph.read(system_jobs.list_jobs, [job.name for job in self._jobs])
        waiting = {state.name for state in states if not _is_due(state, now)}
        return [job.name for job in self._jobs if job.name not in waiting and await self._do(job, now)]

    async def _do(self, job: Job, now: datetime) -> bool:
        period = await self._parts.graph.write(system_jobs.claim_job, job.name, self._name, now, now + LEASE)
        if period is None:
            return False
        error = ""
        try:
            await asyncio.wait_for(job.work(self._parts, period), JOB_SECONDS)
        except (OurmemError, QueryFailed, TimeoutError) as failure:
            LOG.warning("%s failed: %s", job.name, failure)
            error = type(failure).__name__
        ended = self._parts.clock()
        end = JobEnd(
            name=job.name, worker=self._name, error=error, now=ended, next_at=ended + (RETRY if error else job.every)
        )
        await self._parts.graph.write(system_jobs.finish_job, end)
        return True


def _is_due(state: JobState, now: datetime) -> bool:
    return state.next_at <= now and (state.lease_until is None or state.lease_until <= now)


async def view(tx: Transaction, principal: Principal, settings: Settings, now: datetime) -> LifecycleView:
    """The periodic work of the service, and how much of the caller's waits for it."""
    jobs = jobs_of(settings)
    states = {state.name: state for state in await system_jobs.list_jobs(tx, [job.name for job in jobs])}
    return LifecycleView(
        due_count=await lifecycle.count_due(tx, principal, None, now),
        jobs=[_job_view(job, states.get(job.name), now) for job in jobs],
    )


def _job_view(job: Job, state: JobState | None, now: datetime) -> JobView:
    return JobView(
        name=job.name,
        every_minutes=job.every // timedelta(minutes=1),
        is_running=bool(state and state.lease_until and state.lease_until > now),
        started_at=timestamp(state.started_at) if state and state.started_at else None,
        finished_at=timestamp(state.finished_at) if state and state.finished_at else None,
        next_at=timestamp(state.next_at) if state else None,
        error=(state.error or None) if state else None,
    )

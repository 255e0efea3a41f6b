"""Leases tasks, runs the function of their kind and records the outcome; any number of workers may run at once."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
from datetime import datetime
from itertools import count
from time import perf_counter
from uuid import uuid4

from app import metrics
from app.domain.errors import OurmemError
from app.domain.events import EventType
from app.domain.tasks import (
    LEASE,
    MAX_ATTEMPTS,
    CancelAsked,
    LeaseLost,
    Progress,
    Task,
    TaskKind,
    TaskStatus,
    WorkStopped,
    after,
    check_hold,
    gives_up,
    outcome,
    retry_delay,
)
from app.providers.completions import ModelAway, ModelFailed
from app.providers.embedder import EmbeddingFailed
from app.services import quotas, work
from app.services.parts import Parts
from app.storage import events, system, tasks
from app.storage.graph import QueryFailed, Transaction
from app.storage.system import Claim, Lease, Outcome

LOG = logging.getLogger(__name__)
# How long a worker with nothing to do waits before it looks again.
IDLE_SECONDS = 1.0
# After a failure of the database itself there is no use in asking faster.
BROKEN_SECONDS = 2.0
# A lease outlives eleven renewals that fail; a request to stop is seen after this time at the latest.
HEARTBEAT_SECONDS = 5.0
# So many tasks become ready at once: enough for many workers, and few enough to be locked for milliseconds only.
WAKE_LIMIT = 100


class WorkersLost(Exception):
    """Each worker that tried the task ended before it could say why, so the task itself may be what ends them."""


class Drained(WorkStopped):
    """The worker ends before the task does."""


class Worker:
    """Works on a few tasks at a time until it is told to stop."""

    def __init__(self, parts: Parts, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._parts = parts
        self._heartbeat_seconds = heartbeat_seconds
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._numbers = count(1)
        # The tenant served last; tenants take turns. Each worker begins somewhere else.
        self._served = uuid4().hex
        # Tasks are claimed one after the other: two claims at once would meet in the same task.
        self._claiming = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._give_up_at = 0.0
        self._runners: list[asyncio.Task[None]] = []
        self._attempts: set[Attempt] = set()

    def start(self) -> None:
        """Begins in the background of the running event loop."""
        loop = asyncio.get_running_loop()
        self._runners = [loop.create_task(self.run()) for _ in range(self._parts.settings.worker_tasks)]

    def drain(self) -> None:
        """Takes no task any more; what is being done has the grace period to end, from the first call on."""
        if not self._stopping.is_set():
            self._give_up_at = asyncio.get_running_loop().time() + self._parts.settings.worker_grace_secs
            self._stopping.set()

    async def stop(self) -> None:
        """Returns when every task at hand has ended or, after the grace period, is back in the queue."""
        self.drain()
        if not self._runners:
            return
        left = self._give_up_at - asyncio.get_running_loop().time()
        await asyncio.wait(self._runners, timeout=max(0.0, left))
        for attempt in self._attempts:
            attempt.stop(Drained())
        await asyncio.gather(*self._runners)

    async def run(self) -> None:
        """Works until `stop` is called."""
        while not self._stopping.is_set():
            if pause := await self._step():
                await self._sleep(pause)

    async def run_pending(self) -> int:
        """Works until no task is due; how many it worked on."""
        done = 0
        while await self._step() == 0:
            done += 1
        return done

    async def _step(self) -> float:
        """Works on one task; how many seconds to wait before the next."""
        try:
            task = await self._claim()
            if task is None:
                return IDLE_SECONDS
            attempt = Attempt(self._parts, task, self._heartbeat_seconds)
            if self._stopping.is_set():
                await attempt.release()
            else:
                await self._work(attempt)
        except (OurmemError, QueryFailed) as error:
            LOG.warning("worker waits: %s", error)
            return BROKEN_SECONDS
        return 0

    async def _claim(self) -> Task | None:
        """A task that is due, of the next tenant that has one."""
        while True:
            async with self._claiming:
                if self._stopping.is_set():
                    return None
                # A name for each claim, so that a claim that was lost is not taken for one that came later.
                worker = f"{self._name}-{next(self._numbers)}"
                claim = await self._parts.graph.write(_claim, worker, self._served, self._parts.clock())
                if claim is None:
                    return None
                self._served = claim.tenant_id
                if claim.task is not None:
                    return claim.task

    async def _work(self, attempt: Attempt) -> None:
        self._attempts.add(attempt)
        try:
            await attempt.run()
        finally:
            self._attempts.discard(attempt)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


class Attempt:
    """One attempt at a task: keeps its lease while the work is busy, and records how it ended."""

    def __init__(self, parts: Parts, task: Task, heartbeat_seconds: float) -> None:
        self._parts = parts
        self._task = task
        self._heartbeat_seconds = heartbeat_seconds
        self._progress = Progress()
        self._stopped: WorkStopped | None = None
        self._doing: asyncio.Task[Progress] | None = None
        self._started = perf_counter()

    async def run(self) -> None:
        """Returns when the outcome is recorded. Raises Unavailable when it cannot be; the lease runs out then."""
        doing = self._doing = asyncio.ensure_future(self._do())
        beating = asyncio.ensure_future(self._keep_lease())
        try:
            await asyncio.wait({doing})
        finally:
            doing.cancel()
            beating.cancel()
            await asyncio.gather(doing, beating, return_exceptions=True)
        if doing.cancelled():
            await self._record(self._stopped or asyncio.CancelledError())
        elif error := doing.exception():
            await self._record(error)
        else:
            await self._finish(outcome(doing.result()), doing.result())

    def stop(self, reason: WorkStopped) -> None:
        """Interrupts the work where it waits for something."""
        self._stopped = self._stopped or reason
        if self._doing:
            self._doing.cancel()

    async def release(self) -> None:
        """Gives the task back to the queue as if it had not been taken."""
        LOG.info("task %s goes back to the queue", self._task.id)
        self._count("released")
        await self._parts.graph.write(system.release_task, self._lease())

    async def _do(self) -> Progress:
        task, graph = self._task, self._parts.graph
        # Each attempt counted when it began, so this one is one too many.
        if task.attempts > MAX_ATTEMPTS and gives_up(task):
            raise WorkersLost
        principal = await graph.read(system.get_task_principal, task)
        if principal is None or task.cancel_asked_at is not None:
            raise CancelAsked
        limited = quotas.limited(self._parts.settings, principal)
        return await work.run(self._parts, limited, task, self._report)

    async def _report(self, progress: Progress) -> None:
        self._progress = progress
        total = after(self._task, progress)
        check_hold(await self._parts.graph.write(system.report_task, self._lease(), total))

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_seconds)
            try:
                check_hold(await self._parts.graph.write(system.renew_task, self._lease()))
            except WorkStopped as reason:
                return self.stop(reason)
            except (OurmemError, QueryFailed) as error:
                LOG.warning("the lease of task %s is not renewed: %s", self._task.id, error)

    async def _record(self, error: BaseException) -> None:
        match error:
            case LeaseLost():
                LOG.warning("task %s was taken over by another worker", self._task.id)
                self._count("lost")
            case CancelAsked():
                await self._finish(TaskStatus.CANCELLED, self._progress)
            case Drained():
                await self.release()
            case _:
                LOG.warning("task %s failed, attempt %d: %s", self._task.id, self._task.attempts, error)
                await self._postpone(error)

    async def _finish(self, status: TaskStatus, progress: Progress) -> None:
        total, now = after(self._task, progress), self._parts.clock()
        await self._parts.graph.write(_finish, self._task, self._lease(), status, total, now)
        self._count(status.value)

    async def _postpone(self, error: BaseException) -> None:
        now = self._parts.clock()
        # What a model cannot answer it will not answer the next time either.
        is_hopeless = isinstance(error, ModelFailed) and not isinstance(error, ModelAway)
        is_last = is_hopeless or gives_up(self._task)
        # Jitter keeps tasks that failed together from coming back together; nothing secret depends on it.
        due_at = now + retry_delay(self._task.attempts, random.random())  # noqa: S311
        status = TaskStatus.FAILED if is_last else TaskStatus.QUEUED
        ended = Outcome(status=status, error=_reason(error), due_at=due_at, now=now)
        await self._parts.graph.write(_postpone, self._task, self._lease(), ended)
        self._count("failed" if is_last else "postponed")

    def _count(self, outcome: str) -> None:
        metrics.count_task(self._task.kind.value, outcome, perf_counter() - self._started)

    def _lease(self) -> Lease:
        return Lease(self._task.id, self._task.worker or "", self._parts.clock() + LEASE)


async def _claim(tx: Transaction, worker: str, served: str, now: datetime) -> Claim | None:
    await system.wake_tasks(tx, now, WAKE_LIMIT)
    return await system.claim_task(tx, worker, served, now, now + LEASE)


async def _finish(
    tx: Transaction, task: Task, lease: Lease, status: TaskStatus, progress: Progress, now: datetime
) -> None:
    await tasks.lock_lanes(tx, task.space_key)
    if await system.finish_task(tx, lease, status, progress, now):
        await tasks.open_lane(tx, task)
        if task.kind is TaskKind.IMPORT:
            events.note_in_space(tx, EventType.IMPORT_FINISHED, task.space_key, task.import_id, str(status))


async def _postpone(tx: Transaction, task: Task, lease: Lease, ended: Outcome) -> None:
    await tasks.lock_lanes(tx, task.space_key)
    if await system.postpone_task(tx, lease, ended):
        await tasks.open_lane(tx, task)


def _reason(error: BaseException) -> str:
    """What a tenant may read of a failure: our own sentences, of other errors only the kind."""
    if isinstance(error, OurmemError):
        return error.message
    return (
        str(error) if isinstance(error, EmbeddingFailed | ModelFailed) else f"internal error ({type(error).__name__})"
    )

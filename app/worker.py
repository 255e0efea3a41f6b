"""Leases tasks, runs the function of their kind and records the outcome; any number of workers may run at once."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
from uuid import uuid4

from app.domain.errors import OurmemError
from app.domain.tasks import LEASE, MAX_ATTEMPTS, Progress, Task, TaskStatus, after, outcome, retry_delay
from app.providers.embedder import EmbeddingFailed
from app.services import work
from app.services.parts import Parts
from app.storage import system
from app.storage.graph import QueryFailed
from app.storage.system import Lease, Outcome

LOG = logging.getLogger(__name__)
# How long a worker with nothing to do waits before it looks again.
IDLE_SECONDS = 1.0
# After a failure of the database itself there is no use in asking faster.
BROKEN_SECONDS = 2.0


class WorkersLost(Exception):
    """Each worker that tried the task ended before it could say why, so the task itself may be what ends them."""


class LeaseLost(Exception):
    """Another worker took the task, since this one did not renew its lease in time."""


class Worker:
    """One loop that works on one task after the other until it is told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._stopping = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins in the background of the running event loop."""
        self._runner = asyncio.get_running_loop().create_task(self.run())

    async def stop(self) -> None:
        """Ends the task at hand and then the loop."""
        self._stopping.set()
        if self._runner:
            await self._runner

    async def run(self) -> None:
        """Works until `stop` is called."""
        while not self._stopping.is_set():
            pause = await self._step()
            if pause:
                await self._sleep(pause)

    async def run_pending(self) -> int:
        """Works until no task is due; how many it worked on."""
        count = 0
        while await self._step() == 0:
            count += 1
        return count

    async def _step(self) -> float:
        """Works on one task; how many seconds to wait before the next."""
        now = self._parts.clock()
        try:
            task = await self._parts.graph.write(system.claim_task, self._name, now, now + LEASE)
            if task is None:
                return IDLE_SECONDS
            await self._work(task)
        except (OurmemError, QueryFailed) as error:
            LOG.warning("worker waits: %s", error)
            return BROKEN_SECONDS
        return 0

    async def _work(self, task: Task) -> None:
        lease = Lease(task.id, self._name, self._parts.clock() + LEASE)
        try:
            await self._run_task(task, lease)
        except LeaseLost:
            LOG.warning("task %s was taken over by another worker", task.id)
        # The edge of the worker: whatever a task raises is recorded with it and must not end the loop.
        except Exception as error:  # noqa: BLE001
            LOG.warning("task %s failed, attempt %d: %s", task.id, task.attempts, error)
            await self._postpone(task, lease, error)

    async def _run_task(self, task: Task, lease: Lease) -> None:
        if task.attempts > MAX_ATTEMPTS:
            raise WorkersLost
        graph, clock = self._parts.graph, self._parts.clock
        principal = await graph.read(system.get_task_principal, task)
        if principal is None:
            await graph.write(system.finish_task, lease, TaskStatus.CANCELLED, after(task, Progress()), clock())
            return

        async def report(progress: Progress) -> None:
            renewed = Lease(task.id, self._name, clock() + LEASE)
            if not await graph.write(system.renew_task, renewed, after(task, progress)):
                raise LeaseLost

        progress = await work.run(self._parts, principal, task, report)
        await graph.write(system.finish_task, lease, outcome(progress), after(task, progress), clock())

    async def _postpone(self, task: Task, lease: Lease, error: Exception) -> None:
        now = self._parts.clock()
        is_last = task.attempts >= MAX_ATTEMPTS
        # Jitter keeps tasks that failed together from coming back together; nothing secret depends on it.
        due_at = now + retry_delay(task.attempts, random.random())  # noqa: S311
        status = TaskStatus.FAILED if is_last else TaskStatus.QUEUED
        outcome = Outcome(status=status, error=_reason(error), due_at=due_at, now=now)
        await self._parts.graph.write(system.postpone_task, lease, outcome)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _reason(error: Exception) -> str:
    """What a tenant may read of a failure: our own sentences, of other errors only the kind."""
    if isinstance(error, OurmemError):
        return error.message
    return str(error) if isinstance(error, EmbeddingFailed) else f"internal error ({type(error).__name__})"

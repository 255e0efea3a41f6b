"""Background work as its tenant sees it; what a worker does is in `work.py`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime

import msgspec

from app.domain import listing
from app.domain.errors import Invalid, NotFound, Unavailable
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END, parse_choice
from app.domain.principal import Principal
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskQuery, TaskStatus, TaskView, check_hold, view
from app.services.parts import Parts
from app.storage import tasks
from app.storage.graph import Transaction
from app.storage.tasks import TaskPage
from ingest.redaction import redact

# How often a stream of events looks at its task, and after how long without news it shows that it lives: proxies close
# connections that are silent for a minute or less.
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
RETRIED = (TaskStatus.FAILED, TaskStatus.PARTIAL, TaskStatus.CANCELLED)


class TaskList(msgspec.Struct, frozen=True):
    """A page of tasks; `next_cursor` is null on the last one."""

    tasks: list[TaskView]
    next_cursor: str | None


def request_hash(path: str, body: object) -> str:
    """Tells requests with one Idempotency-Key apart; without private text, as a hash gives a short secret away."""
    shown = redact(msgspec.json.encode(body).decode())
    return hashlib.sha256(f"{path}\0{shown}".encode()).hexdigest()


def retry_hash(principal: Principal, key: str) -> str:
    """An Idempotency-Key as it is stored: the tenant's own, and made without private text for the same reason."""
    shown = redact(key, SecretPolicy.OFF)
    return hashlib.sha256(f"{principal.tenant_id}\0{shown}".encode()).hexdigest()


async def get(tx: Transaction, principal: Principal, task_id: str) -> TaskView:
    """A task of the caller's tenant. Raises NotFound."""
    return view(await _must_get(tx, principal, task_id))


async def list_page(tx: Transaction, principal: Principal, query: TaskQuery) -> TaskList:
    """The tenant's tasks, newest first. Raises Invalid for an unknown status or kind and for a foreign cursor."""
    place = listing.from_newest(query.cursor)
    size = listing.parse_limit(query.limit)
    page = TaskPage(
        status=parse_choice("status", query.status or None, TaskStatus, ""),
        kind=parse_choice("kind", query.kind or None, TaskKind, ""),
        session_id=redact(query.session_id or ""),
        memory_id=query.memory_id or "",
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        # One more than is shown tells whether there is another page.
        limit=size + 1,
    )
    found = await tasks.list_all(tx, principal, page)
    shown = found[:size]
    more = listing.cursor_after(shown, size, descending=True) if len(found) > size else None
    return TaskList([view(task) for task in shown], more)


async def retry(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> TaskView:
    """Queues a task again that failed, was cancelled or left something out, with all its attempts before it.

    Raises NotFound, Unauthorized for a reader of the space, and Invalid, which names the state, for any other task.
    """
    task = await _lock(tx, principal, task_id)
    if task.status not in RETRIED:
        raise Invalid(f"a task that is {task.status} cannot be tried again; one that is {', '.join(RETRIED)} can")
    queued = await tasks.retry(tx, principal, task_id, now)
    await tasks.open_lane(tx, task)
    return view(queued or task)


async def cancel(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> TaskView:
    """Ends a queued task at once and asks the worker of a running one to stop; a cancelled one stays as it is.

    Raises NotFound, Unauthorized for a reader of the space, and Invalid for a task that has ended otherwise.
    """
    task = await _lock(tx, principal, task_id)
    if task.kind is TaskKind.ERASE:
        raise Invalid("what is being erased cannot be kept any more")
    if task.status is TaskStatus.CANCELLED:
        return view(task)
    if task.finished_at is not None:
        raise Invalid(f"a task that is {task.status} cannot be cancelled; one that is queued or running can")
    return view(await _end(tx, principal, task, now))


async def cancel_unfinished(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> None:
    """The same for a task that may have ended already. Raises NotFound and Unauthorized."""
    task = await _lock(tx, principal, task_id)
    if task.finished_at is None:
        await _end(tx, principal, task, now)


async def _end(tx: Transaction, principal: Principal, task: Task, now: datetime) -> Task:
    cancelled = await tasks.cancel(tx, principal, task.id, now)
    await tasks.open_lane(tx, task)
    return cancelled or task


async def _lock(tx: Transaction, principal: Principal, task_id: str) -> Task:
    """A task of the caller as it is once nobody else can begin or end it. Raises NotFound and Unauthorized."""
    seen = await _must_get(tx, principal, task_id)
    principal.require_writable(seen.space_key)
    await tasks.lock_lanes(tx, seen.space_key)
    return await _must_get(tx, principal, task_id)


async def _must_get(tx: Transaction, principal: Principal, task_id: str) -> Task:
    found = await tasks.get(tx, principal, task_id)
    if found is None:
        raise NotFound("no such task")
    return found


async def hold(tx: Transaction, task: Task) -> None:
    """Makes sure that what a task writes in this transaction is its own to write; comes after the locks of spaces.

    Until the transaction ends nobody takes the task over or cancels it. Raises LeaseLost or CancelAsked.
    """
    check_hold(await tasks.hold(tx, task))


async def follow(
    parts: Parts, principal: Principal, task_id: str, closing: asyncio.Event
) -> AsyncGenerator[TaskView | None]:
    """The states of a task as they come, the last one being final; None now and then while nothing changes.

    Ends earlier when the service closes or the task is deleted. No transaction is open in between. Raises NotFound.
    """
    shown = await parts.graph.read(get, principal, task_id)
    return _states(parts, principal, shown, closing)


async def _states(
    parts: Parts, principal: Principal, shown: TaskView, closing: asyncio.Event
) -> AsyncGenerator[TaskView | None]:
    yield shown
    quiet = 0.0
    while shown.finished_at is None and not closing.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), LOOK_SECONDS)
        seen = await _look(parts, principal, shown)
        if seen is None:
            return
        quiet = quiet + LOOK_SECONDS if seen == shown else 0.0
        if seen != shown or quiet >= HEARTBEAT_SECONDS:
            yield seen if seen != shown else None
            shown, quiet = seen, 0.0


async def _look(parts: Parts, principal: Principal, shown: TaskView) -> TaskView | None:
    """The task as it is now; as it was while Neo4j does not answer, None when it is gone."""
    try:
        return await parts.graph.read(get, principal, shown.id)
    except NotFound:
        return None
    except Unavailable:
        return shown

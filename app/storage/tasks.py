"""Tasks in the graph, as their tenant sees them; leases are in `system.py`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.principal import Principal
from app.domain.tasks import Hold, Task, lane
from app.storage.graph import Transaction, many, one, packed
from app.storage.queries import load

QUERIES = load("tasks")


class Waiting(msgspec.Struct, frozen=True):
    """A node that waits for its vector."""

    id: str
    content: str
    speaker: str | None = None


async def create(tx: Transaction, task: Task, idempotency_key: str | None) -> None:
    """Queues a task that is due at once, in order with what its lane holds; locks the space."""
    await one(
        tx,
        QUERIES["create_task"],
        str,
        properties=properties(task, idempotency_key),
        created_at=task.created_at.isoformat(),
        space_key=task.space_key,
    )


def properties(task: Task, idempotency_key: str | None) -> dict[str, object]:
    """A task as node properties, without the time at which it is made and due."""
    fields = {name: value for name, value in msgspec.structs.asdict(task).items() if value is not None}
    plain = {name: str(value) if isinstance(value, str) else value for name, value in fields.items()}
    del plain["created_at"]
    return {**plain, "lane": lane(task), "idempotency_key": idempotency_key}


async def get(tx: Transaction, principal: Principal, task_id: str) -> Task | None:
    return await one(
        tx,
        QUERIES["get_task"],
        Task,
        id=task_id,
        tenant_id=principal.tenant_id,
        space_keys=principal.space_keys,
    )


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks a list shows: of a status and so on ('' for all), older than a (time, id)."""

    status: str
    kind: str
    session_id: str
    memory_id: str
    before: datetime
    before_id: str
    limit: int


async def list_all(tx: Transaction, principal: Principal, page: TaskPage) -> list[Task]:
    return await many(
        tx,
        QUERIES["list_tasks"],
        Task,
        tenant_id=principal.tenant_id,
        space_keys=principal.space_keys,
        **msgspec.structs.asdict(page),
    )


async def lock_lanes(tx: Transaction, space_key: str) -> None:
    await one(tx, QUERIES["lock_lanes"], int, space_key=space_key)


async def get_waiting(tx: Transaction, task: Task) -> Task | None:
    """A task of the same tenant that no worker has begun, in the lane of this one."""
    return await one(tx, QUERIES["get_waiting_task"], Task, lane=lane(task), tenant_id=task.tenant_id)


async def open_lane(tx: Transaction, task: Task) -> None:
    await one(tx, QUERIES["open_lane"], str, lane=lane(task))


async def retry(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> Task | None:
    """The task after it, queued unless it was in a state that cannot be tried again."""
    return await one(tx, QUERIES["retry_task"], Task, **_named(principal, task_id), now=now)


async def cancel(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> Task | None:
    """The task after it: cancelled, still running but asked to stop, or over already."""
    return await one(tx, QUERIES["cancel_task"], Task, **_named(principal, task_id), now=now)


def _named(principal: Principal, task_id: str) -> dict[str, object]:
    return {"id": task_id, "tenant_id": principal.tenant_id, "space_keys": principal.writable_keys}


async def hold(tx: Transaction, task: Task) -> Hold | None:
    """None when the worker that claimed the task holds it no more."""
    return await one(tx, QUERIES["hold_task"], Hold, id=task.id, worker=task.worker)


async def get_by_idempotency_key(tx: Transaction, principal: Principal, key: str) -> Task | None:
    return await one(
        tx,
        QUERIES["get_by_idempotency_key"],
        Task,
        idempotency_key=key,
        tenant_id=principal.tenant_id,
    )


async def list_unembedded(tx: Transaction, task: Task, limit: int) -> list[Waiting]:
    return await many(tx, QUERIES["list_unembedded"], Waiting, task_id=task.id, space_key=task.space_key, limit=limit)


async def add_embeddings(tx: Transaction, task: Task, vectors: dict[str, list[float]]) -> None:
    rows = [{"id": node_id, "embedding": packed(vector)} for node_id, vector in vectors.items()]
    await many(tx, QUERIES["add_embeddings"], object, rows=rows, task_id=task.id, space_key=task.space_key)

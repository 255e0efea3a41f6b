"""Works on an import once more, or takes it back so that the graph is as it was before."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.decisions import Undone
from app.domain.errors import Invalid
from app.domain.imports import Import, ImportState, ImportStatus, ImportView, RolledBack, status_of, view
from app.domain.principal import Principal
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services import decisions
from app.services.imports import find
from app.services.parts import Parts
from app.services.tasks import cancel_unfinished
from app.storage import imports, memories, tasks
from app.storage.graph import Transaction
from app.storage.imports import RollbackCounts

# Messages are removed in transactions of this size, each well below a second.
DELETE_BATCH = 1_000


async def work_again(tx: Transaction, principal: Principal, import_id: str, now: datetime) -> ImportView:
    """Queues a task that finds facts in all that an import stored.

    Raises NotFound, Unauthorized for a reader, Invalid while it is worked on or when it was rolled back.
    """
    state = await find(tx, principal, import_id)
    record = state.record
    principal.require_writable(record.space_key)
    await memories.lock_space(tx, record.space_key)
    state = await find(tx, principal, import_id)
    is_busy = state.task and state.task.status in (TaskStatus.QUEUED, TaskStatus.RUNNING)
    if is_busy or status_of(state) is ImportStatus.ROLLED_BACK:
        raise Invalid(f"the import is {status_of(state)}" + ("; wait until its task has ended" if is_busy else ""))
    task = _task(record, str(uuid4()), now)
    marked = await imports.mark(tx, record, task.id)
    await tasks.create(tx, msgspec.structs.replace(task, total_count=task.stored_count + marked), None)
    return view(await find(tx, principal, import_id))


def _task(record: Import, task_id: str, now: datetime) -> Task:
    return Task(
        id=task_id,
        kind=TaskKind.IMPORT,
        status=TaskStatus.QUEUED,
        tenant_id=record.tenant_id,
        space_key=record.space_key,
        agent_id=record.agent_id,
        import_id=record.id,
        stored_count=record.storage_stored,
        created_at=now,
    )


async def roll_back(parts: Parts, principal: Principal, import_id: str, dry_run: bool) -> RolledBack:
    """Takes back what an import decided and removes what only it brought; with `dry_run` only counts.

    An import that is worked on is cancelled first. What later decisions of others build on stays, with the messages it
    was taken from; those decisions are named. Raises NotFound, and Unauthorized for a reader.
    """
    state = await parts.graph.read(find, principal, import_id)
    record = state.record
    principal.require_writable(record.space_key)
    if not dry_run:
        await parts.graph.write(_cancel, principal, record, parts.clock())
    counts = await parts.graph.read(imports.count_rollback, record)
    undone = await decisions.undo_task(parts, principal, record.task_ids[::-1], dry_run)
    if not dry_run:
        await _remove(parts, record)
        state = await parts.graph.read(find, principal, import_id)
    return _answer(state, counts, undone, dry_run)


def _answer(state: ImportState, counts: RollbackCounts, undone: Undone, dry_run: bool) -> RolledBack:
    return RolledBack(
        deleted_memories=undone.retracted,
        deleted_sessions=counts.sessions,
        deleted_messages=counts.messages,
        reopened_memories=undone.reopened,
        undone_decisions=undone.undone,
        import_status=status_of(state),
        dry_run=dry_run,
        blocked=undone.blocked,
    )


async def _cancel(tx: Transaction, principal: Principal, record: Import, now: datetime) -> None:
    await memories.lock_space(tx, record.space_key)
    for task_id in record.task_ids:
        await cancel_unfinished(tx, principal, task_id, now)
    await imports.stop(tx, record)


async def _remove(parts: Parts, record: Import) -> None:
    """Removes what is left of the import once its decisions are undone; again it goes on where it was cut off."""
    sessions = await parts.graph.write(_remove_facts, record)
    while await parts.graph.write(_remove_messages, record) == DELETE_BATCH:
        pass
    await parts.graph.write(_finish, record, sessions, parts.clock())


async def _remove_facts(tx: Transaction, record: Import) -> list[str]:
    await memories.lock_space(tx, record.space_key)
    await imports.delete_undone_memories(tx, record)
    await imports.delete_links(tx, record)
    return await imports.list_sessions(tx, record)


async def _remove_messages(tx: Transaction, record: Import) -> int:
    await memories.lock_space(tx, record.space_key)
    return await imports.delete_messages(tx, record, DELETE_BATCH)


async def _finish(tx: Transaction, record: Import, sessions: list[str], now: datetime) -> None:
    await memories.lock_space(tx, record.space_key)
    await imports.restore_sessions(tx, record)
    await imports.finish_rollback(tx, record, sessions, now)

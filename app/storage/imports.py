"""Imports, the documents they bring and the portions of a file that wait to be stored."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.events import EventType
from app.domain.imports import Import, ImportState
from app.domain.principal import Principal
from app.domain.tasks import Task
from app.storage import events, quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("imports")


class FoundDocument(msgspec.Struct, frozen=True):
    """The newest version of a text in a space; `is_held` while anything of it is there or on its way."""

    version: int
    is_held: bool


class SessionHashes(msgspec.Struct, frozen=True):
    """A conversation and the hashes of its messages."""

    id: str
    hashes: list[str]


class Portion(msgspec.Struct, frozen=True):
    """A part of a file that waits; `items` is the text of a JSON list, as a node holds no structs.

    `memories` and `text_bytes` are what it will come to, for the quotas.
    """

    number: int
    items: str
    memories: int = 0
    text_bytes: int = 0


class ImportList(msgspec.Struct, frozen=True, kw_only=True):
    """Which imports a list shows: those older than a (time, id)."""

    before: datetime
    before_id: str
    limit: int


async def get_document(tx: Transaction, space_key: str, content_hash: str) -> FoundDocument | None:
    return await one(tx, QUERIES["get_document"], FoundDocument, space_key=space_key, hash=content_hash)


async def list_session_hashes(tx: Transaction, space_key: str, ids: list[str], visible_to: str) -> dict[str, list[str]]:
    found = await many(
        tx, QUERIES["list_session_hashes"], SessionHashes, space_key=space_key, ids=ids, visible_to=visible_to
    )
    return {session.id: session.hashes for session in found}


async def create(tx: Transaction, record: Import) -> None:
    fields = {name: value for name, value in msgspec.structs.asdict(record).items() if value is not None}
    plain = {name: str(value) if isinstance(value, str) else value for name, value in fields.items()}
    await one(tx, QUERIES["create_import"], str, properties=plain, space_key=record.space_key)


async def create_portions(tx: Transaction, record: Import, portions: list[Portion]) -> None:
    rows = [msgspec.structs.asdict(portion) for portion in portions]
    await one(tx, QUERIES["create_portions"], int, import_id=record.id, space_key=record.space_key, portions=rows)
    waiting = sum(portion.memories for portion in portions), sum(portion.text_bytes for portion in portions)
    quotas.note_waiting(tx, record.space_key, *waiting)


async def get_portion(tx: Transaction, record: Import) -> Portion | None:
    return await one(tx, QUERIES["get_portion"], Portion, import_id=record.id, space_key=record.space_key)


async def delete_portion(tx: Transaction, record: Import, number: int) -> bool:
    """Whether the portion was still there."""
    found = await one(
        tx, QUERIES["delete_portion"], int, import_id=record.id, space_key=record.space_key, number=number
    )
    return found is not None


async def keep_session_state(tx: Transaction, record: Import, session_id: str) -> None:
    await one(
        tx, QUERIES["keep_session_state"], str, import_id=record.id, space_key=record.space_key, session_id=session_id
    )


async def add_episodes(tx: Transaction, record: Import, ids: list[str]) -> None:
    await one(tx, QUERIES["add_episodes"], int, import_id=record.id, space_key=record.space_key, ids=ids)


async def get(tx: Transaction, principal: Principal, import_id: str) -> ImportState | None:
    return await one(
        tx,
        QUERIES["get_import"],
        ImportState,
        id=import_id,
        tenant_id=principal.tenant_id,
        space_keys=principal.space_keys,
    )


async def get_of_task(tx: Transaction, task: Task) -> Import | None:
    return await one(
        tx,
        QUERIES["get_import_of_task"],
        Import,
        import_id=task.import_id,
        tenant_id=task.tenant_id,
        space_key=task.space_key,
    )


async def list_all(tx: Transaction, principal: Principal, page: ImportList) -> list[ImportState]:
    return await many(
        tx,
        QUERIES["list_imports"],
        ImportState,
        tenant_id=principal.tenant_id,
        space_keys=principal.space_keys,
        **msgspec.structs.asdict(page),
    )


async def count_all(tx: Transaction, principal: Principal) -> int:
    found = await one(tx, QUERIES["count_imports"], int, tenant_id=principal.tenant_id, space_keys=principal.space_keys)
    return found or 0


async def delete_empty_documents(tx: Transaction, space_key: str) -> None:
    await many(tx, QUERIES["delete_empty_documents"], object, space_key=space_key)


class RollbackCounts(msgspec.Struct, frozen=True):
    """What only an import brought."""

    messages: int
    sessions: int


async def mark(tx: Transaction, record: Import, task_id: str) -> int:
    """Gives an import another task, for which all its messages wait; how many."""
    marked = await one(
        tx, QUERIES["mark_import"], int, import_id=record.id, space_key=record.space_key, task_id=task_id
    )
    return marked or 0


async def stop(tx: Transaction, record: Import) -> None:
    await many(tx, QUERIES["stop_import"], object, import_id=record.id, space_key=record.space_key)


async def count_rollback(tx: Transaction, record: Import) -> RollbackCounts:
    found = await one(tx, QUERIES["count_rollback"], RollbackCounts, import_id=record.id, space_key=record.space_key)
    return found or RollbackCounts(0, 0)


async def delete_undone_memories(tx: Transaction, record: Import) -> None:
    query = QUERIES["delete_undone_memories"]
    erased = await one(tx, query, quotas.Erased, import_id=record.id, space_key=record.space_key)
    quotas.note_erased(tx, record.space_key, erased)


async def delete_links(tx: Transaction, record: Import) -> None:
    await many(tx, QUERIES["delete_import_links"], object, import_id=record.id, space_key=record.space_key)


async def delete_messages(tx: Transaction, record: Import, batch: int) -> int:
    query = QUERIES["delete_import_messages"]
    erased = await one(tx, query, quotas.Erased, import_id=record.id, space_key=record.space_key, batch=batch)
    return quotas.note_erased(tx, record.space_key, erased)


async def restore_sessions(tx: Transaction, record: Import) -> None:
    await many(tx, QUERIES["restore_sessions"], object, import_id=record.id, space_key=record.space_key)


async def list_sessions(tx: Transaction, record: Import) -> list[str]:
    return await many(tx, QUERIES["list_import_sessions"], str, import_id=record.id, space_key=record.space_key)


async def finish_rollback(tx: Transaction, record: Import, session_ids: list[str], now: datetime) -> None:
    await one(
        tx,
        QUERIES["finish_rollback"],
        str,
        import_id=record.id,
        space_key=record.space_key,
        session_ids=session_ids,
        now=now,
    )
    events.note_in_space(tx, EventType.IMPORT_ROLLED_BACK, record.space_key, record.id)

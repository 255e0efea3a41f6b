"""Memories in the graph: one function a query, plus the form in which a memory is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.domain.errors import NotFound
from app.domain.events import EventType, Touched
from app.domain.lifecycle import AGING_STATES, first_review
from app.domain.listing import BulkFilter, ListFilter, Page
from app.domain.memories import Memory, Revision, State
from app.domain.principal import Principal
from app.domain.quotas import text_bytes
from app.domain.tasks import Task
from app.storage import events, quotas, tasks
from app.storage.graph import Transaction, many, one, packed
from app.storage.queries import load

QUERIES = load("memories")

# Derived when a memory is read, so never written.
DERIVED = ("relations", "superseded_by", "shared", "is_disputed")
# What a new memory has of times; the last one only if it ages.
TIMES = ("valid_from", "valid_to", "recorded_at", "retired_at", "created_at", "updated_at", "review_at")
# What search filters by inside the vector index; pieces of long texts carry it as well.
SEARCH_PROPERTIES = (
    "space_key", "visible_to", "kind", "state", "category", "memory_type", "source", "agent_id", "session_id",
    "valid_from", "valid_to", "recorded_at", "retired_at",
)  # fmt: skip


def properties(memory: Memory) -> dict[str, object]:
    """A memory as node properties: plain strings for enums, without what is derived and without what is absent."""
    fields = msgspec.structs.asdict(memory)
    stored = {name: value for name, value in fields.items() if name not in DERIVED and value is not None}
    if not memory.is_message and memory.state in AGING_STATES:
        stored["review_at"] = first_review(memory)
    stored["text_bytes"] = text_bytes(memory.content)
    return {name: str(value) if isinstance(value, str) else value for name, value in stored.items()}


def search_properties(memory: Memory) -> dict[str, object]:
    """What the pieces of a long text share with it."""
    stored = properties(memory)
    return {name: stored[name] for name in SEARCH_PROPERTIES}


async def lock_space(tx: Transaction, space_key: str) -> int:
    """The space's new revision; from here on other writers of the space wait.

    Raises NotFound when the space was deleted since the caller was looked up.
    """
    rev = await one(tx, QUERIES["lock_space"], int, space_key=space_key)
    if rev is None:
        raise NotFound("no such space")
    return rev


class Locked(msgspec.Struct, frozen=True):
    """What a store must know of the space that it has locked."""

    known: Memory | None
    has_rules: bool


async def lock_for_text(tx: Transaction, space_key: str, current_key: str) -> Locked:
    """Locks the space like `lock_space`, and looks there for a memory of the same text."""
    found = await one(tx, QUERIES["lock_for_text"], Locked, space_key=space_key, current_key=current_key)
    if found is None:
        raise NotFound("no such space")
    return found


async def get_by_text(tx: Transaction, space_key: str, current_key: str) -> Memory | None:
    return await one(tx, QUERIES["get_by_text"], Memory, space_key=space_key, current_key=current_key)


async def add_repeat(tx: Transaction, space_key: str, memory_id: str, now: datetime) -> Memory | None:
    return await one(tx, QUERIES["add_repeat"], Memory, space_key=space_key, id=memory_id, now=now)


class MemoryWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A new memory: its properties and its vector, and the task that was made for it at the same time."""

    properties: dict[str, object]
    embedding: list[float] | None
    task: Task
    idempotency_key: str | None


async def create(tx: Transaction, write: MemoryWrite) -> None:
    """Stores a memory and queues its task, in a space that is locked."""
    stored = write.properties
    made = await one(
        tx,
        QUERIES["create_memory"],
        Touched,
        space_key=stored["space_key"],
        properties={name: value for name, value in stored.items() if name not in TIMES},
        times={name: value.isoformat() for name in TIMES if isinstance(value := stored.get(name), datetime)},
        task=tasks.properties(write.task, write.idempotency_key),
        embedding=packed(write.embedding),
    )
    if made:
        events.note(tx, EventType.MEMORY_CREATED, [made])
        quotas.note_created(tx, made.space_key, [stored])


async def get_many(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Memory]:
    """Those of the ids that the caller may read, in the order of the ids."""
    found = await one(
        tx,
        QUERIES["get_memories"],
        list[Memory],
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
    )
    return found or []


async def get(tx: Transaction, principal: Principal, memory_id: str) -> Memory | None:
    found = await get_many(tx, principal, [memory_id])
    return found[0] if found else None


async def list_newest(
    tx: Transaction, principal: Principal, space_keys: list[str], wanted: ListFilter, page: Page
) -> list[str]:
    return await many(
        tx,
        QUERIES["list_newest"],
        str,
        **msgspec.structs.asdict(wanted),
        space_keys=space_keys,
        visible=principal.visible,
        before=page.after,
        before_id=page.after_id,
        offset=page.offset,
        limit=page.limit,
        window=page.offset + page.limit,
    )


async def list_sorted(
    tx: Transaction, principal: Principal, space_keys: list[str], wanted: ListFilter, page: Page
) -> list[str]:
    return await many(
        tx,
        QUERIES["list_sorted"],
        str,
        **msgspec.structs.asdict(wanted),
        space_keys=space_keys,
        visible=principal.visible,
        kind=kind_of(wanted),
        **msgspec.structs.asdict(page),
    )


def kind_of(wanted: ListFilter) -> str:
    """Which nodes a list is about: messages are shown only when they are asked for."""
    return "message" if wanted.memory_type == "session" else "memory"


async def count_all(tx: Transaction, principal: Principal, space_keys: list[str], states: list[str]) -> int:
    found = await one(
        tx, QUERIES["count_memories"], int, space_keys=space_keys, visible=principal.visible, states=states
    )
    return found or 0


async def count_listed(tx: Transaction, principal: Principal, space_keys: list[str], wanted: ListFilter) -> int:
    found = await one(
        tx,
        QUERIES["count_listed"],
        int,
        **msgspec.structs.asdict(wanted),
        space_keys=space_keys,
        visible=principal.visible,
        kind=kind_of(wanted),
    )
    return found or 0


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A change to one memory: properties, and the vector when the text is new."""

    id: str
    space_key: str
    change: dict[str, object]
    embedding: list[float] | None
    tenant_id: str
    now: datetime


async def update(tx: Transaction, update: Update) -> None:
    changed = await one(tx, QUERIES["update_memory"], Touched, **msgspec.structs.asdict(update))
    if changed is None:
        return
    events.note_changed(tx, [changed])
    if changed.detail == State.DELETED:
        quotas.note_deleted(tx, [changed])
    else:
        quotas.note(tx, changed.space_key, 0, changed.text_bytes)


async def update_chunks(tx: Transaction, memory: Memory) -> None:
    """Gives the pieces of a memory its search properties."""
    parameters = {"id": memory.id, "space_key": memory.space_key, "search": search_properties(memory)}
    await many(tx, QUERIES["update_chunks"], object, **parameters)


async def create_chunks(tx: Transaction, memory: Memory, chunks: list[dict[str, Any]]) -> None:
    rows = [{**chunk, "embedding": packed(chunk["embedding"])} for chunk in chunks]
    await one(tx, QUERIES["create_chunks"], int, id=memory.id, space_key=memory.space_key, chunks=rows)


async def delete_chunks(tx: Transaction, memory: Memory) -> None:
    await many(tx, QUERIES["delete_chunks"], object, id=memory.id, space_key=memory.space_key)


async def list_revisions(tx: Transaction, principal: Principal, memory_id: str) -> list[Revision]:
    return await many(
        tx,
        QUERIES["list_revisions"],
        Revision,
        id=memory_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
    )


async def supersede(tx: Transaction, memory: Memory, replaced: list[str], task_id: str, writable: list[str]) -> None:
    """Closes what a new memory replaces; `writable` are the spaces the caller may write to."""
    older = await many(
        tx,
        QUERIES["supersede"],
        Touched,
        id=memory.id,
        space_key=memory.space_key,
        replaced=replaced,
        task_id=task_id,
        space_keys=writable,
        now=memory.recorded_at,
    )
    events.note(tx, EventType.MEMORY_SUPERSEDED, older)


async def delete_many(tx: Transaction, principal: Principal, ids: Sequence[str], now: datetime) -> int:
    """How many of the ids were there and are deleted now."""
    deleted = await many(
        tx,
        QUERIES["delete_memories"],
        Touched,
        ids=list(ids),
        space_keys=principal.writable_keys,
        visible=principal.visible,
        now=now,
    )
    events.note(tx, EventType.MEMORY_DELETED, deleted)
    quotas.note_deleted(tx, deleted)
    return len(deleted)


async def is_deleted(tx: Transaction, principal: Principal, memory_id: str) -> bool:
    found = await one(
        tx,
        QUERIES["get_deleted"],
        str,
        id=memory_id,
        space_keys=principal.writable_keys,
        visible=principal.visible,
    )
    return found is not None


async def list_matching(tx: Transaction, principal: Principal, space_keys: list[str], wanted: BulkFilter) -> list[str]:
    return await many(
        tx,
        QUERIES["list_matching"],
        str,
        **msgspec.structs.asdict(wanted),
        space_keys=space_keys,
        visible=principal.visible,
    )

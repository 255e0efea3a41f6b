"""Typed relations between memories in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from app.domain.events import Touched
from app.domain.memories import OPEN_END, Memory
from app.domain.principal import Principal
from app.domain.relations import SYMMETRIC, Relation
from app.storage import events
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("relations")
SYMMETRIC_TYPES = [kind.upper() for kind in SYMMETRIC]


class RelationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which relations a list shows: of these types and directions, after a (time, id)."""

    types: list[str]
    directions: list[str]
    after: datetime
    after_id: str
    limit: int
    as_of: datetime | None = None


class RelationWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A relation to store; `type` is the relationship type of one of our enum."""

    relation_id: str
    type: str
    source_id: str
    target_id: str
    label: str | None
    method: str
    weight: float | None
    task_id: str | None
    now: datetime


async def list_all(tx: Transaction, principal: Principal, ids: list[str], page: RelationPage) -> list[Relation]:
    return await many(
        tx,
        QUERIES["list_relations"],
        Relation,
        ids=ids,
        space_keys=principal.space_keys,
        visible=principal.visible,
        symmetric=SYMMETRIC_TYPES,
        **msgspec.structs.asdict(page),
    )


async def get(tx: Transaction, principal: Principal, memory_id: str, relation_id: str) -> Relation | None:
    return await one(
        tx,
        QUERIES["get_relation"],
        Relation,
        id=memory_id,
        relation_id=relation_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
    )


async def create(tx: Transaction, principal: Principal, write: RelationWrite) -> str | None:
    """The id of the relation, new or already there; None when an end is out of the caller's reach."""
    return await one(
        tx, QUERIES["create_relation"], str, space_keys=principal.space_keys, **msgspec.structs.asdict(write)
    )


async def is_successor(tx: Transaction, principal: Principal, newer_id: str, older_id: str) -> bool:
    found = await one(
        tx,
        QUERIES["is_successor"],
        bool,
        newer_id=newer_id,
        older_id=older_id,
        space_keys=principal.space_keys,
    )
    return bool(found)


async def is_conclusion(tx: Transaction, principal: Principal, memory_id: str, premise_id: str) -> bool:
    found = await one(
        tx,
        QUERIES["is_conclusion"],
        bool,
        id=memory_id,
        premise_id=premise_id,
        space_keys=principal.space_keys,
    )
    return bool(found)


async def create_similarities(
    tx: Transaction, memory: Memory, cosines: Mapping[str, float], task_id: str, now: datetime
) -> int:
    """Links a memory to others by their ids and cosines; how many links there are."""
    created = await one(
        tx,
        QUERIES["create_similarities"],
        int,
        id=memory.id,
        space_key=memory.space_key,
        neighbours=[{"id": other_id, "cosine": cosine} for other_id, cosine in cosines.items()],
        task_id=task_id,
        now=now,
    )
    return created or 0


async def delete(tx: Transaction, principal: Principal, memory_id: str, relation_id: str) -> None:
    await one(
        tx,
        QUERIES["delete_relation"],
        int,
        id=memory_id,
        relation_id=relation_id,
        space_keys=principal.writable_keys,
        visible=principal.visible,
    )


async def mark_superseded(tx: Transaction, principal: Principal, memory_id: str, now: datetime) -> None:
    marked = await many(
        tx,
        QUERIES["mark_superseded"],
        Touched,
        id=memory_id,
        space_keys=principal.writable_keys,
        valid_to=now,
        now=now,
    )
    events.note_states(tx, marked)


async def reopen(tx: Transaction, principal: Principal, memory_id: str, current_key: str | None, now: datetime) -> None:
    reopened = await many(
        tx,
        QUERIES["reopen"],
        Touched,
        id=memory_id,
        space_keys=principal.writable_keys,
        open_end=OPEN_END,
        current_key=current_key,
        now=now,
    )
    events.note_states(tx, reopened)

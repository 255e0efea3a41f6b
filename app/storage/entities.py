"""Entities and slots in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.entities import KNOWN_STATES, TOLD_STATES, Entity, Moment
from app.domain.memories import LISTED_STATES, Memory
from app.domain.principal import ALL_AGENTS, Principal
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("entities")
# More suggestions than somebody looks through.
MOST_POSSIBLE = 20


class EntityRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entity as ingest compares and makes it."""

    id: str
    name: str
    norm_name: str
    type: str


class MentionRow(msgspec.Struct, frozen=True):
    """A memory and the entities it names."""

    memory_id: str
    entity_ids: list[str]


class SlotRow(msgspec.Struct, frozen=True, kw_only=True):
    """A memory and the slot it gives a value for; subject and context normalised."""

    memory_id: str
    slot_id: str
    subject: str
    attribute: str
    context: str
    value: str
    cardinality: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What the writes of a plan share."""

    space_key: str
    task_id: str
    now: datetime


class TypeRow(msgspec.Struct, frozen=True):
    """An entity of which it is learnt what it is."""

    id: str
    type: str


class SameNames(msgspec.Struct, frozen=True):
    """All names, normalised, of what a name stands for."""

    name: str
    names: list[str]


class Named(msgspec.Struct, frozen=True):
    """An entity and what is asked of the text index to find its like."""

    id: str
    query: str


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that is spelled like another one."""

    of: str
    entity: EntityRow


class SameRow(msgspec.Struct, frozen=True):
    """Two entities, the lower id first, and how likely they are one thing."""

    low_id: str
    high_id: str
    score: float


class EntityPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which things a list shows: with this in a name, of this type, after a (count or name, id)."""

    space_keys: list[str]
    q: str
    type: str
    by_name: bool
    after_name: str
    after_count: int
    after_id: str
    limit: int


class MemoriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories of some entities a list shows: in these states, before a (time, id)."""

    member_ids: list[str]
    states: list[str]
    before: datetime
    before_id: str
    limit: int


class MomentsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a timeline is asked for: of these nodes, after a (time, id)."""

    member_ids: list[str]
    after: datetime
    after_id: str
    limit: int


class NewSame(msgspec.Struct, frozen=True, kw_only=True):
    """That an entity is the same as another one; `visible_to` says who sees the name when no memory has it."""

    id: str
    into_id: str
    decision_id: str
    visible_to: str | None


async def list_named(tx: Transaction, space_key: str, names: Sequence[str]) -> list[EntityRow]:
    return await many(tx, QUERIES["list_named"], EntityRow, space_key=space_key, names=list(names))


async def list_same_names(tx: Transaction, space_key: str, names: Sequence[str]) -> list[SameNames]:
    return await many(tx, QUERIES["list_same_names"], SameNames, space_key=space_key, names=list(names))


async def list_of_task(tx: Transaction, space_key: str, task_id: str) -> list[EntityRow]:
    return await many(tx, QUERIES["list_entities_of_task"], EntityRow, space_key=space_key, task_id=task_id)


async def list_alike(tx: Transaction, space_key: str, rows: Sequence[Named], limit: int) -> list[Alike]:
    return await many(tx, QUERIES["list_alike"], Alike, space_key=space_key, rows=plain(rows), limit=limit)


async def update_types(tx: Transaction, space_key: str, rows: Sequence[TypeRow]) -> None:
    await many(tx, QUERIES["update_entity_types"], object, space_key=space_key, rows=plain(rows))


async def create_possibly_same(tx: Transaction, rows: Sequence[SameRow], written: Written) -> None:
    await many(tx, QUERIES["create_possibly_same"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def list_of_session(tx: Transaction, principal: Principal, message: Memory) -> list[str]:
    """The names of what was spoken of in a message's session, latest first."""
    return await many(
        tx,
        QUERIES["list_of_session"],
        str,
        space_key=message.space_key,
        session_id=message.session_id,
        visible=principal.visible,
    )


async def create_many(tx: Transaction, rows: Sequence[EntityRow], written: Written) -> None:
    await many(tx, QUERIES["create_entities"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def create_mentions(tx: Transaction, rows: Sequence[MentionRow], written: Written) -> None:
    await many(tx, QUERIES["create_mentions"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def create_slots(tx: Transaction, rows: Sequence[SlotRow], written: Written) -> None:
    await many(tx, QUERIES["create_slots"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def list_page(tx: Transaction, principal: Principal, page: EntityPage) -> list[str]:
    """The ids of a page of things."""
    return await many(
        tx,
        QUERIES["list_entities"],
        str,
        visible=principal.visible,
        states=KNOWN_STATES,
        current=LISTED_STATES,
        **msgspec.structs.asdict(page),
    )


async def get_many(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Entity]:
    """What the caller sees of the things with these ids, in their order."""
    return await many(
        tx,
        QUERIES["get_entities"],
        Entity,
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
        states=KNOWN_STATES,
        current=LISTED_STATES,
        most_possible=MOST_POSSIBLE,
    )


async def list_memories(tx: Transaction, principal: Principal, page: MemoriesPage) -> list[str]:
    """The ids of a page of memories."""
    return await many(
        tx,
        QUERIES["list_entity_memories"],
        str,
        space_keys=principal.space_keys,
        visible=principal.visible,
        **msgspec.structs.asdict(page),
    )


async def list_moments(tx: Transaction, principal: Principal, names: Sequence[str], page: MomentsPage) -> list[Moment]:
    return await many(
        tx,
        QUERIES["list_entity_moments"],
        Moment,
        space_keys=principal.space_keys,
        visible=principal.visible,
        states=TOLD_STATES,
        names=list(names),
        **msgspec.structs.asdict(page),
    )


async def get_same(tx: Transaction, space_key: str, entity_id: str) -> str | None:
    """The id of what an entity was merged into."""
    return await one(tx, QUERIES["get_same"], str, space_key=space_key, id=entity_id)


async def is_below(tx: Transaction, space_key: str, entity_id: str, other_id: str) -> bool:
    return bool(await one(tx, QUERIES["is_below"], bool, space_key=space_key, id=entity_id, other_id=other_id))


async def is_for_all(tx: Transaction, space_key: str, ids: Sequence[str]) -> bool:
    found = await one(
        tx,
        QUERIES["is_for_all"],
        bool,
        space_key=space_key,
        ids=list(ids),
        everybody=ALL_AGENTS,
        states=KNOWN_STATES,
    )
    return bool(found)


async def create_same(tx: Transaction, space_key: str, same: NewSame, now: datetime) -> None:
    fields = msgspec.structs.asdict(same)
    await many(tx, QUERIES["create_same"], object, space_key=space_key, now=now, **fields)


async def delete_same(tx: Transaction, space_key: str, entity_id: str, now: datetime) -> None:
    await many(tx, QUERIES["delete_same"], object, space_key=space_key, id=entity_id, now=now)


async def delete_unnamed(tx: Transaction, space_key: str, entity_id: str) -> None:
    await many(tx, QUERIES["delete_unnamed"], object, space_key=space_key, id=entity_id)


def plain(rows: Sequence[msgspec.Struct]) -> list[dict[str, object]]:
    """Rows as the driver takes them."""
    return [
        {name: str(value) if isinstance(value, str) else value for name, value in msgspec.structs.asdict(row).items()}
        for row in rows
    ]

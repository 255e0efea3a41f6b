"""Entities and slots in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.memories import Memory
from app.domain.principal import Principal
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("entities")


class FoundEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity with the names under which it was found, normalised."""

    id: str
    name: str
    norm_name: str
    type: str
    aliases: list[str]


class EntityRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entity to make."""

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


async def list_named(tx: Transaction, space_key: str, names: Sequence[str]) -> list[FoundEntity]:
    return await many(tx, QUERIES["list_named"], FoundEntity, space_key=space_key, names=list(names))


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


def plain(rows: Sequence[msgspec.Struct]) -> list[dict[str, object]]:
    """Rows as the driver takes them."""
    return [
        {name: str(value) if isinstance(value, str) else value for name, value in msgspec.structs.asdict(row).items()}
        for row in rows
    ]

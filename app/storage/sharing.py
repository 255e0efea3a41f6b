"""Copies of memories, and what is told about them, in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from app.domain.events import EventType, Touched
from app.domain.memories import Memory, State
from app.domain.principal import Principal
from app.domain.sharing import Action, Copies, CopyIds
from app.domain.space_settings import SecretPolicy
from app.storage import events, memories, quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("sharing")


class CopyWrite(msgspec.Struct, frozen=True):
    """A copy to store: of which memory, under which key, and the memory it becomes."""

    origin: Memory
    share_key: str
    memory: Memory


class KnownCopy(msgspec.Struct, frozen=True):
    """A copy that is there."""

    share_key: str
    id: str


class FurtherCopy(msgspec.Struct, frozen=True):
    """A copy of a copy, and for whom it is."""

    id: str
    space_key: str
    visible_to: str


class Written(msgspec.Struct, frozen=True):
    """Copies that were written, each with its state, and how many vectors are still to come."""

    waiting: int
    copies: list[Touched]


class LiveCopy(msgspec.Struct, frozen=True):
    """A copy that follows its origin: the new text it would have, and what its space says of secrets."""

    id: str
    space_key: str
    secrets: SecretPolicy = SecretPolicy.MARK
    text: str = ""


class SharingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a memory between two spaces; `space_key` and `from_key` say who may read of it."""

    id: str
    action: Action
    memory_id: str
    from_space: str
    from_key: str
    to_space: str
    space_key: str
    user_id: str
    agent_id: str
    at: datetime


async def list_copies(tx: Transaction, space_key: str, keys: Sequence[str]) -> dict[str, str]:
    """The ids of the copies that are there, by their keys."""
    found = await many(tx, QUERIES["list_copies"], KnownCopy, space_key=space_key, keys=list(keys))
    return {copy.share_key: copy.id for copy in found}


async def create_copies(
    tx: Transaction, principal: Principal, copies: Sequence[CopyWrite], wanted: Copies, given: CopyIds
) -> int:
    """Stores copies; how many vectors are still to come."""
    rows = [
        {
            "origin_id": copy.origin.id,
            "share_key": copy.share_key,
            "properties": memories.properties(copy.memory),
            "search": memories.search_properties(copy.memory),
        }
        for copy in copies
    ]
    written = await one(
        tx,
        QUERIES["create_copies"],
        Written,
        copies=rows,
        space_key=wanted.target.space_key,
        space_keys=principal.space_keys,
        by=wanted.by,
        agent=wanted.agent,
        note=wanted.note,
        rule=wanted.rule,
        mode=wanted.mode.value,
        task_id=given.task_id,
        now=given.now,
    )
    if written is None:
        return 0
    quotas.note(tx, wanted.target.space_key, len(written.copies), sum(copy.text_bytes for copy in written.copies))
    events.note(tx, EventType.MEMORY_SHARED, [msgspec.structs.replace(copy, detail="") for copy in written.copies])
    return written.waiting


async def list_copies_of(tx: Transaction, principal: Principal, space_key: str, memory_id: str) -> list[str]:
    return await many(tx, QUERIES["list_copies_of"], str, id=memory_id, space_key=space_key, visible=principal.visible)


async def list_copies_from(tx: Transaction, principal: Principal, copy_id: str) -> list[FurtherCopy]:
    return await many(tx, QUERIES["list_copies_from"], FurtherCopy, id=copy_id, space_keys=principal.space_keys)


async def move_copies(
    tx: Transaction, principal: Principal, copies: Mapping[str, str], old_id: str, new_id: str
) -> None:
    """Makes copies of one copy those of another; each id with its new key."""
    rows = [{"id": copy_id, "share_key": key} for copy_id, key in copies.items()]
    keys = principal.space_keys
    await one(tx, QUERIES["move_copies"], int, copies=rows, old_id=old_id, new_id=new_id, space_keys=keys)


async def list_live_copies(tx: Transaction, space_keys: Sequence[str], ids: Sequence[str]) -> list[LiveCopy]:
    return await many(tx, QUERIES["list_live_copies"], LiveCopy, ids=list(ids), space_keys=list(space_keys))


async def update_live_copies(
    tx: Transaction, principal: Principal, space_key: str, ids: Sequence[str], given: CopyIds
) -> int:
    """Makes copies in one space follow their origins; how many vectors are still to come."""
    written = await one(
        tx,
        QUERIES["update_live_copies"],
        Written,
        ids=list(ids),
        space_keys=[space_key],
        tenant_id=principal.tenant_id,
        task_id=given.task_id,
        now=given.now,
    )
    if written is None:
        return 0
    events.note_changed(tx, written.copies)
    gone = [copy for copy in written.copies if copy.detail == State.DELETED]
    quotas.note_deleted(tx, gone)
    quotas.note(tx, space_key, 0, sum(copy.text_bytes for copy in written.copies if copy not in gone))
    return written.waiting


async def create_events(tx: Transaction, events: Sequence[SharingEvent]) -> None:
    rows = [{**msgspec.structs.asdict(event), "action": event.action.value} for event in events]
    await one(tx, QUERIES["create_sharing_events"], int, events=rows)

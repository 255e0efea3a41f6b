"""Conflicts in the graph."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.conflicts import Conflict, Resolution, narrowest
from app.domain.events import EventType, Touched
from app.domain.principal import Principal
from app.storage import events
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("conflicts")


class ConflictPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which open conflicts a list shows: of these spaces, before a (time, id)."""

    space_keys: list[str]
    before: datetime
    before_id: str
    limit: int


async def list_open(tx: Transaction, principal: Principal, page: ConflictPage) -> list[Conflict]:
    return await many(
        tx,
        QUERIES["list_conflicts"],
        Conflict,
        readable=principal.space_keys,
        visible=principal.visible,
        **msgspec.structs.asdict(page),
    )


async def get(tx: Transaction, principal: Principal, conflict_id: str) -> Conflict | None:
    return await one(
        tx,
        QUERIES["get_conflict"],
        Conflict,
        id=conflict_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
    )


async def resolve(tx: Transaction, conflict: Conflict, decision_id: str, resolution: Resolution) -> None:
    await one(
        tx,
        QUERIES["resolve_conflict"],
        str,
        id=conflict.id,
        space_key=conflict.left.space_key,
        decision_id=decision_id,
        resolution=str(resolution),
    )
    seen_by = narrowest(conflict.left, conflict.right)
    told = Touched(conflict.id, conflict.left.space_key, seen_by, str(resolution))
    events.note(tx, EventType.CONFLICT_RESOLVED, [told])

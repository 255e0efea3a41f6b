"""The age of memories in the graph: one function a query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.events import EventType, Touched
from app.domain.lifecycle import Aging
from app.domain.principal import Principal
from app.storage import events
from app.storage.entities import plain
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("lifecycle")


class Due(Aging, frozen=True, kw_only=True):
    """A memory to be looked at, and since when it is."""

    review_at: datetime


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """The tier of a memory and when it is due again; `seen_at` is the time for which it was looked at now."""

    id: str
    tier: str
    has_moved: bool
    review_at: datetime | None
    seen_at: datetime


async def list_due(tx: Transaction, space_key: str, now: datetime, limit: int) -> list[Due]:
    """For the task of a space, which works on what anybody sees."""
    return await _list_due(tx, space_key, now, limit, None)


async def list_due_visible(
    tx: Transaction, principal: Principal, space_key: str, now: datetime, limit: int
) -> list[Due]:
    """For who wants to know what would become of the memories he sees."""
    return await _list_due(tx, space_key, now, limit, principal)


async def _list_due(
    tx: Transaction, space_key: str, now: datetime, limit: int, principal: Principal | None
) -> list[Due]:
    return await many(
        tx,
        QUERIES["list_due"],
        Due,
        space_key=space_key,
        now=now,
        limit=limit,
        is_task=principal is None,
        visible=principal.visible if principal else [],
    )


async def update_reviews(tx: Transaction, space_key: str, rows: Sequence[ReviewRow], now: datetime) -> None:
    moved = await many(tx, QUERIES["update_reviews"], Touched, space_key=space_key, rows=plain(rows), now=now)
    events.note(tx, EventType.MEMORY_UPDATED, moved)


async def count_due(tx: Transaction, principal: Principal, space_keys: Sequence[str], now: datetime) -> int:
    total = await one(tx, QUERIES["count_due"], int, space_keys=list(space_keys), visible=principal.visible, now=now)
    return total or 0

"""Verdicts on memories in the graph."""

from __future__ import annotations

from datetime import datetime

from app.domain.events import Touched
from app.domain.feedback import Rating
from app.domain.memories import Memory
from app.domain.principal import Principal
from app.storage import events
from app.storage.graph import Transaction, many, one
from app.storage.memories import properties
from app.storage.queries import load

QUERIES = load("feedback")
# What feedback decides of a memory; the rest of it stays as it is stored.
DECIDED = ("state", "retired_at", "importance", "confidence", "base_confidence", "updated_at", "rev")


async def get(tx: Transaction, principal: Principal, memory_id: str) -> Rating | None:
    return await one(tx, QUERIES["get_rating"], Rating, id=memory_id, **_caller(principal))


async def add(tx: Transaction, principal: Principal, memory_id: str, rating: Rating, now: datetime) -> None:
    said = {"verdict": str(rating.verdict), "has_raised": rating.has_raised, "now": now}
    await one(tx, QUERIES["add_rating"], str, id=memory_id, **said, **_caller(principal))


async def apply(tx: Transaction, principal: Principal, after: Memory, current_key: str | None) -> None:
    stored = properties(after)
    change = {name: stored[name] for name in DECIDED}
    change |= {"state_before": stored.get("state_before"), "current_key": current_key}
    seen = {"space_keys": principal.writable_keys, "visible": principal.visible}
    events.note_changed(tx, await many(tx, QUERIES["apply_feedback"], Touched, id=after.id, change=change, **seen))


def _caller(principal: Principal) -> dict[str, object]:
    return {
        "tenant_id": principal.tenant_id,
        "agent_id": principal.agent_id,
        "space_keys": principal.space_keys,
        "visible": principal.visible,
    }

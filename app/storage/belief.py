"""Beliefs in the graph: what they follow from, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain.events import EventType, Touched
from app.storage import events
from app.storage.entities import plain
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("belief")


class EvidenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that speaks for or against another one, or from which it follows, by the type of the relation."""

    id: str
    type: str
    weight: float
    base_confidence: float
    confidence: float
    asserter: str
    session_id: str
    # Of what something follows from: it has a successor, is over, or says something else since.
    is_changed: bool = False


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """A memory with its belief as it is stored, and its evidence."""

    id: str
    base_confidence: float
    confidence: float
    needs_review: bool
    evidence: list[EvidenceRow]


class BeliefRow(msgspec.Struct, frozen=True, kw_only=True):
    """A belief to store."""

    id: str
    confidence: float
    needs_review: bool


async def list_claims(tx: Transaction, space_key: str, ids: Sequence[str], limit: int) -> list[ClaimRow]:
    return await many(tx, QUERIES["list_claims"], ClaimRow, space_key=space_key, ids=list(ids), limit=limit)


async def update_beliefs(tx: Transaction, space_key: str, rows: Sequence[BeliefRow]) -> None:
    moved = await many(tx, QUERIES["update_beliefs"], Touched, space_key=space_key, rows=plain(rows))
    events.note(tx, EventType.MEMORY_UPDATED, moved)

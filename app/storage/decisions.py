"""What new facts may be about, as the graph has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.principal import Principal
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("decisions")


class FactQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact is looked up by; `index` is its place in the batch."""

    index: int
    text_hash: str
    embedding: list[float]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that the fact with index `fact` may be about; `score` is the vector index's."""

    fact: int
    id: str
    text: str
    text_hash: str
    category: str
    memory_type: str
    said_at: datetime
    score: float
    session_id: str
    confidence: float


async def list_candidates(
    tx: Transaction, principal: Principal, space_key: str, facts: Sequence[FactQuery], limit: int
) -> list[Candidate]:
    """At most twice `limit` for each fact: as many of the same text, as many of close ones."""
    return await many(
        tx,
        QUERIES["list_candidates"],
        Candidate,
        space_key=space_key,
        visible=principal.visible,
        facts=[msgspec.structs.asdict(fact) for fact in facts],
        limit=limit,
    )

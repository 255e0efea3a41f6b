"""Pairs of memories in the graph: which are still to be compared, and what they were judged to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.decisions import StoredDecision
from app.domain.discovery import FoundPair, Statement
from app.domain.principal import Principal
from app.storage.decisions import MOST_MENTIONS, DecisionRow, decoded
from app.storage.entities import Written, plain
from app.storage.graph import Transaction, many, one
from app.storage.queries import load
from app.storage.search import list_compared

QUERIES = load("discovery")
# So many of each kind for a memory: itself and six in meaning, four of its slot, three by entities (pipelines 2.7).
CLOSE, SAME_SLOT, SAME_ENTITIES = 7, 4, 3
# Of a slot with more values only so many are looked at, so that the cost of a memory has a limit.
MOST_READ = 200


class Uncompared(msgspec.Struct, frozen=True):
    """A memory that is to be compared, with the hash of its text and its place in the order of a run."""

    id: str
    text_hash: str
    created_at: datetime


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pair by the order of its ids, with both hashes in that order, and what is recorded of it."""

    number: int
    lower_id: str
    higher_id: str
    hashes: str
    label: str
    method: str
    weight: float
    cosine: float | None


async def count_uncompared(tx: Transaction, principal: Principal, space_key: str) -> int:
    return await one(tx, QUERIES["count_uncompared"], int, space_key=space_key, visible=principal.visible) or 0


async def list_uncompared(
    tx: Transaction, principal: Principal, space_key: str, after: tuple[datetime, str], limit: int
) -> list[Uncompared]:
    return await many(
        tx,
        QUERIES["list_uncompared"],
        Uncompared,
        space_key=space_key,
        visible=principal.visible,
        after=after[0],
        after_id=after[1],
        limit=limit,
    )


async def list_pairs(tx: Transaction, principal: Principal, space_key: str, ids: Sequence[str]) -> list[FoundPair]:
    return await many(
        tx,
        QUERIES["list_pairs"],
        FoundPair,
        ids=list(ids),
        space_key=space_key,
        visible=principal.visible,
        close=CLOSE,
        same_slot=SAME_SLOT,
        same_entities=SAME_ENTITIES,
        most_mentions=MOST_MENTIONS,
        most_read=MOST_READ,
        compared=await list_compared(tx, principal, space_key),
    )


async def list_statements(
    tx: Transaction, principal: Principal, space_key: str, ids: Sequence[str]
) -> dict[str, Statement]:
    found = await many(
        tx,
        QUERIES["list_compared_statements"],
        Statement,
        ids=list(ids),
        space_key=space_key,
        visible=principal.visible,
    )
    return {statement.id: statement for statement in found}


async def list_unjudged(tx: Transaction, space_key: str, rows: Sequence[PairRow]) -> set[int]:
    """The numbers of the pairs that are still as they were read and that nobody judged meanwhile."""
    return set(await many(tx, QUERIES["list_unjudged"], int, space_key=space_key, rows=plain(rows)))


async def create_judgements(tx: Transaction, rows: Sequence[PairRow], written: Written) -> None:
    await many(tx, QUERIES["create_judgements"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def create_close_pairs(tx: Transaction, rows: Sequence[PairRow], written: Written) -> None:
    await many(tx, QUERIES["create_close_pairs"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def mark_compared(tx: Transaction, space_key: str, rows: Sequence[Uncompared]) -> None:
    marks = [{"id": row.id, "text_hash": row.text_hash} for row in rows]
    await many(tx, QUERIES["mark_compared"], object, space_key=space_key, rows=marks)


async def list_discovered_from(tx: Transaction, space_key: str, ids: Sequence[str]) -> list[StoredDecision]:
    rows = await many(tx, QUERIES["list_discovered_from"], DecisionRow, space_key=space_key, ids=list(ids))
    return [decoded(row) for row in rows]

"""Reads of memories in the graph: one function a query."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain.activation import USE_HALF_LIFE
from app.domain.recalls import Access, Recall
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("recalls")


async def add_accesses(tx: Transaction, accesses: Sequence[Access]) -> None:
    rows = [{"id": one.id, "space_key": one.space_key, "count": one.count, "at": one.at} for one in accesses]
    half_life = USE_HALF_LIFE.total_seconds()
    await many(tx, QUERIES["add_accesses"], object, accesses=rows, half_life_seconds=half_life)


async def create_many(tx: Transaction, recalls: Sequence[Recall]) -> None:
    rows = [msgspec.structs.asdict(recall) for recall in recalls]
    await many(tx, QUERIES["create_recalls"], object, recalls=rows)

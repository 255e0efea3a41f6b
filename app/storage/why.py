"""The way back from memories in the graph."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.decisions import StoredDecision
from app.domain.principal import Principal
from app.domain.why import Origin, Quoted
from app.storage.decisions import DecisionRow, decoded
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("why")
# More of it than anybody reads; a repeated memory has one message a repetition.
MOST_ROWS = 200


async def list_origins(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Origin]:
    return await many(
        tx,
        QUERIES["list_origins"],
        Origin,
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
        limit=MOST_ROWS,
    )


async def list_quotes(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Quoted]:
    return await many(
        tx,
        QUERIES["list_quotes"],
        Quoted,
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
        limit=MOST_ROWS,
    )


async def list_decisions(tx: Transaction, principal: Principal, memory_id: str) -> list[StoredDecision]:
    rows = await many(
        tx,
        QUERIES["list_decisions_about"],
        DecisionRow,
        id=memory_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
        limit=MOST_ROWS,
    )
    return [decoded(row) for row in rows]

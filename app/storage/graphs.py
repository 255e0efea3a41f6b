"""Nodes and their neighbours as a caller may see them."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.graphs import Neighbour, Node
from app.domain.principal import Principal
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("graphs")
# What more memories name or are about connects them by nothing (pipelines 4.5).
MOST_MENTIONS = 50
# Relationships of one node that are looked at; only a hub has more.
MOST_NEIGHBOURS = 200


async def list_nodes(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Node]:
    return await many(
        tx,
        QUERIES["list_graph_nodes"],
        Node,
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
    )


async def list_neighbours(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Neighbour]:
    return await many(
        tx,
        QUERIES["list_neighbours_of"],
        Neighbour,
        ids=list(ids),
        space_keys=principal.space_keys,
        visible=principal.visible,
        most_mentions=MOST_MENTIONS,
        limit=MOST_NEIGHBOURS,
    )

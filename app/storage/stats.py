"""Counts over the spaces of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.memories import BEGINNING, Category, MemoryType
from app.domain.principal import Principal
from app.domain.relation_stats import GraphEdge, GraphNode, RelationStatsQuery
from app.domain.sharing_stats import MAX_RECENT, EventGroup, RecentEvent
from app.domain.stats import COUNTED_STATES, DayGroup, MemoryGroup
from app.domain.tag_stats import MAX_ROWS, TagQuery, TagStats
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("stats")


class AgentShares(msgspec.Struct, frozen=True):
    """How often an agent shared."""

    agent_id: str
    count: int


class SpaceCopies(msgspec.Struct, frozen=True):
    """How many copies lie in a space."""

    space_key: str
    count: int


class RelationGraph(msgspec.Struct, frozen=True):
    """Memories and the relations between them."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]


async def list_revs(tx: Transaction, space_keys: Sequence[str]) -> list[str]:
    """What changes with every write to one of the spaces."""
    return await one(tx, QUERIES["list_revs"], list[str], space_keys=list(space_keys)) or []


async def count_groups(tx: Transaction, principal: Principal, space_keys: Sequence[str]) -> list[MemoryGroup]:
    return await many(tx, QUERIES["count_groups"], MemoryGroup, space_keys=list(space_keys), **_seen(principal))


async def count_days(
    tx: Transaction, principal: Principal, space_keys: Sequence[str], since: datetime
) -> list[DayGroup]:
    parameters = {"space_keys": list(space_keys), "types": [kind.value for kind in MemoryType], **_seen(principal)}
    return await many(tx, QUERIES["count_days"], DayGroup, since=since, **parameters)


async def count_accesses(tx: Transaction, principal: Principal, space_keys: Sequence[str]) -> int:
    found = await one(tx, QUERIES["count_accesses"], int, space_keys=list(space_keys), **_seen(principal))
    return found or 0


async def count_copies(tx: Transaction, principal: Principal, space_keys: Sequence[str]) -> dict[str, int]:
    """How many copies lie in each space, by its key."""
    found = await many(tx, QUERIES["count_copies"], SpaceCopies, space_keys=list(space_keys), **_seen(principal))
    return {row.space_key: row.count for row in found}


async def count_messages(tx: Transaction, principal: Principal, space_keys: Sequence[str]) -> int:
    found = await one(tx, QUERIES["count_messages"], int, space_keys=list(space_keys), **_seen(principal))
    return found or 0


async def count_tags(
    tx: Transaction, principal: Principal, space_keys: Sequence[str], query: TagQuery
) -> TagStats | None:
    return await one(
        tx,
        QUERIES["count_tags"],
        TagStats,
        space_keys=list(space_keys),
        min_count=query.min_count,
        limit=min(query.limit, MAX_ROWS),
        most=MAX_ROWS,
        **_seen(principal),
    )


async def list_related_pairs(
    tx: Transaction, principal: Principal, query: RelationStatsQuery, limit: int
) -> list[list[str]]:
    return await many(
        tx,
        QUERIES["list_related_pairs"],
        list[str],
        space_keys=principal.space_keys,
        min_importance=query.min_importance,
        categories=[category.value for category in Category],
        limit=limit,
        **_seen(principal),
    )


async def get_relation_graph(tx: Transaction, principal: Principal, ids: Sequence[str]) -> RelationGraph | None:
    return await one(
        tx,
        QUERIES["get_relation_graph"],
        RelationGraph,
        ids=list(ids),
        space_keys=principal.space_keys,
        **_seen(principal),
    )


async def count_events(tx: Transaction, principal: Principal, since: datetime) -> list[EventGroup]:
    return await many(tx, QUERIES["count_events"], EventGroup, since=since, **_places(principal))


async def list_events(tx: Transaction, principal: Principal, since: datetime) -> list[RecentEvent]:
    """The last few, newest first."""
    return await many(
        tx,
        QUERIES["list_events"],
        RecentEvent,
        since=since,
        limit=MAX_RECENT,
        **_places(principal),
        **_seen(principal),
    )


async def count_shares_by_agent(tx: Transaction, principal: Principal) -> dict[str, int]:
    found = await many(
        tx, QUERIES["count_shares_by_agent"], AgentShares, space_keys=principal.space_keys, since=BEGINNING
    )
    return {row.agent_id: row.count for row in found}


def _seen(principal: Principal) -> dict[str, list[str]]:
    return {"visible": principal.visible, "states": [state.value for state in COUNTED_STATES]}


def _places(principal: Principal) -> dict[str, list[str]]:
    return {"space_keys": principal.space_keys, "space_ids": [space.id for space in principal.spaces]}

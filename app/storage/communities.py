"""Communities in the graph: the excerpt they are made from, what is written of them, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.communities import Cluster, Community, SketchMemory, SketchRelation
from app.domain.principal import Principal
from app.storage.entities import Written, plain
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("communities")
# What a list shows of each community.
MOST_ENTITIES, MOST_TEXTS = 10, 20


class Moved(msgspec.Struct, frozen=True):
    """The revision of a space, and at which one its communities were made, of how much edge weight; -1 for never."""

    rev: int
    made_at: int
    weight: float | None = None


class MemberRow(msgspec.Struct, frozen=True):
    """A memory or an entity in a community."""

    community_id: str
    member_id: str


class CommunityRow(msgspec.Struct, frozen=True):
    """A community to store."""

    id: str
    label: str
    memory_count: int


class CentralityRow(msgspec.Struct, frozen=True):
    """How central a memory or an entity is."""

    id: str
    centrality: float


class CommunityPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which communities a list shows: one or all ('') of these spaces, after a (count, id)."""

    space_keys: list[str]
    id: str = ""
    after_count: int = 0
    after_id: str = ""
    limit: int = 1


async def get_moved(tx: Transaction, space_key: str) -> Moved:
    return await one(tx, QUERIES["get_moved"], Moved, space_key=space_key) or Moved(0, 0)


async def list_sketch_memories(tx: Transaction, space_key: str, now: datetime, limit: int) -> list[SketchMemory]:
    return await many(tx, QUERIES["list_sketch_memories"], SketchMemory, space_key=space_key, now=now, limit=limit)


async def list_sketch_relations(tx: Transaction, space_key: str, ids: Sequence[str]) -> list[SketchRelation]:
    return await many(tx, QUERIES["list_sketch_relations"], SketchRelation, space_key=space_key, ids=list(ids))


async def list_clusters(tx: Transaction, space_key: str) -> list[Cluster]:
    return await many(tx, QUERIES["list_clusters"], Cluster, space_key=space_key)


async def delete_all_but(tx: Transaction, space_key: str, kept: Sequence[str]) -> None:
    await many(tx, QUERIES["delete_communities"], object, space_key=space_key, kept=list(kept))


async def delete_members(tx: Transaction, space_key: str, rows: Sequence[MemberRow]) -> None:
    await many(tx, QUERIES["delete_members"], object, space_key=space_key, rows=plain(rows))


async def create_many(tx: Transaction, rows: Sequence[CommunityRow], written: Written) -> None:
    await many(tx, QUERIES["create_communities"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def create_members(tx: Transaction, space_key: str, rows: Sequence[MemberRow]) -> None:
    await many(tx, QUERIES["create_members"], object, space_key=space_key, rows=plain(rows))


async def update_centralities(tx: Transaction, space_key: str, rows: Sequence[CentralityRow]) -> None:
    await many(tx, QUERIES["update_centralities"], object, space_key=space_key, rows=plain(rows))


async def mark(tx: Transaction, space_key: str, rev: int, weight: float) -> None:
    await many(tx, QUERIES["mark_communities"], object, space_key=space_key, rev=rev, weight=weight)


async def list_page(tx: Transaction, principal: Principal, page: CommunityPage) -> list[Community]:
    return await many(
        tx,
        QUERIES["list_communities"],
        Community,
        visible=principal.visible,
        most_entities=MOST_ENTITIES,
        most_texts=MOST_TEXTS,
        **msgspec.structs.asdict(page),
    )


async def list_memory_ids(tx: Transaction, principal: Principal, community_id: str, limit: int) -> list[str]:
    return await many(
        tx,
        QUERIES["list_community_memories"],
        str,
        id=community_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
        limit=limit,
    )

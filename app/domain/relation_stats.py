"""How memories relate, as one small graph on the wire (contract 10.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.tag_stats import Rows


class RelationStatsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many memories the graph may have, and how important each must be."""

    limit: Rows = 100
    min_importance: Annotated[float, Meta(ge=0, le=1)] = 0.0


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that relates to another one of the graph."""

    id: str
    label: str
    category: str
    tier: str
    importance: float
    access_count: int
    memory_type: str
    space_id: str


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True):
    """A relation between two memories of the graph; `shared_from` leads from the original to its copy."""

    source: str
    target: str
    relation_type: str
    context_label: str | None
    cross_space: bool


class RelationStats(msgspec.Struct, frozen=True, kw_only=True):
    """Memories and all relations between them; the totals count what is returned."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    total_nodes: int
    total_edges: int


def most_important(pairs: Sequence[list[str]], limit: int) -> list[str]:
    """At most so many ids out of pairs that are in the order of importance; none is without its partner."""
    chosen: dict[str, None] = {}
    for pair in pairs:
        if len(chosen.keys() | set(pair)) <= limit:
            chosen.update(dict.fromkeys(pair))
    return list(chosen)

"""Paths between two things, and what lies around some: step by step, each through what the caller may see."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain.errors import Invalid, NotFound
from app.domain.graphs import (
    DEFAULT_NODES,
    MAX_DEPTH,
    MAX_HOPS,
    MAX_NODES,
    Edge,
    Excerpt,
    Format,
    Node,
    PathAnswer,
    PathQuery,
    SubgraphQuery,
    cytoscape,
    parse_within,
    path_of,
)
from app.domain.listing import parse_list
from app.domain.memories import parse_choice
from app.domain.principal import Principal
from app.domain.search import SearchRequest
from app.services import search
from app.services.parts import Parts
from app.storage import graphs
from app.storage.graph import Transaction
from ingest.networks import graphml, shortest_paths

MOST_PATHS = 5
# Nodes that are followed in one step; what lies further than their neighbours is hardly related.
WIDEST = 200
# With how many results of a query an excerpt begins, and how many ids may be named.
SEEDS = 10
MOST_IDS = 50


async def find_paths(tx: Transaction, principal: Principal, query: PathQuery) -> PathAnswer:
    """The shortest paths between two memories, messages, entities or slots; none through hubs.

    Raises NotFound for an end that the caller does not see, Invalid when both are the same or the limit is unreadable.
    """
    hops = parse_within("max_hops", query.max_hops, MAX_HOPS, MAX_HOPS)
    ends = await _must_list(tx, principal, [query.start, query.end])
    if query.start == query.end:
        raise Invalid("from and to are the same")
    excerpt = await _between(tx, principal, ends, hops)
    found = shortest_paths(excerpt, query.start, query.end, MOST_PATHS)
    paths = [path_of(ids, excerpt) for ids in found if len(ids) - 1 <= hops]
    return PathAnswer(hops=len(paths[0].steps) if paths else None, paths=paths)


class Written(msgspec.Struct, frozen=True):
    """A part of the graph in one of the forms, and what that is called in a Content-Type."""

    content: bytes
    media_type: str


async def find_subgraph(parts: Parts, principal: Principal, query: SubgraphQuery) -> Written:
    """What lies within a few steps of some ids, or of what answers a query, in the wanted form.

    Raises Invalid without either, NotFound for an id that the caller does not see, Unavailable when nothing answers.
    """
    depth = parse_within("depth", query.depth, 1, MAX_DEPTH)
    limit = parse_within("limit", query.limit, DEFAULT_NODES, MAX_NODES)
    form = Format(parse_choice("format", query.format, Format, Format.JSON))
    ids = parse_list(query.ids)
    if bool(ids) == bool(query.q):
        raise Invalid("either ids or q must say where to begin")
    if len(ids) > MOST_IDS:
        raise Invalid(f"ids has {len(ids)} entries, at most {MOST_IDS} are accepted")
    if query.q:
        request = SearchRequest(q=query.q, space=query.space, limit=SEEDS)
        answer = await search.search_memories(parts, principal, request)
        ids = [result.memory.id for result in answer.results]
    return _written(await parts.graph.read(_around, principal, ids, (depth, limit)), form)


def _written(excerpt: Excerpt, form: Format) -> Written:
    match form:
        case Format.JSON:
            return Written(msgspec.json.encode(excerpt), "application/json")
        case Format.CYTOSCAPE:
            return Written(cytoscape(excerpt), "application/json")
        case Format.GRAPHML:
            return Written(graphml(excerpt), "application/graphml+xml")


async def _must_list(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Node]:
    found = {node.id: node for node in await graphs.list_nodes(tx, principal, ids)}
    if any(one not in found for one in ids):
        raise NotFound("no such memory, message, entity or slot")
    return [found[one] for one in ids]


async def _between(tx: Transaction, principal: Principal, ends: Sequence[Node], hops: int) -> Excerpt:
    """What lies between two nodes: from either end step by step, the smaller side first, until they meet."""
    nodes = {node.id: node for node in ends}
    edges: list[Edge] = []
    reached = [{node.id} for node in ends]
    frontiers = [[node.id] for node in ends]
    for _ in range(hops):
        side = 0 if len(frontiers[0]) <= len(frontiers[1]) else 1
        if not frontiers[side]:
            break
        found = await graphs.list_neighbours(tx, principal, frontiers[side])
        through = [one for one in found if not one.is_hub or one.node.id in reached[0] | reached[1]]
        nodes |= {one.node.id: one.node for one in through}
        edges += [one.edge for one in through]
        new = [one for one in dict.fromkeys(step.node.id for step in through) if one not in reached[side]]
        reached[side].update(new)
        frontiers[side] = new[:WIDEST]
        if reached[0] & reached[1]:
            break
    return Excerpt(list(nodes.values()), _distinct(edges))


async def _around(tx: Transaction, principal: Principal, ids: Sequence[str], size: tuple[int, int]) -> Excerpt:
    """Nodes breadth first up to a number of steps and of nodes, and all relationships between them."""
    depth, limit = size
    seeds = (await _must_list(tx, principal, ids))[:limit]
    nodes = {node.id: node for node in seeds}
    frontier = list(nodes)
    for _ in range(depth):
        found = await graphs.list_neighbours(tx, principal, frontier[:WIDEST])
        new = {one.node.id: one for one in found if one.node.id not in nodes}
        kept = list(new.values())[: limit - len(nodes)]
        nodes |= {one.node.id: one.node for one in kept}
        frontier = [one.node.id for one in kept if not one.is_hub]
    between = await graphs.list_neighbours(tx, principal, list(nodes))
    return Excerpt(list(nodes.values()), _distinct([one.edge for one in between if _is_within(one.edge, nodes)]))


def _is_within(edge: Edge, nodes: dict[str, Node]) -> bool:
    return edge.source_id in nodes and edge.target_id in nodes


def _distinct(edges: Sequence[Edge]) -> list[Edge]:
    """One of each type between two nodes: a memory may be stated twice by one message."""
    first: dict[tuple[str, str, str], Edge] = {}
    for edge in edges:
        first.setdefault((edge.type, edge.source_id, edge.target_id), edge)
    return list(first.values())

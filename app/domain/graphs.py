"""A part of the graph as the caller may see it: nodes, relationships, and what each of them says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from app.domain.errors import Invalid

# A text is quoted up to here in a sentence.
QUOTED_CHARS = 80
MAX_HOPS = 4
MAX_DEPTH = 2
MAX_NODES = 200
DEFAULT_NODES = 50

# What a relationship says, from its start to its end.
SENTENCES = {
    "SUPPORTS": "{start} supports {end}",
    "CONTRADICTS": "{start} contradicts {end}",
    "SUPERSEDES": "{start} replaced {end}",
    "CONTEXTUALIZES": "{start} tells the circumstances of {end}",
    "MERGED_FROM": "{start} was made of {end}",
    "DERIVED_FROM": "{start} follows from {end}",
    "MENTIONS": "{start} mentions {end}",
    "ABOUT": "{start} is about {end}",
    "EXTRACTED_FROM": "{start} was said in the message {end}",
    "NEXT": "{start} was said right before {end}",
}


class Format(StrEnum):
    """How a subgraph is written."""

    JSON = "json"
    GRAPHML = "graphml"
    CYTOSCAPE = "cytoscape"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A memory, message, entity or slot; `label` is its text or name. '' and null where its kind has no such thing."""

    id: str
    kind: str
    label: str
    category: str = ""
    state: str = ""
    confidence: float | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship, from its start to its end."""

    type: str
    source_id: str
    target_id: str
    label: str | None = None
    weight: float | None = None
    method: str = ""


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship with the node at its other end; a hub is met by so many that it says nothing."""

    edge: Edge
    node: Node
    is_hub: bool


class Excerpt(msgspec.Struct, frozen=True):
    """Some nodes and the relationships between them."""

    nodes: list[Node]
    edges: list[Edge]


class Step(Edge, frozen=True, kw_only=True):
    """A relationship of a path, and what it says."""

    sentence: str


class GraphPath(msgspec.Struct, frozen=True):
    """The nodes of a path in their order, and the relationship between each two of them."""

    nodes: list[Node]
    steps: list[Step]


class PathAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The shortest paths, of `hops` steps each; none when there is no path that short."""

    hops: int | None
    paths: list[GraphPath]


class PathQuery(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """Between what a path is wanted."""

    start: str
    end: str
    max_hops: int | None = None


class SubgraphQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Around what a part of the graph is wanted, how far and how much, and in which form."""

    ids: str | None = None
    q: str | None = None
    space: str | None = None
    depth: int | None = None
    limit: int | None = None
    format: str | None = None


def parse_within(field: str, value: int | None, default: int, most: int) -> int:
    """A number from 0 to `most`. Raises Invalid, which names the field."""
    number = default if value is None else value
    if not 0 <= number <= most:
        raise Invalid(f"{field} must be from 0 to {most}")
    return number


def sentence(edge: Edge, nodes: Mapping[str, Node]) -> str:
    """What a relationship says in words."""
    said = SENTENCES[edge.type].format(start=_quoted(nodes[edge.source_id]), end=_quoted(nodes[edge.target_id]))
    return f"{said} ({edge.label})" if edge.label else said


def _quoted(node: Node) -> str:
    text = node.label if len(node.label) <= QUOTED_CHARS else node.label[: QUOTED_CHARS - 1] + "…"
    return f"“{text}”" if node.kind in ("memory", "message") else text


def path_of(ids: Sequence[str], excerpt: Excerpt) -> GraphPath:
    """A path through an excerpt, with one relationship between each two nodes."""
    nodes = {node.id: node for node in excerpt.nodes}
    between = {frozenset((edge.source_id, edge.target_id)): edge for edge in reversed(excerpt.edges)}
    edges = [between[frozenset(pair)] for pair in pairwise(ids)]
    steps = [Step(**msgspec.structs.asdict(edge), sentence=sentence(edge, nodes)) for edge in edges]
    return GraphPath([nodes[one] for one in ids], steps)


def cytoscape(excerpt: Excerpt) -> bytes:
    """An excerpt as elements of Cytoscape.js."""
    edges = [
        {"id": f"{edge.source_id} {edge.type} {edge.target_id}", "source": edge.source_id, "target": edge.target_id}
        | {"type": edge.type, "label": edge.label, "weight": edge.weight, "method": edge.method}
        for edge in excerpt.edges
    ]
    elements = {
        "nodes": [{"data": msgspec.structs.asdict(node)} for node in excerpt.nodes],
        "edges": [{"data": edge} for edge in edges],
    }
    return msgspec.json.encode({"elements": elements})

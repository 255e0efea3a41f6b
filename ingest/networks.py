"""What networkx does with an excerpt of the graph: shortest paths, and GraphML that other programs read."""

# networkx has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from itertools import islice

import msgspec

from app.domain.graphs import Excerpt


def shortest_paths(excerpt: Excerpt, start: str, end: str, limit: int) -> list[list[str]]:
    """At most so many of the shortest paths from one node to another, as ids of nodes, in a fixed order."""
    import networkx  # noqa: PLC0415  (half a second, and few requests need it)

    graph = networkx.Graph()
    graph.add_nodes_from(sorted(node.id for node in excerpt.nodes))
    graph.add_edges_from(sorted((edge.source_id, edge.target_id) for edge in excerpt.edges))
    if start not in graph or end not in graph or not networkx.has_path(graph, start, end):
        return []
    return [list(path) for path in islice(networkx.all_shortest_paths(graph, start, end), limit)]


def graphml(excerpt: Excerpt) -> bytes:
    """An excerpt as GraphML; what a node or relationship has not is left out."""
    import networkx  # noqa: PLC0415  (half a second, and few requests need it)

    graph = networkx.MultiDiGraph()
    for node in excerpt.nodes:
        graph.add_node(node.id, **_attributes(node, ("id",)))
    for edge in excerpt.edges:
        graph.add_edge(edge.source_id, edge.target_id, **_attributes(edge, ("source_id", "target_id")))
    return "\n".join(networkx.generate_graphml(graph)).encode()


def _attributes(record: msgspec.Struct, but: tuple[str, ...]) -> dict[str, object]:
    fields = msgspec.structs.asdict(record).items()
    return {name: _xml_text(value) for name, value in fields if name not in but and value not in (None, "")}


def _xml_text(value: object) -> object:
    """A text without the control characters that XML cannot hold."""
    if not isinstance(value, str):
        return value
    return "".join(character for character in value if character >= " " or character in "\t\n\r")

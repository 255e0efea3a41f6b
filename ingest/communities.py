"""Which memories and entities of a space belong together, and which stand in the middle: networkx over an excerpt.

Runs in a process of its own, since networkx holds the interpreter for seconds. Everything here is sorted first, so that
the same excerpt gives the same communities.
"""

# networkx has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from uuid import uuid5

import msgspec

from app.domain.communities import Cluster, Outcome, Sketch
from ingest.linking import NAMESPACE

# Fewer memories are no group.
LEAST_MEMORIES = 3
# What more than a fifth of the memories name, and more than these, holds nothing together but the space itself.
HUB_SHARE, LEAST_HUB = 0.2, 20
# Of a memory that names many things the first ones count; the others would only make pairs.
MOST_ANCHORS = 6
# Louvain takes seconds for so many nodes and minutes for twice as many; labels that spread are rougher and fast.
LOUVAIN_NODES = 10_000
SEED = 7
# A community keeps its id when the new one shares half of all members with it (pipelines 8).
SAME_FROM = 0.5
# Less new weight than this share of all leaves the communities as they are; what is new joins them (pipelines 8).
MOVED_SHARE = 0.1
# Percentiles are kept to this many digits: a smaller move is none.
DIGITS = 2


def find(sketch: Sketch) -> Outcome:
    """The communities of an excerpt with their ids, and the percentile of each node's PageRank, from 0 to 1."""
    anchors = _anchors(sketch)
    weights = _weights(sketch, anchors)
    total = math.fsum(weights.values())
    has_moved = sketch.weight is None or abs(total - sketch.weight) > MOVED_SHARE * sketch.weight
    nodes = {one for own in anchors.values() for one in own}
    placed = _place_anew(nodes, weights) if has_moved else _place_further(nodes, weights, sketch.before)
    groups = _groups(anchors, placed)
    weight = total if has_moved or sketch.weight is None else sketch.weight
    return Outcome(clusters=_with_ids(groups, sketch), ranks=_ranks(sketch), weight=weight)


def _anchors(sketch: Sketch) -> dict[str, list[str]]:
    """By what each memory is placed: the entities it names that are not everywhere, else itself."""
    degrees = Counter(entity for memory in sketch.memories for entity in memory.entity_ids)
    most = max(LEAST_HUB, HUB_SHARE * len(sketch.memories))
    return {
        memory.id: sorted(
            (entity for entity in memory.entity_ids if degrees[entity] <= most),
            key=lambda entity: (degrees[entity], entity),
        )[:MOST_ANCHORS]
        or [memory.id]
        for memory in sketch.memories
    }


def _weights(sketch: Sketch, anchors: Mapping[str, list[str]]) -> dict[tuple[str, str], float]:
    """How much two anchors hold together: by the memories that name both, and by relations between memories."""
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for memory_id in sorted(anchors):
        for pair in combinations(sorted(anchors[memory_id]), 2):
            weights[pair] += 1 / (len(anchors[memory_id]) - 1)
    for relation in sketch.relations:
        if relation.source_id in anchors and relation.target_id in anchors:
            first, second = sorted((anchors[relation.source_id][0], anchors[relation.target_id][0]))
            weights[first, second] += relation.weight
    return weights


def _place_anew(nodes: set[str], weights: Mapping[tuple[str, str], float]) -> dict[str, int]:
    return {node: number for number, part in enumerate(_partition(nodes, weights)) for node in part}


def _place_further(
    nodes: set[str], weights: Mapping[tuple[str, str], float], before: Sequence[Cluster]
) -> dict[str, int]:
    """Anchors where they were; a new one joins the community it holds to most, or begins one."""
    placed = {node: number for number, old in enumerate(before) for node in sorted(old.members & nodes)}
    pulls: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (first, second), weight in sorted(weights.items()):
        for node, other in ((first, second), (second, first)):
            if node not in placed and other in placed:
                pulls[node][placed[other]] += weight
    joined = {node: min(pull, key=lambda number: (-pull[number], number)) for node, pull in pulls.items()}
    alone = sorted(nodes - placed.keys() - joined.keys())
    return placed | joined | {node: len(before) + place for place, node in enumerate(alone)}


def _groups(anchors: Mapping[str, list[str]], placed: Mapping[str, int]) -> list[Cluster]:
    """Communities of anchors, each with the memories that most of their anchors put there."""
    memories: dict[int, list[str]] = defaultdict(list)
    for memory_id, own in sorted(anchors.items()):
        memories[_majority(placed[anchor] for anchor in own)].append(memory_id)
    known = set(anchors)
    entities: dict[int, list[str]] = defaultdict(list)
    for node, number in sorted(placed.items()):
        if node not in known:
            entities[number].append(node)
    return [
        Cluster(id="", memory_ids=own, entity_ids=entities[number])
        for number, own in sorted(memories.items())
        if len(own) >= LEAST_MEMORIES
    ]


def _majority(numbers: Iterable[int]) -> int:
    counted = Counter(numbers)
    return min(counted, key=lambda number: (-counted[number], number))


def _partition(nodes: set[str], weights: Mapping[tuple[str, str], float]) -> list[list[str]]:
    import networkx  # noqa: PLC0415  (half a second, and only the process of this job needs it)

    graph = networkx.Graph()
    graph.add_nodes_from(sorted(nodes))
    graph.add_weighted_edges_from((first, second, weight) for (first, second), weight in sorted(weights.items()))
    if len(nodes) <= LOUVAIN_NODES:
        found = networkx.community.louvain_communities(graph, weight="weight", seed=SEED)
    else:
        found = networkx.community.fast_label_propagation_communities(graph, weight="weight", seed=SEED)
    return sorted(sorted(part) for part in found)


def _with_ids(groups: Sequence[Cluster], sketch: Sketch) -> list[Cluster]:
    """The groups under the ids that they had before, as far as they are still the same; largest overlap first."""
    overlaps = sorted(
        (-_jaccard(group, old), number, old.id) for number, group in enumerate(groups) for old in sketch.before
    )
    ids: dict[int, str] = {}
    for overlap, number, old_id in overlaps:
        if -overlap >= SAME_FROM and number not in ids and old_id not in ids.values():
            ids[number] = old_id
    taken = {old.id for old in sketch.before}
    return [
        msgspec.structs.replace(group, id=ids.get(number) or _new_id(group, sketch.space_key, taken))
        for number, group in enumerate(groups)
    ]


def _jaccard(one: Cluster, other: Cluster) -> float:
    mine, theirs = one.members, other.members
    return len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0


def _new_id(group: Cluster, space_key: str, taken: set[str]) -> str:
    """An id made from the first member; that of another community is not used again."""
    number = 0
    while (made := str(uuid5(NAMESPACE, f"community\n{space_key}\n{group.memory_ids[0]}\n{number}"))) in taken:
        number += 1
    taken.add(made)
    return made


def _ranks(sketch: Sketch) -> dict[str, float]:
    """PageRank over memories, what they name and their relations; percentiles of memories and of entities apart."""
    import networkx  # noqa: PLC0415  (half a second, and only the process of this job needs it)

    degrees = Counter(entity for memory in sketch.memories for entity in memory.entity_ids)
    graph = networkx.Graph()
    graph.add_nodes_from(sorted(memory.id for memory in sketch.memories))
    for memory in sketch.memories:
        # A thing that many name says less about each of them (pipelines 4.5).
        named = [(memory.id, entity, 1 / math.log(2 + degrees[entity])) for entity in memory.entity_ids]
        graph.add_weighted_edges_from(named)
    for relation in sketch.relations:
        graph.add_edge(relation.source_id, relation.target_id, weight=relation.weight)
    if not graph:
        return {}
    ranks: dict[str, float] = networkx.pagerank(graph, weight="weight")
    memories = {memory.id for memory in sketch.memories}
    return _percentiles(ranks, memories) | _percentiles(ranks, set(degrees))


def _percentiles(ranks: Mapping[str, float], wanted: set[str]) -> dict[str, float]:
    """The share of nodes with a lower rank; equal ranks share one."""
    own = {node: ranks[node] for node in wanted if node in ranks}
    ordered = sorted(own.values())
    first = {value: place for place, value in reversed(list(enumerate(ordered)))}
    most = max(1, len(ordered) - 1)
    return {node: round(first[value] / most, DIGITS) for node, value in own.items()}

"""What the edges of the graph add to a search: how strongly a candidate that is found draws its neighbours after it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec


class Edge(StrEnum):
    """How two candidates hang together."""

    SLOT = "slot"
    MENTIONS = "mentions"
    SUPPORTS = "supports"
    CONTEXTUALIZES = "contextualizes"
    CONTRADICTS = "contradicts"
    DERIVED_FROM = "derived_from"
    NEXT = "next"
    SUPERSEDES = "supersedes"
    UPDATES = "updates"
    COMMUNITY = "community"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A step from one candidate to another; `via` names the entity or slot, `degree` says how much else it leads to.

    A slot is reached from the question itself, so its `from_id` is ''.
    """

    from_id: str
    to_id: str
    edge: Edge
    via: str = ""
    degree: int = 1
    # Of an update whether it tells that what was asked for itself has changed.
    is_sure: bool = False


# The edge weights of pipelines 4.5. What succeeds a hit takes its place instead.
_WEIGHTS = {
    Edge.SUPPORTS: 0.8,
    Edge.CONTEXTUALIZES: 0.8,
    Edge.DERIVED_FROM: 0.6,
    Edge.CONTRADICTS: 0.5,
    Edge.NEXT: 0.3,
}
# A neighbour comes so much nearer to the evidence of what leads to it, in log-odds, and never so near that it passes
# it; the limit keeps what is irrelevant by itself below the cut.
LINK_SHARE = 0.5
LINK_LIMIT = 1.5
# The head of a slot whose subject and attribute the question names, in log-odds above the middle.
SLOT_EVIDENCE = 1.4
# A successor says a little less in the words of the question than what it replaced.
SUCCESSION_LOSS = 0.1
# More than two priors can differ by (pipelines 4.6), so that the newer statement comes first.
UPDATE_GAIN = 0.3
# And by no more than this, since much that is newer and tells of some change is about something else.
UPDATE_LIMIT = 1.0
# A member of the community that an overview is about belongs to the answer without its words, behind what has them: so
# much below what led to it, and as far below the middle, which is above the cut.
COMMUNITY_LOSS = 0.5
# What stands for something that was found, before what merely lies beside it.
_REPLACING = frozenset((Edge.SUPERSEDES, Edge.UPDATES))


def weight(link: Link) -> float:
    """How much of a neighbour's evidence an edge carries, in [0,1]: an entity that is everywhere carries little."""
    if link.edge == Edge.MENTIONS:
        return 1 / math.log(2 + max(link.degree, 1))
    return _WEIGHTS.get(link.edge, 1.0)


class Drawn(msgspec.Struct, frozen=True):
    """The evidence of a candidate after its links, in log-odds, and the link that raised it most, if any did."""

    evidence: float
    link: Link | None


def draw(evidence: Mapping[str, float], links: Sequence[Link], midpoint: float) -> dict[str, Drawn]:
    """Every candidate with the best that one of its links makes of it; the order of the links does not count.

    `evidence` is what each candidate has by itself. Slots come first, then what takes the place of others, then one
    step to neighbours.
    """
    own = {candidate: Drawn(value, None) for candidate, value in evidence.items()}
    named = _follow(own, [link for link in links if link.edge is Edge.SLOT], midpoint)
    placed = _follow(named, [link for link in links if link.edge in _REPLACING], midpoint)
    beside = [link for link in links if link.edge is not Edge.SLOT and link.edge not in _REPLACING]
    return _follow(placed, beside, midpoint)


def _follow(before: Mapping[str, Drawn], links: Sequence[Link], midpoint: float) -> dict[str, Drawn]:
    after = dict(before)
    for link in sorted(links, key=lambda link: (link.to_id, link.from_id, link.edge, link.via)):
        if link.to_id in before:
            raised = _raised(before, link, midpoint)
            if raised > after[link.to_id].evidence:
                after[link.to_id] = Drawn(raised, link)
    return after


def _raised(evidence: Mapping[str, Drawn], link: Link, midpoint: float) -> float:
    own = evidence[link.to_id].evidence
    if link.edge == Edge.SLOT:
        return max(own, midpoint) + SLOT_EVIDENCE
    if link.from_id not in evidence:
        return own
    source = evidence[link.from_id].evidence
    if link.edge == Edge.SUPERSEDES:
        return max(own, source - SUCCESSION_LOSS)
    if link.edge == Edge.UPDATES:
        return max(own, source + UPDATE_GAIN if link.is_sure else min(source + UPDATE_GAIN, own + UPDATE_LIMIT))
    if link.edge == Edge.COMMUNITY:
        return max(own, min(source, midpoint) - COMMUNITY_LOSS)
    return own + min(LINK_SHARE * weight(link) * max(source - own, 0.0), LINK_LIMIT)

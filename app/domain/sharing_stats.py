"""What was shared between spaces, on the wire (contract 10.8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.memories import timestamp
from app.domain.sharing import Action
from app.domain.stats import Days

SHARES = (Action.SHARE, Action.BATCH_SHARE)
MAX_RECENT = 20
# A preview has 97 characters and dots when the text is longer than 100 (contract 2.4); characters and not bytes.
LONGEST_WHOLE = 100
PREVIEW_CHARS = 97


class SharingQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How far back events count."""

    days: Days = 30


class SharingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How often what was done, and how many users shared."""

    total_shares: int
    total_pulls: int
    total_unshares: int
    unique_sharers: int


class SharingEventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a memory; the preview is empty when the caller cannot read it, or no more."""

    id: str
    action: str
    memory_id: str
    from_space: str
    to_space: str
    user_id: str
    agent_id: str
    content_preview: str
    timestamp: str


class Flow(msgspec.Struct, frozen=True, rename={"origin": "from", "target": "to"}):
    """How often something was shared from one space into another."""

    origin: str
    target: str
    count: int


class FlowGraph(msgspec.Struct, frozen=True):
    """Spaces and what flows between them."""

    nodes: list[str]
    edges: list[Flow]


class SharingDay(msgspec.Struct, frozen=True):
    """How much was shared and pulled on a day in UTC."""

    date: str
    shares: int
    pulls: int


class SharingStats(msgspec.Struct, frozen=True, kw_only=True):
    """Sharing into, out of and between the spaces of the caller."""

    summary: SharingSummary
    recent_activity: list[SharingEventView]
    flow_graph: FlowGraph
    timeline: list[SharingDay]


class EventGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Events that are alike; a space that the caller is not in is ''."""

    action: Action
    user_id: str
    from_space: str
    to_space: str
    day: str
    count: int


class RecentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with the text of its memory, '' when the caller may not read it."""

    id: str
    action: Action
    memory_id: str
    from_space: str
    to_space: str
    user_id: str
    agent_id: str
    content: str
    at: datetime


def preview(content: str) -> str:
    """The beginning of a text."""
    return content if len(content) <= LONGEST_WHOLE else content[:PREVIEW_CHARS] + "..."


def sharing_stats(groups: Sequence[EventGroup], recent: Sequence[RecentEvent]) -> SharingStats:
    """The answer that groups of events and the last few of them add up to."""
    return SharingStats(
        summary=_summary(groups),
        recent_activity=[_event_view(event) for event in recent],
        flow_graph=_flow_graph(groups),
        timeline=_timeline(groups),
    )


def _count(groups: Sequence[EventGroup], *actions: Action) -> int:
    return sum(group.count for group in groups if group.action in actions)


def _summary(groups: Sequence[EventGroup]) -> SharingSummary:
    return SharingSummary(
        total_shares=_count(groups, *SHARES, Action.RESHARE),
        total_pulls=_count(groups, Action.PULL),
        total_unshares=_count(groups, Action.UNSHARE),
        unique_sharers=len({group.user_id for group in groups if group.action in (*SHARES, Action.RESHARE)}),
    )


def _flow_graph(groups: Sequence[EventGroup]) -> FlowGraph:
    """What was shared between spaces whose ids the caller may know."""
    flows: Counter[tuple[str, str]] = Counter()
    for group in groups:
        if group.action in (*SHARES, Action.RESHARE) and group.from_space and group.to_space:
            flows[group.from_space, group.to_space] += group.count
    edges = [Flow(origin, target, count) for (origin, target), count in flows.items()]
    edges.sort(key=lambda flow: (-flow.count, flow.origin, flow.target))
    return FlowGraph(sorted({place for pair in flows for place in pair}), edges)


def _timeline(groups: Sequence[EventGroup]) -> list[SharingDay]:
    days = sorted({group.day for group in groups if group.action in (*SHARES, Action.PULL)}, reverse=True)
    on = {day: [group for group in groups if group.day == day] for day in days}
    return [SharingDay(day, _count(on[day], *SHARES), _count(on[day], Action.PULL)) for day in days]


def _event_view(event: RecentEvent) -> SharingEventView:
    return SharingEventView(
        id=event.id,
        action=event.action,
        memory_id=event.memory_id,
        from_space=event.from_space,
        to_space=event.to_space,
        user_id=event.user_id,
        agent_id=event.agent_id,
        content_preview=preview(event.content),
        timestamp=timestamp(event.at),
    )

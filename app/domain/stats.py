"""Statistics on the wire (contract 10), and how they are added up from groups of memories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.memories import WIRE_STATES, MemoryType, State, timestamp
from app.domain.spaces import Space

# What is counted: all that is not gone, so `by_state` never shows `deleted` (contract 10.2).
COUNTED_STATES = [state for state in State if WIRE_STATES[state] != "deleted"]
# A century: more than any memory is old, and a date that exists.
MAX_DAYS = 36_500
TOP_CATEGORIES = 3
EPOCH = date(1970, 1, 1)

Days = Annotated[int, Meta(ge=0, le=MAX_DAYS)]


class StatsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Over which spaces memories are counted, and how far back the timeline goes."""

    days: Days = 30
    space: str | None = None


class Day(msgspec.Struct, frozen=True):
    """How many memories were made on a day in UTC."""

    date: str
    count: int
    by_type: dict[str, int]


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """How many memories there are of which kind; messages count in `by_type` alone."""

    total: int
    by_type: dict[str, int]
    by_category: dict[str, int]
    by_tier: dict[str, int]
    by_state: dict[str, int]
    by_space: dict[str, int]
    by_visibility: dict[str, int]
    by_agent: dict[str, int]
    timeline: list[Day]
    avg_importance: float
    avg_confidence: float
    total_access_count: int


class CategoryCount(msgspec.Struct, frozen=True):
    """How many memories are about what."""

    category: str
    count: int


class MemberRole(msgspec.Struct, frozen=True):
    """Somebody in a space and what he may do."""

    user_id: str
    role: str


class SpaceStats(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a space and who is in it; `shared_in_count` are the copies from elsewhere."""

    space_id: str
    space_type: str
    name: str
    owner_id: str
    memory_count: int
    agent_count: int
    tier_distribution: dict[str, int]
    top_categories: list[CategoryCount]
    last_activity: str | None
    shared_in_count: int
    member_count: int
    members: list[MemberRole]


class SpaceStatsList(msgspec.Struct, frozen=True):
    """All spaces of the caller."""

    spaces: list[SpaceStats]
    total_spaces: int


class AgentStats(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent stored, where, and how often it shared."""

    agent_id: str
    total_memories: int
    memories_by_space: dict[str, int]
    top_categories: list[CategoryCount]
    last_active: str | None
    share_count: int


class AgentStatsList(msgspec.Struct, frozen=True):
    """All agents whose memories the caller sees, the busiest first."""

    agents: list[AgentStats]
    total_agents: int


class MemoryGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Memories that are alike in all that is counted by."""

    space_key: str
    memory_type: str
    category: str
    tier: str
    state: str
    visibility: str
    agent_id: str
    count: int
    importance: float
    confidence: float
    last: datetime


Groups = Sequence[MemoryGroup]


class DayGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Memories of one type that were made on one day, which is counted from 1970 on."""

    memory_type: str
    day: int
    count: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is counted of memories and messages."""

    groups: Groups
    days: Sequence[DayGroup]
    messages: int
    accesses: int


SpaceIds = Mapping[str, str]


def since(now: datetime, days: int) -> datetime:
    """The beginning of the day in UTC that lies so many days back."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def count_by(groups: Iterable[MemoryGroup], key: Callable[[MemoryGroup], str]) -> dict[str, int]:
    """How many memories have which value, the most frequent first."""
    counts: Counter[str] = Counter()
    for group in groups:
        counts[key(group)] += group.count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def add_up(counts: Counts, spaces: SpaceIds) -> Stats:
    """The answer that counts add up to; `spaces` has the id of each space by its key."""
    groups = counts.groups
    total = sum(group.count for group in groups)
    by_type = Counter(count_by(groups, lambda group: group.memory_type))
    if counts.messages:
        by_type[MemoryType.SESSION.value] += counts.messages
    return Stats(
        total=total,
        by_type=dict(by_type),
        by_category=count_by(groups, lambda group: group.category),
        by_tier=count_by(groups, lambda group: group.tier),
        by_state=count_by(groups, lambda group: WIRE_STATES[State(group.state)]),
        by_space=count_by(groups, lambda group: spaces[group.space_key]),
        by_visibility=count_by(groups, lambda group: group.visibility),
        by_agent=count_by(groups, lambda group: group.agent_id),
        timeline=_timeline(counts.days),
        avg_importance=sum(group.importance for group in groups) / total if total else 0.0,
        avg_confidence=sum(group.confidence for group in groups) / total if total else 0.0,
        total_access_count=counts.accesses,
    )


def _timeline(groups: Sequence[DayGroup]) -> list[Day]:
    """The days on which there was something, the newest first."""
    days: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for group in sorted(groups, key=lambda group: (-group.day, -group.count, group.memory_type)):
        days[group.day][group.memory_type] = group.count
    return [
        Day(date=(EPOCH + timedelta(days=day)).isoformat(), count=sum(by_type.values()), by_type=by_type)
        for day, by_type in days.items()
    ]


def _top_categories(groups: Groups) -> list[CategoryCount]:
    counts = count_by(groups, lambda group: group.category)
    return [CategoryCount(name, count) for name, count in list(counts.items())[:TOP_CATEGORIES]]


def _last(groups: Groups) -> str | None:
    return timestamp(max(group.last for group in groups)) if groups else None


def space_stats(space: Space, groups: Groups, copies: int) -> SpaceStats:
    """What the groups of a space say of it."""
    return SpaceStats(
        space_id=space.id,
        space_type=space.kind,
        name=space.name,
        owner_id=space.owner_id,
        memory_count=sum(group.count for group in groups),
        agent_count=len({group.agent_id for group in groups}),
        tier_distribution=count_by(groups, lambda group: group.tier),
        top_categories=_top_categories(groups),
        last_activity=_last(groups),
        shared_in_count=copies,
        member_count=len(space.members),
        members=[MemberRole(member.user_id, member.role) for member in space.members],
    )


def agent_stats(agent_id: str, groups: Groups, spaces: SpaceIds, shares: int) -> AgentStats:
    """What the groups of an agent say of it."""
    return AgentStats(
        agent_id=agent_id,
        total_memories=sum(group.count for group in groups),
        memories_by_space=count_by(groups, lambda group: spaces[group.space_key]),
        top_categories=_top_categories(groups),
        last_active=_last(groups),
        share_count=shares,
    )

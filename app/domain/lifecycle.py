"""How memories age: tiers both ways, the end of valid time, what nobody uses any more (pipelines 5.3 and 5.4).

Aging never deletes. What it changes is told by a decision that can be undone, and what is pinned, the value of a slot,
in dispute, or followed by live copies does not sink at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from app.domain.activation import Usage, activation, uses_after
from app.domain.decisions import Action
from app.domain.memories import Category, Memory, MemoryType, State, Tier

# What can still age; every other state is the end of it.
AGING_STATES = (State.ACTIVE, State.HELD)
# Below this activation and after so long without use a memory sinks by one tier, and from the lowest into the archive:
# 0.2 (pipelines 5.3), and what its place in the graph gives a middling memory, so that no place is a floor.
SUNKEN = 0.25
IDLE = timedelta(days=90)
# Three days of use, the first of which is a month ago, are still worth that much.
WORKING_USES = 2.5
CORE_USES = 8.0
CORE_ACTIVATION = 0.6
# Evidence from so many independent sources makes a memory a working one without any use.
WORKING_SOURCES = 2
# A tier that has changed stays for a while, so that it does not go up and down.
SETTLED = timedelta(days=14)
# What admission held back and nobody stated again.
HELD_LIFE = timedelta(days=14)


class Aging(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that is to be looked at, as far as its aging goes.

    `sources` are the independent ones of its evidence, `is_head` says that it is the value of a slot that has one.
    """

    id: str
    visible_to: str
    category: str
    state: State
    memory_type: MemoryType
    tier: Tier
    importance: float
    centrality: float = 0.5
    uses: float
    created_at: datetime
    valid_to: datetime
    # The latest of being made, changed, confirmed and answered.
    used_at: datetime
    tier_at: datetime | None
    sources: int
    is_head: bool
    is_disputed: bool
    is_followed: bool
    # A copy that follows its origin has no age of its own.
    is_live_copy: bool

    @property
    def is_important(self) -> bool:
        """Whether it belongs to the core whatever its use: somebody pinned it, or it says who somebody is."""
        return self.memory_type is MemoryType.PINNED or (self.is_head and self.category == Category.PROFILE)

    @property
    def is_protected(self) -> bool:
        """Whether it never sinks."""
        return self.is_important or self.is_head or self.is_disputed or self.is_followed

    def activation(self, now: datetime) -> float:
        """How much it is in use."""
        usage = Usage(
            tier=self.tier,
            importance=self.importance,
            centrality=self.centrality,
            uses=self.uses,
            used_at=self.used_at,
        )
        return activation(usage, now)


class Aged(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a memory, and when it is to be looked at again; without an action it stays as it is."""

    action: Action | None = None
    state: State
    tier: Tier
    reason: str = ""
    scores: dict[str, float] = {}
    review_at: datetime | None = None


def first_review(memory: Memory) -> datetime:
    """When a memory that is made or changed now can change by age for the first time."""
    if memory.state is State.HELD:
        return memory.updated_at + HELD_LIFE
    return min(memory.valid_to, max(memory.updated_at, memory.recorded_at) + IDLE)


def age(memory: Aging, now: datetime) -> Aged:
    """What is due for one memory: the end of its time before anything else, then its tier, then the archive."""
    if memory.state not in AGING_STATES or memory.is_live_copy:
        return Aged(state=memory.state, tier=memory.tier)
    if over := _over(memory, now):
        return Aged(action=Action.EXPIRE, state=State.EXPIRED, tier=memory.tier, reason=over)
    if memory.state is State.HELD:
        return Aged(state=memory.state, tier=memory.tier, review_at=memory.created_at + HELD_LIFE)
    scores = {
        "activation": round(memory.activation(now), 4),
        "uses": round(uses_after(memory.uses, now - memory.used_at), 4),
        "idle_days": round((now - memory.used_at) / timedelta(days=1), 2),
    }
    return _sink(memory, scores, now) or _rise(memory, scores, now) or _stay(memory, memory.tier, now)


def _over(memory: Aging, now: datetime) -> str:
    """Why the time of a memory is over; '' while it is not. What is pinned ends when somebody says so."""
    if memory.state is State.HELD:
        return "held and not stated again" if memory.created_at + HELD_LIFE <= now else ""
    return "its valid time is over" if memory.valid_to <= now and memory.memory_type is not MemoryType.PINNED else ""


def _rise(memory: Aging, scores: dict[str, float], now: datetime) -> Aged | None:
    tier, reason = _earned(memory, scores)
    if tier is memory.tier or (not memory.is_important and not _is_settled(memory, now)):
        return None
    return msgspec.structs.replace(
        _stay(memory, tier, now), action=Action.PROMOTE, reason=f"{reason}: {memory.tier} to {tier}", scores=scores
    )


def _earned(memory: Aging, scores: dict[str, float]) -> tuple[Tier, str]:
    """The tier that a memory has by its use, never a lower one than it has, and why."""
    if memory.is_important:
        return (
            Tier.CORE,
            "pinned" if memory.memory_type is MemoryType.PINNED else "the value of a slot of somebody's profile",
        )
    if memory.tier is Tier.PERIPHERAL and scores["uses"] >= WORKING_USES:
        return Tier.WORKING, "used on several days"
    # Sources are there for good: they raise what is in use, or a memory would never get old.
    is_stated = memory.sources >= WORKING_SOURCES and scores["idle_days"] <= IDLE.days
    if memory.tier is Tier.PERIPHERAL and is_stated:
        return Tier.WORKING, "stated by independent sources"
    is_core = scores["uses"] >= CORE_USES and scores["activation"] >= CORE_ACTIVATION
    if memory.tier is Tier.WORKING and is_core:
        return Tier.CORE, "used often"
    return memory.tier, ""


def _sink(memory: Aging, scores: dict[str, float], now: datetime) -> Aged | None:
    is_idle = now - memory.used_at > IDLE and scores["activation"] < SUNKEN
    if memory.is_protected or not is_idle or not _is_settled(memory, now):
        return None
    if memory.tier is Tier.PERIPHERAL:
        reason = "hardly used, and not for a long time"
        return Aged(action=Action.ARCHIVE, state=State.ARCHIVED, tier=memory.tier, reason=reason, scores=scores)
    lower = Tier.WORKING if memory.tier is Tier.CORE else Tier.PERIPHERAL
    reason = f"not used for a long time: {memory.tier} to {lower}"
    return msgspec.structs.replace(_stay(memory, lower, now), action=Action.DEMOTE, reason=reason, scores=scores)


def _is_settled(memory: Aging, now: datetime) -> bool:
    return memory.tier_at is None or now - memory.tier_at >= SETTLED


def _stay(memory: Aging, tier: Tier, now: datetime) -> Aged:
    """Nothing can sink before it was idle for long, and after that it is looked at every now and then."""
    idle_at = memory.used_at + IDLE
    next_at = idle_at if idle_at > now else now + SETTLED
    return Aged(
        state=memory.state, tier=tier, review_at=min(next_at, memory.valid_to) if memory.valid_to > now else next_at
    )

"""Activation and aging: half-lives are true, days of use fade, and the rules of tiers, expiry and the archive."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from app.domain.activation import HALF_LIVES, Usage, activation, frequency, recency, uses_after
from app.domain.decisions import Action
from app.domain.lifecycle import Aging, age
from app.domain.memories import OPEN_END, MemoryType, State, Tier
from app.domain.recalls import Access, recalls_of
from tests.fakes import NOON

DAY = timedelta(days=1)
NEW = Aging(
    id="m", visible_to="all0", category="profile", state=State.ACTIVE, memory_type=MemoryType.INSIGHT,
    tier=Tier.PERIPHERAL, importance=0.5, uses=0.0, created_at=NOON, valid_to=OPEN_END, used_at=NOON, tier_at=None,
    sources=1, is_head=False, is_disputed=False, is_followed=False, is_live_copy=False,
)  # fmt: skip


@pytest.mark.parametrize("tier", Tier)
def test_half_life_is_one_whatever_the_shape(tier: Tier) -> None:
    assert recency(tier, timedelta()) == 1
    assert recency(tier, HALF_LIVES[tier]) == pytest.approx(0.5)
    assert recency(tier, -DAY) == 1


def test_days_of_use_fade_and_the_first_ones_count_most() -> None:
    assert uses_after(4, 60 * DAY) == pytest.approx(2)
    assert frequency(0) == 0
    assert frequency(5) == pytest.approx(0.632, abs=0.001)
    assert frequency(2) - frequency(1) > frequency(6) - frequency(5)


def test_activation_rises_with_use_and_falls_with_time_without_a_floor() -> None:
    unused = Usage(tier=Tier.WORKING, importance=0.0, uses=0.0, used_at=NOON, centrality=0.0)
    used = msgspec.structs.replace(unused, uses=5.0)

    assert activation(used, NOON) > activation(unused, NOON)
    falling = [activation(used, NOON + days * DAY) for days in (0, 30, 90, 365, 3650)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 0.04
    central = msgspec.structs.replace(used, centrality=1.0)
    assert activation(central, NOON) - activation(used, NOON) == pytest.approx(0.1)


def test_a_central_memory_sinks_later_and_still_sinks() -> None:
    working = msgspec.structs.replace(NEW, tier=Tier.WORKING, uses=3.0)
    sunk = {
        centrality: next(
            days for days in range(91, 2000)
            if age(msgspec.structs.replace(working, centrality=centrality), NOON + days * DAY).action is Action.DEMOTE
        )
        for centrality in (0.0, 0.5, 1.0)
    }  # fmt: skip

    assert sunk[0.0] < sunk[0.5] < sunk[1.0] < 400


@pytest.mark.parametrize(
    ("changes", "days", "action", "tier"),
    [
        ({}, 0, None, Tier.PERIPHERAL),
        ({"uses": 2.9}, 0, Action.PROMOTE, Tier.WORKING),
        ({"sources": 2}, 0, Action.PROMOTE, Tier.WORKING),
        ({"uses": 2.9, "tier_at": NOON - DAY}, 0, None, Tier.PERIPHERAL),
        ({"tier": Tier.WORKING, "uses": 8.5}, 0, Action.PROMOTE, Tier.CORE),
        ({"tier": Tier.WORKING, "uses": 5.0}, 0, None, Tier.WORKING),
        ({"memory_type": MemoryType.PINNED}, 0, Action.PROMOTE, Tier.CORE),
        ({"is_head": True, "tier_at": NOON}, 0, Action.PROMOTE, Tier.CORE),
        ({"is_head": True, "category": "entities"}, 0, None, Tier.PERIPHERAL),
        ({"is_head": True, "category": "entities"}, 200, None, Tier.PERIPHERAL),
        ({}, 60, None, Tier.PERIPHERAL),
        ({}, 200, Action.ARCHIVE, Tier.PERIPHERAL),
        ({"importance": 1.0}, 200, Action.ARCHIVE, Tier.PERIPHERAL),
        ({"sources": 2}, 200, Action.ARCHIVE, Tier.PERIPHERAL),
        ({"tier": Tier.WORKING, "uses": 3.0}, 100, None, Tier.WORKING),
        ({"tier": Tier.WORKING, "uses": 3.0}, 200, Action.DEMOTE, Tier.PERIPHERAL),
        ({"tier": Tier.CORE, "uses": 8.0}, 200, None, Tier.CORE),
        ({"tier": Tier.CORE, "uses": 8.0}, 800, Action.DEMOTE, Tier.WORKING),
        ({"is_disputed": True}, 200, None, Tier.PERIPHERAL),
        ({"is_followed": True}, 200, None, Tier.PERIPHERAL),
        ({"is_live_copy": True}, 200, None, Tier.PERIPHERAL),
        ({"tier": Tier.CORE, "memory_type": MemoryType.PINNED}, 2000, None, Tier.CORE),
        ({"tier": Tier.CORE, "is_head": True}, 2000, None, Tier.CORE),
        ({"valid_to": NOON + DAY}, 2, Action.EXPIRE, Tier.PERIPHERAL),
        ({"valid_to": NOON + DAY, "is_head": True}, 2, Action.EXPIRE, Tier.PERIPHERAL),
        ({"valid_to": NOON + DAY, "tier": Tier.CORE, "memory_type": MemoryType.PINNED}, 2, None, Tier.CORE),
        ({"state": State.HELD}, 10, None, Tier.PERIPHERAL),
        ({"state": State.HELD}, 15, Action.EXPIRE, Tier.PERIPHERAL),
        ({"state": State.SUPERSEDED}, 500, None, Tier.PERIPHERAL),
    ],
)
def test_what_becomes_of_a_memory(changes: dict[str, object], days: int, action: Action | None, tier: Tier) -> None:
    aged = age(msgspec.structs.replace(NEW, **changes), NOON + days * DAY)

    assert (aged.action, aged.tier) == (action, tier)
    assert bool(aged.reason) == (action is not None)


def test_next_look_comes_when_something_can_change() -> None:
    assert age(NEW, NOON).review_at == NOON + 90 * DAY
    assert age(msgspec.structs.replace(NEW, valid_to=NOON + DAY), NOON).review_at == NOON + DAY
    kept = msgspec.structs.replace(NEW, is_disputed=True)
    assert age(kept, NOON + 100 * DAY).review_at == NOON + 114 * DAY
    assert age(NEW, NOON + 200 * DAY).review_at is None


def test_reads_of_one_agent_on_one_day_are_one_event() -> None:
    def read(memory_id: str, agent: str, hours: int) -> Access:
        at = NOON + timedelta(hours=hours)
        return Access(id=memory_id, space_key="s0", count=1, at=at, readers=frozenset({("t", agent)}))

    same_day = recalls_of([read("a", "x", 0), read("b", "x", 5)])
    assert [sorted(one.memory_ids) for one in same_day] == [["a", "b"]]
    assert len(recalls_of([read("a", "x", 0), read("a", "x", 24), read("a", "y", 0)])) == 3
    both = read("a", "x", 0).followed_by(read("a", "y", 1))
    assert (both.count, both.at, len(recalls_of([both]))) == (2, NOON + timedelta(hours=1), 2)

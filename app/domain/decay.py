"""How strong a memory is by the seed's formula, which its clients draw (contract 10.5; seed algorithms 3.1)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.memories import Memory, Tier

# The seed's own numbers; `/v1/stats/config` gives them to its clients.
HALF_LIFE_DAYS = 30.0
IMPORTANCE_MODULATION = 1.5
RECENCY_WEIGHT, FREQUENCY_WEIGHT, INTRINSIC_WEIGHT = 0.4, 0.3, 0.3
FREQUENT_READS = 5.0
GAP_DAYS = 30.0
# Ten years of days: a curve nobody draws further.
MAX_POINTS = 3_650


class TierDecay(msgspec.Struct, frozen=True):
    """The shape of the curve of a tier, and what it does not fall below."""

    beta: float
    floor: float


TIERS = {Tier.CORE: TierDecay(0.8, 0.9), Tier.WORKING: TierDecay(1.0, 0.7), Tier.PERIPHERAL: TierDecay(1.3, 0.5)}


class DecayQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of which memory, and over how many days."""

    memory_id: str
    points: Annotated[int, Meta(ge=0, le=MAX_POINTS)] = 90


class DecayParams(msgspec.Struct, frozen=True, kw_only=True, rename={"decay_rate": "lambda"}):
    """The numbers of the curve of one memory; the half-life is that of its importance."""

    beta: float
    half_life_days: float
    decay_rate: float
    floor: float
    importance_modulation: float


class DecayPoint(msgspec.Struct, frozen=True):
    """How strong it will be so many days after it was last read."""

    day: int
    strength: float


class Threshold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a change of tier takes; `importance` only where it counts."""

    access_count: int
    composite: float
    importance: float = 0.0


class Promotions(msgspec.Struct, frozen=True):
    """What moves a memory up."""

    to_working: Threshold
    to_core: Threshold


class Floor(msgspec.Struct, frozen=True):
    """Below which strength a memory moves down."""

    composite: float


class Demotions(msgspec.Struct, frozen=True):
    """What moves a memory down."""

    core_to_working: Floor
    working_to_peripheral: Floor


PROMOTIONS = Promotions(Threshold(3, 0.4), Threshold(10, 0.7, 0.8))
DEMOTIONS = Demotions(Floor(0.15), Floor(0.15))


class Decay(msgspec.Struct, frozen=True, kw_only=True):
    """How strong a memory is and will be."""

    memory_id: str
    tier: str
    importance: float
    confidence: float
    access_count: int
    last_accessed_hours_ago: float
    current_strength: float
    composite_score: float
    decay_params: DecayParams
    decay_curve: list[DecayPoint]
    promotion_thresholds: Promotions = PROMOTIONS
    demotion_thresholds: Demotions = DEMOTIONS


def decay_params(tier: Tier, importance: float) -> DecayParams:
    """The curve of a memory: the more important it is, the longer its half-life."""
    half_life = HALF_LIFE_DAYS * math.exp(IMPORTANCE_MODULATION * importance)
    shape = TIERS[tier]
    return DecayParams(
        beta=shape.beta,
        half_life_days=half_life,
        decay_rate=math.log(2) / half_life,
        floor=shape.floor,
        importance_modulation=IMPORTANCE_MODULATION,
    )


def recency(params: DecayParams, days: float) -> float:
    """What is left after so many days, from 1 down to 0."""
    return math.exp(-params.decay_rate * max(0.0, days) ** params.beta)


def frequency(reads: int, span_days: float) -> float:
    """How much it was read, less when the reads lie far apart; `span_days` from the first to the last."""
    amount = 1 - math.exp(-reads / FREQUENT_READS)
    if reads <= 1:
        return amount
    gap = max(0.0, span_days) / (reads - 1)
    return amount * (0.5 + 0.5 * math.exp(-gap / GAP_DAYS))


def composite(memory: Memory, now: datetime) -> float:
    """Recency, frequency and what it is worth by itself, never below the floor of its tier."""
    params = decay_params(memory.tier, memory.importance)
    last = memory.last_accessed_at or memory.created_at
    raw = (
        RECENCY_WEIGHT * recency(params, _days(now - last))
        + FREQUENCY_WEIGHT * frequency(memory.access_count, _days(last - memory.created_at))
        + INTRINSIC_WEIGHT * memory.importance * memory.confidence
    )
    return max(raw, params.floor)


def decay_of(memory: Memory, points: int, now: datetime) -> Decay:
    """The strength of a memory now and on each of so many days."""
    params = decay_params(memory.tier, memory.importance)
    strength = composite(memory, now)
    idle = max(timedelta(), now - (memory.last_accessed_at or memory.created_at))
    return Decay(
        memory_id=memory.id,
        tier=memory.tier,
        importance=memory.importance,
        confidence=memory.confidence,
        access_count=memory.access_count,
        last_accessed_hours_ago=(idle // timedelta(minutes=1)) / 60,
        current_strength=strength,
        composite_score=strength,
        decay_params=params,
        decay_curve=[DecayPoint(day, max(recency(params, day), params.floor)) for day in range(points)],
    )


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)

"""How much a memory is in use: recency with a true half-life, distinct days of use, importance (pipelines 5.1).

It orders what is about as relevant and says what sinks; it never touches what is true. There is no floor under it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from app.domain.memories import Tier

# Tiers differ in their half-life only.
HALF_LIVES = {
    Tier.CORE: timedelta(days=180),
    Tier.WORKING: timedelta(days=60),
    Tier.PERIPHERAL: timedelta(days=21),
}
# The shape of the decay: below 1 it is slow in the end, above 1 slow in the beginning (the seed's, per tier).
SHAPES = {Tier.CORE: 0.8, Tier.WORKING: 1.0, Tier.PERIPHERAL: 1.3}
# A day of use counts half after this time, and so many days make frequency 0.63.
USE_HALF_LIFE = timedelta(days=60)
FREQUENT_USES = 5.0
RECENCY_WEIGHT = 0.35
FREQUENCY_WEIGHT = 0.25
QUALITY_WEIGHT = 0.15
CENTRALITY_WEIGHT = 0.10
IMPORTANCE_WEIGHT = 0.15
# No client says which answers it used, so each memory has the mean of the prior, Beta(1, 3).
QUALITY = 0.25
_NO_TIME = timedelta()


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What activation follows from; `uses` are distinct days of use, each worth less the longer before `used_at`.

    `centrality` is the percentile of the memory's PageRank in its space; a half for one that has none yet.
    """

    tier: Tier
    importance: float
    centrality: float = 0.5
    uses: float
    used_at: datetime


def activation(usage: Usage, now: datetime) -> float:
    """How much a memory is in use, in [0, 1]."""
    idle = now - usage.used_at
    return (
        RECENCY_WEIGHT * recency(usage.tier, idle)
        + FREQUENCY_WEIGHT * frequency(uses_after(usage.uses, idle))
        + QUALITY_WEIGHT * QUALITY
        + CENTRALITY_WEIGHT * usage.centrality
        + IMPORTANCE_WEIGHT * usage.importance
    )


def recency(tier: Tier, idle: timedelta) -> float:
    """In [0,1]: a half after the half-life of the tier, whatever the shape of its decay."""
    return math.exp(-((max(_NO_TIME, idle) / _SCALES[tier]) ** SHAPES[tier]))


def scale(tier: Tier) -> timedelta:
    """The time at which recency has fallen to 1/e, which makes the half-life true for every shape."""
    return HALF_LIVES[tier] / math.log(2) ** (1 / SHAPES[tier])


def frequency(uses: float) -> float:
    """In [0,1), from the number of days of use."""
    return 1 - math.exp(-uses / FREQUENT_USES)


def uses_after(uses: float, idle: timedelta) -> float:
    """What days of use are worth after a time without any."""
    return uses * 0.5 ** (max(_NO_TIME, idle) / USE_HALF_LIFE) if uses else 0.0


_SCALES = {tier: scale(tier) for tier in Tier}

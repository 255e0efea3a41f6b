"""How alive a memory is: recency with a true half-life, and frequency of use (pipelines 5.1)."""

from __future__ import annotations

import math
from datetime import timedelta

# Half-life of an ordinary memory, and the shape of its decay; η makes the half-life true for every shape.
HALF_LIFE = timedelta(days=60)
SHAPE = 1.0
RECENCY_WEIGHT = 0.6
# So many reads make frequency 0.63.
FREQUENT_READS = 5.0


def activation(reads: int, idle: timedelta) -> float:
    """How much a memory is in use, in [0,1]: falls with the time since it was last read or made."""
    eta = HALF_LIFE / math.log(2) ** (1 / SHAPE)
    recency = math.exp(-((max(timedelta(), idle) / eta) ** SHAPE))
    frequency = 1 - math.exp(-reads / FREQUENT_READS)
    return RECENCY_WEIGHT * recency + (1 - RECENCY_WEIGHT) * frequency

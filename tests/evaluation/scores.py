"""Figures from answers: recall with its interval, F1, percentiles; nothing here asks a service."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import numpy

SEED = 7
RESAMPLES = 2_000


class Estimate(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def recall(gold: Collection[str], found: Sequence[Collection[str]], limit: int) -> float:
    """The share of the gold turns among the first `limit` results, each of which stands for the turns with its text."""
    seen = {turn for turns in found[:limit] for turn in turns}
    return len(seen.intersection(gold)) / len(gold)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of some questions' values, and where it lies in 95 % of equally large samples of them (bootstrap)."""
    if not values:
        return Estimate(float("nan"), float("nan"), float("nan"))
    drawn = numpy.random.default_rng(SEED).choice(numpy.asarray(values), (RESAMPLES, len(values)))
    low, high = numpy.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return Estimate(float(numpy.mean(values)), float(low), float(high))


def f1(found: Sequence[bool], wanted: Sequence[bool]) -> float:
    """The harmonic mean of precision and recall; 0 when nothing is both found and wanted."""
    both = sum(a and b for a, b in zip(found, wanted, strict=True))
    return 2 * both / (sum(found) + sum(wanted)) if both else 0.0


def median(values: Sequence[float]) -> float:
    """The 50th percentile; not a number without values."""
    return float(numpy.median(values)) if values else float("nan")

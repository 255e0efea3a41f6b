"""Times of calls, and what they come to beside their limit; nothing here asks a service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

Step = Callable[[int], object]
AT_MOST = "≤"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the result: our figure and the parts of what it is divided by, both in `unit`, and the quotient."""

    name: str
    ours: float
    limit: dict[str, float]
    unit: str
    result: float
    target: str
    is_reached: bool


def interleaved(steps: Mapping[str, Step], rounds: int, warm_up: int) -> dict[str, list[float]]:
    """The milliseconds of each step in each round; steps take turns, so that a busy moment hits all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(-warm_up, rounds):
        for name, step in steps.items():
            spent = timed(step, number + warm_up)
            if number >= 0:
                times[name].append(spent)
    return times


def timed(step: Step, number: int) -> float:
    """The milliseconds of one call."""
    started = time.perf_counter()
    step(number)
    return (time.perf_counter() - started) * 1000


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many percent lie, taken between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def p50(values: Sequence[float]) -> float:
    """The median."""
    return percentile(values, 50)


def compare(name: str, ours: float, limit: Mapping[str, float], target: str, unit: str = "ms") -> Figure:
    """A figure divided by its limit, which is a sum of parts; `target` is such as `≤ 1.6`."""
    quotient = ours / sum(limit.values())
    parts = {part: round(value, 2) for part, value in limit.items()}
    return _figure(name, ours, parts, quotient, target, unit)


def absolute(name: str, value: float, target: str, unit: str) -> Figure:
    """A figure that stands for itself."""
    return _figure(name, value, {}, value, target, unit)


def _figure(name: str, ours: float, parts: dict[str, float], result: float, target: str, unit: str) -> Figure:
    return Figure(
        name=name,
        ours=round(ours, 2),
        limit=parts,
        unit=unit,
        result=round(result, 3),
        target=target,
        is_reached=meets(result, target),
    )


def meets(value: float, target: str) -> bool:
    """Whether a value is as the target wants it."""
    sign, _, bound = target.partition(" ")
    return value <= float(bound) if sign == AT_MOST else value >= float(bound)

"""The lines of the table, from what was found and how long it took; nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.table import Table

from tests.benchmark.timing import p50, percentile
from tests.evaluation.locomo import DEPTHS
from tests.evaluation.scores import Estimate, estimate, recall

OURS = "ourmem"
# Of search, ours ÷ Graphiti's.
TARGET = 0.4


class Answer(msgspec.Struct, frozen=True):
    """The turns of each hit of one question, best first, and how long the search took."""

    found: list[list[str]]
    ms: float


class Times(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p95: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One way of one participant. `ratio` is our p50 ÷ theirs, the median over the slices."""

    name: str
    way: str
    recall: dict[str, Estimate]
    # Of a search whose vector was there, and of one with its embedding.
    known: Times | None = None
    embedded: Times | None = None
    ratio: float | None = None
    stored_a_second: float | None = None
    stored_embedded_a_second: float | None = None


def recalls(golds: Sequence[Sequence[str]], found: Sequence[Sequence[Sequence[str]]]) -> dict[str, Estimate]:
    """Evidence recall at each depth."""
    pairs = list(zip(golds, found, strict=True))
    return {str(depth): estimate([recall(gold, hits, depth) for gold, hits in pairs]) for depth in DEPTHS}


def times(spent: Sequence[float]) -> Times:
    """The median and the 95th percentile."""
    return Times(round(p50(spent), 2), round(percentile(spent, 95), 2))


def ratio(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> float:
    """The median over the slices of our p50 ÷ theirs, each pair of which was taken right after each other."""
    quotients = [p50(mine) / p50(other) for mine, other in zip(ours, theirs, strict=True)]
    return round(p50(quotients), 3)


def with_embedding(known: Sequence[float], embedding: Sequence[float]) -> list[float]:
    """What each search would have taken, had it computed its vector too."""
    return [search + model for search, model in zip(known, embedding, strict=True)]


def rate_with_embedding(rate: float, embedded_a_second: float) -> float:
    """Items a second when each is embedded before it is stored."""
    return 1 / (1 / rate + 1 / embedded_a_second)


def best(lines: Sequence[Line]) -> list[Line]:
    """Of each participant the way with the highest recall among the first ten."""
    found: dict[str, Line] = {}
    for line in lines:
        known = found.get(line.name)
        if known is None or line.recall["10"].mean > known.recall["10"].mean:
            found[line.name] = line
    return list(found.values())


def table(lines: Sequence[Line]) -> Table:
    """One line for each way, the best of each participant in bold."""
    made = Table(title="LoCoMo, evidence recall by turn; milliseconds of a search", title_justify="left")
    made.add_column("")
    made.add_column("way")
    chosen = best(lines)
    for heading in (
        *(f"R@{depth}" for depth in DEPTHS),
        "p50",
        "p95",
        "p50+",
        "p95+",
        "ours ÷",
        "stored/s",
        "stored+/s",
    ):
        made.add_column(heading, justify="right")
    for line in lines:
        made.add_row(line.name, line.way, *_cells(line), style="bold" if line in chosen else "")
    made.caption = "+ with embedding; ours ÷: our p50 divided by that of the line, both without embedding"
    return made


def _cells(line: Line) -> list[str]:
    values = [line.recall[str(depth)].mean for depth in DEPTHS]
    spent = [
        value for part in (line.known, line.embedded) for value in ((part.p50, part.p95) if part else (None, None))
    ]
    rates = [line.stored_a_second, line.stored_embedded_a_second]
    return [
        *(f"{value:.3f}" for value in values),
        *(_cell(value, 1) for value in spent),
        _cell(line.ratio, 2),
        *(_cell(value, 0) for value in rates),
    ]


def _cell(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"

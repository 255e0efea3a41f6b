"""Telling worthless messages from others: each line is previewed, English and Chinese apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.client import Client
from app.domain.messages import NewMessage, NewMessages
from tests.evaluation.scores import f1
from tests.serving import Tenant

# So many messages go into one preview; none is judged by its neighbours.
AT_ONCE = 100


class Line(msgspec.Struct, frozen=True):
    """A message, whether it is noise, and what kind of either."""

    text: str
    lang: str
    noise: bool
    kind: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said of one line: the family of its noise, or None."""

    line: Line
    family: str | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one language, or of both; `dropped` counts by kind what was worth keeping and is lost."""

    name: str
    lines: int
    f1: float
    precision: float
    recall: float
    dropped: dict[str, int]
    missed: dict[str, int]


def read(path: Path) -> list[Line]:
    """The lines of a file of JSON lines."""
    return msgspec.json.Decoder(Line).decode_lines(path.read_bytes())


def ask_all(tenant: Tenant, lines: Sequence[Line]) -> list[Outcome]:
    """Previews the lines in portions, each as a message of a user."""
    outcomes: list[Outcome] = []
    for start in range(0, len(lines), AT_ONCE):
        part = lines[start : start + AT_ONCE]
        said = NewMessages(messages=[NewMessage(role="user", content=line.text) for line in part])
        families = {one.message: one.family for one in tenant.call(Client.preview, said).noise}
        outcomes += [Outcome(line=line, family=families.get(index)) for index, line in enumerate(part)]
    return outcomes


def tables(outcomes: Sequence[Outcome]) -> list[Figures]:
    """Figures for each language and for both."""
    languages = sorted({one.line.lang for one in outcomes})
    parts = {language: [one for one in outcomes if one.line.lang == language] for language in languages}
    return [*(figures(language, part) for language, part in parts.items()), figures("all", outcomes)]


def figures(name: str, outcomes: Sequence[Outcome]) -> Figures:
    """The figures over some lines."""
    said = [one.family is not None for one in outcomes]
    true = [one.line.noise for one in outcomes]
    hits = sum(is_said and is_true for is_said, is_true in zip(said, true, strict=True))
    return Figures(
        name=name,
        lines=len(outcomes),
        f1=f1(said, true),
        precision=hits / sum(said) if any(said) else float("nan"),
        recall=hits / sum(true) if any(true) else float("nan"),
        dropped=_by_kind([one.line for one in outcomes if one.family and not one.line.noise]),
        missed=_by_kind([one.line for one in outcomes if not one.family and one.line.noise]),
    )


def _by_kind(lines: Sequence[Line]) -> dict[str, int]:
    kinds = [line.kind for line in lines]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

"""What a newer statement is to an older one: each pair in a space of its own, and the judge fitted without it."""

# scikit-learn has no types of its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold

from app.client import Client
from app.config import load_settings
from app.domain.memories import NewMemory
from app.domain.spaces import NewMember, NewSpace
from app.providers.embedder import make_embedder
from ingest.relation_features import Pair, features
from ingest.relation_judge import Label
from tests.evaluation.scores import SEED
from tests.serving import Tenant

LABELS = [label.value for label in Label]
# What the service decides, as the data names it; everything else is no relation.
NAMES = {
    "skip": "duplicate", "support": "supports", "contradict": "contradicts", "supersede": "supersedes",
    "contextualize": "contextualizes", "merge": "contextualizes",
}  # fmt: skip
FOLDS, REPEATS = 5, 10
# Fewer than the service lets a tenant own.
SPACES_EACH = 15
# As strong a shrinkage as that of the weights in use: with less, words that occur in one pair decide.
SHRINKAGE = 1.5


class Statement(msgspec.Struct, frozen=True):
    """What somebody said when."""

    text: str
    said_at: datetime
    speaker: str


class Line(msgspec.Struct, frozen=True):
    """Two statements, the newer one later, and what it is to the older one."""

    id: str
    lang: str
    older: Statement
    newer: Statement
    label: str

    @property
    def is_same_speaker(self) -> bool:
        """Whether one person said both."""
        return self.older.speaker == self.newer.speaker


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for a pair, and whether it was carried out or only proposed."""

    line: Line
    found: str
    is_acting: bool
    reason: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 of one label, in one language or all."""

    lang: str
    label: str
    pairs: int
    precision: float
    recall: float
    f1: float


def read(path: Path) -> list[Line]:
    """The pairs of a file of JSON lines."""
    return msgspec.json.Decoder(Line).decode_lines(path.read_bytes())


def ask_all(sign_up: Callable[[], Tenant], lines: Sequence[Line]) -> list[Outcome]:
    """Asks about the pairs in portions, each with two tenants of its own, as a tenant owns only so many spaces."""
    outcomes: list[Outcome] = []
    for start in range(0, len(lines), SPACES_EACH):
        with sign_up() as one, sign_up() as other:
            outcomes += _ask(one, other, lines[start : start + SPACES_EACH])
    return outcomes


def _ask(one: Tenant, other: Tenant, lines: Sequence[Line]) -> list[Outcome]:
    """Stores each pair in a space of the two, the older statements first, and reads what was decided."""
    spaces = [_space(one, other, line.id) for line in lines]
    older = _store(lambda _: one, spaces, [line.older for line in lines])
    newer = _store(lambda at: one if lines[at].is_same_speaker else other, spaces, [line.newer for line in lines])
    for space in spaces:
        one.call(Client.cross_reconcile, space=space)
    return [_outcome(one, line, ids) for line, ids in zip(lines, zip(older, newer, strict=True), strict=True)]


def _space(one: Tenant, other: Tenant, name: str) -> str:
    members = [NewMember(other.key, "member")]
    return one.call(Client.create_space, NewSpace(name=name, space_type="team", members=members)).id


def _store(who: Callable[[int], Tenant], spaces: Sequence[str], said: Sequence[Statement]) -> list[str]:
    made: list[tuple[int, str, str | None]] = []
    for at, (space, statement) in enumerate(zip(spaces, said, strict=True)):
        new = NewMemory(content=statement.text, space=space, valid_from=statement.said_at)
        answer = who(at).call(Client.create_memory, new)
        made.append((at, answer.id, answer.task_id))
    for at, _, task_id in made:
        who(at).wait_for([task_id] if task_id else [])
    return [memory_id for _, memory_id, _ in made]


def _outcome(tenant: Tenant, line: Line, ids: tuple[str, str]) -> Outcome:
    older, newer = ids
    decided = tenant.call(Client.list_decisions, memory_id=older, limit=50).decisions
    own = [one for one in decided if {one.memory_id, one.target_id} == {older, newer}]
    found = next((one for one in own if one.requested_action in NAMES), None)
    return Outcome(
        line=line,
        found=NAMES[found.requested_action] if found else "unrelated",
        is_acting=found is not None and found.action in NAMES,
        reason=found.reason if found else "",
    )


def cross_validate(lines: Sequence[Line]) -> list[tuple[Line, str]]:
    """Each pair with what a judge says of it that was fitted without it, in each repetition."""
    rows = [features(pair) for pair in _pairs(lines)]
    names = sorted(rows[0])
    values = numpy.array([[row[name] for name in names] for row in rows])
    labels = numpy.array([line.label for line in lines])
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED)
    judged: list[tuple[Line, str]] = []
    for train, test in folds.split(values, labels):
        model = LogisticRegression(C=SHRINKAGE, max_iter=2_000).fit(values[train], labels[train])
        judged += [(lines[at], str(said)) for at, said in zip(test, model.predict(values[test]), strict=True)]
    return judged


def _pairs(lines: Sequence[Line]) -> list[Pair]:
    vectors = asyncio.run(_embed([text for line in lines for text in (line.older.text, line.newer.text)]))
    return [
        Pair(
            older=line.older.text,
            newer=line.newer.text,
            is_same_speaker=line.is_same_speaker,
            gap_days=(line.newer.said_at - line.older.said_at).total_seconds() / 86_400,
            cosine=float(numpy.dot(vectors[2 * at], vectors[2 * at + 1])),
        )
        for at, line in enumerate(lines)
    ]


async def _embed(texts: Sequence[str]) -> list[list[float]]:
    embedder = make_embedder(load_settings())
    try:
        return await embedder.embed_documents(texts)
    finally:
        await embedder.close()


def tables(judged: Sequence[tuple[Line, str]]) -> list[Figures]:
    """Figures by language and label, with the mean over labels of each language as `macro`."""
    languages = sorted({line.lang for line, _ in judged})
    parts = {lang: [one for one in judged if one[0].lang == lang] for lang in languages} | {"all": list(judged)}
    return [row for lang, part in parts.items() for row in _rows(lang, part)]


def _rows(lang: str, judged: Sequence[tuple[Line, str]]) -> list[Figures]:
    rows = [_figures(lang, label, judged) for label in LABELS]
    means = {name: float(numpy.mean([getattr(row, name) for row in rows])) for name in ("precision", "recall", "f1")}
    return [*rows, Figures(lang=lang, label="macro", pairs=len(judged), **means)]


def _figures(lang: str, label: str, judged: Sequence[tuple[Line, str]]) -> Figures:
    said = sum(found == label for _, found in judged)
    true = sum(line.label == label for line, _ in judged)
    hits = sum(found == label == line.label for line, found in judged)
    return Figures(
        lang=lang,
        label=label,
        pairs=true,
        precision=hits / said if said else 0.0,
        recall=hits / true if true else 0.0,
        f1=2 * hits / (said + true) if said + true else 0.0,
    )


def acting(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, int]]:
    """By label how many relations were carried out, and how many of them are right."""
    return {
        label: (
            sum(one.is_acting and one.found == label for one in outcomes),
            sum(one.is_acting and one.found == label == one.line.label for one in outcomes),
        )
        for label in LABELS[:-1]
    }

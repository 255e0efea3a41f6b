"""From conversation to answer: scenarios are sent as messages, their questions searched, English and Chinese apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec

from app.client import Client
from app.domain.messages import NewMessage, NewMessages
from app.domain.search import SearchRequest
from app.storage.embedded import Connection
from tests.bolt import Bolt, load
from tests.evaluation.scores import f1
from tests.serving import Tenant

QUERIES = load(Path(__file__).with_name("secrets.cypher"))
TOP = 3
ABSTAIN, CONFLICT, CURRENT = "abstain", "conflict", "current"


class Turn(msgspec.Struct, frozen=True):
    """One thing said; the speaker is `user:name` or `agent:name`."""

    session: str
    said_at: datetime
    speaker: str
    role: str
    text: str


class Question(msgspec.Struct, frozen=True):
    """What is asked: the strings of which one must be found, and outdated ones that must not come first."""

    q: str
    type: str
    as_of: str | None
    expect_any: list[str]
    expect_absent: list[str]


class Scenario(msgspec.Struct, frozen=True):
    """A conversation, what it keeps secret, and questions about it."""

    id: str
    lang: str
    turns: list[Turn]
    secrets: list[str]
    questions: list[Question]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question."""

    scenario: str
    lang: str
    type: str
    question: str
    has_abstained: bool
    is_answered: bool
    has_both_sides: bool
    is_stale: bool
    top: list[str]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one language, or of both; a type is the share of its questions answered in the top three."""

    name: str
    questions: int
    answered: float
    answered_by_type: dict[str, float]
    conflicts_with_both_sides: float
    stale_first: int
    abstain_f1: float


def read(path: Path) -> list[Scenario]:
    """The scenarios of a file of JSON lines."""
    return msgspec.json.Decoder(Scenario).decode_lines(path.read_bytes())


def ask_all(tenant: Callable[[], Tenant], scenarios: Sequence[Scenario]) -> list[Outcome]:
    """Stores each scenario for a tenant of its own and asks its questions."""
    outcomes: list[Outcome] = []
    for scenario in scenarios:
        with tenant() as owner:
            store(owner, scenario)
            outcomes += [_ask(owner, scenario, question) for question in scenario.questions]
    return outcomes


def store(tenant: Tenant, scenario: Scenario) -> None:
    """Posts the turns session by session and waits for their tasks."""
    sessions = groupby(scenario.turns, key=lambda turn: turn.session)
    tasks = [tenant.call(Client.add_messages, window(turns, name)).task_id for name, turns in sessions]
    tenant.wait_for(tasks)


def window(turns: Iterable[Turn], session: str | None = None) -> NewMessages:
    """The turns as messages."""
    messages = [
        NewMessage(role=turn.role, speaker=turn.speaker.partition(":")[2], content=turn.text, said_at=turn.said_at)
        for turn in turns
    ]
    return NewMessages(messages=messages, session_id=session)


def _ask(tenant: Tenant, scenario: Scenario, question: Question) -> Outcome:
    answer = tenant.call(Client.search, SearchRequest(q=question.q, limit=TOP, as_of=question.as_of or None))
    return judge(scenario, question, [hit.memory.content for hit in answer.results])


def judge(scenario: Scenario, question: Question, top: list[str]) -> Outcome:
    """Compares the texts found with what is expected; case does not count."""
    texts = [text.casefold() for text in top]
    hits = [any(expected.casefold() in text for text in texts) for expected in question.expect_any]
    is_stale = bool(texts) and any(old.casefold() in texts[0] for old in question.expect_absent)
    return Outcome(
        scenario=scenario.id,
        lang=scenario.lang,
        type=question.type,
        question=question.q,
        has_abstained=not top,
        is_answered=any(hits),
        has_both_sides=question.type == CONFLICT and all(hits),
        is_stale=question.type == CURRENT and is_stale,
        top=top,
    )


def tables(outcomes: Sequence[Outcome]) -> list[Figures]:
    """Figures for each language and for both."""
    languages = sorted({one.lang for one in outcomes})
    parts = {language: [one for one in outcomes if one.lang == language] for language in languages}
    return [*(figures(language, part) for language, part in parts.items()), figures("all", outcomes)]


def figures(name: str, outcomes: Sequence[Outcome]) -> Figures:
    """The figures over some outcomes."""
    answerable = [one for one in outcomes if one.type != ABSTAIN]
    types = sorted({one.type for one in answerable})
    by_type = {kind: [one.is_answered for one in answerable if one.type == kind] for kind in types}
    return Figures(
        name=name,
        questions=len(outcomes),
        answered=share([one.is_answered for one in answerable]),
        answered_by_type={kind: share(values) for kind, values in by_type.items()},
        conflicts_with_both_sides=share([one.has_both_sides for one in outcomes if one.type == CONFLICT]),
        stale_first=sum(one.is_stale for one in outcomes),
        abstain_f1=f1([one.has_abstained for one in outcomes], [one.type == ABSTAIN for one in outcomes]),
    )


def share(values: Sequence[bool]) -> float:
    """How many of the values are true; not a number without values."""
    return sum(values) / len(values) if values else float("nan")


def list_leaks(graph: Connection, scenarios: Sequence[Scenario]) -> list[str]:
    """Where in the whole database a secret of any scenario occurs."""
    secrets = sorted({secret for scenario in scenarios for secret in scenario.secrets})
    with Bolt(graph) as bolt:
        return bolt.run(QUERIES["list_leaks"], secrets=secrets)

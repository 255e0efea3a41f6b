"""What a search asks and answers; the order and the cut are in `ranking.py`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.errors import Invalid
from app.domain.listing import parse_list
from app.domain.memories import MemoryView
from app.domain.provenance import StaleInfo
from app.domain.relations import RelationView

# Clients search for whole messages, and one that pastes a log shall find something, too: so much of it is read.
MAX_QUERY_CHARS = 10_000
# Tags that a client puts on everything of its user or project: they raise the rank and exclude nothing (contract 5.2).
CONTAINER_TAGS = ("omem_user_", "omem_project_")
# How fast a memory without relevance score (an empty query) fades in the order of the answer.
RECENT_HALF_LIFE = timedelta(days=30)

# Words that ask for what was, so that what has a successor is an answer as well.
_PAST = re.compile(
    r"\b(?:used to|did\b.{1,40}\buse to|previous(?:ly)?|former(?:ly)?|original(?:ly)?|initial(?:ly)?|at first"
    r"|in the past|back then|history of|before (?:that|then|moving|switching|changing|becoming|joining|the (?:current"
    r"|present|new|latest|change|move|switch)|(?:\w+ ){1,2}(?:moved|switched|changed|became|joined|left|sold)))\b"
    r"|before\s*\?\s*$|以前|之前(?!.{0,3}[要必先得])|原来|过去|曾经|原先|最初|起初|当初|早先|历史上|上一[个任]",
    re.IGNORECASE,
)


class Part(StrEnum):
    """What an answer may carry beside memories and scores."""

    EVIDENCE = "evidence"
    FACTS = "facts"
    RELATIONS = "relations"
    WHY = "why"


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A search, from the query string or as JSON (contract 5.2, architecture §8)."""

    q: str
    limit: int | None = None
    scope: str | None = None
    min_score: Annotated[float, Meta(ge=0, le=1)] | None = None
    include_trace: bool = False
    space: str | None = None
    tags: str | list[str] | None = None
    source: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    category: str | None = None
    memory_type: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    known_at: str | None = None
    include_superseded: bool = False
    check_stale: bool = False
    include: str | list[str] | None = None


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A message behind a result."""

    message_id: str
    session_id: str
    role: str
    speaker: str | None
    said_at: str
    content: str


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """The step that led to a result: from which memory, or from the question itself, over which edge and what."""

    from_id: str | None
    edge: str
    via: str | None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What a result's score is made of; all parts in [0,1] but the rank of each leg and the bounded prior."""

    legs: dict[str, int]
    p_vector: float
    p_text: float
    relevance: float
    prior: float
    path: list[PathStep]
    p_rerank: float | msgspec.UnsetType = msgspec.UNSET


class FormerMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a result replaces, and which the query found as well."""

    memory_id: str
    content: str
    since: str


class OpponentMark(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that is believed as well and contradicts a result."""

    memory_id: str
    content: str
    confidence: float
    since: str


class FactMark(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that was made from a message."""

    memory_id: str
    content: str
    state: str


class SearchResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A memory with its score; the other keys are there only when they say something or were asked for."""

    memory: MemoryView
    score: float
    disputed: bool = False
    opponents: list[OpponentMark] = []
    formerly: list[FormerMark] = []
    stale_info: StaleInfo | msgspec.UnsetType = msgspec.UNSET
    evidence: list[EvidenceView] | msgspec.UnsetType = msgspec.UNSET
    facts: list[FactMark] | msgspec.UnsetType = msgspec.UNSET
    relations: list[RelationView] | msgspec.UnsetType = msgspec.UNSET
    why: Why | msgspec.UnsetType = msgspec.UNSET


class Dropped(msgspec.Struct, frozen=True):
    """A candidate that a stage took out."""

    id: str
    reason: str


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of a search: what went in, what came out, what was dropped and why."""

    name: str
    input_count: int
    output_count: int
    duration_ms: float
    score_range: list[float] | None
    dropped: list[Dropped]


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """How a search came to its answer."""

    stages: list[Stage]
    total_duration_ms: float
    final_count: int


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Results, best first; `limit` is the one that was used; `trace` is absent unless asked for."""

    results: list[SearchResult]
    abstained: bool
    degraded: list[str]
    limit: int
    trace: Trace | msgspec.UnsetType = msgspec.UNSET


def parse_include(given: str | list[str] | None) -> set[Part]:
    """What an answer shall carry. Raises Invalid for a word that is none of `Part`."""
    words = parse_list(given)
    for word in words:
        if word not in list(Part):
            raise Invalid(f"include must be a list of {', '.join(Part)}, not {word!r}")
    return {Part(word) for word in words}


def asks_for_past(query: str) -> bool:
    """Whether a question is about what was, and not only about what is."""
    return _PAST.search(query) is not None


def split_tags(tags: list[str]) -> tuple[list[str], set[str]]:
    """Tags that filter, and container tags that only raise the rank."""
    containers = {tag for tag in tags if tag.startswith(CONTAINER_TAGS)}
    return [tag for tag in tags if tag not in containers], containers


def is_everything(query: str) -> bool:
    """Whether a query asks for nothing in particular: empty, blanks or `*`, as two of the plugins send it."""
    return query.strip() in ("", "*")


def recency_score(created_at: datetime, now: datetime, *, is_message: bool) -> float:
    """A score in (0,1] for an answer without a question: halved every thirty days.

    A message counts like a fact that is thirty days older, since facts say what is worth keeping of messages.
    """
    age = max(timedelta(), now - created_at)
    return 0.5 ** (age / RECENT_HALF_LIFE + is_message)

"""A profile: what is known of a caller and his world now, and what the last days brought, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.errors import Invalid
from app.domain.listing import parse_list
from app.domain.memories import Category

# Two thirds are for what lasts (pipelines 6.1: 600 and 300 tokens).
DEFAULT_BUDGET = 900
LEAST_BUDGET, MOST_BUDGET = 50, 4_000
# Lengths of the contract's lists (10.1).
MOST_STATIC, MOST_DYNAMIC = 20, 10


class Section(StrEnum):
    """Where a line of the profile stands, in this order; the last two are its dynamic part."""

    IDENTITY = "identity"
    PREFERENCES = "preferences"
    TOOLS = "tools"
    PROJECTS = "projects"
    PEOPLE = "people"
    AGREEMENTS = "agreements"
    OTHER = "other"
    RECENT = "recent"
    COMING = "coming"


DYNAMIC = (Section.RECENT, Section.COMING)


class Language(StrEnum):
    """What the words between the memories are written in."""

    EN = "en"
    ZH = "zh"


class Part(StrEnum):
    """What an answer may carry beside the contract's keys."""

    SECTIONS = "sections"
    TOPICS = "topics"


class ProfileQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it is asked for."""

    q: str = ""
    space: str | None = None
    agent_id: str = ""
    as_of: str | None = None
    budget: int = DEFAULT_BUDGET
    language: str | None = None
    ids: bool = True
    include: str | None = None


class Standing(msgspec.Struct, frozen=True):
    """The caller's name, and what changes with every write to one of his spaces."""

    name: str
    revs: list[str]


class FilledSlot(msgspec.Struct, frozen=True, kw_only=True):
    """The slot that a memory fills; `thing` is the name of its subject once it is merged, `type` what it is."""

    id: str
    subject: str
    attribute: str
    context: str
    cardinality: str
    value: str
    thing: str
    type: str


class Previous(msgspec.Struct, frozen=True, kw_only=True):
    """What a memory replaced, and when that ended."""

    id: str
    value: str
    until: datetime


class Opponent(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that cannot hold beside another one."""

    id: str
    content: str
    confidence: float
    valid_to: datetime


class SourceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that states a memory."""

    id: str
    session_id: str


class Day(msgspec.Struct, frozen=True):
    """When an event is that was still to come when it was told: its first moment, and the first one after it."""

    first: datetime
    after: datetime


class ToldEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event and when it was told."""

    id: str
    content: str
    valid_from: datetime


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A memory with all that a profile says of it."""

    id: str
    content: str
    l0_abstract: str
    category: Category
    importance: float
    confidence: float
    modality: str
    space_key: str
    speaker: str
    tenant_id: str
    agent_id: str
    text_hash: str
    origin_id: str
    valid_from: datetime
    valid_to: datetime
    created_at: datetime
    confirmed_at: datetime
    slot: FilledSlot | None
    previous: Previous | None
    disputed: list[Opponent]
    sources: list[str]
    messages: list[SourceMessage]
    day: Day | None = None


class Material(msgspec.Struct, frozen=True):
    """The memories that may be lines; there is `more` when some category had more than were read."""

    statements: list[Statement]
    more: bool


def parse_budget(given: int) -> int:
    """Tokens of the text. Raises Invalid outside of what makes sense."""
    if not LEAST_BUDGET <= given <= MOST_BUDGET:
        raise Invalid(f"budget must be from {LEAST_BUDGET} to {MOST_BUDGET} tokens, not {given}")
    return given


def parse_language(given: str | None) -> Language | None:
    """The language of the words between; None means that of the memories. Raises Invalid."""
    if not given:
        return None
    if given.lower() not in list(Language):
        raise Invalid(f"language must be one of {', '.join(Language)}, not {given!r}")
    return Language(given.lower())


def parse_parts(given: str | None) -> frozenset[Part]:
    """What the answer shall carry. Raises Invalid."""
    words: Sequence[str] = parse_list(given)
    for word in words:
        if word not in list(Part):
            raise Invalid(f"include must be a list of {', '.join(Part)}, not {word!r}")
    return frozenset(Part(word) for word in words)

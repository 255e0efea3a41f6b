"""What a message says: facts as they are extracted, before anything is decided about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Modality(StrEnum):
    """How something is said; only facts and plans may become current belief."""

    FACT = "fact"
    PLAN = "plan"
    WISH = "wish"
    HYPOTHETICAL = "hypothetical"
    QUESTION = "question"
    NEGATED = "negated"


class Cardinality(StrEnum):
    """How many values an attribute has at a time; a property of the registry, not of a statement."""

    ONE = "one"
    MANY = "many"


class Asserter(StrEnum):
    """Who vouches for a fact; trust depends on it (pipelines 3.2)."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    THIRD_PARTY = "third_party"


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """A message as extraction reads it; `text` is redacted."""

    id: str
    role: str
    speaker: str
    said_at: datetime
    text: str


class Mention(msgspec.Struct, frozen=True):
    """An entity that a fact names; type is person, organization, project, place, tool, file or concept."""

    name: str
    type: str


class Quote(msgspec.Struct, frozen=True):
    """Where a fact is said: characters of one utterance."""

    utterance_id: str
    start: int
    end: int


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One atomic statement; `''` stands for none, confidence and importance are in [0,1]."""

    text: str
    category: str
    subject: str = ""
    attribute: str = ""
    value: str = ""
    context: str = ""
    cardinality: Cardinality = Cardinality.MANY
    mentions: list[Mention] = []
    speaker: str = ""
    said_at: datetime | None = None
    asserted_by: Asserter = Asserter.USER
    modality: Modality = Modality.FACT
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    says_change: bool = False
    importance: float = 0.5
    confidence: float = 0.7
    quotes: list[Quote] = []

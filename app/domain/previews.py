"""What ingest would make of a conversation, without writing it."""

from __future__ import annotations

import msgspec

from app.domain.facts import Cardinality, Modality


class NoiseView(msgspec.Struct, frozen=True):
    """A message that nothing would be remembered from: its index in the request, and what kind of noise it is."""

    message: int
    family: str


class QuoteView(msgspec.Struct, frozen=True):
    """Where a fact is said: characters of one message of the request."""

    message: int
    start: int
    end: int
    text: str


class PreviewedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done with a fact and why; `target_id` is a memory, or `batch:<index>` for a fact of it."""

    action: str
    requested_action: str
    target_id: str | None
    reason: str
    label: str | None
    scores: dict[str, float]


class PreviewedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it would be stored, and what would be decided about it."""

    text: str
    category: str
    subject: str | None
    attribute: str | None
    value: str | None
    cardinality: Cardinality
    modality: Modality
    entities: list[dict[str, str]]
    speaker: str | None
    valid_from: str | None
    valid_to: str | None
    importance: float
    confidence: float
    quotes: list[QuoteView]
    decision: PreviewedDecision


class Preview(msgspec.Struct, frozen=True):
    """Facts in the order in which they are said, and the messages that are noise."""

    facts: list[PreviewedFact]
    noise: list[NoiseView]

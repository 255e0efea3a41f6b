"""Why a memory is there: what it was made of, who said so where, what supports it, and what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.decisions import DecisionView
from app.domain.memories import Memory, MemoryView, timestamp, view


class Via(StrEnum):
    """How a memory is a source of another one."""

    MERGED_FROM = "merged_from"
    DERIVED_FROM = "derived_from"
    SUPERSEDES = "supersedes"
    SUPPORTS = "supports"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that the memory `of` comes from; `weight` is that of the relation."""

    of: str
    via: str
    weight: float
    memory: Memory


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """A message behind the memory `of`, with the characters of it that say so."""

    of: str
    message_id: str
    content: str
    start: int | None
    end: int | None
    kind: str
    role: str
    speaker: str
    session_id: str
    agent_id: str
    tenant_id: str
    said_at: datetime


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a message that a memory was taken from, and who said them where."""

    message_id: str
    quote: str
    start: int
    end: int
    kind: str
    role: str
    speaker: str | None
    said_at: str
    session_id: str
    agent_id: str | None
    user_id: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One step back: `memory` is what the memory `of` comes from, with its own messages.

    `independence` of a support is the share of its weight that counts: ½, ¼ … for repetitions by one witness.
    """

    of: str
    via: Via
    depth: int
    memory: MemoryView
    independence: float | None
    messages: list[QuoteView]


class WhyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A memory, the messages that state it, all that it comes from step by step, and the decisions about it."""

    memory: MemoryView
    user_id: str
    agent_id: str | None
    messages: list[QuoteView]
    sources: list[Source]
    decisions: list[DecisionView]


def quote_view(quoted: Quoted) -> QuoteView:
    """The wire form of a quote; the whole message where no part of it is marked."""
    start = quoted.start or 0
    end = len(quoted.content) if quoted.end is None else quoted.end
    return QuoteView(
        message_id=quoted.message_id,
        quote=quoted.content[start:end],
        start=start,
        end=end,
        kind=quoted.kind,
        role=quoted.role,
        speaker=quoted.speaker or None,
        said_at=timestamp(quoted.said_at),
        session_id=quoted.session_id,
        agent_id=quoted.agent_id or None,
        user_id=quoted.tenant_id,
    )


def source_view(origin: Origin, depth: int, independence: float | None, messages: list[QuoteView]) -> Source:
    """The wire form of a step back."""
    return Source(
        of=origin.of,
        via=Via(origin.via.lower()),
        depth=depth,
        memory=view(origin.memory),
        independence=independence,
        messages=messages,
    )

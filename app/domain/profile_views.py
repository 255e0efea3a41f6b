"""A profile on the wire: the contract's lists, the text, and its lines with all that is known of them."""

from __future__ import annotations

import msgspec

from app.domain.communities import label_of
from app.domain.memories import Category, timestamp
from app.domain.profile import MOST_DYNAMIC, MOST_STATIC, Section, Statement
from app.domain.profile_lines import Line, is_dynamic
from app.domain.profile_text import Layout, Shown, shown_text


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What another space says instead."""

    memory_id: str
    space_id: str
    content: str


class PreviousView(msgspec.Struct, frozen=True, kw_only=True):
    """What held before, on the wire."""

    memory_id: str
    value: str
    until: str


class OpponentView(msgspec.Struct, frozen=True, kw_only=True):
    """What contradicts a line, on the wire."""

    memory_id: str
    content: str
    confidence: float


class SourcesView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line comes from: memories that say the same or support it, messages, and their sessions."""

    memory_ids: list[str]
    message_ids: list[str]
    session_ids: list[str]


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the profile on the wire; what belongs to a slot is null for a memory that fills none."""

    memory_id: str
    content: str
    category: Category
    space_id: str
    slot_id: str | None
    subject: str | None
    attribute: str | None
    context: str | None
    value: str | None
    since: str
    last_confirmed_at: str
    importance: float
    confidence: float
    sources: SourcesView
    previous: PreviousView | None
    disputed: list[OpponentView]
    overrides: list[Override]


class SectionView(msgspec.Struct, frozen=True):
    """The lines of one section, in the order of the text."""

    name: Section
    lines: list[LineView]


class Omitted(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines the budget left out; there is `more` when there were more memories than a profile looks at."""

    static: int
    dynamic: int
    more: bool


class FoundMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that the words of `q` found, as much of it as the contract says (10.1)."""

    id: str
    content: str
    category: Category
    tags: list[str]


class FoundResult(msgspec.Struct, frozen=True):
    """A memory with its score."""

    score: float
    memory: FoundMemory


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A community as far as the caller sees it, with how many of its memories are from the last days."""

    id: str
    space_key: str
    memory_count: int
    recent_count: int
    names: list[str]
    texts: list[str]
    memory_ids: list[str]
    summary: FoundMemory | None


class TopicView(msgspec.Struct, frozen=True, kw_only=True):
    """A community that moved in the last days: what it is about, its most central memories first, and its summary.

    `summary` is the memory that consolidation derived from it, null while there is none.
    """

    community_id: str
    space_id: str
    label: str
    memory_count: int
    recent_count: int
    memory_ids: list[str]
    summary: FoundMemory | None


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A profile on the wire: the contract's lists and the text; sections, what they lack, and topics when asked for."""

    static_facts: list[str]
    dynamic_context: list[str]
    search_results: list[FoundResult] | None
    profile: str
    sections: list[SectionView] | msgspec.UnsetType = msgspec.UNSET
    omitted: Omitted | msgspec.UnsetType = msgspec.UNSET
    topics: list[TopicView] | msgspec.UnsetType = msgspec.UNSET


def profile_view(shown: Shown, text: str, found: list[FoundResult] | None) -> Profile:
    """The contract's lists are the lines of the text: of what lasts the most important first."""
    dynamic = [line for line in shown.lines if is_dynamic(line)]
    static = [line for line in shown.lines if not is_dynamic(line)]
    static.sort(key=lambda line: -line.statement.importance)
    return Profile(
        static_facts=_texts(static[:MOST_STATIC]),
        dynamic_context=_texts(dynamic[:MOST_DYNAMIC]),
        search_results=found,
        profile=text,
    )


def _texts(lines: list[Line]) -> list[str]:
    return [shown_text(line.statement.content, line.statement.l0_abstract) for line in lines]


def with_sections(answer: Profile, shown: Shown, layout: Layout, *, more: bool) -> Profile:
    """The same with the structured form, and with what was left out."""
    dynamic = sum(map(is_dynamic, shown.omitted))
    sections = [
        SectionView(section, lines)
        for section in Section
        if (lines := [_line_view(line, layout) for line in shown.lines if line.section is section])
    ]
    omitted = Omitted(static=len(shown.omitted) - dynamic, dynamic=dynamic, more=more)
    return msgspec.structs.replace(answer, sections=sections, omitted=omitted)


def _line_view(line: Line, layout: Layout) -> LineView:
    one, slot = line.statement, line.statement.slot
    return LineView(
        memory_id=one.id,
        content=one.content,
        category=one.category,
        space_id=layout.space_ids[one.space_key],
        slot_id=slot.id if slot else None,
        subject=slot.subject if slot else None,
        attribute=slot.attribute if slot else None,
        context=(slot.context or None) if slot else None,
        value=slot.value if slot else None,
        since=timestamp(one.valid_from),
        last_confirmed_at=timestamp(one.confirmed_at),
        importance=one.importance,
        confidence=one.confidence,
        sources=SourcesView(
            memory_ids=list(dict.fromkeys([*line.same, *one.sources])),
            message_ids=[message.id for message in one.messages],
            session_ids=list(dict.fromkeys(message.session_id for message in one.messages)),
        ),
        previous=_previous_view(one),
        disputed=[
            OpponentView(memory_id=other.id, content=other.content, confidence=other.confidence)
            for other in line.disputed
        ],
        overrides=[
            Override(memory_id=other.id, space_id=layout.space_ids[other.space_key], content=other.content)
            for other in line.overridden
        ],
    )


def topic_view(topic: Topic, space_id: str) -> TopicView:
    """A topic on the wire; its label is made of what the caller sees."""
    return TopicView(
        community_id=topic.id,
        space_id=space_id,
        label=label_of(topic.names, topic.texts),
        memory_count=topic.memory_count,
        recent_count=topic.recent_count,
        memory_ids=topic.memory_ids,
        summary=topic.summary,
    )


def _previous_view(one: Statement) -> PreviousView | None:
    if one.previous is None:
        return None
    return PreviousView(memory_id=one.previous.id, value=one.previous.value, until=timestamp(one.previous.until))

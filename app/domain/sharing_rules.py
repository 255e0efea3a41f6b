"""Rules that share by themselves: which new memories of one space go into another one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.memories import MAX_NAME_CHARS, MAX_TAGS, Category, Unit, check_tags, parse_choice, timestamp

RULES_PER_SPACE = 100
Words = Annotated[list[str], Meta(max_length=MAX_TAGS)]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories are shared; an empty list does not filter, of several entries any is enough (contract 9.6)."""

    categories: list[str] = []
    tags: list[str] = []
    min_importance: float = 0.0


class NewFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Filters as they are sent."""

    categories: Words | None = None
    tags: Words | None = None
    min_importance: Unit | None = None


class NewRule(NewFilters, frozen=True, kw_only=True):
    """A rule to create (contract 9.11)."""

    source_space: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    require_approval: bool | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored; `created_by` is whose shares they are."""

    id: str
    source_space: str
    categories: list[str]
    tags: list[str]
    min_importance: float
    require_approval: bool
    created_by: str
    created_at: datetime


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule on the wire (contract 2.4), and who made it."""

    id: str
    source_space: str
    categories: list[str]
    tags: list[str]
    min_importance: float
    require_approval: bool
    created_by: str
    created_at: str


def rule_view(rule: Rule) -> RuleView:
    """The wire form of a rule."""
    fields = {**msgspec.structs.asdict(rule), "created_at": timestamp(rule.created_at)}
    return msgspec.convert(fields, RuleView)


def parse_filters(given: NewFilters | None) -> Filters:
    """Filters with known categories and clean tags. Raises Invalid, which names the field."""
    if given is None:
        return Filters()
    return Filters(
        categories=[parse_choice("categories", word, Category, "") for word in given.categories or []],
        tags=check_tags(given.tags or []),
        min_importance=given.min_importance or 0.0,
    )


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A share that waits for approval, with the text it is about."""

    id: str
    source_space: str
    memory_id: str
    target_space: str
    space_key: str
    rule_id: str
    requested_by_user: str
    requested_by_agent: str
    content: str
    created_at: datetime


class PendingView(msgspec.Struct, frozen=True, kw_only=True):
    """A share that waits, on the wire (contract, appendix A)."""

    id: str
    source_space: str
    source_memory: str
    target_space: str
    rule_id: str
    requested_by_user: str
    requested_by_agent: str
    content_preview: str
    created_at: str


class Rejected(msgspec.Struct, frozen=True):
    """The answer to a rejection."""

    rejected: bool
    id: str


# The contract cuts at 97 bytes and breaks Chinese; here they are characters.
PREVIEW_CHARS = 97


def pending_view(pending: Pending) -> PendingView:
    """The wire form of a share that waits."""
    is_short = len(pending.content) <= PREVIEW_CHARS
    return PendingView(
        id=pending.id,
        source_space=pending.source_space,
        source_memory=pending.memory_id,
        target_space=pending.target_space,
        rule_id=pending.rule_id,
        requested_by_user=pending.requested_by_user,
        requested_by_agent=pending.requested_by_agent,
        content_preview=pending.content if is_short else f"{pending.content[:PREVIEW_CHARS]}...",
        created_at=timestamp(pending.created_at),
    )

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

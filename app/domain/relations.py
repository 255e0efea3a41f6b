"""Typed relations between memories."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.errors import Invalid
from app.domain.memories import Memory, MemoryView, ShortText, timestamp, view


class RelationType(StrEnum):
    """The relationship types between memories that may be listed; the value is the name on the wire."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    SUPERSEDES = "supersedes"
    CONTEXTUALIZES = "contextualizes"
    MERGED_FROM = "merged_from"
    DERIVED_FROM = "derived_from"
    SIMILAR_TO = "similar_to"


# What a caller may assert; the others are found or result from a decision.
ASSERTABLE = (
    RelationType.SUPPORTS,
    RelationType.CONTRADICTS,
    RelationType.SUPERSEDES,
    RelationType.CONTEXTUALIZES,
    RelationType.DERIVED_FROM,
)
# Stored once and read both ways, so the lower id is always the start (pipelines 1.2).
SYMMETRIC = (RelationType.CONTRADICTS, RelationType.SIMILAR_TO)


class Direction(StrEnum):
    """Seen from the memory that was asked about."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


class NewRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation stated by hand."""

    type: str
    target_id: str
    label: ShortText | None = None


class RelationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which relations of a memory are asked for."""

    direction: str | None = None
    type: str | None = None
    cursor: str | None = None
    limit: int | None = None
    depth: int | None = None
    as_of: str | None = None


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """A stored relation as seen from the memory `of`, with the memory at its other end."""

    id: str
    type: str
    direction: Direction
    of: str
    memory: Memory
    weight: float | None = None
    method: str = ""
    label: str | None = None
    task_id: str | None = None
    created_at: datetime


class RelationView(msgspec.Struct, frozen=True, kw_only=True):
    """A relation on the wire (architecture §8)."""

    id: str
    type: RelationType
    direction: Direction
    memory: MemoryView
    weight: float | None
    method: str
    label: str | None
    task_id: str | None
    created_at: str


class FurtherRelation(RelationView, frozen=True, kw_only=True):
    """A relation some steps away: that of the memory `of`, seen from there."""

    of: str
    depth: int


class RelationList(msgspec.Struct, frozen=True):
    """A page of relations; `next_cursor` is null on the last one."""

    relations: list[RelationView]
    next_cursor: str | None


def relation_view(relation: Relation) -> RelationView:
    """The wire form of a relation; its type in lower case."""
    return RelationView(
        id=relation.id,
        type=RelationType(relation.type.lower()),
        direction=relation.direction,
        memory=view(relation.memory),
        weight=relation.weight,
        method=relation.method,
        label=relation.label,
        task_id=relation.task_id,
        created_at=timestamp(relation.created_at),
    )


def further_view(relation: Relation, depth: int) -> FurtherRelation:
    """The wire form of a relation that was reached in so many steps."""
    shown = relation_view(relation)
    fields = {name: getattr(shown, name) for name in RelationView.__struct_fields__}
    return FurtherRelation(**fields, of=relation.of, depth=depth)


def check_statable(source: Memory, target: Memory, kind: RelationType) -> None:
    """Raises Invalid for what cannot be related by hand: a thing with itself, messages, and what is protected."""
    if source.id == target.id:
        raise Invalid("target_id is the memory itself")
    if source.is_message or target.is_message:
        raise Invalid("messages are related through the memories made from them")
    if kind is RelationType.SUPERSEDES and target.memory_type == "pinned":
        raise Invalid("target_id names a pinned memory, which nothing replaces; change its memory_type first")

"""What memories are about: entities with their other names, and what was true of them when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain import listing
from app.domain.errors import Invalid
from app.domain.listing import Cursor
from app.domain.memories import LISTED_STATES, OPEN_END, PAST_STATES, WIRE_STATES, MemoryView, State, timestamp

# What an entity or a slot lives by: without such a memory in the caller's sight it does not exist for him.
KNOWN_STATES = [*LISTED_STATES, *PAST_STATES]
# What a timeline tells; a merged text is told by what it was merged into.
TOLD_STATES = [*LISTED_STATES, State.SUPERSEDED]
# No name of a person, place or project is longer.
MAX_NAME_CHARS = 200
# Nothing is counted up to 10^15.
MAX_COUNT_DIGITS = 15


class EntitySort(StrEnum):
    """The orders of a list of entities: most memories first, or by name."""

    MEMORIES = "memories"
    NAME = "name"


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """Another name of an entity: one that was merged into it, or one that somebody gave it."""

    id: str
    name: str


class PossiblySame(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that may be the same thing; `score` from 0.7 to 1 is half spelling, half meaning."""

    id: str
    name: str
    type: str
    score: float


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One of the nodes that are one thing, as far as the caller may see them; memories name those `is_mentioned`."""

    id: str
    name: str
    norm_name: str
    type: str
    is_mentioned: bool


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """All that a caller sees of one thing. The first member stands for all; the others are its other names."""

    space_key: str
    members: list[Member]
    memory_count: int
    possibly_same: list[PossiblySame]

    @property
    def head(self) -> Member:
        """The node that stands for all."""
        return self.members[0]

    @property
    def member_ids(self) -> list[str]:
        """The ids of all nodes."""
        return [member.id for member in self.members]

    @property
    def names(self) -> list[str]:
        """All names, normalised."""
        return [member.norm_name for member in self.members]


class EntityView(msgspec.Struct, frozen=True, kw_only=True):
    """An entity on the wire."""

    id: str
    name: str
    type: str
    space_id: str
    aliases: list[Alias]
    possibly_same: list[PossiblySame]
    memory_count: int


class EntityList(msgspec.Struct, frozen=True):
    """A page of entities; `next_cursor` is null on the last one."""

    entities: list[EntityView]
    next_cursor: str | None


class EntityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entities are asked for; `q` is part of a name."""

    q: str | None = None
    type: str | None = None
    space: str | None = None
    sort: str | None = None
    cursor: str | None = None
    limit: int | None = None


class EntityMemoriesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories of an entity are asked for."""

    include_superseded: bool = False
    cursor: str | None = None
    limit: int | None = None


class TimelineQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a timeline is asked for."""

    cursor: str | None = None
    limit: int | None = None


class EntityMemories(msgspec.Struct, frozen=True):
    """A page of the memories that name an entity, newest first."""

    memories: list[MemoryView]
    next_cursor: str | None


class Merge(msgspec.Struct, frozen=True):
    """What an entity is the same as."""

    into: str


class NewAlias(msgspec.Struct, frozen=True):
    """Another name."""

    name: str


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What was true from a time on, and the value it gave of which slot; '' for none."""

    id: str
    content: str
    category: str
    state: State
    modality: str
    valid_from: datetime
    valid_to: datetime
    slot_id: str
    subject: str
    attribute: str
    context: str
    value: str


class MomentView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a timeline on the wire; `valid_to` is null while it is true."""

    memory_id: str
    content: str
    category: str
    state: str
    modality: str
    valid_from: str
    valid_to: str | None
    slot_id: str | None
    attribute: str | None
    context: str | None
    value: str | None


class Timeline(msgspec.Struct, frozen=True):
    """A page of what was true when, oldest first."""

    timeline: list[MomentView]
    next_cursor: str | None


def entity_view(entity: Entity, space_id: str) -> EntityView:
    """The wire form of an entity."""
    head, *others = entity.members
    return EntityView(
        id=head.id,
        name=head.name,
        type=head.type,
        space_id=space_id,
        aliases=[Alias(id=other.id, name=other.name) for other in others],
        possibly_same=entity.possibly_same,
        memory_count=entity.memory_count,
    )


def moment_view(moment: Moment) -> MomentView:
    """The wire form of an entry of a timeline."""
    return MomentView(
        memory_id=moment.id,
        content=moment.content,
        category=moment.category,
        state=WIRE_STATES[moment.state],
        modality=moment.modality,
        valid_from=timestamp(moment.valid_from),
        valid_to=valid_end(moment.valid_to),
        slot_id=moment.slot_id or None,
        attribute=moment.attribute or None,
        context=moment.context or None,
        value=moment.value or None,
    )


def valid_end(valid_to: datetime) -> str | None:
    """The end of valid time on the wire; null when it is open."""
    return None if valid_to >= OPEN_END else timestamp(valid_to)


def timeline_of(moments: Sequence[Moment], limit: int) -> Timeline:
    """A page of a timeline with the cursor of the next one."""
    more = limit and len(moments) == limit
    place = Cursor("valid_from", False, moments[-1].valid_from.isoformat(), moments[-1].id) if more else None
    return Timeline([moment_view(moment) for moment in moments], listing.encode(place) if place else None)


def parse_cursor(token: str | None, sort: str) -> Cursor | None:
    """The place a list in this order ended at; None for its beginning. Raises Invalid for that of another list."""
    place = listing.decode(token) if token else None
    if place and place.sort != sort:
        raise Invalid("cursor is not one that this list gave")
    return place


def parse_count(after: str) -> int:
    """A count in a cursor. Raises Invalid for anything else."""
    if not after.isdecimal() or len(after) > MAX_COUNT_DIGITS:
        raise Invalid("cursor is not one that this list gave")
    return int(after)

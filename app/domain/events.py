"""What changed in spaces, for whoever follows them: events without any text, and the cursor that skips none."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from app.domain.audit import AuditAction
from app.domain.errors import CursorExpired, Invalid
from app.domain.listing import parse_list
from app.domain.memories import BEGINNING, State, timestamp
from app.domain.principal import SpaceAccess

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
# So many events of a space are looked at in one go, whether the reader sees them or not.
WINDOW = 1_000
# Proxies cut what is silent for a minute.
MAX_WAIT_SECONDS = 30
# A cursor that stands at the newest event of every space.
LATEST = "latest"
# More than anything counts, and small enough for the integers of the database and of JSON.
MAX_SEQ = 2**53


class EventType(StrEnum):
    """What happened."""

    MEMORY_CREATED = "memory_created"
    MEMORY_UPDATED = "memory_updated"
    MEMORY_SUPERSEDED = "memory_superseded"
    MEMORY_ARCHIVED = "memory_archived"
    MEMORY_RESTORED = "memory_restored"
    MEMORY_DELETED = "memory_deleted"
    MEMORY_SHARED = "memory_shared"
    MESSAGES_ADDED = "messages_added"
    MESSAGES_DELETED = "messages_deleted"
    RELATION_CREATED = "relation_created"
    RELATION_DELETED = "relation_deleted"
    CONFLICT_RESOLVED = "conflict_resolved"
    DECISION_MADE = "decision_made"
    DECISION_UNDONE = "decision_undone"
    IMPORT_FINISHED = "import_finished"
    IMPORT_ROLLED_BACK = "import_rolled_back"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    SPACE_CHANGED = "space_changed"
    SPACE_JOINED = "space_joined"
    SPACE_LEFT = "space_left"


# What a memory has become, by the state it has now.
BY_STATE = {
    State.ACTIVE: EventType.MEMORY_RESTORED,
    State.HELD: EventType.MEMORY_ARCHIVED,
    State.EVIDENCE: EventType.MEMORY_ARCHIVED,
    State.ARCHIVED: EventType.MEMORY_ARCHIVED,
    State.EXPIRED: EventType.MEMORY_ARCHIVED,
    State.SUPERSEDED: EventType.MEMORY_SUPERSEDED,
    State.MERGED: EventType.MEMORY_SUPERSEDED,
    State.RETRACTED: EventType.MEMORY_DELETED,
    State.DELETED: EventType.MEMORY_DELETED,
}
# What every member of a space may know of what its audit log tells to admins.
AUDITED = {
    AuditAction.MEMBER_ADDED: EventType.MEMBER_ADDED,
    AuditAction.INVITATION_ACCEPTED: EventType.MEMBER_ADDED,
    AuditAction.MEMBER_CHANGED: EventType.MEMBER_CHANGED,
    AuditAction.MEMBER_REMOVED: EventType.MEMBER_REMOVED,
    AuditAction.MEMBER_LEFT: EventType.MEMBER_REMOVED,
    AuditAction.OWNER_CHANGED: EventType.SPACE_CHANGED,
    AuditAction.SPACE_RENAMED: EventType.SPACE_CHANGED,
    AuditAction.SETTINGS_CHANGED: EventType.SPACE_CHANGED,
    AuditAction.RULE_CREATED: EventType.SPACE_CHANGED,
    AuditAction.RULE_DELETED: EventType.SPACE_CHANGED,
}


class Touched(msgspec.Struct, frozen=True):
    """A thing that was changed, where it lies, who sees it, and a word on how: a state, a role, a type, a number.

    `text_bytes` is how much text was added, or is kept no more where the thing is deleted.
    """

    id: str
    space_key: str
    visible_to: str
    detail: str = ""
    text_bytes: int = 0


class Change(msgspec.Struct, frozen=True):
    """Something that a transaction did to a thing."""

    type: EventType
    thing: Touched


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it is stored: `seq` counts the changes of its space."""

    space_key: str
    seq: int
    type: EventType
    subject_id: str
    detail: str
    at: datetime


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for, from where on, and how long to wait for one when there is none."""

    cursor: str | None = None
    limit: int | None = None
    space: str | None = None
    types: str | None = None
    wait: int | None = None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event on the wire; the `id` is the same whoever reads it, and `subject_id` that of what it happened to."""

    id: str
    type: EventType
    space_id: str
    subject_id: str
    detail: str
    created_at: str


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in the order in which they happened in their space; `next_cursor` goes on after them, now or later."""

    events: list[EventView]
    next_cursor: str
    has_more: bool


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The next events of a space that somebody sees, of those from `start` to `end`.

    `head` counts all it ever had, `floor` the first of them, which are kept no more.
    """

    space_key: str
    head: int
    floor: int
    start: int
    end: int
    events: list[Event]


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last event of a space that a reader knows."""

    space_key: str
    space_id: str
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)]


class Merged(NamedTuple):
    """Events of several spaces in one order, where each space stands after them, and whether there are more."""

    events: list[Event]
    seqs: dict[str, int]
    has_more: bool


def compact(changes: Iterable[Change]) -> list[Change]:
    """The changes of one transaction, each once; that a thing was changed says nothing new once it is told of it."""
    distinct = list(dict.fromkeys(changes))
    told = {change.thing.id for change in distinct if change.type is not EventType.MEMORY_UPDATED}
    return [one for one in distinct if one.type is not EventType.MEMORY_UPDATED or one.thing.id not in told]


def merge(streams: Sequence[Stream], limit: int) -> Merged:
    """At most `limit` events by time, those of one space in their own order; each stream has at most `limit`."""
    clocks = {stream.space_key: _in_order(stream.events) for stream in streams}
    merged = [event for _, event in heapq.merge(*clocks.values(), key=lambda pair: pair[0])]
    shown = merged[:limit]
    seqs: dict[str, int] = {}
    for stream in streams:
        mine = [event.seq for event in shown if event.space_key == stream.space_key]
        is_whole = len(mine) == len(stream.events) < limit
        seqs[stream.space_key] = stream.end if is_whole else max(mine, default=stream.start)
    has_more = any(seqs[stream.space_key] < stream.end or stream.end - stream.start >= WINDOW for stream in streams)
    return Merged(shown, seqs, has_more)


def _in_order(events: Sequence[Event]) -> list[tuple[tuple[datetime, str], Event]]:
    """Each event with the latest time up to it, since the clocks of two writers of a space may differ."""
    latest = BEGINNING
    keyed: list[tuple[tuple[datetime, str], Event]] = []
    for event in events:
        latest = max(latest, event.at)
        keyed.append(((latest, event.space_key), event))
    return keyed


def encode(positions: Sequence[Position]) -> str:
    """Positions as an opaque token for URLs."""
    return base64.urlsafe_b64encode(msgspec.json.encode(positions)).decode().rstrip("=")


def decode(token: str) -> list[Position]:
    """The positions of a token. Raises Invalid for anything we did not make."""
    try:
        padded = token + "=" * (-len(token) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list[Position])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid("cursor is not one that GET /v1/events gave") from error


def check_kept(stream: Stream) -> None:
    """Raises CursorExpired when events after the start are kept no more, Invalid when there was no such event."""
    if stream.start < stream.floor:
        raise CursorExpired(
            "events after this cursor are kept no more",
            "take cursor=latest, read the lists once more, go on from there",
        )
    if stream.start > stream.head:
        raise Invalid("cursor is ahead of what happened; it may be of another server or from before a restore")


def parse_limit(limit: int | None) -> int:
    """How many events are shown: 100 when absent, at most 500. Raises Invalid below 1."""
    if limit is not None and limit < 1:
        raise Invalid("limit must be at least 1")
    return min(DEFAULT_LIMIT if limit is None else limit, MAX_LIMIT)


def parse_wait(wait: int | None) -> int:
    """The seconds to wait for an event. Raises Invalid for less than 0 and more than 30."""
    if not 0 <= (wait or 0) <= MAX_WAIT_SECONDS:
        raise Invalid(f"wait must be from 0 to {MAX_WAIT_SECONDS} seconds")
    return wait or 0


def parse_types(given: str | None) -> list[str]:
    """The types a comma list names, [] for all. Raises Invalid for one that is none."""
    named = parse_list(given)
    unknown = sorted(set(named) - {str(kind) for kind in EventType})
    if unknown:
        raise Invalid(f"types must be of {', '.join(EventType)}, not {unknown[0]!r}")
    return named


def joined(space: SpaceAccess, now: datetime) -> EventView:
    """That a space is new to the reader of a cursor."""
    return _of_reader(EventType.SPACE_JOINED, space.id, now)


def left(position: Position, now: datetime) -> EventView:
    """That the reader of a cursor is in a space no more, or that it is gone."""
    return _of_reader(EventType.SPACE_LEFT, position.space_id, now)


def _of_reader(kind: EventType, space_id: str, now: datetime) -> EventView:
    return EventView(
        id=f"{kind}:{space_id}",
        type=kind,
        space_id=space_id,
        subject_id=space_id,
        detail="",
        created_at=timestamp(now),
    )


def event_view(event: Event, space_id: str) -> EventView:
    """The wire form of an event."""
    return EventView(
        id=f"{event.space_key}:{event.seq}",
        type=event.type,
        space_id=space_id,
        subject_id=event.subject_id,
        detail=event.detail,
        created_at=timestamp(event.at),
    )

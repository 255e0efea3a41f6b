"""Pages of lists: limit, offset and the cursor that goes on where a page ended."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from app.domain.errors import Invalid
from app.domain.memories import (
    BEGINNING,
    LISTED_STATES,
    OPEN_END,
    PAST_STATES,
    WIRE_STATES,
    Memory,
    MemoryView,
    State,
    to_utc,
)

# Above it a limit is cut, and the answer says to what.
MAX_LIMIT = 200
DEFAULT_LIMIT = 20
# More than any list has, and small enough for the integers of the database.
MAX_OFFSET = 2**31 - 1
SORTS = ("created_at", "updated_at", "importance", "access_count")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list: after a (sort value, id), or from an offset, at most so many."""

    sort: str = "created_at"
    descending: bool = True
    after: datetime | float | None = None
    after_id: str = ""
    offset: int = 0
    limit: int = DEFAULT_LIMIT


class ListFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list asks for; '' and [] do not filter."""

    states: list[str]
    category: str = ""
    memory_type: str = ""
    tier: str = ""
    source: str = ""
    agent_id: str = ""
    session_id: str = ""
    tags: list[str] = []
    since: datetime = BEGINNING
    until: datetime = OPEN_END
    needs_review: bool = False


class BulkFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories a bulk deletion is about; '' and [] do not filter."""

    states: list[str]
    source_prefix: str = ""
    category: str = ""
    memory_type: str = ""
    tags: list[str] = []
    before: datetime = OPEN_END


class MemoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of memories (contract 5.3), and the cursor of the next one or null."""

    memories: list[MemoryView]
    total_count: int
    limit: int
    offset: int
    next_cursor: str | None


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended; base64 of its JSON is the cursor that clients pass back."""

    sort: str
    descending: bool
    after: str
    id: str


def encode(cursor: Cursor) -> str:
    """A cursor as an opaque token for URLs."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(token: str) -> Cursor:
    """The cursor of a token. Raises Invalid for anything we did not make."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid("cursor is not one that this list gave") from error


def from_newest(token: str | None) -> Cursor:
    """Where a page of a list with the newest first begins: after a cursor, or at the very newest. Raises Invalid."""
    return decode(token) if token else Cursor("created_at", True, OPEN_END.isoformat(), "")


class Dated(Protocol):
    """What lists in the order of creation consist of."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


def cursor_after(found: Sequence[Dated], limit: int, *, descending: bool) -> str | None:
    """The cursor after a full page of a list in the order of creation; None after a page that is not full."""
    if not found or len(found) < limit:
        return None
    return encode(Cursor("created_at", descending, found[-1].created_at.isoformat(), found[-1].id))


def next_cursor(page: Page, last: Memory) -> str:
    """The cursor after the last memory of a page."""
    value = getattr(last, page.sort)
    after = value.isoformat() if isinstance(value, datetime) else repr(float(value))
    return encode(Cursor(page.sort, page.descending, after, last.id))


def parse_limit(limit: int | None) -> int:
    """The limit that is used: 20 when absent, at most 200. Raises Invalid when negative."""
    if limit is not None and limit < 0:
        raise Invalid("limit must not be negative")
    return min(DEFAULT_LIMIT if limit is None else limit, MAX_LIMIT)


def parse_page(query: ListQuery) -> Page:
    """The page a list asks for; an unknown sort is created_at, any order but desc ascends (contract 5.3)."""
    if not 0 <= (query.offset or 0) <= MAX_OFFSET:
        raise Invalid(f"offset must be from 0 to {MAX_OFFSET}")
    size = parse_limit(query.limit)
    if not query.cursor:
        key = query.sort if query.sort in SORTS else "created_at"
        is_descending = (query.order or "desc").lower() == "desc"
        start = OPEN_END if key == "created_at" and is_descending else None
        return Page(sort=key, descending=is_descending, after=start, offset=query.offset or 0, limit=size)
    place = decode(query.cursor)
    if place.sort not in SORTS:
        raise Invalid("cursor is not one that this list gave")
    return Page(sort=place.sort, descending=place.descending, after=_sort_value(place), after_id=place.id, limit=size)


def _sort_value(place: Cursor) -> datetime | float:
    try:
        if place.sort.endswith("_at"):
            return parse_instant("cursor", place.after, BEGINNING)
        return float(place.after)
    except ValueError as error:
        raise Invalid("cursor is not one that this list gave") from error


def parse_instant(field: str, text: str | None, default: datetime) -> datetime:
    """An RFC 3339 time with offset or a date (midnight UTC). Raises Invalid, which names the field."""
    if not text:
        return default
    # A plus sign in a query string arrives as a blank.
    spelled = text.strip().replace(" ", "+") if "T" in text else f"{text.strip()}T00:00:00+00:00"
    try:
        moment = datetime.fromisoformat(spelled)
    except ValueError as error:
        raise Invalid(f"{field} must be a time such as 2026-03-02T10:00:00Z or a date, not {text!r}") from error
    if moment.tzinfo is None:
        raise Invalid(f"{field} must say its offset, such as 2026-03-02T10:00:00Z")
    return to_utc(moment)


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it is asked for in a query string (contract 5.3 and the parameters this project adds)."""

    limit: int | None = None
    offset: int | None = None
    cursor: str | None = None
    category: str | None = None
    tier: str | None = None
    memory_type: str | None = None
    state: str | None = None
    tags: str | None = None
    sort: str | None = None
    order: str | None = None
    source: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    since: str | None = None
    until: str | None = None
    space: str | None = None
    include_superseded: bool = False
    needs_review: bool = False
    check_stale: bool = False


class BulkQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories a bulk deletion by filter is about, as it is sent (contract 5.7)."""

    source: str | None = None
    tags: list[str] | None = None
    category: str | None = None
    memory_type: str | None = None
    state: str | None = None
    before: str | None = None


# The wire's words for states; one word may stand for several of ours.
STATES_BY_WORD = {
    word: [str(state) for state in State if WIRE_STATES[state] == word and state is not State.DELETED]
    for word in set(WIRE_STATES.values())
}


def parse_filter(query: ListQuery) -> ListFilter:
    """What a list filters by; an unknown value of the seed's parameters matches nothing (contract 5.3)."""
    shown = [*LISTED_STATES, *(PAST_STATES if query.include_superseded else [])]
    return ListFilter(
        states=STATES_BY_WORD.get(query.state, []) if query.state else [str(state) for state in shown],
        category=query.category or "",
        memory_type=query.memory_type or "",
        tier=query.tier or "",
        source=query.source or "",
        agent_id=query.agent_id or "",
        session_id=query.session_id or "",
        tags=parse_list(query.tags),
        since=parse_instant("since", query.since, BEGINNING),
        until=parse_instant("until", query.until, OPEN_END),
        needs_review=query.needs_review,
    )


def parse_bulk(query: BulkQuery) -> BulkFilter:
    """What a bulk deletion is about; what is deleted already is never part of it."""
    everything = [str(state) for state in State if state is not State.DELETED]
    return BulkFilter(
        states=STATES_BY_WORD.get(query.state, []) if query.state else everything,
        source_prefix=query.source or "",
        category=query.category or "",
        memory_type=query.memory_type or "",
        tags=query.tags or [],
        before=parse_instant("before", query.before, OPEN_END),
    )


def parse_list(given: str | list[str] | None) -> list[str]:
    """The entries of a comma list or a JSON list, without blanks and duplicates."""
    parts = given.split(",") if isinstance(given, str) else (given or [])
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

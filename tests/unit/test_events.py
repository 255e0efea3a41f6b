"""The order of events of several spaces, the cursor after them, and what one transaction tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import CursorExpired, Invalid
from app.domain.events import (
    BY_STATE,
    WINDOW,
    Change,
    Event,
    EventType,
    Position,
    Stream,
    Touched,
    check_kept,
    compact,
    decode,
    encode,
    merge,
)
from app.domain.memories import State

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def event(space_key: str, seq: int, seconds: int) -> Event:
    return Event(
        space_key=space_key,
        seq=seq,
        type=EventType.MEMORY_CREATED,
        subject_id=f"{space_key}{seq}",
        detail="",
        at=NOON + timedelta(seconds=seconds),
    )


def stream(space_key: str, start: int, end: int, *events: Event) -> Stream:
    return Stream(space_key=space_key, head=end, floor=0, start=start, end=end, events=list(events))


def test_events_of_spaces_come_by_time_and_those_of_one_in_their_order() -> None:
    # The second event of a has an earlier time than the first.
    a = stream("a", 0, 4, event("a", 1, 5), event("a", 2, 1), event("a", 4, 9))
    b = stream("b", 7, 8, event("b", 8, 3))
    merged = merge([a, b], 10)
    assert [one.subject_id for one in merged.events] == ["b8", "a1", "a2", "a4"]
    assert (merged.seqs, merged.has_more) == ({"a": 4, "b": 8}, False)


def test_a_page_that_is_cut_goes_on_where_each_space_stands() -> None:
    a = stream("a", 0, 9, event("a", 1, 1), event("a", 3, 2))
    b = stream("b", 4, 6, event("b", 6, 3))
    merged = merge([a, b], 2)
    assert [one.subject_id for one in merged.events] == ["a1", "a3"]
    # Nothing of b was shown, and what comes behind the second event of a was not looked for.
    assert (merged.seqs, merged.has_more) == ({"a": 3, "b": 4}, True)
    assert merge([a, stream("c", 2, 5)], 10).seqs == {"a": 9, "c": 5}
    assert merge([stream("d", 0, WINDOW)], 10).has_more
    assert merge([], 10) == ([], {}, False)


def test_a_transaction_tells_each_change_once() -> None:
    made, seen = Touched("m", "a", "all0"), Touched("n", "a", "all0")
    changes = [
        Change(EventType.MEMORY_UPDATED, made),
        Change(EventType.MEMORY_CREATED, made),
        Change(EventType.MEMORY_UPDATED, seen),
        Change(EventType.MEMORY_UPDATED, seen),
    ]
    assert compact(changes) == changes[1:3]
    assert set(BY_STATE) == set(State)


def test_a_cursor_is_read_back_and_nothing_else_is() -> None:
    positions = [Position("a", "team/a", 3), Position("b", "personal/b", 0)]
    assert decode(encode(positions)) == positions
    for foreign in ("", "%%", "abc", "WyJhIl0", encode([Position("a", "a", 2**60)]), encode([Position("a", "a", -1)])):
        with pytest.raises(Invalid, match="cursor"):
            decode(foreign)


def test_a_cursor_is_refused_before_what_is_kept_and_after_what_happened() -> None:
    kept = Stream(space_key="a", head=9, floor=4, start=4, end=9, events=[])
    check_kept(kept)
    with pytest.raises(CursorExpired):
        check_kept(Stream(space_key="a", head=9, floor=4, start=3, end=9, events=[]))
    with pytest.raises(Invalid, match="ahead"):
        check_kept(Stream(space_key="a", head=9, floor=4, start=10, end=9, events=[]))

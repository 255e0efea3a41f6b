"""Which messages of a window sent again are new, where they go, and when they were said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.messages import Placed, SessionCursor, embedding_text, message_hash, new_messages, said_at

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def new(stored: str, window: str) -> str:
    """What is new of a window, each letter a message."""
    cursor = SessionCursor(None, len(stored), list(stored))
    return "".join(window[placed.index] for placed in new_messages(cursor, list(window), [None] * len(window)))


def numbered(last: int | None, seqs: list[int | None]) -> list[int | None]:
    """The sequence numbers of what is new after the last one that is stored."""
    cursor = SessionCursor(last, 0, [])
    return [seqs[placed.index] for placed in new_messages(cursor, [str(index) for index in range(len(seqs))], seqs)]


@pytest.mark.parametrize(
    ("stored", "window", "expected"),
    [
        ("", "abc", "abc"),
        ("", "", ""),
        ("abc", "", ""),
        ("abc", "abc", ""),
        ("abc", "bc", ""),
        ("abc", "ab", ""),
        ("abc", "b", ""),
        ("abc", "abcd", "d"),
        ("abc", "bcd", "d"),
        ("abc", "cde", "de"),
        ("abc", "de", "de"),
        ("abc", "zabc", "z"),
        ("abcde", "bd", ""),
        ("你好吗", "好吗我", "我"),
    ],
)
def test_a_window_adds_what_sticks_out_of_the_session(stored: str, window: str, expected: str) -> None:
    assert new(stored, window) == expected


@pytest.mark.parametrize(
    ("stored", "window", "expected"),
    [
        ("", "oo", "oo"),
        ("oo", "oo", ""),
        ("oo", "ooo", "o"),
        ("aobo", "obo", ""),
        ("aobo", "oboc", "c"),
        ("aobo", "oboco", "co"),
        ("aob", "obo", "o"),
        ("ao", "oo", "o"),
        ("aboab", "aboabo", "o"),
        ("好o好", "o好o", "o"),
    ],
)
def test_repeated_texts_are_told_apart_by_their_neighbours(stored: str, window: str, expected: str) -> None:
    assert new(stored, window) == expected


@pytest.mark.parametrize("width", range(3, 8))
def test_windows_that_slide_over_a_conversation_store_it_once(width: int) -> None:
    talk = "hoaobocodoefogoho"
    stored = ""

    for end in range(1, len(talk) + 1):
        stored += new(stored, talk[max(0, end - width) : end])

    assert stored == talk


@pytest.mark.parametrize(
    ("last", "seqs", "expected"),
    [
        (None, [0, 1, 2], [0, 1, 2]),
        (1, [0, 1, 2, 3], [2, 3]),
        (3, [0, 1, 2, 3], []),
        (3, [4, 4, 5], [4, 5]),
        (None, [5, 3, 6], [5, 6]),
        (1, [None, 2], [None, 2]),
        (0, [10], [10]),
    ],
)
def test_sequence_numbers_decide_where_there_are_any(
    last: int | None, seqs: list[int | None], expected: list[int | None]
) -> None:
    assert numbered(last, seqs) == expected


def test_new_messages_follow_the_last_one_of_the_session() -> None:
    cursor = SessionCursor(None, 1_200, ["a", "b"])

    assert new_messages(cursor, ["b", "c", "d"], [None] * 3) == [Placed(1, 1_200), Placed(2, 1_201)]


def test_no_two_pairs_of_role_and_text_have_one_hash() -> None:
    pairs = [
        ("user", "a"),
        ("use", "ra"),
        ("", "usera"),
        ("user", "A"),
        ("用户", "好"),
        ("用", "户好"),
        ("1:a", ""),
        ("", "1:a"),
    ]

    assert len({message_hash(role, content) for role, content in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, NOW),
        (NOW - 60 * MINUTE, NOW - 60 * MINUTE),
        (NOW + 5 * MINUTE, NOW + 5 * MINUTE),
        (NOW + 6 * MINUTE, NOW),
        (datetime(2026, 3, 14, 19, 0, tzinfo=timezone(timedelta(hours=8))), NOW - 60 * MINUTE),
    ],
)
def test_a_time_is_believed_unless_it_lies_ahead(given: datetime | None, expected: datetime) -> None:
    moment = said_at(given, NOW)

    assert moment == expected
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(("speaker", "expected"), [("张伟", "张伟: 周一上线"), ("", "周一上线")])
def test_the_speaker_is_part_of_what_is_embedded(speaker: str, expected: str) -> None:
    assert embedding_text(speaker, "周一上线") == expected

"""Which session a window without a session id goes on with: the longest overlap that is evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.sessions import FRESH, RecentSession, find_session, is_telling, overlap

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
# In these tests a lower-case letter is a message that any conversation may have.
GENERIC = "okyjn"


def session(name: str, stored: str, age: timedelta = timedelta(minutes=1), older: int = 0) -> RecentSession:
    """A session by its messages, each a letter, with some older ones that are not compared."""
    return RecentSession(name, NOW - age, len(stored) + older, list(stored))


def found(window: str, *recent: RecentSession) -> str | None:
    return find_session(recent, list(window), [letter not in GENERIC for letter in window], NOW)


@pytest.mark.parametrize(
    ("stored", "window", "shared"),
    [
        ("ABCD", "CDE", "CD"),
        ("ABCD", "ABCD", "ABCD"),
        ("ABCD", "BC", "BC"),
        ("ABCD", "DX", "D"),
        ("ABCD", "XY", ""),
        ("ABCD", "ABX", ""),
        ("CD", "ABCDE", "CD"),
        ("ABAB", "ABABC", "ABAB"),
        ("", "A", ""),
        ("你好我", "我他", "我"),
    ],
)
def test_a_window_shares_its_head_all_of_it_or_the_whole_session(stored: str, window: str, shared: str) -> None:
    indexes = overlap(list(stored), list(window), is_whole=True)

    assert "".join(window[index] for index in indexes) == shared


def test_a_session_that_goes_back_further_has_no_place_in_the_middle_of_a_window() -> None:
    assert not overlap(list("CD"), list("ABCDE"), is_whole=False)


def test_the_longest_overlap_wins_over_the_latest_session() -> None:
    assert found("BCDE", session("one", "ABCD", timedelta(hours=1)), session("two", "XYZB")) == "one"


def test_of_equal_overlaps_the_latest_wins() -> None:
    assert found("AB", session("old", "A", timedelta(hours=1)), session("new", "A")) == "new"


def test_nothing_in_common_is_a_new_session() -> None:
    assert found("EF", session("one", "ABCD")) is None
    assert found("EF") is None


def test_one_message_that_any_conversation_may_have_is_no_evidence() -> None:
    assert found("oE", session("one", "ABCo")) is None
    assert found("okE", session("one", "ABok")) is None
    assert found("o", session("one", "ABCo")) is None


def test_several_of_them_in_a_row_are() -> None:
    assert found("okyE", session("one", "ABoky")) == "one"


def test_one_that_says_something_is_enough() -> None:
    assert found("CE", session("one", "ABC")) == "one"


def test_a_greeting_is_enough_while_it_is_all_there_is_and_fresh() -> None:
    assert found("okE", session("one", "ok")) == "one"
    assert found("ok", session("one", "ok")) == "one"
    assert found("okE", session("one", "ok", FRESH)) is None
    assert found("okE", session("one", "ok", older=3)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run the tests", False),
        ("修一下这个", False),
        ("Move the parser into its own module", True),
        ("把解析器移到单独的模块", True),
    ],
)
def test_a_few_words_do_not_tell_conversations_apart(text: str, expected: bool) -> None:
    assert is_telling(text, is_noise=False) is expected


def test_noise_never_does() -> None:
    assert not is_telling("Thank you so very much for your help!", is_noise=True)

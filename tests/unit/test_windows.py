"""Conversations are cut into windows that lose no character and know what was said before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.facts import Utterance
from app.domain.texts import estimate_tokens
from ingest.windows import CONTEXT_TOKENS, CONTEXT_TURNS, MAX_TOKENS, MAX_TURNS, Window, halved, make_windows

SATURDAY = datetime(2026, 5, 16, 10, tzinfo=UTC)
LONG_EN = " ".join(f"Sentence {number} says that box {number * 7} is in room {number % 13}." for number in range(900))
LONG_ZH = "".join(f"第{number}句话说第{number * 7}件东西放在{number % 13}号房间里。" for number in range(600))


def said(*texts: str, first: int = 0) -> list[Utterance]:
    return [
        Utterance(id=f"u{first + number}", role="user", speaker="mara", said_at=SATURDAY, text=text)
        for number, text in enumerate(texts)
    ]


def ids(window: Window) -> list[str]:
    return [turn.utterance.id for turn in window.turns]


def rebuilt(windows: list[Window], utterance: Utterance) -> str:
    """The message put together again, each part where its offset says."""
    parts = [turn for window in windows for turn in window.turns if turn.utterance.id == utterance.id]
    whole = ""
    for turn in parts:
        assert utterance.text[turn.offset :].startswith(turn.utterance.text)
        assert turn.offset <= len(whole)
        whole = whole[: turn.offset] + turn.utterance.text
    return whole


def test_a_short_conversation_is_one_window() -> None:
    [window] = make_windows(said("I live in Rome.", "我住在上海。"))

    assert ids(window) == ["u0", "u1"]
    assert window.context == []


def test_without_turns_there_is_no_window() -> None:
    assert make_windows([], said("earlier")) == []


def test_each_window_begins_with_the_last_turns_before_it() -> None:
    windows = make_windows(said(*(f"turn {number}" for number in range(30)), first=10), said("a", "b", "c", "d", "e"))

    assert [len(window.turns) for window in windows] == [MAX_TURNS, MAX_TURNS, 6]
    assert [[turn.utterance.id for turn in window.context] for window in windows] == [
        ["u1", "u2", "u3", "u4"],
        ["u18", "u19", "u20", "u21"],
        ["u30", "u31", "u32", "u33"],
    ]


@pytest.mark.parametrize("text", [LONG_EN, LONG_ZH, "word" * 40_000, "é" * 30_000])
def test_a_long_turn_is_split_and_loses_nothing(text: str) -> None:
    utterances = said("short before", text, "short after")

    windows = make_windows(utterances)

    assert len(windows) > 1
    assert [rebuilt(windows, utterance) for utterance in utterances] == [utterance.text for utterance in utterances]
    for window in windows:
        assert sum(estimate_tokens(turn.utterance.text) for turn in window.turns) <= MAX_TOKENS
        assert sum(estimate_tokens(turn.utterance.text) for turn in window.context) <= CONTEXT_TOKENS
        assert len(window.context) <= CONTEXT_TURNS


@pytest.mark.parametrize(("text", "end"), [(LONG_EN, "."), (LONG_ZH, "。")])
def test_a_long_turn_is_split_after_a_sentence(text: str, end: str) -> None:
    assert all(window.turns[-1].utterance.text.rstrip().endswith(end) for window in make_windows(said(text)))


def test_of_a_long_turn_before_the_end_is_shown() -> None:
    [window] = make_windows(said("And there?", first=1), said(LONG_EN))

    [before] = window.context
    assert LONG_EN.endswith(before.utterance.text)
    assert LONG_EN[before.offset :] == before.utterance.text


def test_halves_hold_the_same_and_the_second_knows_the_first() -> None:
    [window] = make_windows(said("one", "two", "three"), said("zero", first=9))

    first, second = halved(window)

    assert (ids(first), ids(second)) == (["u0"], ["u1", "u2"])
    assert [turn.utterance.text for turn in first.context] == ["zero"]
    assert [turn.utterance.text for turn in second.context] == ["zero", "one"]


def test_a_single_turn_is_halved_at_a_sentence() -> None:
    [utterance] = said(" ".join(f"Box {number} is in room {number % 7}." for number in range(40)))
    [window] = make_windows([utterance])

    halves = halved(window)

    assert len(halves) == 2
    assert rebuilt(halves, utterance) == utterance.text
    assert halves[0].turns[-1].utterance.text.rstrip().endswith(".")


def test_a_small_turn_is_not_halved() -> None:
    [window] = make_windows(said("I live in Rome and work in Milan."))

    assert halved(window) == []


def test_halving_ends() -> None:
    waiting, count = make_windows(said(LONG_ZH))[:1], 0
    while waiting:
        waiting += halved(waiting.pop())
        count += 1

    assert 8 < count < 200

"""Long texts are cut where a reader would pause, and lose nothing."""

from __future__ import annotations

import time

import pytest

from app.domain.texts import SafeText, estimate_tokens
from ingest.chunking import split
from ingest.redaction import redact


def english(sentences: int) -> str:
    return " ".join(
        f"Sentence number {number} says that item {number * 7} is kept in room {number % 13}."
        for number in range(sentences)
    )


def chinese(sentences: int) -> str:
    return "".join(f"第{number}句话说第{number * 7}件东西放在{number % 13}号房间里。" for number in range(sentences))


def is_covered(text: str, pieces: list[SafeText]) -> bool:
    """Whether the pieces, laid over the text in order, leave no gap; needs a text that does not repeat itself."""
    end = 0
    for piece in pieces:
        start = text.index(piece)
        if start > end:
            return False
        end = start + len(piece)
    return end == len(text)


@pytest.mark.parametrize("text", ["", "Likes tea.", "喜欢喝茶。", english(10), chinese(8)])
def test_a_short_text_is_one_piece(text: str) -> None:
    assert split(redact(text)) == [text]


@pytest.mark.parametrize(
    "text", [english(200), chinese(200), "\n\n".join((english(30), chinese(30), english(60)[900:]))]
)
def test_every_character_is_in_a_piece_that_is_short_enough(text: str) -> None:
    pieces = split(redact(text))

    assert is_covered(text, pieces)
    assert max(map(estimate_tokens, pieces)) <= 200


@pytest.mark.parametrize(("text", "mark"), [(english(100), ". "), (chinese(100), "。")])
def test_pieces_end_with_a_sentence(text: str, mark: str) -> None:
    pieces = split(redact(text))

    assert all(piece.endswith(mark) for piece in pieces[:-1])


def test_a_paragraph_is_a_better_border_than_a_sentence() -> None:
    paragraph = english(8) + "\n\n"

    first = split(redact(paragraph + english(40)))[0]

    assert first == paragraph


def test_a_piece_repeats_the_end_of_the_last() -> None:
    first, second = split(redact(english(30)))[:2]

    repeated = next(length for length in range(len(second), 0, -1) if first.endswith(second[:length]))
    assert 10 <= estimate_tokens(second[:repeated]) <= 30


def test_without_overlap_the_pieces_are_the_text() -> None:
    text = english(100)

    assert "".join(split(redact(text), overlap_tokens=0)) == text


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "茶" * 100_000, ". " * 50_000, "\n" * 50_000 + "x " * 25_000, "é\u0301" * 50_000]
)
def test_a_long_text_without_borders_is_cut_in_little_time(text: str) -> None:
    started = time.process_time()

    pieces = split(redact(text))

    assert time.process_time() - started < 2
    assert sum(map(len, pieces)) >= len(text)
    assert max(map(estimate_tokens, pieces)) <= 200

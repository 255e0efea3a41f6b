"""Which part of a long text a question is about."""

from __future__ import annotations

import pytest

from app.domain.excerpts import EXCERPT_CHARS, excerpt
from app.domain.texts import query_terms, terms

TALK = "We talked about the harbour and the ferry. "
CHAT = "我们聊了港口和轮渡的时刻表。"


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("The Key", ["key"]) == "The Key"


@pytest.mark.parametrize(
    ("filler", "needle", "query"),
    [
        (TALK, "It was ticket ZX-90210. ", "ZX-90210"),
        (TALK, "Everybody was happy. ", "who is happy?"),
        (CHAT, "结尾是小熊猫。", "小熊猫"),
        (CHAT, "ＡＢＣ－１２３号文件", "ABC-123"),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 7, 100, 1_000])
def test_the_words_are_in_the_excerpt_wherever_they_stand(filler: str, needle: str, query: str, before: int) -> None:
    text = filler * before + needle + filler * 100

    found = excerpt(text, query_terms(query))

    assert set(query_terms(query)) <= set(terms(found))
    assert len(found) < EXCERPT_CHARS * 1.2


def test_a_rare_word_counts_more_than_common_ones() -> None:
    text = TALK * 50 + "It was ticket ZX-90210. " + "A zebra. " * 100 + TALK * 50

    assert "zx-90210" in excerpt(text, query_terms("harbour ferry talk ZX-90210"))


def test_words_that_stand_together_win() -> None:
    text = f"a lamp {TALK * 50} a bicycle {TALK * 50} a red bicycle lamp {TALK * 50} red {TALK * 50}"

    assert "red bicycle lamp" in excerpt(text, query_terms("red bicycle lamp"))


def test_without_any_of_the_words_it_is_the_beginning() -> None:
    assert excerpt("Start. " + TALK * 100, ["zebra"]).startswith("start.")

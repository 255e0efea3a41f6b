"""Words of like meaning, by the word vectors of the bundled model."""

from __future__ import annotations

import pytest

from app.domain.texts import terms
from app.providers.thesaurus import MOST_WORDS, Thesaurus

THESAURUS = Thesaurus()


def near(word: str) -> list[str]:
    """The terms nearest to a word, the nearest first."""
    found = THESAURUS.near(terms(word)[0])
    return sorted(found, key=lambda term: -found[term])


@pytest.mark.parametrize(
    ("word", "like"),
    [("kids", "children"), ("buy", "bought"), ("went", "goes"), ("movie", "film"), ("phone", "telephone")],
)
def test_a_word_of_like_meaning_is_among_the_nearest(word: str, like: str) -> None:
    assert terms(like)[0] in near(word)[:5]


def test_how_much_alike_words_are_lies_between_zero_and_one() -> None:
    found = THESAURUS.near("dog")

    assert len(found) == MOST_WORDS
    assert all(0 < likeness <= 1 for likeness in found.values())
    assert found["cat"] > found["hors"] > found["car"]
    assert "dog" not in found


@pytest.mark.parametrize("word", ["err-4711", "龙井", "", "qzxv", "9", "monday", "april", "two"])
def test_what_is_no_common_english_word_or_stands_in_a_row_has_none(word: str) -> None:
    assert THESAURUS.near(word) == {}

"""The part of a long text that a question is about, so that its words are not lost among all the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# About what the embedding model reads of a text in one piece.
EXCERPT_CHARS = 1_000
# A word on the border of two parts belongs to both.
_OVERLAP_CHARS = 50
# A stem may end in another letter than its word (happy, happi); of a longer one the beginning is enough to find it.
_WHOLE_STEM_CHARS = 4


def excerpt(text: str, terms: Sequence[str]) -> str:
    """The stretch of a text, folded, that has most of these terms, rare ones first; a short text is returned whole."""
    if len(text) <= EXCERPT_CHARS:
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    step = EXCERPT_CHARS // 2
    places = [_parts_with(folded, _beginning(term), step) for term in terms]
    values = [0.0] * (len(folded) // step + 1)
    for parts in places:
        # A stretch has two parts, so what lies in a part counts for the stretch that begins there and the one before.
        for first in parts | {part - 1 for part in parts if part}:
            values[first] += 1 / len(parts)
    best = values.index(max(values))
    return folded[max(best * step - _OVERLAP_CHARS, 0) : best * step + EXCERPT_CHARS + _OVERLAP_CHARS]


def _beginning(stem: str) -> str:
    return stem if len(stem) <= _WHOLE_STEM_CHARS else stem[:-1]


def _parts_with(folded: str, word: str, step: int) -> set[int]:
    """The numbers of the parts in which a word begins; one find a part, however often it is there."""
    parts: set[int] = set()
    place = folded.find(word)
    while place >= 0:
        parts.add(place // step)
        place = folded.find(word, (place // step + 1) * step)
    return parts

"""Finds where a message says what a language model quotes of it."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from rapidfuzz import fuzz

# Share of characters in common from which on a quote counts as copied with a slip (0 to 100).
ALIKE = 90.0
# A shorter quote has to be copied exactly: in few characters a slip makes another word.
_SHORTEST_ALIKE = 10
_SHORTEST = 2
_LEFT_OUT = re.compile(r"\.{3,}|…+")
_SAME = str.maketrans("’‘“”", "''\"\"")
_OUTER = " \"'.,;:!?。，；：！？、「」『』《》"


class Found(NamedTuple):
    """Characters of a text."""

    start: int
    end: int


class _Folded(NamedTuple):
    """A text without differences of width, case and blanks, and where each of its characters comes from."""

    text: str
    origins: list[int]


def find_quote(quote: str, text: str) -> Found | None:
    """Where the text says it, apart from blanks, width, case and small slips; None when it does not."""
    # Of `the first … the last` the longer part.
    wanted = max((_fold(part).text.strip(_OUTER) for part in _LEFT_OUT.split(quote)), key=len)
    if len(wanted) < _SHORTEST and wanted != _fold(text).text.strip(_OUTER):
        return None
    folded = _fold(text)
    start = folded.text.find(wanted)
    if start >= 0 and wanted:
        return _unfolded(folded, start, start + len(wanted))
    if len(wanted) < _SHORTEST_ALIKE or len(wanted) > len(folded.text):
        return None
    close = fuzz.partial_ratio_alignment(wanted, folded.text, score_cutoff=ALIKE)
    return _unfolded(folded, close.dest_start, close.dest_end) if close else None


def folded(text: str) -> str:
    """The form in which quotes are compared."""
    return _fold(text).text


def _fold(text: str) -> _Folded:
    characters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        plain = unicodedata.normalize("NFKC", character).casefold().translate(_SAME)
        if plain.isspace():
            plain = " " if characters and characters[-1] != " " else ""
        characters.extend(plain)
        origins.extend([place] * len(plain))
    return _Folded("".join(characters), origins)


def _unfolded(folded: _Folded, start: int, end: int) -> Found:
    return Found(folded.origins[start], folded.origins[end - 1] + 1)

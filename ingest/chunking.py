"""Cuts a long text into overlapping pieces that an embedding model can read whole."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import NamedTuple

from app.domain.texts import CJK, SENTENCE_END, SafeText, estimate_tokens

# A longer word (a base64 block, a path) may be cut inside, so that a text without any blank can be cut at all.
_LONGEST_WORD = 32
_ATOM = re.compile(rf"(?:[{CJK}]|[^\s{CJK}]{{1,{_LONGEST_WORD}}}|\s)[\u0300-\u036f\u200d\ufe0f]*\s*")
# Both take the blanks behind them, as an atom does, so that their ends are ends of atoms.
_SENTENCE = re.compile(rf"(?:{SENTENCE_END.pattern})\s*")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
# Better borders are looked for in the second half of a chunk only: earlier ones would make chunks small and many.
_SHORTEST = 0.5


class _Atoms(NamedTuple):
    """The smallest parts of a text, by where each ends, the tokens up to there, and how good a cut is there."""

    ends: list[int]
    tokens: list[int]
    ranks: list[int]


def split(text: SafeText, max_tokens: int = 200, overlap_tokens: int = 30) -> list[SafeText]:
    """Pieces of at most `max_tokens`, cut at a paragraph, else a sentence, else a word, each with the end of the last.

    Every character is in some piece, and a text that is short enough is its only piece.
    """
    spans = split_spans(text, max_tokens, overlap_tokens)
    return [SafeText(text[start:end]) for start, end in spans]


def split_spans(text: SafeText, max_tokens: int = 200, overlap_tokens: int = 30) -> list[tuple[int, int]]:
    """Where the pieces of `split` begin and end."""
    if estimate_tokens(text) <= max_tokens:
        return [(0, len(text))]
    atoms = _atoms(text)
    spans: list[tuple[int, int]] = []
    first, last = 0, -1
    while last < len(atoms.ends) - 1:
        last = _last_atom(atoms, first, max_tokens)
        spans.append((atoms.ends[first - 1] if first else 0, atoms.ends[last]))
        first = _next_first(atoms, first, last, overlap_tokens)
    return spans


def _atoms(text: str) -> _Atoms:
    parts = list(_ATOM.finditer(text))
    sentences = {match.end() for match in _SENTENCE.finditer(text)}
    paragraphs = {match.end() for match in _PARAGRAPH.finditer(text)}
    ends = [part.end() for part in parts]
    tokens = list(accumulate(estimate_tokens(part.group()) for part in parts))
    return _Atoms(ends, tokens, [(end in sentences) + 2 * (end in paragraphs) for end in ends])


def _last_atom(atoms: _Atoms, first: int, max_tokens: int) -> int:
    before = atoms.tokens[first - 1] if first else 0
    furthest = max(bisect_right(atoms.tokens, before + max_tokens) - 1, first)
    if furthest == len(atoms.ends) - 1:
        return furthest
    nearest = max(bisect_left(atoms.tokens, before + int(max_tokens * _SHORTEST)), first)
    return max(range(nearest, furthest + 1), key=lambda atom: (atoms.ranks[atom], atom), default=furthest)


def _next_first(atoms: _Atoms, first: int, last: int, overlap_tokens: int) -> int:
    """The earliest best border from which the rest of the last piece is short enough to be repeated."""
    earliest = max(bisect_left(atoms.tokens, atoms.tokens[last] - overlap_tokens) + 1, first + 1)
    return max(range(earliest, last + 1), key=lambda atom: (atoms.ranks[atom - 1], -atom), default=last + 1)

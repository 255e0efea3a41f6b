"""Cuts a text into sections of a size that facts can be read from, at paragraphs, else sentences, else words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.texts import SENTENCE_END, SafeText, estimate_tokens
from ingest.chunking import split

# Pipelines 2.8. Sections do not overlap: their facts would be found twice. The pieces that are embedded do.
MAX_TOKENS = 1_200
# A sentence beyond this is no sentence; it is cut before it is split, which takes a list of all its words.
_LONGEST_SENTENCE = 20_000
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")


class Section(NamedTuple):
    """A piece of a text and the lines it stands on, counted from 1."""

    text: str
    line_start: int
    line_end: int


class _Piece(NamedTuple):
    """A part of a text that is not cut, and its size in tokens."""

    text: str
    tokens: int


def cut(text: str, first_line: int = 1) -> Iterator[Section]:
    """The sections of a text in order; together they are the text without blank lines at their borders."""
    held: list[str] = []
    tokens, line = 0, first_line
    for piece, size in _pieces(text):
        if held and tokens + size > MAX_TOKENS:
            yield from _section("".join(held), line)
            line += sum(part.count("\n") for part in held)
            held, tokens = [], 0
        held.append(piece)
        tokens += size
    yield from _section("".join(held), line)


def _section(text: str, line: int) -> Iterator[Section]:
    """The text between blank lines, unless nothing is left."""
    body = text.strip()
    if body:
        start = line + text[: len(text) - len(text.lstrip())].count("\n")
        yield Section(body, start, start + body.count("\n"))


def _pieces(text: str) -> Iterator[_Piece]:
    """Paragraphs with the blank lines after them; of one that is too long its sentences, of those their parts."""
    for paragraph in _between(_PARAGRAPH_END, text):
        size = estimate_tokens(paragraph)
        if size <= MAX_TOKENS:
            yield _Piece(paragraph, size)
            continue
        for sentence in _between(SENTENCE_END, paragraph):
            yield from _parts(sentence)


def _parts(sentence: str) -> Iterator[_Piece]:
    for start in range(0, len(sentence), _LONGEST_SENTENCE):
        for part in split(SafeText(sentence[start : start + _LONGEST_SENTENCE]), MAX_TOKENS, 0):
            yield _Piece(part, estimate_tokens(part))


def _between(end: re.Pattern[str], text: str) -> Iterator[str]:
    """The text in pieces, each up to where the pattern has matched."""
    start = 0
    for match in end.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]

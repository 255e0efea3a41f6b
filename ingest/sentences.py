"""Cuts a message into the sentences and clauses that may each say something, keeping where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from app.domain.texts import SENTENCE_END, SafeText
from ingest.redaction import MARKERS


class Span(NamedTuple):
    """Characters of a message: what it says from `start` to `end`."""

    start: int
    end: int
    text: str


# Words that open a message without being part of what it says.
_LEAD = re.compile(
    r"(?:(?:btw|by the way|heads[- ]?up|fyi|ps|note|notes?|update|reminder|for (?:the|your) (?:record|"
    r"records|archive|books|notes)"
    r"|quick (?:one|note|question)(?: for the \w+)?|small thing first|just so you know|"
    r"(?:and )?for context|also|anyway|and|but|so"
    r"|right|sure|well|ok(?:ay)?|yep|yes|yeah|no|hi|hello|hey|thanks|thank you|morning|"
    r"please (?:remember|note)(?: that)?"
    r"|remember(?: that)?|note that|careful|correction|sorry|oh|another (?:thing|adjustment)|"
    r"one more thing|good news|bad news)"
    r"(?:[,:.!]+|(?<=that)(?=\s))\s+)+"
    r"|(?:(?:记录?一下|记(?:一?下|着|住)|先记一下|记个案例|补充(?:一下|一点)?|提醒(?:一下|你)?|"
    r"更新(?:一下)?|说(?:一下|个情况|明)?|跟你说一声"
    r"|顺便说(?:一下|一句)?|对了|另外|还有|好的?|嗯|行|是的?|没错|哦|谢谢(?:各位|大家|你)?|你好|"
    r"帮我记(?:一下|住)?|注意)[，,：:。]\s*)+",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[；;，]|,\s+(?=(?:and |but |so )?(?:now |today |instead )?"
    r"(?:(?:the|my|our|I|we|he|she|it|they|its|his|her|their)\b|[A-Z]|"
    r"\w+ (?:is|are)\b))"
    r"|(?=\s+and\s+(?:the|my|our|I|we|he|she|it|they|[A-Z][a-z]+)\s+[\w']+\s)"
)
_JOINING = re.compile(r"\s*(?:(?:and|but|so)\b|而且|但是?|另外)?[\s,，]*", re.IGNORECASE)
_BLANKS = " \t\r\n　,，、;；:：-–—"


def split_sentences(text: SafeText) -> Iterator[Span]:
    """The sentences of a message without opening words; what only leads up to a redacted span is left out."""
    start = 0
    for end in [*(match.end() for match in SENTENCE_END.finditer(text)), len(text)]:
        yield from _without_marker(text, start, end)
        start = end


def split_clauses(sentence: Span) -> list[Span]:
    """The parts of a sentence between commas that may begin a new statement; together they are the sentence."""
    ends = [match.end() for match in _CLAUSE_END.finditer(sentence.text)]
    borders = [0, *ends, len(sentence.text)]
    return [
        Span(sentence.start + start, sentence.start + end, sentence.text[start:end])
        for start, end in pairwise(borders)
        if start < end
    ]


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without blanks, joining words and joining punctuation at its sides."""
    joining = _JOINING.match(text, start, end)
    start = joining.end() if joining else start
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(_BLANKS))
    return Span(start, max(start, end - (len(piece) - len(piece.rstrip(_BLANKS)))), piece.strip(_BLANKS))


def _without_marker(text: str, start: int, end: int) -> Iterator[Span]:
    start = max((marker.end() for marker in MARKERS.finditer(text, start, end)), default=start)
    start = trimmed(text, start, end).start
    lead = _LEAD.match(text, start, end)
    span = trimmed(text, lead.end() if lead else start, end)
    if span.text:
        yield span

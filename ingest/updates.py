"""Which of the statements that a question found tells that another one of them is over.

Ingest retires what it is sure of. Of what it was not sure, a question about the present gets the newer statement first
and the older one after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from app.domain.links import Edge, Link
from app.domain.readings import read
from app.domain.texts import has_cjk, query_terms, terms
from ingest.cues import CHANGE

# What one speaker says in one go are several facts, not several versions of one.
SHORTEST_INTERVAL = timedelta(hours=1)
# The newer statement must be about most of what the older one has of the question.
SHARED = 0.5
# Beside `CHANGE`: what is told when something new takes effect.
_NEWS = re.compile(
    r"\b(?:(?:moved|switched|changed|migrated) .{1,40} to|is out|went live|released|launched|going to come from"
    r"|from now on|update on)\b"
    r"|放宽|全量|上线|发布|发了|新版|新一[周月期]|以后"
)
# On text in lower case, which is more than twice as fast as ignoring case.
_CHANGE = re.compile(CHANGE.pattern)
# Found texts are found again; a long one is not kept.
_CACHED_TEXTS, _LONGEST_CACHED_TEXT = 4096, 1000
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'’-]+")


class Statement(msgspec.Struct, frozen=True):
    """A found text and since when it holds."""

    id: str
    text: str
    since: datetime


def find_updates(question: str, statements: Sequence[Statement]) -> list[Link]:
    """Links from statements to those that came later, tell of a change and say as much of what is asked.

    Names alone are not what is asked: much is said of one person.
    """
    asked = set(query_terms(question)) - _names(question)
    said = {one.id: asked & read(one.text).terms.keys() for one in statements}
    news = [one for one in statements if said[one.id] and _tells_change(one.text)]
    old = [one for one in statements if said[one.id]]
    return [
        Link(from_id=older.id, to_id=newer.id, edge=Edge.UPDATES)
        for newer in news
        for older in old
        if newer.since - older.since >= SHORTEST_INTERVAL
        and len(said[newer.id] & said[older.id]) >= SHARED * len(said[older.id])
    ]


def _tells_change(text: str) -> bool:
    return _remembered_change(text) if len(text) <= _LONGEST_CACHED_TEXT else _reads_change(text)


def _reads_change(text: str) -> bool:
    lowered = text.lower()
    return _CHANGE.search(lowered) is not None or _NEWS.search(lowered) is not None


_remembered_change = lru_cache(maxsize=_CACHED_TEXTS)(_reads_change)


def _names(question: str) -> set[str]:
    if has_cjk(question):
        return set()
    return {term for name in _NAME.findall(question) for term in terms(name)}

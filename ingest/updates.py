"""Which of the statements that a question found tells that another one of them is over.

Ingest retires what it is sure of. Of what it was not sure, a question about the present gets the newer statement first
and the older one after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.domain.links import Edge, Link
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
    r"|放宽|全量|上线|发布|发了|新版|新一[周月期]|以后",
    re.IGNORECASE,
)
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
    said = {one.id: asked.intersection(terms(one.text)) for one in statements}
    news = [one for one in statements if said[one.id] and (CHANGE.search(one.text) or _NEWS.search(one.text))]
    return [
        Link(from_id=older.id, to_id=newer.id, edge=Edge.UPDATES)
        for newer in news
        for older in statements
        if newer.since - older.since >= SHORTEST_INTERVAL
        and said[older.id]
        and len(said[newer.id] & said[older.id]) >= SHARED * len(said[older.id])
    ]


def _names(question: str) -> set[str]:
    if has_cjk(question):
        return set()
    return {term for name in _NAME.findall(question) for term in terms(name)}

"""Which of the statements that a question found tells that another one of them is over.

Ingest retires what it is sure of. Of what it was not sure, a question about the present gets the newer statement first
and the older one after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

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
# What changed, before what it is now. In Chinese it stands before the word that says so.
_CHANGED = re.compile(
    r"\b(?:moved|switched|changed|migrated|upgraded|replaced|shifted|raised|lowered|renamed)"
    r" (?P<what>.{1,40}?) (?:to|with|by)\b",
    re.IGNORECASE,
)
_CHINESE_CHANGE = re.compile(
    "改[到为成用由]|换[成到为]|调[到为成至]|升[到为至级]|降[到为至]|迁[到移至]|推迟到|提前到|延到"
)
_CHINESE_CLAUSE = re.compile("[^，,。；;！!]{1,20}$")
# `Android 9`, `基础库 2.30`: a word and its number.
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?![\d:])")
_LABEL = re.compile(r"(?:[A-Za-z][\w-]*|[\u4e00-\u9fff]{2}) ?$")
_LONGEST_LABEL = 20
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
    named = set(query_terms(question))
    asked = named - _names(question)
    words = {one.id: named & read(one.text).terms.keys() for one in statements}
    said = {one_id: asked & found for one_id, found in words.items()}
    told = [(one, _told(one, said[one.id], words[one.id])) for one in statements if words[one.id]]
    news = [(one, tells) for one, tells in told if said[one.id] or tells.numbers]
    return [
        Link(from_id=older.id, to_id=newer.id, edge=Edge.UPDATES, is_sure=is_sure)
        for newer, tells in news
        if tells.is_news or tells.changed or tells.numbers
        for older, before in news
        if newer.since - older.since >= SHORTEST_INTERVAL
        for shared in [said[newer.id] & said[older.id]]
        for is_sure in [bool(tells.changed & said[older.id]) or _is_other_number(before, tells)]
        if is_sure or (tells.is_news and shared and len(shared) >= SHARED * len(said[older.id]))
    ]


class _Told(NamedTuple):
    """What a statement tells: some news, what of the asked changed, and the numbers of what is asked."""

    is_news: bool
    changed: Set[str]
    numbers: dict[str, set[str]]


def _told(statement: Statement, asked: set[str], named: set[str]) -> _Told:
    """What it tells of the `asked` words that it has, and of `named`, which are names as well: Android 9."""
    changed = {term for what in _changes(statement.text) for term in asked.intersection(terms(what))}
    numbers: dict[str, set[str]] = {}
    for number in _NUMBER.finditer(statement.text):
        label = _LABEL.search(statement.text, max(number.start() - _LONGEST_LABEL, 0), number.start())
        for term in named.intersection(terms(label.group())) if label else ():
            numbers.setdefault(term, set()).add(number.group())
    is_news = bool(asked) and _tells_change(statement.text)
    return _Told(is_news, changed, numbers)


def _tells_change(text: str) -> bool:
    return _remembered_change(text) if len(text) <= _LONGEST_CACHED_TEXT else _reads_change(text)


def _reads_change(text: str) -> bool:
    lowered = text.lower()
    return _CHANGE.search(lowered) is not None or _NEWS.search(lowered) is not None


_remembered_change = lru_cache(maxsize=_CACHED_TEXTS)(_reads_change)


def _changes(text: str) -> Iterator[str]:
    yield from (match["what"] for match in _CHANGED.finditer(text))
    for word in _CHINESE_CHANGE.finditer(text) if has_cjk(text) else ():
        clause = _CHINESE_CLAUSE.search(text[: word.start()])
        yield clause.group() if clause else ""


def _is_other_number(before: _Told, now: _Told) -> bool:
    """Whether a word that is asked for has another number now: `Android 9` and `Android 10`."""
    return any(
        before.numbers[label].isdisjoint(now.numbers[label]) for label in before.numbers.keys() & now.numbers.keys()
    )


def _names(question: str) -> set[str]:
    if has_cjk(question):
        return set()
    return {term for name in _NAME.findall(question) for term in terms(name)}

"""Texts as scoring reads them: each is read once and remembered, since it is compared with question after question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import msgspec

from app.domain.answer_types import names_in
from app.domain.calibration import (
    ASKS_PENALTY,
    CJK_TERMS_PER_WORD,
    SHORTEST_TERMS,
    SHORTNESS_PENALTY,
    USUAL_TERMS,
)
from app.domain.texts import cjk_characters, is_mostly_cjk, terms

# Some 2 kB for an English turn, 20 kB for a Chinese one.
_CACHED_TEXTS = 2048
_LONGEST_CACHED_TEXT = 1000

_DIGIT = re.compile(r"\d")
_TIMES = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december yesterday today tomorrow tonight ago week weekend month year night noon midnight spring
    summer autumn fall winter
    昨天 今天 明天 后天 前天 上周 下周 本周 这周 周末 星期 礼拜 个月 去年 今年 明年 前年 周日"""
_COUNTED_TIMES = {number + unit for number in "一二三四五六七八九十两" for unit in "点月号日年天"}
_WEEKDAYS = {"周" + number for number in "一二三四五六"}
_TIME_TERMS = frozenset(terms(_TIMES)) | _COUNTED_TIMES | _WEEKDAYS


class Reading(msgspec.Struct, frozen=True):
    """What scoring needs to know of a text; `terms` says how often each occurs."""

    text: str
    terms: dict[str, int]
    # With the single characters of a text with CJK: they find what was said in other words.
    counts: dict[str, int]
    is_cjk: bool
    # In words, whatever the script.
    length: float
    has_time: bool
    # Of an English text what it names; see `answer_types`.
    names: frozenset[str]
    # What makes a text less likely the answer to any question, in log-odds: that it is short, or asks.
    penalty: float


def read(text: str) -> Reading:
    """A text read, remembered unless it is long."""
    return _remembered(text) if len(text) <= _LONGEST_CACHED_TEXT else _read(text)


def read_turn(speaker: str, text: str) -> Reading:
    """What somebody said, with the name, which is part of it as names in questions are (`embedding_text`)."""
    if not speaker:
        return read(text)
    name, said = read(speaker), read(text)
    has_time = name.has_time or said.has_time
    is_plain = name.counts is name.terms and said.counts is said.terms
    found = _sum(name.terms, said.terms)
    counts = found if is_plain else _sum(name.counts, said.counts)
    return _reading(f"{speaker}: {text}", found, counts, has_time=has_time, names=said.names)


def _read(text: str) -> Reading:
    found = _count(terms(text))
    characters = cjk_characters(text)
    counts = _sum(found, _count(characters)) if characters else found
    has_time = _DIGIT.search(text) is not None or not _TIME_TERMS.isdisjoint(counts)
    return _reading(text, found, counts, has_time=has_time, names=names_in(text))


_remembered: Callable[[str], Reading] = lru_cache(maxsize=_CACHED_TEXTS)(_read)


def _reading(
    text: str, found: dict[str, int], counts: dict[str, int], *, has_time: bool, names: frozenset[str]
) -> Reading:
    is_cjk = counts is not found and is_mostly_cjk(text)
    size = sum(found.values())
    length = size / CJK_TERMS_PER_WORD if is_cjk else size
    shortness = max(math.log(USUAL_TERMS / max(length, SHORTEST_TERMS)), 0.0)
    penalty = SHORTNESS_PENALTY * shortness + ASKS_PENALTY * text.rstrip().endswith(("?", "？"))
    return Reading(text, found, counts, is_cjk, length, has_time, names, penalty)


def _count(words: Iterable[str]) -> dict[str, int]:
    # A plain dict: a Counter takes as long to make as it takes to fill it.
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    counts = dict(second)
    for word, count in first.items():
        counts[word] = counts.get(word, 0) + count
    return counts

"""How sure a search must be before it answers: surer when no text found says what the question asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.asking import Asked, is_said, read_question, said_words
from app.domain.calibration import logistic
from app.domain.texts import terms

# Below this a search always abstains (pipelines 4.4).
ABSTAIN_BELOW = 0.35
# What has all that is asked for may be found by meaning alone.
_ABSTAIN_BELOW_COMPLETE = ABSTAIN_BELOW / 2
# A logistic regression over the questions of the scenarios and, for a twentieth each, the answerable ones of LoCoMo:
# log-odds of having no answer. Cross-validated by scenario: abstain F1 0.75 (English 0.73, Chinese 0.77), 4 % of
# LoCoMo's answerable questions refused, 2 % of those whose answer is among the first three.
_NOTHING_MISSING = -2.0
_PER_RELEVANCE = -0.5
_WORDS_MISSING = 1.2
_KIND_MISSING = 2.65
_NO_NUMBER = 2.65
_NAMED_SLOT = -0.5
# From here on most words are missing.
_MOST = 0.57
# What a question asks for should stand in one of the best; what stands only in one of the next is missing by half.
_BEST, LOOKED_AT = 5, 12

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old|often|far|big|fast)\b|\bwhat (?:time|percentage|number)\b"
    r"|多少|几[个次岁点天年月条页桌]|多大|多久|多长|多高",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|hour|day|week)s?\b|[一二三四五六七八九十百千万两半]",
    re.IGNORECASE,
)
_ASKS_DURATION = re.compile(r"\bhow long\b", re.IGNORECASE)
_DURATION = re.compile(
    r"\b(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|half|several|few)\b[ -](?:\w+ )?"
    r"(?:second|min|minute|hour|day|week|month|year)s?\b|\bsince\b|\bovernight\b|\bfrom \d.* to \d",
    re.IGNORECASE,
)


def required_relevance(question: str, texts: Sequence[str], *, has_slot: bool = False) -> float:
    """The relevance in [0,1] that the best result needs for an answer; `texts` are what was found, best first.

    `has_slot` says that the best one is the value of an attribute that the question names; it need not say so again.
    """
    asked = read_question(question)
    near, everywhere = said_words(texts[:_BEST]), said_words(texts[:LOOKED_AT])
    lacks_words = _missing_share(asked, near, everywhere) >= _MOST
    kind_missing = _share([not is_said(word, near) for word in asked.kind])
    line = _NOTHING_MISSING + _NAMED_SLOT * has_slot + _WORDS_MISSING * lacks_words + _KIND_MISSING * kind_missing
    line += _NO_NUMBER * _lacks_number(question, texts)
    is_complete = bool(terms(question)) and not lacks_words and not kind_missing
    return max(_ABSTAIN_BELOW_COMPLETE if is_complete else ABSTAIN_BELOW, logistic(line / -_PER_RELEVANCE))


def _missing_share(asked: Asked, near: frozenset[str], everywhere: frozenset[str]) -> float:
    """Which share of the telling words is missing; names do not count as said, since much is said of one person."""
    missing: list[float] = []
    for word in asked.words:
        if word in asked.names:
            missing += [] if is_said(word, everywhere) else [1.0]
        else:
            missing.append(0.0 if is_said(word, near) else 0.5 if is_said(word, everywhere) else 1.0)
    return _share(missing)


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _lacks_number(question: str, texts: Sequence[str]) -> bool:
    if not texts:
        return False
    if _ASKS_DURATION.search(question) and not any(_DURATION.search(text) for text in texts[:3]):
        return True
    return _ASKS_NUMBER.search(question) is not None and not _tells_number(question, texts[0])


def _tells_number(question: str, text: str) -> bool:
    asked = set(_NUMBER.findall(question))
    return any(number not in asked for number in _NUMBER.findall(text)) or _NUMBER_WORD.search(text) is not None

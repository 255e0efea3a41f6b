"""How sure a search must be before it answers: surer when no text found says what the question asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from app.domain.calibration import logistic
from app.domain.readings import read
from app.domain.texts import has_cjk, query_terms, terms

# Below this a search always abstains (pipelines 4.4).
ABSTAIN_BELOW = 0.35
# Log-odds. Weights of a logistic regression over the scenarios' questions, cross-validated by scenario; the first is
# lower than fitted (0.1), since that would refuse every third paraphrase without a word of the text.
_WITHOUT_WORDS = -0.45
_WORDS = 2.4
_WITHOUT_NUMBER = 1.9
# As in ranking: as if so many texts more had been found that do not contain a word.
_IMAGINED_TEXTS = 10

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old|often|far|big|fast)\b|\bwhat (?:time|percentage|number)\b"
    r"|多少|几[个次岁点天年月条页桌]|多大|多久|多长|多高",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|hour|day|week)s?\b|[一二三四五六七八九十百千两半]",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)\b[A-Z][\w'’-]+")


def required_relevance(question: str, texts: Sequence[str]) -> float:
    """The relevance in [0,1] that the best result needs for an answer; `texts` are all that was found, best first.

    Names do not count as asked: everything that is said of somebody has his name.
    """
    line = _WITHOUT_WORDS - _WORDS * _share_of_words(question, texts)
    if _ASKS_NUMBER.search(question) and texts and not _tells_number(question, texts[0]):
        line += _WITHOUT_NUMBER
    return max(ABSTAIN_BELOW, logistic(line))


def _share_of_words(question: str, texts: Sequence[str]) -> float:
    """Which share of the question's information occurs anywhere."""
    asked = [term for term in query_terms(question) if term not in _names(question)]
    if not asked:
        return 1.0
    found = [read(text).terms for text in texts]
    containing = {term: sum(term in one for one in found) for term in asked}
    information = {
        term: math.log1p((len(texts) + _IMAGINED_TEXTS - count + 0.5) / (count + 0.5))
        for term, count in containing.items()
    }
    return sum(information[term] for term in asked if containing[term]) / sum(information.values())


def _names(question: str) -> set[str]:
    if has_cjk(question):
        return set()
    return {term for name in _NAME.findall(question) for term in terms(name)}


def _tells_number(question: str, text: str) -> bool:
    asked = set(_NUMBER.findall(question))
    return any(number not in asked for number in _NUMBER.findall(text)) or _NUMBER_WORD.search(text) is not None

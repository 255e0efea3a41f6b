"""What kind of answer a question wants, a time or a name, and what an English text names.

The expected answer type of question answering (Li and Roth 2002, Learning Question Classifiers), as far as a few words
tell it. Chinese has no capital letters, so whether a Chinese text names something is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ASKS_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:date|day|time|week|month|year)\b|\bhow long\b"
    r"|什么时候|何时|几点|几号|几月|哪天|哪年|哪一天|哪一年|哪个月|多久|日期",
    re.IGNORECASE,
)

# What has a name of its own, in the singular; `@` stands for a plural that ends otherwise.
_NAMED = """
    person friend colleague doctor teacher artist musician singer actor actress author writer director painter poet
    band team club group compan@ employer organization organisation charit@ universit@ college school
    cit@ countr@ state town village place location street island beach river lake mountain park museum restaurant cafe
    café bar hotel shop store airline book novel movie film song album show series game play opera podcast magazine
    paper title festival concert conference event holiday brand model product service app platform website tool language
    framework librar@ database cloud vendor provider console breed"""
_NAMED_KINDS = "|".join(
    kind[:-1] + "(?:y|ies)" if kind.endswith("@") else f"{kind}(?:e?s)?" for kind in [*_NAMED.split(), "people"]
)
_ASKS_NAME = re.compile(
    r"^\W*(?:(?:and|so|in|at|for|from|to|on|by|with|about)\s+)?(?:who(?:m|se)?\b|where\b"
    r"|(?:what|which)\b(?:.*\b(?:names?|named|called|titles?)\b"
    rf"|\s+(?!(?:kind|sort|type)s?\b)(?:[\w-]+\s+){{0,2}}?(?:{_NAMED_KINDS})\b))",
    re.IGNORECASE,
)

# A capital letter within a sentence. At its beginning it says nothing, unless the first word of a text does something:
# `Lena leads …`, `Lena and Kai …`, and not `Painting helps me`.
_NAME = re.compile(
    r"(?<=[\w,;'’\"”)&–-] )[\"“‘'(]?(?P<within>[A-ZÀ-ÖØ-Þ][\w'’-]{2,})"
    r"|(?:^|(?<=: ))[\"“]?(?P<first>[A-ZÀ-ÖØ-Þ](?![\w-]*ing\b)[\w-]{2,})"
    r"(?= (?:(?:is|was|has|had|will|can|[a-z]{3,}s)\b|and [A-ZÀ-ÖØ-Þ]))"
)
_NO_NAMES = frozenset(
    """
    i'm i've i'll i'd it she they you this that these those there here what who which when where why how the my your our
    his her its their everything something nothing anything everyone someone nobody everybody one some all most many
    each both just
    """.split()  # noqa: SIM905 - as a list it would be one word a line
)
_WORD = re.compile(r"[\w-]+")
_ENDING = re.compile(r"['’]s$")


def asks_time(question: str) -> bool:
    """Whether it wants to know when or how long."""
    return _ASKS_TIME.search(question) is not None


def asks_name(question: str) -> bool:
    """Whether it wants to know who, where, what somebody or something is called, or which of what has names."""
    return _ASKS_NAME.search(question) is not None


def names_in(text: str) -> frozenset[str]:
    """The words in small letters that an English text has as names, or as parts of them."""
    found = (match["within"] or match["first"] for match in _NAME.finditer(text))
    return frozenset(_ENDING.sub("", name).casefold() for name in found) - _NO_NAMES


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts as `names_in` has them: names that are among them are no news."""
    return frozenset(word.casefold() for text in texts for word in _WORD.findall(text))

"""What a question asks for: which registered attributes, and of what or whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from app.domain.periods import Period
from app.domain.texts import has_cjk
from ingest.attributes import SYNONYMS
from ingest.dates import find_dates, find_months
from ingest.linking import USER, subject_key

# Longer questions name what they ask about within these.
MAX_QUESTION_CHARS = 200
MAX_WORDS_OF_NAME = 4
MAX_CHARACTERS_OF_NAME = 8
# Enough for every name in a usual question; what a longer text adds is seldom a name.
MAX_NAMES = 120

_WORD = re.compile(r"[^\W_][\w'’.+#-]*")
_POSSESSIVE = re.compile(r"['’]s?$")
_HAN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_YEAR = re.compile(r"(?:19|20)\d\d|[去今明前后]年")
_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself)\b|我(?!们)|咱", re.IGNORECASE)
# Ways to ask for an attribute without its name.
_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(pattern, re.IGNORECASE))
    for attribute, pattern in (
        ("residence", r"\b(?:live|lives|living|reside|resides|based|home|settled?)\b|住|生活|定居|在哪[个座]?城市"),
        ("employer", r"\b(?:work|works|working|employed)\b(?! (?:from|on)\b)|上班|就职|任职|哪家公司|在哪工作"),
        ("workplace", r"\b(?:sit|sits|work from|works from|desk)\b|在哪[个间]?办公|坐在?哪|几楼"),
        ("role", r"\bdo(?:es)? .{1,30} do\b|\bfor a living\b|做什么工作|是做什么的"),
        ("age", r"\bhow old\b|多大|几岁"),
        ("birthday", r"\b(?:was|were) .{1,40}\bborn\b|出生"),
        ("birthplace", r"\bwhere .{1,40}\bborn\b|哪里人|在哪出生"),
        ("owner", r"\b(?:owns?|responsible|maintains?|in charge|on call|runs?)\b|负责|维护|归谁|当班|值班|谁值"),
        ("phone", r"\b(?:call|dial|ring)\b|怎么联系|打什么电话"),
        ("allergy", r"\ballerg(?:y|ic|ies)\b|过敏"),
        ("price", r"\bhow much\b|\b(?:charges?|costs?)\b|多少钱|每公斤"),
        ("likes", r"\b(?:likes?|loves?|favou?rite|enjoys?)\b|喜欢|爱[吃喝看]"),
        ("prefers", r"\bprefers?\b|偏好|习惯"),
        ("deadline", r"\bdue\b|截止"),
        ("date", r"\b(?:when|which day|what day|what date)\b|哪天|几号|什么时候|何时|哪一天"),
        ("schedule", r"\bwhat time\b|\bwhen do(?:es)?\b|几点"),
        ("version", r"\bwhich (?:release|version)\b|哪个版本"),
        ("framework", r"\bbuilt (?:with|on)\b|用什么(?:框架|打包|写)"),
        ("license", r"\blicen[cs]ed?\b|什么(?:许可|协议)"),
        ("title", r"\bcalled\b|\btitled?\b|叫什么|名字"),
        ("name", r"\bcalled\b|叫什么"),
    )
)
# How agents call whom they ask for. Where it is a thing of theirs, as in `the user table`, it is left alone.
_THING = (
    r"(?! (?:accounts?|agents?|base|class|data|endpoints?|entity|experience|fields?|groups?|guide|ids?|inputs?"
    r"|interface|list|login|manual|menu|models?|modules?|names?|objects?|pages?|panel|permissions?|profiles?|records?|requests?"
    r"|roles?|schema|services?|sessions?|settings?|stor(?:y|ies|e)|tables?|tests?|tokens?)\b)"
)
_FIRST_PERSON_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), form)
    for pattern, form in (
        (rf"\b(?:the |my )user['’]s\b{_THING}", "my"),
        (rf"\bis the user\b{_THING}", "am I"),
        (rf"\b(do|did|was|have)(?:es)? the user\b{_THING}", r"\1 I"),
        (rf"\bhas the user\b{_THING}", "have I"),
        (
            "(?:(?<![\u4e00-\u9fff])|(?<=请问))(?:这个)?用户(?=[的在住叫是有喜爱想要会能去来做吃喝说对从最学怎几多哪什平现每])",
            "我",
        ),
    )
)
_NOUNS = sorted((noun for noun in SYNONYMS if not noun.isascii()), key=len, reverse=True)


class Asked(msgspec.Struct, frozen=True):
    """The attributes that a question may ask for, and every name that it may mean, normalised as subjects are.

    `of_asker` says whether it asks about the one who asks.
    """

    attributes: list[str]
    subjects: list[str]
    of_asker: bool


def in_first_person(query: str) -> str:
    """A question about the user as he would ask it himself, since his memories are kept in his own words."""
    if len(query) > MAX_QUESTION_CHARS:
        return query
    for pattern, form in _FIRST_PERSON_FORMS:
        query = pattern.sub(form, query)
    return query


def parse_question(query: str) -> Asked:
    """What a question of any length asks for; without an attribute it names nothing either."""
    text = query[:MAX_QUESTION_CHARS]
    attributes = list(dict.fromkeys(_attributes(text)))
    if not attributes:
        return Asked([], [], of_asker=False)
    of_asker = _FIRST_PERSON.search(text) is not None
    names = dict.fromkeys(subject_key(name) for name in _names(text))
    subjects = [*([USER] if of_asker else []), *(name for name in names if name != USER)]
    return Asked(attributes, subjects[:MAX_NAMES], of_asker)


def find_periods(query: str, now: datetime) -> list[Period]:
    """The times that a question names; a day or month without a year is meant of every year."""
    text = query[:MAX_QUESTION_CHARS]
    spans = [*find_dates(text, now), *find_months(text, now)]
    return [
        Period(span.first, span.after, is_yearly=not span.is_relative and not _YEAR.search(text[span.start : span.end]))
        for span in spans
    ]


def _attributes(text: str) -> Iterator[str]:
    for attribute, pattern in _PHRASES:
        if pattern.search(text):
            yield attribute
    words = [_POSSESSIVE.sub("", word.casefold()) for word in _WORD.findall(text)]
    for name in _grams(words):
        if name in SYNONYMS:
            yield SYNONYMS[name]
    yield from (SYNONYMS[noun] for noun in _NOUNS if noun in text)


def _names(text: str) -> Iterator[str]:
    """All runs of words that may be a name: the longest first, since what is cut off is the least likely one."""
    if not has_cjk(text):
        yield from _grams([_POSSESSIVE.sub("", word) for word in _WORD.findall(text)])
        return
    for length in range(MAX_CHARACTERS_OF_NAME, 1, -1):
        for run in _HAN.findall(text):
            yield from (run[start : start + length] for start in range(len(run) - length + 1))


def _grams(words: list[str]) -> Iterator[str]:
    for length in range(MAX_WORDS_OF_NAME, 0, -1):
        yield from (" ".join(words[start : start + length]) for start in range(len(words) - length + 1))

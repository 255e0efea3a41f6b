"""Drops what no memory can come from: messages that as a whole only greet, agree, ping, refuse, ask or chat."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from app.domain.texts import SafeText
from ingest.machine_talk import DIAGNOSTIC, HEARTBEAT, META, REFUSAL, SEARCHED
from ingest.mentions import find_mentions
from ingest.plain_words import ACK_WORDS, DIAGNOSTIC_WORDS, GREETING_WORDS, HEARTBEAT_WORDS, SMALLTALK_WORDS
from ingest.pleasantries import ACK, AMUSED, GREETING, PASSING, SMALLTALK

# Pipelines 2.4: a family with an open slot ("thanks for …") judges short texts without name, number or code.
_LONGEST_OPEN = 60
# What takes longer to say is not small talk; also the limit on what a pattern has to search.
_LONGEST = 160
_CACHED_TEXTS = 2048
_SPECIFIC = re.compile(
    r"\d|[`_/=<>{}\\@#]|(?<=[a-z,;:] )(?!I\b)[A-Z][\w-]*|\b[A-Z]{2,}\b|\b[a-z]+[A-Z]|[《「『“]|(?<!\w)[\"']\w"
)
# An agent that knows nothing speaks of its own notes; who speaks of another thing of theirs says something.
_OWN = re.compile(
    r"\bno (?:\w+ )?(?:of|about) (?:my|our) (?!memory|notes|records|side)|\b(?:my|our) (?:job|work|break|name)\b"
)
_SENTENCE = re.compile(r"[^.!?。！？；;…\n]+[.!?。！？；;…\n]*")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\u200d\ufe0f]|(?<!\\w)[:;=]-?[)(dpo](?!\\w)|\\^_*\\^"
)
_ASSERTING = re.compile(
    r"\b(?:i|my|we|our|is called|should|must|always|never|prefer|because|fixed|use[sd]?|deadline|decided)\b|"
    "我|咱|叫|改|换|用|负责|决定|过敏|喜欢|搬|记得|必须|不要"
)

# Days and times in words; digits are specific anyway.
_WHEN = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|april|june|july|august|september|october"
    r"|november|december|tomorrow|yesterday|next week|last week)\b|周[一二三四五六日末天]|星期|礼拜|[上下]个?[周月]"
    "|明[天早晚年]|昨[天晚]|后天|[一二三四五六七八九十两]+[点月号年天个]|月[初底中]|年[初底]"
)

# A family anchored on the whole message in closed words judges any message.
_CLOSED = {
    "greeting": GREETING,
    "ack": ACK,
    "heartbeat": HEARTBEAT,
    "diagnostic": DIAGNOSTIC,
    "refusal": SEARCHED,
    "meta": META,
    "smalltalk": SMALLTALK,
}
_OPEN = {"refusal": REFUSAL, "ack": PASSING}
_CLOSED_WORDS = {"heartbeat": HEARTBEAT_WORDS, "diagnostic": DIAGNOSTIC_WORDS}
_OPEN_WORDS = {"greeting": GREETING_WORDS, "ack": ACK_WORDS, "smalltalk": SMALLTALK_WORDS}


def noise_family(text: SafeText) -> str | None:
    """Which of the seven families the message belongs to; None when something in it may be worth remembering.

    Also a message of several sentences, when each of them is noise: the family is that of the first.
    """
    return None if len(text) > _LONGEST else _remembered_family(text)


def _whole_family(text: str) -> str | None:
    if family := _family(text):
        return family
    families = [_family(sentence) for sentence in _SENTENCE.findall(text)]
    return families[0] if len(families) > 1 and all(families) else None


# A message is judged when it is stored, and again with each question that finds it.
_remembered_family = lru_cache(maxsize=_CACHED_TEXTS)(_whole_family)


def is_anchored(text: SafeText) -> bool:
    """Whether a text is long or has a name, number, date or code in it: then only a whole pattern may call it noise."""
    if len(text) > _LONGEST_OPEN or _SPECIFIC.search(text) or _WHEN.search(text.casefold()):
        return True
    return any(mention.type != "concept" or not text.startswith(mention.name) for mention in find_mentions(text))


def opening_name(text: SafeText) -> str:
    """The word a text begins with when it may be a name, as it is capitalised and none of the usual first words."""
    names = (mention.name for mention in find_mentions(text) if text.startswith(mention.name))
    return next(names, "").partition(" ")[0]


def is_asserting(text: SafeText) -> bool:
    """Whether a text says something of its speaker, or that something is or has to be so."""
    return bool(_ASSERTING.search(text.casefold()))


def _family(text: str) -> str | None:
    folded = _folded(text)
    if not re.search(r"\w", folded):
        return "ack"
    closed = (name for name, pattern in _CLOSED.items() if pattern.fullmatch(folded))
    plain = (name for name, words in _CLOSED_WORDS.items() if words.covers(folded))
    return next(closed, None) or next(plain, None) or _open_family(text, folded)


def _open_family(text: str, folded: str) -> str | None:
    if len(text) > _LONGEST_OPEN or _SPECIFIC.search(text) or _OWN.search(folded):
        return None
    if AMUSED.fullmatch(folded) and not _ASSERTING.search(folded):
        return "smalltalk"
    phrased = (name for name, pattern in _OPEN.items() if pattern.fullmatch(folded))
    plain = (name for name, words in _OPEN_WORDS.items() if words.covers(folded))
    return next(phrased, None) or next(plain, None)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(_EMOJI.sub(" ", plain).split())

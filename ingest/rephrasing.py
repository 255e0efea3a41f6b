"""Says a clause in the plain forms that the readings know: of a change only what is so now, of a relative his name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.texts import has_cjk
from ingest.mentions import find_mentions

_MOVED = (
    "(?:changed|moved|relocated|shifted|switched|migrated|transferred|raised|lowered|increased|reduced|cut|bumped"
    "|extended|upgraded|updated|downgraded|postponed|delayed|rescheduled|pushed|brought|renamed|rebranded|promoted|converted)"
)
_WAY = "(?: (?:back|forward|over|up|down|away|house|home))?"
_OWNED = r"(?:my|our|the|his|her|their|this|[A-Z][\w-]*['’]s)"
_NAMES = re.compile(
    r"^(?:my|our|his|her) (?:wife|husband|partner|girlfriend|boyfriend|sister|brother|son|daughter|mother|father|mum"
    r"|mom|dad|boss|manager|colleague|friend|flatmate|neighbou?r|cousin|aunt|uncle) (?P<name>(?-i:[A-Z])[\w-]+)(?= )",
    re.IGNORECASE,
)
# `We raised the limit from 3 to 5`, `The limit was raised to 5`: what changed is the subject of what it is now.
_CHANGED = re.compile(
    rf"^(?:(?:I|we|they|he|she|the team|(?-i:[A-Z])\w+)(?:['’]ve| have| has| had)? (?:just |now |finally |recently )?"
    rf"(?P<verb>{_MOVED}) (?P<thing>{_OWNED} [^,;]{{1,60}}?)"
    rf"|(?P<it>(?:{_OWNED} )?[^,;]{{1,60}}?) (?:was|were|is|are|got|(?:has|have) been)(?: just| now)?"
    rf" (?P<did>{_MOVED}))"
    rf"{_WAY}(?: from [^,;]{{1,40}}?)?{_WAY} to (?P<value>.+)$",
    re.IGNORECASE,
)
_ORIGIN = re.compile(
    rf"\b(?P<verb>{_MOVED}{_WAY}) from [^,;]{{1,40}}?(?P<way>{_WAY} to )"
    rf"|\b(?P<new>{_MOVED}{_WAY} to [^,;]{{1,40}}?) from [^,;]+",
    re.IGNORECASE,
)
_RAISED = re.compile(
    r"\b(?:upgraded|updated|downgraded)\b.* to (?P<name>(?-i:[A-Z])[\w+#.-]*) (?P<number>v?\d[\w.]*)", re.IGNORECASE
)
_GIVEN_UP = re.compile(
    r"\b(?:don['’]?t|doesn['’]?t|do not|does not) (?P<rest>.+? any ?(?:more|longer)\b)", re.IGNORECASE
)
_RELEASE = re.compile(r"upgraded|updated|downgraded|bumped|migrated", re.IGNORECASE)
_RENAMED = re.compile("renamed|rebranded", re.IGNORECASE)
# A day of a month, then a day of the week or a time.
_DAY = re.compile(
    r"(?:the )?(?:\d{1,2}(?:st|nd|rd|th)? (?:of )?)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|\d{4}-\d\d",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:\w+ )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\d{1,2}(?:[:.]\d\d\b| ?[ap]\.?m\b)|noon\b", re.IGNORECASE
)
_CHINESE_VERB = "(?:改|换|调|挪|升级|升|降|涨|搬|迁移?|切换?|转|推迟|提前|延期?|延长|跳槽)"
_CHINESE_ORIGIN = re.compile(f"从(?!没|未|不|来)[^，,。；;]{{1,20}}?(?={_CHINESE_VERB}[到成为至去回])")
_FROM = re.compile(rf"\b{_MOVED}\b.* from (?:the )?$", re.IGNORECASE)
_TO = re.compile(r"\s*to\b", re.IGNORECASE)
_CHINESE_TO = re.compile(f"{_CHINESE_VERB}[到成为至]")
_CHINESE_OBJECT = re.compile(
    rf"^(?P<who>[^，,。；;]{{0,6}}?)把(?P<thing>[^，,。；;]{{1,14}}?)(?P<verb>{_CHINESE_VERB}(?P<to>[到成为至]))(?P<value>了?[^，,。；;]+)"
)


def plain_forms(clause: str) -> Iterator[str]:
    """The clause said in plainer ways, the plainest first, and as it is."""
    forms = _chinese_forms(clause) if has_cjk(clause) else _english_forms(clause)
    yield from (form for form in dict.fromkeys(forms) if form != clause)
    yield clause


def is_former_day(before: str, after: str) -> bool:
    """Whether the day between these is the one that something was moved from."""
    is_english = _FROM.search(before) is not None and _TO.match(after) is not None
    return is_english or (before.endswith("从") and _CHINESE_TO.match(after) is not None)


def _chinese_forms(clause: str) -> Iterator[str]:
    text = _CHINESE_ORIGIN.sub("", clause)
    if match := _CHINESE_OBJECT.match(text):
        whose = (
            "我的"
            if match["who"].startswith("我") and not match["who"].startswith("我们") and match["to"] == "成"
            else ""
        )
        yield f"{whose}{match['thing']}{match['verb']}{match['value']}"
    yield text


def _english_forms(clause: str) -> Iterator[str]:
    text = _GIVEN_UP.sub(lambda match: f"no longer {match['rest']}", _NAMES.sub(lambda match: match["name"], clause))
    if match := _CHANGED.match(text):
        yield _outcome(match)
    if match := _RAISED.search(text):
        yield f"{match['name']} is on {match['number']}"
    # Who moves from one tool to another one lives where he did.
    if not any(mention.type == "tool" for match in _ORIGIN.finditer(text) for mention in find_mentions(match.group())):
        yield _ORIGIN.sub(lambda match: match["new"] or match["verb"] + match["way"], text)


def _outcome(match: re.Match[str]) -> str:
    """`The retro is on 11 December` for `We moved the retro to 11 December`."""
    thing, value, verb = match["thing"] or match["it"], match["value"], match["verb"] or match["did"]
    if _DAY.match(value):
        return f"{thing} is on {value}"
    if _TIME.match(value):
        return f"{thing} starts at {value}"
    is_release = _RELEASE.fullmatch(verb) and re.search(r"\d", value)
    return f"{thing} is {'called ' if _RENAMED.fullmatch(verb) else 'on ' if is_release else ''}{value}"

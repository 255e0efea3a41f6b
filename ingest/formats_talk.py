"""Plain text: conversations written as lines that begin with who speaks, and texts in paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from app.domain.imports import Item, ItemKind
from ingest.formats_times import parse_time
from ingest.sections import cut

_USERS = "user|human|me|you|客户|用户|我|人类"
_ASSISTANTS = "assistant|ai|bot|model|claude|chatgpt|gpt(?:-[\\w.]+)?|gemini|copilot|助手|助理|机器人|人工智能|客服"
_OTHERS = "system|tool|function|系统|工具"
# A time in brackets or before a blank, a name of up to four words, a colon of either width.
_LINE = re.compile(
    r"[ \t]*(?:[*_#>]{1,3}[ \t]*)?(?:[\[(（【](?P<time>[^\])）】\n]{4,40})[\])）】][ \t]*)?"
    r"(?P<name>[^\W\d_][\w.’'-]*(?: [\w.’'()-]+){0,3})"
    r"(?:[ \t]*[(（](?P<after>[\d:/. TZ+-]{4,40})[)）])?[*_]{0,2}[ \t]*[:：][*_]{0,2}[ \t]*(?P<text>.*)"
)
_ROLES = {
    "user": re.compile(_USERS, re.IGNORECASE),
    "assistant": re.compile(_ASSISTANTS, re.IGNORECASE),
    "system": re.compile(_OTHERS, re.IGNORECASE),
}
# The contract's (7.1): three lines with a role make a conversation.
_FEWEST_ROLES = 3
# Names are believed when they are few and come again; `Note:` and `URL:` in notes do neither.
_FEWEST_TURNS, _MOST_NAMES = 4, 8


class Turn(NamedTuple):
    """What somebody says, up to the next one; lines from 1 on."""

    name: str
    said_at: datetime | None
    text: str
    line_start: int
    line_end: int


def is_talk(text: str) -> bool:
    """Whether lines of a text begin with who speaks: three roles, or a few names of which each comes again."""
    names = Counter(match["name"] for line in text.split("\n") if (match := _LINE.match(line)))
    roles = sum(count for name, count in names.items() if role_of(name))
    if roles >= _FEWEST_ROLES and len([name for name in names if role_of(name)]) > 1:
        return True
    first = _LINE.match(text.lstrip().partition("\n")[0])
    is_chorus = 1 < len(names) <= _MOST_NAMES and names.total() >= _FEWEST_TURNS and min(names.values()) > 1
    return first is not None and is_chorus and 2 * names.total() >= sum(bool(line.strip()) for line in text.split("\n"))


def role_of(name: str) -> str:
    """The role that a word at the head of a line means, '' for a name."""
    return next((role for role, words in _ROLES.items() if words.fullmatch(name.strip())), "")


def parse_talk(text: str) -> list[Item]:
    """The turns as messages: roles as they are called, others as users with a name; without what instructs a model."""
    names = {turn.name for turn in _turns(text)}
    has_roles = any(map(role_of, names))
    return [_item(turn) for turn in _turns(text, only_roles=has_roles) if role_of(turn.name) != "system"]


def _item(turn: Turn) -> Item:
    role = role_of(turn.name)
    item = Item(text=turn.text, said_at=turn.said_at, line_start=turn.line_start, line_end=turn.line_end)
    if not turn.name:
        return item
    speaker = "" if role else turn.name
    return msgspec.structs.replace(item, kind=ItemKind.MESSAGE, role=role or "user", speaker=speaker)


def _turns(text: str, *, only_roles: bool = False) -> Iterator[Turn]:
    """What is said in order; a line without a name goes on with the turn before it, the first lines are nobody's.

    With `only_roles` names are text: in a talk of user and assistant `Note: …` opens no turn.
    """
    name, said_at, start = "", None, 1
    held: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = _LINE.match(line)
        if match is None or (only_roles and not role_of(match["name"])):
            held.append(line)
            continue
        yield from _turn(name, said_at, held, start)
        name, said_at, start = match["name"], parse_time(match["time"] or match["after"]), number
        held = [match["text"]]
    yield from _turn(name, said_at, held, start)


def _turn(name: str, said_at: datetime | None, held: list[str], start: int) -> Iterator[Turn]:
    text = "\n".join(held).strip()
    if text:
        yield Turn(name, said_at, text, start, start + text.count("\n"))


def parse_plain(text: str) -> list[Item]:
    """A text without structure as sections of whole paragraphs."""
    return [Item(text=part.text, line_start=part.line_start, line_end=part.line_end) for part in cut(text)]

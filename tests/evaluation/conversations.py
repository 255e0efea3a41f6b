"""LoCoMo conversations as they lie in their file: sessions of turns, and questions with the turns that answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
_SESSION = re.compile(r"session_(\d+)$")
# A few ids are malformed, such as `D:11:26`, or several in one string.
_TURN_ID = re.compile(r"D:?(\d+):(\d+)")


class Turn(msgspec.Struct, frozen=True):
    """One thing said; `id` is `session:number`."""

    id: str
    speaker: str
    content: str
    said_at: datetime


class Question(msgspec.Struct, frozen=True):
    """A question and the ids of the turns that hold its answer."""

    text: str
    category: int
    gold: frozenset[str]


class Conversation(msgspec.Struct, frozen=True):
    """A conversation by session, and the questions about it that name at least one turn."""

    name: str
    sessions: dict[str, list[Turn]]
    questions: list[Question]

    @property
    def turns(self) -> list[Turn]:
        """All turns in order."""
        return [turn for session in self.sessions.values() for turn in session]


def read(path: Path) -> list[Conversation]:
    """The conversations of a LoCoMo file."""
    return [_conversation(entry) for entry in msgspec.json.decode(path.read_bytes())]


def choose(known: list[Conversation], wanted: str) -> list[Conversation]:
    """Those that a list such as `0,1` names, else all. Raises BadParameter for a place that is not there."""
    places = [part.strip() for part in wanted.split(",") if part.strip()]
    if any(not place.isdecimal() or int(place) >= len(known) for place in places):
        raise click.BadParameter(f"the file has conversations 0 to {len(known) - 1}", param_hint="--conversations")
    return [known[int(place)] for place in places] or known


def _conversation(entry: dict[str, Any]) -> Conversation:
    sessions = dict(_sessions(entry["conversation"]))
    known = {turn.id for session in sessions.values() for turn in session}
    asked = [_question(row, known) for row in entry["qa"] if row["category"] in CATEGORIES]
    return Conversation(entry["sample_id"], sessions, [question for question in asked if question.gold])


def _sessions(conversation: dict[str, Any]) -> Iterator[tuple[str, list[Turn]]]:
    numbers = sorted(int(found[1]) for key in conversation if (found := _SESSION.match(key)))
    for number in numbers:
        began = parse_time(conversation[f"session_{number}_date_time"])
        rows = conversation[f"session_{number}"]
        # A second apart, since the file only says when a session began and the order within it must not be lost.
        yield str(number), [_turn(row, began + timedelta(seconds=place)) for place, row in enumerate(rows)]


def _turn(row: dict[str, Any], said_at: datetime) -> Turn:
    caption = f" [image: {row['blip_caption']}]" if row.get("blip_caption") else ""
    return Turn(turn_ids(row["dia_id"])[0], row["speaker"], row["text"] + caption, said_at)


def _question(row: dict[str, Any], known: set[str]) -> Question:
    named = {turn for text in row["evidence"] for turn in turn_ids(text)}
    return Question(str(row["question"]), row["category"], frozenset(named & known))


def turn_ids(text: str) -> list[str]:
    """The turns that an evidence string names, in one form: `D8:6; D9:17` is 8:6 and 9:17."""
    return [f"{int(session)}:{int(number)}" for session, number in _TURN_ID.findall(text)]


def parse_time(text: str) -> datetime:
    """When a session began: `1:56 pm on 8 May, 2023`, taken as UTC."""
    return datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)

"""Which memories are lines of a profile: the value of each slot that holds, once, in the section it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from app.domain.memories import OPEN_END, Category
from app.domain.profile import DYNAMIC, FilledSlot, Opponent, Section, Statement
from app.domain.texts import normalised

ONE = "one"
PERSON = "person"
NEGATED = "negated"
# What is only asked or supposed is no knowledge of anybody.
TOLD_MODALITIES = ("fact", "plan", "wish", "negated")

# What says who somebody is, what matters most first (pipelines 6.1: order by the registry's priority).
IDENTITY_ATTRIBUTES = (
    "name", "residence", "employer", "role", "native-language", "allergy", "diet", "health", "age", "birthday",
    "nationality", "birthplace", "workplace", "manager", "marital-status", "partner", "child", "sibling", "pet",
    "friend", "email", "phone", "address", "language", "education", "skill", "hobby", "past-job",
)  # fmt: skip
AGREED_ATTRIBUTES = ("rule", "request", "procedure", "habit", "decision")
PREFERRED_ATTRIBUTES = ("prefers", "likes", "dislikes")
TOOL_TYPES = ("tool", "file")
TOOL_WORDS = ("editor", "shell", "terminal", "theme", "laptop", "language", "framework", "database", "version", "use")
_PRIORITIES = {
    name: place
    for group in (IDENTITY_ATTRIBUTES, AGREED_ATTRIBUTES, PREFERRED_ATTRIBUTES)
    for place, name in enumerate(group)
}
_LAST = len(IDENTITY_ATTRIBUTES)
_BY_CATEGORY = {
    Category.PROFILE: Section.OTHER,
    Category.PREFERENCES: Section.PREFERENCES,
    Category.ENTITIES: Section.PROJECTS,
    Category.PATTERNS: Section.AGREEMENTS,
    Category.CASES: Section.RECENT,
    Category.EVENTS: Section.RECENT,
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that stands in the profile, with what else is said in its place."""

    statement: Statement
    section: Section
    disputed: list[Opponent]
    # The ids of memories that say the same.
    same: list[str] = []
    # What other spaces say of the same slot.
    overridden: list[Statement] = []


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, and when: the caller's names, those who speak of themselves, the rank of each space, the time."""

    selves: frozenset[str]
    speakers: frozenset[str] = frozenset()
    ranks: dict[str, int]
    at: datetime
    since: datetime


def lines_of(statements: Iterable[Statement], view: View) -> list[Line]:
    """One line for each value that holds, in the order of sections and, within them, of importance.

    Where a slot has one value at a time, the nearest space gives it, in it the value that is believed most; others in
    that space are what disputes it. A copy and its origin, and equal texts, are one line.
    """
    lines: list[Line] = []
    places: dict[str, int] = {}
    opponents: set[str] = set()
    told = _told(statements, view)
    by_id = {one.id: one for one in told}
    for one in sorted(told, key=lambda one: _rank(one, view)):
        keys = [f"text {one.text_hash}", f"memory {one.origin_id}", *_slot_keys(one, view)]
        place = next((places[key] for key in keys if key in places), len(lines))
        if place < len(lines):
            lines[place] = _joined(lines[place], one)
        elif one.id in opponents:
            continue
        else:
            disputed = [
                opponent
                for opponent in one.disputed
                if opponent.valid_to > view.at and not _is_apart(one, by_id.get(opponent.id))
            ]
            lines.append(Line(statement=one, section=section_of(one, view), disputed=disputed))
            opponents.update(opponent.id for opponent in disputed)
        for key in keys:
            places.setdefault(key, place)
    return sorted(lines, key=lambda line: _order(line, view))


def next_change(statements: Iterable[Statement], view: View, window: timedelta) -> datetime:
    """When the first of them begins, ends or is no longer recent, so that the lines are others."""
    times = (
        time
        for one in statements
        for time in (
            one.valid_from,
            one.valid_to,
            min(one.valid_from, OPEN_END - window) + window,
            *((one.day.after, one.day.after + window) if one.day else ()),
            *(opponent.valid_to for opponent in one.disputed),
        )
    )
    return min((time for time in times if time > view.at), default=OPEN_END)


def _told(statements: Iterable[Statement], view: View) -> list[Statement]:
    """What holds, or will, and is new enough where only that counts."""
    return [
        one
        for one in statements
        if one.valid_to > view.at
        and one.modality in TOLD_MODALITIES
        and (_moved(one) > view.since or _BY_CATEGORY[one.category] is not Section.RECENT)
    ]


def _moved(one: Statement) -> datetime:
    """The last time at which there was something new in it: when it was told, or took place."""
    return max(one.valid_from, one.day.after) if one.day else one.valid_from


def _is_apart(one: Statement, other: Statement | None) -> bool:
    """Whether they are events on different days, of which neither takes the place of the other."""
    if other is None or not one.day or not other.day or one.day == other.day:
        return False
    return not (one.slot and other.slot and one.slot.id == other.slot.id)


def _joined(line: Line, one: Statement) -> Line:
    """A line to which another memory of its slot, its text or its origin belongs."""
    head = line.statement
    if one.text_hash == head.text_hash or one.origin_id == head.origin_id or _value(one) == _value(head):
        return msgspec.structs.replace(line, same=[*line.same, one.id])
    if one.space_key != head.space_key:
        return msgspec.structs.replace(line, overridden=[*line.overridden, one])
    if any(opponent.id == one.id for opponent in line.disputed):
        return line
    opponent = Opponent(id=one.id, content=one.content, confidence=one.confidence, valid_to=one.valid_to)
    return msgspec.structs.replace(line, disputed=[*line.disputed, opponent])


def _value(one: Statement) -> str:
    return normalised(one.slot.value) if one.slot and one.slot.value else one.text_hash


def _slot_keys(one: Statement, view: View) -> list[str]:
    """Under what other values of the same slot are met: of a slot with many only the same value."""
    slot = one.slot
    if slot is None or section_of(one, view) in DYNAMIC:
        return []
    thing = "" if {slot.subject, slot.thing} & view.selves else slot.thing
    place = f"slot {thing}\n{slot.attribute}\n{normalised(slot.context)}"
    # Who says that he left one employer does not say whether he has another.
    is_place = slot.cardinality == ONE and one.modality != NEGATED
    return [place if is_place else f"{place}\n{_value(one)}"]


def _is_own(slot: FilledSlot, view: View) -> bool:
    return bool({slot.subject, slot.thing} & (view.selves | view.speakers))


def section_of(one: Statement, view: View) -> Section:
    """Where a memory stands: by its time, else by the attribute, else by what its subject is, else by its category."""
    if one.valid_from > view.at or (one.day and one.day.after > view.at):
        return Section.COMING
    if _BY_CATEGORY[one.category] is Section.RECENT:
        return Section.RECENT
    if one.category is Category.PATTERNS:
        return Section.RECENT if one.valid_from > view.since else Section.AGREEMENTS
    return _lasting_section(one, view)


def _lasting_section(one: Statement, view: View) -> Section:
    slot = one.slot
    if slot is None:
        return _BY_CATEGORY[one.category]
    if slot.attribute in AGREED_ATTRIBUTES:
        return Section.AGREEMENTS
    if _is_own(slot, view):
        return _own_section(one, slot)
    if slot.type in TOOL_TYPES:
        return Section.TOOLS
    is_personal = slot.attribute in IDENTITY_ATTRIBUTES or slot.attribute in PREFERRED_ATTRIBUTES
    # What is stored without a category is called a preference, so that says nothing of what it is about.
    return Section.PEOPLE if is_personal or slot.type == PERSON else Section.PROJECTS


def _own_section(one: Statement, slot: FilledSlot) -> Section:
    """Where something of the caller himself stands."""
    if slot.attribute in IDENTITY_ATTRIBUTES:
        return Section.IDENTITY
    if slot.attribute in PREFERRED_ATTRIBUTES or slot.attribute.startswith("favourite:"):
        return Section.PREFERENCES
    if any(word in slot.attribute for word in TOOL_WORDS):
        return Section.TOOLS
    return Section.IDENTITY if one.category is Category.PROFILE else _BY_CATEGORY[one.category]


def _rank(one: Statement, view: View) -> tuple[int, float, float, str]:
    """Which of several memories in one place is its head: nearest space, most believed, latest."""
    return (view.ranks[one.space_key], -one.confidence, -one.valid_from.timestamp(), one.id)


def _order(line: Line, view: View) -> tuple[int, float, int, float, float, str]:
    """The place of a line. Nothing in it changes with time or with reading, so that a text stays as it is."""
    one = line.statement
    section = list(Section).index(line.section)
    time = begin_of(line).timestamp()
    if line.section in DYNAMIC:
        return (section, 0.0, 0, time if line.section is Section.COMING else -time, 0.0, one.id)
    priority = _PRIORITIES.get(one.slot.attribute, _LAST) if one.slot else _LAST
    return (section, -round(one.importance, 1), priority, -round(one.confidence, 2), -time, one.id)


def begin_of(line: Line) -> datetime:
    """The day of what is to come, else since when it holds."""
    one = line.statement
    return one.day.first if one.day and line.section is Section.COMING else one.valid_from


def is_dynamic(line: Line) -> bool:
    """Whether a line is about the last days or the next ones."""
    return line.section in DYNAMIC


def in_turn(lines: Sequence[Line]) -> list[Line]:
    """The lines in the order in which they get a place: the first of each section, the second of each, and so on."""
    places: dict[Section, int] = {}
    turns: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        place = places.get(line.section, 0)
        places[line.section] = place + 1
        # Who somebody is comes before all else, two lines at a time.
        turns.append((place // 2 if line.section is Section.IDENTITY else place, number))
    return [lines[number] for _, number in sorted(turns)]

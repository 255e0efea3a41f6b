"""The text of a profile, in English or Chinese, and which of its lines a budget of tokens has room for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.profile import Language, Section
from app.domain.profile_lines import ONE, Line, begin_of, in_turn, is_dynamic
from app.domain.texts import estimate_tokens, is_mostly_cjk

# A longer text is shown by its first sentence.
LONGEST_LINE = 240
# What lasts gets this share of the budget first; what it does not need is for the last days, and the other way round.
STATIC_SHARE = 2 / 3
# For the line that says what was left out.
RESERVED_TOKENS = 24

TITLES = {
    Language.EN: {
        Section.IDENTITY: "Identity",
        Section.PREFERENCES: "Preferences",
        Section.TOOLS: "Tools and environment",
        Section.PROJECTS: "Projects and things",
        Section.PEOPLE: "People",
        Section.AGREEMENTS: "Working agreements",
        Section.OTHER: "Also known",
        Section.RECENT: "Recently",
        Section.COMING: "Coming up",
    },
    Language.ZH: {
        Section.IDENTITY: "身份",
        Section.PREFERENCES: "偏好",
        Section.TOOLS: "工具与环境",
        Section.PROJECTS: "项目与事物",
        Section.PEOPLE: "人物",
        Section.AGREEMENTS: "约定与习惯",
        Section.OTHER: "其他",
        Section.RECENT: "最近",
        Section.COMING: "即将",
    },
}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between the memories in one language."""

    since: str
    before: str
    disputed: str
    elsewhere: str
    joint: str
    frame: str
    omitted: str


WORDS = {
    Language.EN: Words(
        since="since {}",
        before="before: {}",
        disputed="disputed: {}{}",
        elsewhere="in {}: {}{}",
        joint="; ",
        frame=" ({})",
        omitted="({} more left out for the budget of {} tokens)",
    ),
    Language.ZH: Words(
        since="自{}起",
        before="此前：{}",
        disputed="有争议：{}{}",
        elsewhere="{}中为：{}{}",
        joint="；",
        frame="（{}）",
        omitted="（另有{}条因{}词元的预算而略去）",
    ),
}


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How the text is written: its language, whether with the memory ids, the ids of spaces by their keys."""

    language: Language
    with_ids: bool
    space_ids: dict[str, str]


class Shown(msgspec.Struct, frozen=True):
    """The lines there is room for, in their order, and those there is none for."""

    lines: list[Line]
    omitted: list[Line]


def language_of(lines: Sequence[Line]) -> Language:
    """The language that most lines are written in."""
    chinese = sum(is_mostly_cjk(line.statement.content) for line in lines)
    return Language.ZH if chinese * 2 > len(lines) else Language.EN


def fit(lines: Sequence[Line], layout: Layout, budget: int) -> Shown:
    """Chooses lines for so many tokens: what lasts first, up to its share, then the last days, then what still fits."""
    static = in_turn([line for line in lines if not is_dynamic(line)])
    dynamic = in_turn([line for line in lines if is_dynamic(line)])
    room = _Room(layout, budget if _cost(lines, layout) <= budget else budget - RESERVED_TOKENS)
    room.take(static, int(room.budget * STATIC_SHARE))
    room.take(dynamic, room.budget)
    room.take(static, room.budget)
    return Shown(
        [line for line in lines if line.statement.id in room.taken],
        [line for line in lines if line.statement.id not in room.taken],
    )


class _Room:
    """Takes lines until the tokens are used up, each with the heading of its section when it is the first."""

    def __init__(self, layout: Layout, budget: int) -> None:
        self.budget = budget
        self.taken: set[str] = set()
        self._layout = layout
        self._used = 0
        self._begun: set[Section] = set()

    def take(self, lines: Sequence[Line], limit: int) -> None:
        """Takes those that fit; a long line does not keep shorter ones out that come after it."""
        for line in lines:
            cost = _tokens(line, self._layout)
            if line.section not in self._begun:
                cost += estimate_tokens(_heading(line.section, self._layout))
            if line.statement.id not in self.taken and self._used + cost <= limit:
                self._used += cost
                self.taken.add(line.statement.id)
                self._begun.add(line.section)


def _cost(lines: Sequence[Line], layout: Layout) -> int:
    headings = sum(estimate_tokens(_heading(section, layout)) for section in {line.section for line in lines})
    return headings + sum(_tokens(line, layout) for line in lines)


def _tokens(line: Line, layout: Layout) -> int:
    return estimate_tokens(written(line, layout))


def text_of(shown: Shown, layout: Layout, budget: int) -> str:
    """The whole text: sections with their lines, and how many were left out; '' when there is nothing to say."""
    parts: list[str] = []
    for section in Section:
        lines = [written(line, layout) for line in shown.lines if line.section is section]
        if lines:
            parts.append("\n".join([_heading(section, layout), *lines]))
    if shown.omitted:
        parts.append(WORDS[layout.language].omitted.format(len(shown.omitted), budget))
    return "\n\n".join(parts)


def _heading(section: Section, layout: Layout) -> str:
    return f"## {TITLES[layout.language][section]}"


def written(line: Line, layout: Layout) -> str:
    """A line of the text: what is known, since when, what it was before, what disputes it, and the memory's id."""
    words = WORDS[layout.language]
    notes = words.joint.join(_notes(line, words, layout))
    mark = _mark(line.statement.id, layout)
    return f"- {shown_text(line.statement.content, line.statement.l0_abstract)}" + (
        f"{words.frame.format(notes)}{mark}" if notes else mark
    )


def _notes(line: Line, words: Words, layout: Layout) -> list[str]:
    one = line.statement
    notes: list[str] = []
    if is_dynamic(line):
        notes.append(_day(begin_of(line)))
    elif one.slot and one.slot.cardinality == ONE:
        notes.append(words.since.format(_day(one.valid_from)))
    if one.previous:
        notes.append(words.before.format(shown_text(one.previous.value)))
    notes += [words.disputed.format(shown_text(other.content), _mark(other.id, layout)) for other in line.disputed]
    notes += [
        words.elsewhere.format(
            layout.space_ids[other.space_key], shown_text(other.content, other.l0_abstract), _mark(other.id, layout)
        )
        for other in line.overridden
    ]
    return notes


def _mark(memory_id: str, layout: Layout) -> str:
    return f" [{memory_id}]" if layout.with_ids else ""


def shown_text(content: str, abstract: str = "") -> str:
    """A text as one line, a long one by its first sentence."""
    flat = " ".join(content.split())
    if len(flat) <= LONGEST_LINE:
        return flat
    return f"{' '.join(abstract.split()) or flat[:LONGEST_LINE].rstrip()} …"


def _day(moment: datetime) -> str:
    return moment.date().isoformat()

"""Markdown as sections with their headings, and the files in which agents keep memories as lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.domain.imports import Item, ItemKind
from ingest.sections import cut

HEADING_JOINT = " > "
# The parser takes 1 s for a million characters of prose and 25 s for short entries of a list. In what is longer only
# the lines with # are headings, which is found a hundred times faster.
_LONGEST_PARSED = 100_000
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_DATE = re.compile(r"^date:\s*[\"']?(\d{4}-\d{2}-\d{2})", re.MULTILINE)
_FILE_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
# MEMORY.md and memory/2026-03-02.md of OpenClaw, memories and rules of Cursor.
_MEMORY_FILE = re.compile(
    r"(?:^|[/\\])(?:memor(?:y|ies)(?:[-_.]\w+)*\.mdc?$|memor(?:y|ies)[/\\]|[^/\\]*\.mdc$)", re.IGNORECASE
)
_DAY_FILE = re.compile(r"(?:^|[/\\])\d{4}-\d{2}-\d{2}\.md$")
_MEMORY_HEADING = re.compile(r"\A\s*#[ \t]+(?:[^\n]*\b(?:long[- ]?term )?memor(?:y|ies)\b|[^\n]*记忆)", re.IGNORECASE)
_MARKER = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?")

# Only where blocks begin and end is asked, so what stands inside a line is not parsed.
_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.core.ruler.enableOnly(["normalize", "block"])


class Heading(NamedTuple):
    """A heading: its level, its words, its first line from 0 on."""

    level: int
    title: str
    line: int


def is_markdown(text: str, name: str) -> bool:
    """Whether a file is Markdown: by its name, by front matter, or by a line that is a heading."""
    if name.lower().endswith((".md", ".mdc", ".markdown")) or _FRONT_MATTER.match(text):
        return True
    return any(_line_headings(text.split("\n")))


def is_memory_file(text: str, name: str) -> bool:
    """Whether a file is one in which an agent keeps its memories: by its name, or by a first heading that says so."""
    return bool(_MEMORY_FILE.search(name) or _DAY_FILE.search(name) or _MEMORY_HEADING.match(text))


def parse_markdown(text: str, name: str) -> list[Item]:
    """A section for each heading with text below it, cut further where it is long; the text stays as it is written."""
    said_at, body, first_line = _front_matter(text, name)
    lines = body.split("\n")
    items = [
        Item(text=section.text, said_at=said_at, line_start=1, line_end=first_line - 2) for section in _matter(text)
    ]
    for path, start, end in _spans(_headings(body, lines), len(lines)):
        below = "\n".join(lines[start + bool(path) : end])
        if below.strip():
            items += [
                Item(text=part.text, said_at=said_at, heading=path, line_start=part.line_start, line_end=part.line_end)
                for part in cut("\n".join(lines[start:end]), first_line + start)
            ]
    return items


def parse_memory_file(text: str, name: str) -> list[Item]:
    """Each entry of its lists as a memory below its headings; other text as sections of the file."""
    said_at, body, first_line = _front_matter(text, name)
    lines = body.split("\n")
    if len(body) > _LONGEST_PARSED:
        return parse_markdown(text, name)
    items: list[Item] = []
    path: list[Heading] = []
    for token in _PARSER.parse(body):
        if token.type == "heading_open" and token.level == 0:
            path = _below(path, _heading(token, lines))
        elif token.map and (block := _block(token, lines)):
            items.append(
                Item(
                    text=block,
                    kind=ItemKind.MEMORY,
                    said_at=said_at,
                    heading=_joined(path),
                    line_start=first_line + token.map[0],
                    line_end=first_line + token.map[0] + block.count("\n"),
                )
            )
    return items


def _block(token: Token, lines: list[str]) -> str:
    """The text of an entry of an outermost list, or of a block that is neither list nor heading; '' for others."""
    start, end = token.map or (0, 0)
    is_entry = token.type == "list_item_open" and token.level == 1
    is_other = (
        token.level == 0 and token.nesting >= 0 and "list" not in token.type and token.type not in ("inline", "hr")
    )
    text = "\n".join(lines[start:end]).strip()
    return _MARKER.sub("", text, count=1) if is_entry else text if is_other else ""


def _front_matter(text: str, name: str) -> tuple[datetime | None, str, int]:
    """When a file was written as far as it or its name says, its text below the front matter, and that one's line."""
    found = _FRONT_MATTER.match(text)
    date = _FRONT_DATE.search(found[1]) if found else None
    day = _day(date or _FILE_DATE.search(name))
    return day, text[found.end() :] if found else text, 1 + (found[0].count("\n") if found else 0)


def _matter(text: str) -> Iterator[Item]:
    found = _FRONT_MATTER.match(text)
    if found and found[1].strip():
        yield Item(text=found[1].strip())


def _day(found: re.Match[str] | None) -> datetime | None:
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _headings(body: str, lines: list[str]) -> list[Heading]:
    if len(body) > _LONGEST_PARSED:
        return list(_line_headings(lines))
    tokens = _PARSER.parse(body)
    return [_heading(token, lines) for token in tokens if token.type == "heading_open" and token.level == 0]


def _heading(token: Token, lines: list[str]) -> Heading:
    line = token.map[0] if token.map else 0
    found = _HEADING.match(lines[line])
    return Heading(int(token.tag[1:]), (found[2] if found else lines[line]).strip(), line)


def _line_headings(lines: list[str]) -> Iterator[Heading]:
    """The lines with # that no fence holds."""
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark:
            fence = ("" if mark[1].startswith(fence) else fence) if fence else mark[1]
        elif not fence and (found := _HEADING.match(line)):
            yield Heading(len(found[1]), found[2].strip(), number)


def _spans(headings: list[Heading], line_count: int) -> Iterator[tuple[str, int, int]]:
    """For each heading the path to it, and its lines; before the first one the lines without."""
    yield "", 0, headings[0].line if headings else line_count
    path: list[Heading] = []
    for heading, following in pairwise([*headings, Heading(0, "", line_count)]):
        path = _below(path, heading)
        yield _joined(path), heading.line, following.line


def _below(path: list[Heading], heading: Heading) -> list[Heading]:
    return [*(above for above in path if above.level < heading.level), heading]


def _joined(path: list[Heading]) -> str:
    return HEADING_JOINT.join(heading.title for heading in path)

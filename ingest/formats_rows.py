"""Files of JSON: one value, or one object a line; each object is read as the first shape that fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from app.domain.exports import Line, MemoryLine, MessageLine
from app.domain.imports import Item, ItemKind, ParsedFile
from ingest.formats_chats import (
    ChatGPTChat,
    ClaudeChat,
    Content,
    OpenAIChat,
    Said,
    TranscriptRow,
    from_chatgpt,
    from_claude,
    from_openai,
    from_transcript,
    message,
)
from ingest.formats_times import parse_time

Row = dict[str, Any]

# So many rows that cannot be read are named; of the rest the number is said.
MAX_NAMED_ERRORS = 20
# Where a list of rows stands in an object that holds nothing else of interest.
_LISTS = ("conversations", "results", "memories", "data", "items")
# Where the text of a row of unknown make is looked for.
_TEXTS = ("text", "content", "memory", "body", "value", "note", "fact", "summary", "message")
# Lines of a transcript in which nobody speaks (Claude Code, OpenClaw).
_ABOUT_A_TALK = ("summary", "system", "session", "file-history-snapshot", "queue-operation", "progress", "compaction")
# So many lines decide whether a file is one of JSON lines, and so many of them must be objects.
_LINES_LOOKED_AT, _OBJECTS_SHARE = 50, 0.5
_BROKEN_VALUE = re.compile(r"`\$\.?(.*?)`")


class Message(msgspec.Struct):
    """A row that is a message of a conversation, as `POST /v1/memories` takes it and other programs log it."""

    role: str
    content: Content
    speaker: str | None = None
    name: str | None = None
    said_at: str | float | None = None
    timestamp: str | float | None = None
    created_at: str | float | None = None
    session_id: str | None = None
    agent_id: str | None = None
    source: str | None = None
    tags: list[str] = []


class Mem0Memory(msgspec.Struct):
    """A memory as mem0 exports it."""

    memory: str
    created_at: str | float | None = None
    updated_at: str | float | None = None
    agent_id: str | None = None
    categories: list[str] | None = None


class _Place(NamedTuple):
    """A value of a file, where it stands (a line, or its number in a list), and which of all values it is."""

    value: object
    name: str
    line: int
    number: int


def read_json(text: str) -> object | None:
    """The one JSON value that a text is, None when it is not one."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def is_rows(text: str) -> bool:
    """Whether a text is JSON lines: at least half of its first ones are objects."""
    lines = [line for line in text.split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT] if line.strip()]
    objects = sum(isinstance(read_json(line), dict) for line in lines)
    return bool(lines) and objects >= _OBJECTS_SHARE * len(lines)


def parse_value(value: object) -> ParsedFile:
    """The items of a file that is one JSON value."""
    rows = _rows_of(value)
    return _parse(_Place(row, f"entry {number}", 0, number) for number, row in enumerate(rows, 1))


def parse_rows(text: str) -> ParsedFile:
    """The items of JSON lines; a line that cannot be read is named and costs nothing but itself."""
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return _parse(_Place(_decoded(line), f"line {number}", number, number) for number, line in lines)


def _rows_of(value: object) -> Sequence[object]:
    """The rows of a value: a list, the list that an object wraps, or the object alone."""
    if isinstance(value, list):
        return cast("list[object]", value)
    row = cast("Row", value)
    wrapped = next((row[name] for name in _LISTS if isinstance(row.get(name), list)), None)
    return [value] if wrapped is None or "messages" in row else cast("list[object]", wrapped)


def _decoded(line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return error


def _parse(places: Iterator[_Place]) -> ParsedFile:
    items: list[Item] = []
    errors: list[str] = []
    formats: dict[str, None] = {}
    skipped = 0
    for place in places:
        try:
            name, found = _read(place)
        except ValueError as error:
            errors.append(f"{place.name}: {error}")
            continue
        formats[name] = None
        skipped += not found
        items += [_at(item, place.line) for item in found]
    return ParsedFile(format="+".join(formats), items=items, errors=_some(errors), skipped=skipped)


def _read(place: _Place) -> tuple[str, list[Item]]:
    """The format of a row and its items. Raises ValueError, which says what is wrong with it."""
    if isinstance(place.value, Exception):
        raise ValueError(f"not JSON ({place.value})")
    if isinstance(place.value, str) and place.value.strip():
        return "texts", [Item(text=place.value.strip(), kind=ItemKind.MEMORY)]
    try:
        name, items = _reading(msgspec.convert(place.value, Row), place.number)
        return name, list(items)
    except msgspec.ValidationError as error:
        raise ValueError(_BROKEN_VALUE.sub(r"`\1`", str(error))) from error


def _reading(row: Row, number: int) -> tuple[str, Iterator[Item]]:
    """The format of a row, by the fields that nothing else has, and what reads it."""
    match row:
        case {"kind": "group" | "message" | "memory" | "relation"}:
            return "ourmem export", _export(row)
        case {"mapping": _} | {"chat_messages": _} | {"messages": _}:
            return _chat(row, number)
        case {"type": str(), "sessionId": _} | {"type": str(), "message": {"role": _}}:
            return "transcript", _transcript(row)
        case {"type": kind} if kind in _ABOUT_A_TALK:
            return "transcript", iter(())
        case {"role": _, "content": _}:
            return "messages", _message(row)
        case _:
            return ("mem0", _mem0(row)) if "memory" in row else ("rows", _other(row))


def _chat(row: Row, number: int) -> tuple[str, Iterator[Item]]:
    """A whole conversation in one object."""
    if "mapping" in row:
        return "ChatGPT", from_chatgpt(msgspec.convert(row, ChatGPTChat), number)
    if "chat_messages" in row:
        return "Claude", from_claude(msgspec.convert(row, ClaudeChat), number)
    return "OpenAI chat", from_openai(msgspec.convert(row, OpenAIChat), number)


def _transcript(row: Row) -> Iterator[Item]:
    yield from from_transcript(msgspec.convert(row, TranscriptRow))


def _at(item: Item, line: int) -> Item:
    return msgspec.structs.replace(item, line_start=line, line_end=line) if line else item


def _some(errors: list[str]) -> list[str]:
    rest = len(errors) - MAX_NAMED_ERRORS
    return [*errors[:MAX_NAMED_ERRORS], f"and {rest} rows more"] if rest > 0 else errors


def _export(row: Row) -> Iterator[Item]:
    """A line of our own export; groups and relations can only be restored by the command `import`."""
    line = msgspec.convert(row, Line)  # type: ignore[arg-type]
    if isinstance(line, MessageLine):
        yield Item(
            text=line.content,
            kind=ItemKind.MESSAGE,
            role=line.role,
            speaker=line.speaker,
            said_at=line.said_at,
            session=line.session_id or "",
            agent_id=line.agent_id,
            source=line.source,
            tags=line.tags,
            visibility=line.visibility,
        )
    elif isinstance(line, MemoryLine) and line.state == "active":
        yield Item(
            text=line.content,
            kind=ItemKind.MEMORY,
            said_at=line.created_at,
            agent_id=line.agent_id,
            source=line.source,
            tags=line.tags,
            visibility=line.visibility,
            category=line.category,
            importance=line.importance,
            valid_from=line.valid_from,
            valid_to=line.valid_to,
        )


def _message(row: Row) -> Iterator[Item]:
    found = msgspec.convert(row, Message)
    said = Said(role=found.role, content=found.content, name=found.speaker or found.name)
    times = (found.said_at, found.timestamp, found.created_at)
    time = next((time for time in times if time is not None), None)
    for item in message(said, session=found.session_id or "", time=time):
        yield msgspec.structs.replace(item, agent_id=found.agent_id or "", source=found.source or "", tags=found.tags)


def _mem0(row: Row) -> Iterator[Item]:
    found = msgspec.convert(row, Mem0Memory)
    if found.memory.strip():
        yield Item(
            text=found.memory.strip(),
            kind=ItemKind.MEMORY,
            said_at=parse_time(found.updated_at or found.created_at),
            agent_id=found.agent_id or "",
            tags=found.categories or [],
        )


def _other(row: Row) -> Iterator[Item]:
    """A row of unknown make: its text, else all that it says as `name: value`."""
    texts = [row[name] for name in _TEXTS if isinstance(row.get(name), str) and row[name].strip()]
    plain = [f"{name}: {value}" for name, value in row.items() if isinstance(value, str | int | float) and value != ""]
    title = row.get("title")
    head = f"{title}\n" if isinstance(title, str) and title.strip() and texts else ""
    text = head + texts[0].strip() if texts else "\n".join(plain)
    if text:
        yield Item(text=text)

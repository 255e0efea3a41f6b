"""Reads the files that `import` and `demo` take: JSON lines, an export, LoCoMo; a broken one is named with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from app.cli.failures import Failure
from app.domain.exports import GroupLine, Line, MemoryLine, MessageLine, RelationLine
from app.domain.messages import MAX_MESSAGES, NewMessage, NewMessages

# The service reads requests of up to 2 MiB (contract 16).
MAX_REQUEST_BYTES = 1_500_000
LOCOMO_SESSION = re.compile(r"session_(\d+)")
LOCOMO_TIME = "%I:%M %p on %d %B, %Y"
# What the beginning of an export and of a LoCoMo file holds, and how far it is read.
EXPORT_LINE = re.compile(r'\s*\{\s*"kind"\s*:\s*"(?:group|message|memory|relation)"')
ACCOUNT_LINE = re.compile(r'\s*\{\s*"kind"\s*:\s*"export"')
LOCOMO = re.compile(r'"session_\d+_date_time"|"sample_id"|"conversation"\s*:\s*\{')
LOOKED_AT = 1_000_000
EXPECTED_LINE = 'each line must be a JSON object such as {"role": "user", "content": "…"}'


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds; `sessions` are requests ready to be sent, `note` says what was left aside."""

    groups: list[GroupLine] = []
    sessions: list[NewMessages] = []
    memories: list[MemoryLine] = []
    relations: list[RelationLine] = []
    note: str = ""

    @property
    def message_count(self) -> int:
        """The messages of all sessions."""
        return sum(len(session.messages) for session in self.sessions)


class Talk(msgspec.Struct, frozen=True):
    """One LoCoMo conversation: its messages, and questions that others ask of it."""

    name: str
    messages: list[MessageLine]
    questions: list[str]


def read_file(path: Path) -> Contents:
    """All that a file holds. Raises Failure, which names the file and where it is broken."""
    text = read_text(path)
    talks = parse_locomo(path, text)
    if talks is None:
        return contents_of(path, parse_lines(path, text))
    return contents_of(path, [message for talk in talks for message in talk.messages])


def is_restorable(path: Path) -> bool:
    """Whether a file is an export of this service, whose lines say what they are, or one of LoCoMo."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.read(LOOKED_AT)
    except (OSError, UnicodeDecodeError):
        return False
    first = next((line for line in head.split("\n") if line.strip()), "")
    return bool(EXPORT_LINE.match(first)) or (head.lstrip().startswith(("[", "{")) and bool(LOCOMO.search(head)))


def is_account(path: Path) -> bool:
    """Whether a file holds all that an account owned, as `ourmem export` writes it."""
    try:
        with path.open("rb") as file:
            return bool(ACCOUNT_LINE.match(file.readline(LOOKED_AT).decode("utf-8-sig")))
    except (OSError, UnicodeDecodeError):
        return False


def read_text(path: Path) -> str:
    """The file's text. Raises Failure when it cannot be read or is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8 text; save it as UTF-8 first") from error
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from error


def parse_lines(path: Path, text: str) -> list[Line]:
    """The JSON lines of a text; blank ones are skipped."""
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not numbered:
        raise Failure(f"{path} is empty; {EXPECTED_LINE}")
    return [parse_line(f"{path}, line {number}", line) for number, line in numbered]


def parse_line(place: str, line: str) -> Line:
    """One line; without a `kind` it is a message. Raises Failure, which begins with the place."""
    try:
        value = msgspec.json.decode(line)
        if not isinstance(value, dict):
            raise Failure(f"{place} is not an object; {EXPECTED_LINE}")
        fields = cast("dict[str, Any]", value)
        return msgspec.convert(fields, Line if "kind" in fields else MessageLine)
    except msgspec.ValidationError as error:
        raise Failure(f"{place}: {str(error).replace('`$.', '`')}; {EXPECTED_LINE}") from error
    except msgspec.DecodeError as error:
        raise Failure(f"{place} is not JSON ({error}); {EXPECTED_LINE}") from error


def contents_of(path: Path, lines: Sequence[Line]) -> Contents:
    """The lines by what they are, messages as one request for each session."""
    messages = [line for line in lines if isinstance(line, MessageLine)]
    return Contents(
        groups=[line for line in lines if isinstance(line, GroupLine)],
        sessions=[part for session in sessions_of(path.stem, messages) for part in split(session)],
        memories=[line for line in lines if isinstance(line, MemoryLine)],
        relations=[line for line in lines if isinstance(line, RelationLine)],
    )


def sessions_of(name: str, lines: Sequence[MessageLine]) -> list[NewMessages]:
    """Messages by session and by what a request says of all its messages, in the order of the file."""
    found: dict[tuple[object, ...], list[MessageLine]] = {}
    for line in lines:
        key = (line.session_id, line.agent_id, line.source, tuple(line.tags), line.visibility)
        found.setdefault(key, []).append(line)
    return [_session(name, group) for group in found.values()]


def _session(name: str, lines: Sequence[MessageLine]) -> NewMessages:
    first = lines[0]
    return NewMessages(
        session_id=first.session_id or name,
        agent_id=first.agent_id or None,
        source=first.source or None,
        tags=first.tags,
        visibility=first.visibility,
        messages=[
            NewMessage(role=line.role, content=line.content, speaker=line.speaker or None, said_at=line.said_at)
            for line in lines
        ],
    )


def split(session: NewMessages) -> Iterator[NewMessages]:
    """A session as requests that the service accepts; what does not fit into one goes on in a session of its own.

    A request is one whole session, since the service recognises a whole session that it has already.
    """
    part: list[NewMessage] = []
    number, size = 1, 0
    for message in session.messages:
        length = len(msgspec.json.encode(message))
        if part and (len(part) == MAX_MESSAGES or size + length > MAX_REQUEST_BYTES):
            yield _part(session, number, part)
            part, number, size = [], number + 1, 0
        part.append(message)
        size += length
    yield _part(session, number, part)


def _part(session: NewMessages, number: int, messages: list[NewMessage]) -> NewMessages:
    suffix = f"#{number}" if number > 1 else ""
    return msgspec.structs.replace(session, session_id=f"{session.session_id}{suffix}", messages=messages)


def parse_locomo(path: Path, text: str) -> list[Talk] | None:
    """The conversations of a LoCoMo file; None when the text is not one. Raises Failure when one is broken."""
    # A file of JSON lines begins with an object that ends on its first line.
    if not text.lstrip().startswith(("[", "{")) or ('"conversation"' not in text):
        return None
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    entries = cast("list[Any]", value if isinstance(value, list) else [value])
    try:
        return [_talk(entry) for entry in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise Failure(f"{path} looks like LoCoMo, but {error} is not as it should be there") from error


def _talk(entry: dict[str, Any]) -> Talk:
    name = str(entry.get("sample_id", "locomo"))
    conversation = entry["conversation"]
    numbers = sorted(int(match[1]) for key in conversation if (match := LOCOMO_SESSION.fullmatch(key)))
    return Talk(
        name=name,
        messages=[line for number in numbers for line in _turns(f"{name}/{number}", conversation, number)],
        questions=[str(asked["question"]) for asked in entry.get("qa", ())],
    )


def _turns(session_id: str, conversation: dict[str, Any], number: int) -> Iterator[MessageLine]:
    said_at = datetime.strptime(conversation[f"session_{number}_date_time"], LOCOMO_TIME).replace(tzinfo=UTC)
    for turn in conversation[f"session_{number}"]:
        caption = f" [shows {turn['blip_caption']}]" if turn.get("blip_caption") else ""
        content = turn["text"] + caption
        yield MessageLine(
            role="user",
            content=content,
            speaker=turn["speaker"],
            said_at=said_at,
            session_id=session_id,
            source="locomo",
        )

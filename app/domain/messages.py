"""What was said: the request, the stored message, and which messages of a window sent again are new."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.errors import Invalid, TooLong
from app.domain.memories import MAX_CONTENT_CHARS, Instant, ShortText, to_utc
from app.domain.sessions import overlap

MAX_MESSAGES = 1_000
# The largest whole number that every JSON client can count to.
MAX_SEQ = 2**53 - 1
# A client's clock may run ahead by this much; a later time is taken for a mistake (pipelines 1.3).
CLOCK_TOLERANCE = timedelta(minutes=5)


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it is sent."""

    role: ShortText
    content: str
    said_at: Instant | None = None
    speaker: ShortText | None = None
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)] | None = None


class NewMessages(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, or the window of it that a client holds."""

    messages: Annotated[list[NewMessage], Meta(max_length=MAX_MESSAGES)]
    mode: str | None = None
    session_id: ShortText | None = None
    agent_id: ShortText | None = None
    tags: list[str] | None = None
    source: ShortText | None = None
    space: str | None = None
    visibility: str | None = None


class AcceptedMessages(msgspec.Struct, frozen=True):
    """The answer to messages: they are stored and searchable, the task does the rest."""

    task_id: str
    stored_count: int
    session_id: str


class SessionCursor(msgspec.Struct, frozen=True):
    """What is known of a session: the last sequence number and the hashes of its latest messages, oldest first."""

    last_seq: int | None
    position: int
    hashes: list[str]


class Placed(msgspec.Struct, frozen=True):
    """A message of the request that is new: its index there and its place in the session."""

    index: int
    position: int


def check_messages(messages: Sequence[NewMessage]) -> None:
    """Raises Invalid when there are none, TooLong for one that is no message but a document."""
    if not messages:
        raise Invalid("messages must not be empty")
    for index, message in enumerate(messages):
        if len(message.content) > MAX_CONTENT_CHARS:
            raise TooLong(
                f"messages[{index}].content has {len(message.content)} characters, at most {MAX_CONTENT_CHARS} fit",
                "split the message, or send the text as a file",
            )


def message_hash(role: str, content: str) -> str:
    """Identity of a message within its session: length-prefixed, so that no two pairs collide (pipelines 2.2)."""
    return hashlib.sha256(f"{len(role)}:{role}{len(content)}:{content}".encode()).hexdigest()


def dedup_key(space_key: str, session_id: str, position: int) -> str:
    """What is unique to one place of one conversation."""
    return hashlib.sha256("\n".join([space_key, session_id, str(position)]).encode()).hexdigest()


def new_messages(cursor: SessionCursor, hashes: Sequence[str], seqs: Sequence[int | None]) -> list[Placed]:
    """Which messages of a window are not stored yet, in order.

    With sequence numbers: those after the last one stored. Without: the window is laid over the end of the session;
    what sticks out is new. A window that fits nowhere is compared message by message.
    """
    numbered = any(seq is not None for seq in seqs)
    fresh = _after_cursor(cursor, seqs) if numbered else _sticking_out(cursor.hashes, hashes)
    return [Placed(index, cursor.position + offset) for offset, index in enumerate(fresh)]


def _after_cursor(cursor: SessionCursor, seqs: Sequence[int | None]) -> list[int]:
    last = -1 if cursor.last_seq is None else cursor.last_seq
    fresh: list[int] = []
    for index, seq in enumerate(seqs):
        if seq is None or seq > last:
            fresh.append(index)
            last = last if seq is None else seq
    return fresh


def _sticking_out(stored: Sequence[str], hashes: Sequence[str]) -> Sequence[int]:
    if shared := overlap(stored, hashes, is_whole=False):
        return range(len(shared), len(hashes))
    known = Counter(stored)
    fresh: list[int] = []
    for index, digest in enumerate(hashes):
        if known[digest] > 0:
            known[digest] -= 1
        else:
            fresh.append(index)
    return fresh


def said_at(given: datetime | None, now: datetime) -> datetime:
    """When a message was said: the client's word unless it lies in the future."""
    return to_utc(given) if given is not None and given <= now + CLOCK_TOLERANCE else now


def embedding_text(speaker: str, text: str) -> str:
    """What is embedded of a message: the speaker is part of what it says, as names in questions are."""
    return f"{speaker}: {text}" if speaker else text

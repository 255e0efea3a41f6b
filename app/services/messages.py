"""Messages: the fast path of ingest, stored and searchable before the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid
from app.domain.memories import (
    Category,
    Memory,
    MemoryType,
    abstract_of,
    check_tags,
    facets,
    text_hash,
)
from app.domain.messages import (
    AcceptedMessages,
    NewMessage,
    NewMessages,
    Placed,
    SessionCursor,
    check_messages,
    message_hash,
    new_messages,
    said_at,
)
from app.domain.principal import Principal, SpaceAccess, Visibility, parse_visibility
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services import embedding
from app.services.embedding import StoredText
from app.services.parts import Parts
from app.storage import memories, messages, tasks
from app.storage.graph import Transaction
from app.storage.messages import SessionWrite
from ingest.redaction import is_empty, redact

MODES = ("smart", "raw")
# So far apart are messages of one request without times of their own, so that lists by time have them in order.
APART = timedelta(microseconds=1)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a request as they would be stored, with what identifies them within their session."""

    space: SpaceAccess
    session_id: str
    agent_id: str
    source: str
    visibility: Visibility
    episodes: list[Memory]
    hashes: list[str]
    seqs: list[int | None]
    texts: list[StoredText]
    task: Task
    idempotency_key: str | None
    now: datetime


async def add(
    parts: Parts, principal: Principal, new: NewMessages, idempotency: tuple[str, str] | None
) -> AcceptedMessages:
    """Stores what is new of a conversation and queues its ingest.

    A message that its session has already is not stored again, so a window may be sent as often as a client likes.
    Raises Invalid, TooLong, NotFound or Unauthorized; then nothing is stored.
    """
    window = draft(principal, new, parts.clock(), idempotency)
    texts = await embedding.embed(parts, window.episodes, window.task.id)
    return await parts.graph.write(_store, principal, msgspec.structs.replace(window, texts=texts))


def draft(principal: Principal, new: NewMessages, now: datetime, idempotency: tuple[str, str] | None) -> Window:
    """The request with private text taken out and every field checked."""
    check_messages(new.messages)
    if (new.mode or "smart") not in MODES:
        raise Invalid(f"mode must be smart or raw, not {new.mode!r}")
    space = principal.writable_space(new.space)
    speaking = principal.acting_as(redact(new.agent_id or ""))
    kept = [message for message in new.messages if not is_empty(redact(message.content))]
    template = _template(speaking, new, space, now)
    task = Task(
        id=str(uuid4()),
        kind=TaskKind.INGEST,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=space.space_key,
        agent_id=speaking.agent_id,
        session_id=template.session_id,
        request_hash=idempotency[1] if idempotency else "",
        created_at=now,
    )
    episodes = [_episode(template, message, now + index * APART) for index, message in enumerate(kept)]
    return Window(
        space=space,
        session_id=template.session_id,
        agent_id=speaking.agent_id,
        source=template.source,
        visibility=Visibility(template.visibility, template.visible_to),
        episodes=episodes,
        hashes=[message_hash(episode.role, episode.content) for episode in episodes],
        seqs=[message.seq for message in kept],
        texts=[],
        task=task,
        idempotency_key=idempotency[0] if idempotency else None,
        now=now,
    )


def _template(principal: Principal, new: NewMessages, space: SpaceAccess, now: datetime) -> Memory:
    """What all messages of the request share."""
    visibility = parse_visibility(principal, new.visibility)
    return Memory(
        id="",
        content="",
        kind="message",
        category=Category.EVENTS,
        memory_type=MemoryType.SESSION,
        tags=check_tags([redact(tag) for tag in new.tags or []]),
        agent_id=principal.agent_id,
        owner_agent_id=principal.agent_id,
        session_id=redact(new.session_id or "") or str(uuid4()),
        tenant_id=principal.tenant_id,
        source=redact(new.source or ""),
        space_id=space.id,
        space_key=space.space_key,
        visibility=visibility.words,
        visible_to=visibility.token,
        valid_from=now,
        recorded_at=now,
        created_at=now,
        updated_at=now,
        text_hash="",
    )


def _episode(template: Memory, message: NewMessage, now: datetime) -> Memory:
    content = redact(message.content)
    moment = said_at(message.said_at, now)
    episode = msgspec.structs.replace(
        template,
        id=str(uuid4()),
        content=content,
        l0_abstract=abstract_of(content),
        role=redact(message.role),
        speaker=redact(message.speaker or ""),
        valid_from=moment,
        created_at=moment,
        text_hash=text_hash(content),
    )
    return msgspec.structs.replace(episode, facets=facets(episode))


async def _store(tx: Transaction, principal: Principal, window: Window) -> AcceptedMessages:
    await memories.lock_space(tx, window.space.space_key)
    if window.idempotency_key:
        earlier = await tasks.get_by_idempotency_key(tx, principal, window.idempotency_key)
        if earlier is not None:
            return _repeat_answer(window, earlier)
    cursor = await messages.get_cursor(tx, window.space.space_key, window.session_id, window.visibility.token)
    cursor = cursor or SessionCursor(None, 0, [])
    placed = new_messages(cursor, window.hashes, window.seqs)
    if placed:
        await messages.create_many(tx, _session_write(window, cursor, placed))
        await _create_chunks(tx, window, placed)
    missing = sum(window.texts[place.index].missing for place in placed)
    task = msgspec.structs.replace(window.task, stored_count=len(placed), total_count=len(placed) + missing)
    await tasks.create(tx, task, window.idempotency_key)
    return AcceptedMessages(task.id, len(placed), window.session_id)


def _repeat_answer(window: Window, earlier: Task) -> AcceptedMessages:
    if earlier.request_hash != window.task.request_hash or earlier.kind is not TaskKind.INGEST:
        raise Invalid("Idempotency-Key was used for another request")
    return AcceptedMessages(earlier.id, earlier.stored_count, earlier.session_id)


def _session_write(window: Window, cursor: SessionCursor, placed: Sequence[Placed]) -> SessionWrite:
    seqs = [seq for place in placed if (seq := window.seqs[place.index]) is not None]
    known = [cursor.last_seq] if cursor.last_seq is not None else []
    return SessionWrite(
        space_key=window.space.space_key,
        session_id=window.session_id,
        tenant_id=window.task.tenant_id,
        agent_id=window.agent_id,
        source=window.source,
        next_position=placed[-1].position + 1,
        last_seq=max([*known, *seqs], default=None),
        messages=[_row(window, place) for place in placed],
        now=window.now,
    )


def _row(window: Window, place: Placed) -> dict[str, object]:
    parts = [window.space.space_key, window.session_id, str(place.position)]
    identity = {
        "position": place.position,
        "hash": window.hashes[place.index],
        "seq": window.seqs[place.index],
        "dedup_key": hashlib.sha256("\n".join(parts).encode()).hexdigest(),
    }
    text = window.texts[place.index]
    return {"properties": {**text.properties, **identity}, "embedding": text.embedding}


async def _create_chunks(tx: Transaction, window: Window, placed: Sequence[Placed]) -> None:
    for place in placed:
        if window.texts[place.index].chunks:
            await memories.create_chunks(tx, window.episodes[place.index], window.texts[place.index].chunks)

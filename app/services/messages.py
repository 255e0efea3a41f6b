"""Messages: the fast path of ingest, stored and searchable before the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid, Outdated
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
    dedup_key,
    message_hash,
    new_messages,
    said_at,
)
from app.domain.principal import Principal, SpaceAccess, Visibility, parse_visibility
from app.domain.sessions import COMPARED_HASHES, MAX_RECENT, SESSION_LIFE, find_session, is_telling
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.domain.texts import SafeText
from app.services import embedding
from app.services.embedding import StoredText
from app.services.parts import Parts
from app.storage import memories, messages, quotas, tasks
from app.storage.graph import Transaction
from app.storage.messages import SessionQuery, SessionWrite
from ingest.noise import noise_family
from ingest.redaction import is_empty, redact, redact_id

MODES = ("smart", "raw")
# So far apart are messages of one request without times of their own, so that lists by time have them in order.
APART = timedelta(microseconds=1)
# Who sends more brings a conversation from elsewhere: all of it is embedded together, which costs less a message.
FEW_MESSAGES = 8


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a request as they would be stored, with what identifies them within their session."""

    space: SpaceAccess
    # '' when the client does not say; then the session is found, or it is a new one.
    session_id: str
    new_session_id: str
    agent_id: str
    source: str
    visibility: Visibility
    episodes: list[Memory]
    hashes: list[str]
    seqs: list[int | None]
    task: Task
    is_smart: bool
    idempotency_key: str | None
    now: datetime


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Which session a window belongs to, what that has, and which messages are new to it."""

    session_id: str
    cursor: SessionCursor
    placed: list[Placed]


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A window and the stored forms of its new messages, by their index in it."""

    window: Window
    session_id: str
    texts: dict[int, StoredText]


async def add(
    parts: Parts, principal: Principal, new: NewMessages, idempotency: tuple[str, str] | None
) -> AcceptedMessages:
    """Stores what is new of a conversation and queues its ingest.

    A message that its session has already is not stored again, so a window may be sent as often as a client likes.
    Only what is new gets a vector. Raises Invalid, TooLong, NotFound or Unauthorized; then nothing is stored.
    """
    window = draft(principal, new, parts.clock(), idempotency)
    while True:
        placement = await parts.graph.read(_place, window)
        try:
            return await parts.graph.write(_store, principal, await _prepare(parts, window, placement))
        except Outdated:
            # Another window made the session, or took messages away, between the look and the lock.
            continue


def embed_ahead(parts: Parts, new: NewMessages) -> None:
    """Begins with the vector of the last message of a few, which its session hardly has yet."""
    last = new.messages[-1] if 0 < len(new.messages) <= FEW_MESSAGES else None
    if last and len(last.content) <= embedding.BEGUN_CHARS:
        embedding.begin(parts, redact(last.speaker or ""), redact(last.content))


async def _prepare(parts: Parts, window: Window, placement: Placement) -> Prepared:
    indexes = [place.index for place in placement.placed]
    episodes = [_in_session(window.episodes[index], placement.session_id) for index in indexes]
    texts = await embedding.embed(parts, episodes, window.task.id) if episodes else []
    return Prepared(window=window, session_id=placement.session_id, texts=dict(zip(indexes, texts, strict=True)))


def _in_session(episode: Memory, session_id: str) -> Memory:
    placed = msgspec.structs.replace(episode, session_id=session_id)
    return msgspec.structs.replace(placed, facets=facets(placed))


def draft(principal: Principal, new: NewMessages, now: datetime, idempotency: tuple[str, str] | None) -> Window:
    """The request with private text taken out and every field checked."""
    check_messages(new.messages)
    if (new.mode or "smart") not in MODES:
        raise Invalid(f"mode must be smart or raw, not {new.mode!r}")
    space = principal.writable_space(new.space)
    secrets = space.settings.secrets
    speaking = principal.acting_as(redact_id(new.agent_id or "", secrets, "agent_id"))
    kept = [message for message in read_messages(new.messages, secrets) if not is_empty(SafeText(message.content))]
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
        new_session_id=str(uuid4()),
        agent_id=speaking.agent_id,
        source=template.source,
        visibility=Visibility(template.visibility, template.visible_to),
        episodes=episodes,
        hashes=[message_hash(episode.role, episode.content) for episode in episodes],
        seqs=[message.seq for message in kept],
        task=task,
        is_smart=new.mode != "raw",
        idempotency_key=idempotency[0] if idempotency else None,
        now=now,
    )


def read_messages(given: Sequence[NewMessage], secrets: SecretPolicy) -> list[NewMessage]:
    """Messages without private text. Raises Invalid, which names the field, where the space refuses secrets."""
    return [
        msgspec.structs.replace(
            message,
            content=redact(message.content, secrets, f"messages[{index}].content"),
            role=redact(message.role, secrets, f"messages[{index}].role"),
            speaker=redact(message.speaker or "", secrets, f"messages[{index}].speaker"),
        )
        for index, message in enumerate(given)
    ]


def _template(principal: Principal, new: NewMessages, space: SpaceAccess, now: datetime) -> Memory:
    """What all messages of the request share."""
    visibility, secrets = parse_visibility(principal, new.visibility), space.settings.secrets
    return Memory(
        id="",
        content="",
        kind="message",
        category=Category.EVENTS,
        memory_type=MemoryType.SESSION,
        tags=check_tags([redact(tag, secrets, "tags") for tag in new.tags or []]),
        agent_id=principal.agent_id,
        owner_agent_id=principal.agent_id,
        session_id=redact_id(new.session_id or "", secrets, "session_id"),
        tenant_id=principal.tenant_id,
        source=redact(new.source or "", secrets, "source"),
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
    content = SafeText(message.content)
    moment = said_at(message.said_at, now)
    return msgspec.structs.replace(
        template,
        id=str(uuid4()),
        content=content,
        l0_abstract=abstract_of(content),
        role=message.role,
        speaker=message.speaker or "",
        valid_from=moment,
        created_at=moment,
        text_hash=text_hash(content),
    )


async def _place(tx: Transaction, window: Window) -> Placement:
    session_id = await _session_id(tx, window)
    cursor = await messages.get_cursor(tx, window.space.space_key, session_id, window.visibility.token)
    return _placement(window, session_id, cursor)


def _placement(window: Window, session_id: str, known: SessionCursor | None) -> Placement:
    cursor = known or SessionCursor(None, 0, [])
    placed = new_messages(cursor, window.hashes, window.seqs)
    return Placement(session_id=session_id, cursor=cursor, placed=placed)


async def _session_id(tx: Transaction, window: Window) -> str:
    return window.session_id or await _find_session(tx, window) or window.new_session_id


async def _find_session(tx: Transaction, window: Window) -> str | None:
    """The conversation that a window without a session id goes on with."""
    if not window.hashes:
        return None
    wanted = SessionQuery(
        space_key=window.space.space_key,
        tenant_id=window.task.tenant_id,
        agent_id=window.agent_id,
        source=window.source,
        visible_to=window.visibility.token,
        since=window.now - SESSION_LIFE,
        window=max(COMPARED_HASHES, len(window.hashes)),
        limit=MAX_RECENT,
    )
    recent = await messages.list_recent(tx, wanted)
    texts = [SafeText(episode.content) for episode in window.episodes]
    telling = [is_telling(text, noise_family(text) is not None) for text in texts]
    return find_session(recent, window.hashes, telling, window.now)


async def _store(tx: Transaction, principal: Principal, prepared: Prepared) -> AcceptedMessages:
    window = prepared.window
    cursor = await messages.lock_for_session(tx, window.space.space_key, prepared.session_id, window.visibility.token)
    quotas.obey(tx, principal, window.space.space_key)
    if window.idempotency_key:
        earlier = await tasks.get_by_idempotency_key(tx, principal, window.idempotency_key)
        if earlier is not None:
            return _repeat_answer(window, earlier)
    session_id = await _session_id(tx, window)
    placement = _placement(window, session_id, cursor)
    texts = [prepared.texts.get(place.index) for place in placement.placed]
    if session_id != prepared.session_id or None in texts:
        raise Outdated("the session changed meanwhile")
    if placement.placed:
        await messages.create_many(tx, _session_write(prepared, placement))
        await _create_chunks(tx, prepared, placement.placed)
    task = _task(prepared, placement)
    await tasks.create(tx, task, window.idempotency_key)
    return AcceptedMessages(task.id, task.stored_count, task.session_id)


def _task(prepared: Prepared, placement: Placement) -> Task:
    """What is left to do, as a task; where nothing is, it is over already, and no worker need look at it."""
    window, stored = prepared.window, len(placement.placed)
    missing = sum(prepared.texts[place.index].missing for place in placement.placed)
    task = msgspec.structs.replace(
        window.task, session_id=placement.session_id, stored_count=stored, total_count=stored + missing
    )
    if missing or (window.is_smart and stored):
        return task
    return msgspec.structs.replace(task, status=TaskStatus.COMPLETED, done_count=stored, finished_at=window.now)


def _repeat_answer(window: Window, earlier: Task) -> AcceptedMessages:
    if earlier.request_hash != window.task.request_hash or earlier.kind is not TaskKind.INGEST:
        raise Invalid("Idempotency-Key was used for another request")
    return AcceptedMessages(earlier.id, earlier.stored_count, earlier.session_id)


def _session_write(prepared: Prepared, placement: Placement) -> SessionWrite:
    window, cursor, placed = prepared.window, placement.cursor, placement.placed
    seqs = [seq for place in placed if (seq := window.seqs[place.index]) is not None]
    known = [cursor.last_seq] if cursor.last_seq is not None else []
    return SessionWrite(
        space_key=window.space.space_key,
        session_id=placement.session_id,
        tenant_id=window.task.tenant_id,
        agent_id=window.agent_id,
        source=window.source,
        visible_to=window.visibility.token,
        next_position=placed[-1].position + 1,
        last_seq=max([*known, *seqs], default=None),
        messages=[_row(prepared, place) for place in placed],
        now=window.now,
    )


def _row(prepared: Prepared, place: Placed) -> dict[str, object]:
    window, text = prepared.window, prepared.texts[place.index]
    identity = {
        "position": place.position,
        "hash": window.hashes[place.index],
        "seq": window.seqs[place.index],
        "dedup_key": dedup_key(window.space.space_key, prepared.session_id, place.position),
        "ingest_task": window.task.id if window.is_smart else None,
    }
    return {"properties": {**text.properties, **identity}, "embedding": text.embedding}


async def _create_chunks(tx: Transaction, prepared: Prepared, placed: Sequence[Placed]) -> None:
    for place in placed:
        if chunks := prepared.texts[place.index].chunks:
            await memories.create_chunks(tx, prepared.window.episodes[place.index], chunks)

"""Stores the items of a file as messages: in their conversations, as parts of its document, in portions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid
from app.domain.imports import PORTION_ITEMS, Import, Item, is_fact
from app.domain.memories import OPEN_END, Category, Memory, MemoryType, abstract_of, check_tags, facets, text_hash
from app.domain.messages import SessionCursor, dedup_key, message_hash, said_at
from app.domain.principal import Principal, Visibility, parse_visibility
from app.domain.tasks import Progress, Report, Task
from app.domain.texts import SafeText
from app.services import embedding
from app.services.embedding import StoredText
from app.services.parts import Parts
from app.storage import imports, memories, messages
from app.storage.graph import Transaction
from app.storage.messages import SessionWrite
from ingest.statements import category_by_words

# So far apart are items without times of their own, so that lists by time have them in order.
APART = timedelta(microseconds=1)
# What says where something comes from that does not say it itself.
SOURCE = "import"
FILE_SOURCE = "file_upload:"
DEFAULT_IMPORTANCE = 0.5


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An item as the message that it becomes, ready to be stored but for its place in its conversation."""

    episode: Memory
    text: StoredText


async def prepare(
    parts: Parts, principal: Principal, record: Import, items: Sequence[Item], number: int, vectors: int
) -> list[Stored]:
    """The items of the portion with this number; at most so many vectors are made at once. Raises Invalid."""
    first = record.created_at + number * PORTION_ITEMS * APART
    episodes = [_episode(principal, record, item, first + index * APART) for index, item in enumerate(items)]
    headings = {episode.id: item.heading for episode, item in zip(episodes, items, strict=True) if item.heading}
    texts = await embedding.embed(parts, episodes, record.task_id, headings, vectors)
    return [
        Stored(episode=episode, text=_with_place(text, record, item))
        for episode, text, item in zip(episodes, texts, items, strict=True)
    ]


def _with_place(text: StoredText, record: Import, item: Item) -> StoredText:
    """With where it stands in the file, and marked for the task that finds facts in it."""
    place: dict[str, object] = {
        "heading_path": item.heading or None,
        "line_start": item.line_start or None,
        "line_end": item.line_end or None,
        "page": item.page or None,
        "symbol": item.symbol or None,
        "ingest_task": record.task_id if record.post_process else None,
        "as_fact": is_fact(record, item) or None,
    }
    known = {name: value for name, value in place.items() if value is not None}
    return msgspec.structs.replace(text, properties={**text.properties, **known})


def _episode(principal: Principal, record: Import, item: Item, now: datetime) -> Memory:
    """The message that an item becomes."""
    agent = principal.acting_as(item.agent_id or record.agent_id)
    visibility = audience(agent, item)
    moment = said_at(item.said_at, now)
    content = SafeText(item.text)
    episode = Memory(
        id=str(uuid4()),
        content=content,
        kind="message",
        l0_abstract=abstract_of(content),
        category=_category(record, item),
        importance=DEFAULT_IMPORTANCE if item.importance is None else item.importance,
        memory_type=MemoryType.SESSION,
        tags=check_tags(item.tags),
        agent_id=agent.agent_id,
        owner_agent_id=agent.agent_id,
        session_id=item.session,
        tenant_id=record.tenant_id,
        source=item.source or SOURCE,
        space_id=record.space_id,
        space_key=record.space_key,
        visibility=visibility.words,
        visible_to=visibility.token,
        valid_from=item.valid_from or moment,
        valid_to=item.valid_to or OPEN_END,
        recorded_at=now,
        created_at=moment,
        updated_at=now,
        text_hash=text_hash(content),
        role=item.role,
        speaker=item.speaker,
    )
    return msgspec.structs.replace(episode, facets=facets(episode))


def _category(record: Import, item: Item) -> Category:
    """What a memory is about, as its file says or its words suggest; messages are events."""
    if not is_fact(record, item):
        # Messages are events; the sections of a single file are what the contract calls them (11.3).
        return Category.ENTITIES if item.source.startswith(FILE_SOURCE) else Category.EVENTS
    return Category(item.category) if item.category in list(Category) else category_by_words(item.text, is_dated=False)


def audience(agent: Principal, item: Item) -> Visibility:
    """Who sees an item. Raises Invalid, which names its line, for a group that the tenant does not have."""
    try:
        return parse_visibility(agent, item.visibility or None)
    except Invalid as error:
        place = f"line {item.line_start}: " if item.line_start else ""
        raise Invalid(place + error.message.partition(": ")[2]) from error


async def store(tx: Transaction, record: Import, stored: Sequence[Stored]) -> None:
    """Writes the messages to the ends of their conversations and makes them part of the document.

    The caller holds the lock of the space.
    """
    for _, group in groupby(sorted(stored, key=_conversation), key=_conversation):
        await _store_session(tx, record, list(group))
    for one in stored:
        if one.text.chunks:
            await memories.create_chunks(tx, one.episode, one.text.chunks)
    if stored:
        await imports.add_episodes(tx, record, [one.episode.id for one in stored])


def _conversation(stored: Stored) -> tuple[str, str, str, str]:
    episode = stored.episode
    return episode.session_id, episode.agent_id, episode.source, episode.visible_to


async def _store_session(tx: Transaction, record: Import, stored: Sequence[Stored]) -> None:
    first = stored[0].episode
    await imports.keep_session_state(tx, record, first.session_id)
    cursor = await messages.get_cursor(tx, record.space_key, first.session_id, first.visible_to)
    cursor = cursor or SessionCursor(None, 0, [])
    write = SessionWrite(
        space_key=record.space_key,
        session_id=first.session_id,
        tenant_id=record.tenant_id,
        agent_id=first.agent_id,
        source=first.source,
        visible_to=first.visible_to,
        next_position=cursor.position + len(stored),
        last_seq=cursor.last_seq,
        messages=[_row(one, cursor.position + offset) for offset, one in enumerate(stored)],
        now=record.created_at,
    )
    await messages.create_many(tx, write)


def _row(stored: Stored, position: int) -> dict[str, object]:
    episode = stored.episode
    identity = {
        "position": position,
        "hash": message_hash(episode.role, episode.content),
        "dedup_key": dedup_key(episode.space_key, episode.session_id, position),
    }
    return {"properties": {**stored.text.properties, **identity}, "embedding": stored.text.embedding}


async def store_waiting(parts: Parts, principal: Principal, task: Task, report: Report) -> int:
    """Stores the portions of a task's import that wait, one after the other; how many items it has then.

    A portion goes with the transaction that stores it, so a worker that ends in between loses and doubles nothing.
    """
    record = await parts.graph.read(imports.get_of_task, task)
    while record and (portion := await parts.graph.read(imports.get_portion, record)):
        items = msgspec.json.decode(portion.items, type=list[Item])
        stored = await prepare(parts, principal, record, items, portion.number, 0)
        await parts.graph.write(_store_portion, record, portion.number, stored)
        record = await parts.graph.read(imports.get_of_task, task)
        if record:
            await report(Progress(record.storage_stored, record.storage_total))
    return record.storage_stored if record else 0


async def _store_portion(tx: Transaction, record: Import, number: int, stored: Sequence[Stored]) -> None:
    await memories.lock_space(tx, record.space_key)
    # Gone when another worker was faster, or when the import was rolled back meanwhile.
    if await imports.delete_portion(tx, record, number):
        await store(tx, record, stored)

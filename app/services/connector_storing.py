"""Stores versions of a repository's things as messages, ends those before them, and takes back what nobody says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import uuid4

import msgspec

from app.domain.connectors import (
    Connection,
    Thing,
    Version,
    plan_versions,
    session_name,
    source_name,
    thing_key,
    threads_gone,
)
from app.domain.errors import Blocked, NotFound, Outdated
from app.domain.memories import (
    OPEN_END,
    Category,
    Memory,
    MemoryType,
    State,
    abstract_of,
    check_tags,
    facets,
    text_hash,
)
from app.domain.messages import SessionCursor, dedup_key, message_hash
from app.domain.principal import ALL_AGENTS, Principal
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services import copying, decisions, embedding
from app.services.embedding import INLINE_VECTORS, StoredText
from app.services.parts import Parts
from app.storage import connectors, memories, messages, quotas, tasks
from app.storage.connectors import EndRow, ThingRow, VersionRow
from app.storage.graph import Transaction
from app.storage.messages import SessionWrite

# GitHub repeats a call for three days, by hand for thirty.
REMEMBERED = timedelta(days=30)
# What people write in issues is read as what they say.
ROLE, DOCUMENT = "user", "document"
# Somebody else stores something at the same moment; more often than this in a row it is no coincidence.
TRIES = 8


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of a webhook, or one page of a list, brings; a page has no key."""

    connection: Connection
    things: list[Thing]
    delivery_key: str = ""
    # A page of a list leaves its vectors to the task.
    vectors: int = INLINE_VECTORS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The versions that are new, each with the message that it becomes; one that is gone has none."""

    call: Call
    versions: list[Version]
    episodes: dict[int, Memory]
    texts: dict[int, StoredText]
    task: Task
    now: datetime


async def store(parts: Parts, principal: Principal, call: Call) -> int:
    """Stores what is new of things, with the task that reads it; how many versions that were.

    A call that is known, things that are known and versions that come late store nothing.
    """
    for _ in range(TRIES):
        now = parts.clock()
        versions = await parts.graph.read(_look, call, now)
        plan = await _prepare(parts, principal, call, versions, now)
        try:
            return await parts.graph.write(_store, principal, plan)
        except Outdated:
            # Another call about the same things came between the look and the lock.
            continue
    raise Outdated("other events about the same things keep coming")


async def _look(tx: Transaction, call: Call, now: datetime) -> list[Version]:
    connection = call.connection
    things = [*call.things, *await _said_there(tx, connection, threads_gone(call.things))]
    keys = [thing_key(connection.space_key, connection.repo, thing.kind, thing.external_id) for thing in things]
    known = await connectors.list_things(tx, connection.space_key, keys)
    return plan_versions(things, keys, known, now)


async def _said_there(tx: Transaction, connection: Connection, threads: Sequence[str]) -> list[Thing]:
    """What was said on issues that are gone, as gone with them."""
    if not threads:
        return []
    found = await connectors.list_thread(tx, connection.space_key, connection.repo.lower(), threads)
    return [
        Thing(kind=one.kind, external_id=one.external_id, thread=one.thread, is_fact=True, is_deleted=True)
        for one in found
    ]


async def _prepare(parts: Parts, principal: Principal, call: Call, versions: Sequence[Version], now: datetime) -> Plan:
    sessions = {version.thing.thread for version in versions}
    name = session_name(call.connection.repo, sessions.pop()) if len(sessions) == 1 else ""
    task = Task(
        id=str(uuid4()),
        kind=TaskKind.CONNECTOR,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=call.connection.space_key,
        agent_id=principal.agent_id,
        session_id=name,
        created_at=now,
    )
    said = [(index, version) for index, version in enumerate(versions) if not version.thing.is_deleted]
    episodes = {index: _episode(principal, call.connection, version, now) for index, version in said}
    texts = await embedding.embed(parts, list(episodes.values()), task.id, None, call.vectors) if episodes else []
    return Plan(
        call=call,
        versions=list(versions),
        episodes=episodes,
        texts=dict(zip(episodes, texts, strict=True)),
        task=task,
        now=now,
    )


def _episode(principal: Principal, connection: Connection, version: Version, now: datetime) -> Memory:
    """The message that a version becomes."""
    thing = version.thing
    episode = Memory(
        id=str(uuid4()),
        content=thing.text,
        kind="message",
        l0_abstract=abstract_of(thing.text),
        category=Category.ENTITIES if thing.is_fact else Category.EVENTS,
        memory_type=MemoryType.SESSION,
        tags=check_tags(thing.tags),
        agent_id=principal.agent_id,
        owner_agent_id=principal.agent_id,
        session_id=session_name(connection.repo, thing.thread),
        tenant_id=principal.tenant_id,
        source=source_name(connection.repo),
        space_id=connection.space_id,
        space_key=connection.space_key,
        visible_to=ALL_AGENTS,
        version=version.number,
        valid_from=version.at,
        recorded_at=now,
        created_at=version.at,
        updated_at=now,
        text_hash=text_hash(thing.text),
        role=DOCUMENT if thing.is_fact else ROLE,
        speaker=thing.speaker,
    )
    return msgspec.structs.replace(episode, facets=facets(episode))


async def _store(tx: Transaction, principal: Principal, plan: Plan) -> int:
    call, connection = plan.call, plan.call.connection
    await memories.lock_space(tx, connection.space_key)
    quotas.obey(tx, principal, connection.space_key)
    times = (plan.now, plan.now - REMEMBERED)
    if call.delivery_key and not await connectors.create_delivery(tx, connection, call.delivery_key, times):
        return 0
    if await _look(tx, call, plan.now) != plan.versions:
        raise Outdated("the things changed meanwhile")
    if not plan.versions:
        return 0
    await _write_messages(tx, plan)
    await _write_versions(tx, principal, plan)
    stored, missing = len(plan.episodes), sum(text.missing for text in plan.texts.values())
    task = msgspec.structs.replace(plan.task, stored_count=stored, total_count=stored + missing)
    await tasks.create(tx, task, None)
    return sum(not plan.versions[index].thing.is_fact for index in plan.episodes)


async def _write_messages(tx: Transaction, plan: Plan) -> None:
    """The messages at the ends of the conversations of their threads."""
    ordered = sorted(plan.episodes, key=lambda index: plan.episodes[index].session_id)
    for session_id, group in groupby(ordered, key=lambda index: plan.episodes[index].session_id):
        await _write_session(tx, plan, session_id, list(group))
    for index, episode in plan.episodes.items():
        if plan.texts[index].chunks:
            await memories.create_chunks(tx, episode, plan.texts[index].chunks)


async def _write_session(tx: Transaction, plan: Plan, session_id: str, indexes: list[int]) -> None:
    first = plan.episodes[indexes[0]]
    cursor = await messages.get_cursor(tx, first.space_key, session_id, first.visible_to)
    cursor = cursor or SessionCursor(None, 0, [])
    write = SessionWrite(
        space_key=first.space_key,
        session_id=session_id,
        tenant_id=first.tenant_id,
        agent_id=first.agent_id,
        source=first.source,
        visible_to=first.visible_to,
        next_position=cursor.position + len(indexes),
        last_seq=cursor.last_seq,
        messages=[_row(plan, index, cursor.position + offset) for offset, index in enumerate(indexes)],
        now=plan.now,
    )
    await messages.create_many(tx, write)


def _row(plan: Plan, index: int, position: int) -> dict[str, object]:
    episode, thing = plan.episodes[index], plan.versions[index].thing
    identity = {
        "position": position,
        "hash": message_hash(episode.role, episode.content),
        "dedup_key": dedup_key(episode.space_key, episode.session_id, position),
        "ingest_task": plan.task.id if thing.is_read else None,
        "as_fact": thing.is_fact or None,
    }
    return {"properties": {**plan.texts[index].properties, **identity}, "embedding": plan.texts[index].embedding}


async def _write_versions(tx: Transaction, principal: Principal, plan: Plan) -> None:
    """What is known of each thing from now on, and the end of its versions before that."""
    space_key = plan.call.connection.space_key
    ends = [_end(version, plan.now) for version in plan.versions if version.number > 1]
    ended = await connectors.end_versions(tx, space_key, ends, plan.now)
    newest = {version.key: _thing_row(plan.call.connection, version) for version in plan.versions}
    await connectors.update_things(tx, plan.task, list(newest.values()))
    rows = [
        VersionRow(key=version.key, episode_id=plan.episodes[index].id, number=version.number, at=version.at)
        for index, version in enumerate(plan.versions)
        if index in plan.episodes
    ]
    await connectors.add_versions(tx, space_key, rows)
    await copying.follow(tx, principal, ended, plan.now)


def _end(version: Version, now: datetime) -> EndRow:
    """An edit ends what was said before as replaced; what is gone is deleted as if a user had done it."""
    is_gone = version.thing.is_deleted
    state, retired_at = (State.DELETED, now) if is_gone else (State.SUPERSEDED, OPEN_END)
    return EndRow(key=version.key, state=state, at=version.at, retired_at=retired_at)


def _thing_row(connection: Connection, version: Version) -> ThingRow:
    thing = version.thing
    return ThingRow(
        key=version.key,
        repo=connection.repo.lower(),
        kind=thing.kind.value,
        external_id=thing.external_id,
        thread=thing.thread,
        version=version.number,
        text_hash=version.text_hash,
        updated_at=version.at,
        is_deleted=thing.is_deleted,
    )


async def take_back_unsaid(parts: Parts, principal: Principal, task: Task) -> int:
    """Undoes the decisions behind memories that no version of a thing states any more; how many.

    What was replaced by such a memory is believed again, and may itself be said by nobody: then it goes as well. A
    decision that later ones build on stays.
    """
    tried: set[str] = set()
    undone = 0
    while fresh := set(await parts.graph.read(connectors.list_unsaid, task)) - tried:
        for decision_id in sorted(fresh):
            undone += await _undo(parts, principal, decision_id)
        tried |= fresh
    return undone


async def _undo(parts: Parts, principal: Principal, decision_id: str) -> bool:
    try:
        await decisions.undo(parts, principal, decision_id)
    except (Blocked, NotFound):
        return False
    return True

"""Memories: store, read, list, change and delete them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid, NotFound
from app.domain.listing import ListFilter, MemoryPage, Page, next_cursor
from app.domain.memories import (
    OPEN_END,
    Category,
    Memory,
    MemoryType,
    NewMemory,
    Revision,
    State,
    abstract_of,
    check_content,
    check_tags,
    checked_view,
    current_key,
    facets,
    parse_choice,
    text_hash,
    to_utc,
    view,
)
from app.domain.principal import Principal, parse_visibility
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.domain.texts import SafeText
from app.services import copying, embedding, sharing_rules
from app.services.embedding import StoredText
from app.services.parts import Parts
from app.storage import memories, messages, quotas, tasks
from app.storage.graph import Transaction
from app.storage.memories import MemoryWrite
from ingest.redaction import is_empty, redact


class Stored(msgspec.Struct, frozen=True):
    """What a store came to: the memory, its task (None for a repeat), and whether it is new."""

    memory: Memory
    task_id: str | None
    is_new: bool


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a store writes, thought out before the transaction."""

    memory: Memory
    text: StoredText
    task: Task
    replaces: list[str]
    idempotency_key: str | None


async def create(parts: Parts, principal: Principal, new: NewMemory, idempotency: tuple[str, str] | None) -> Stored:
    """Stores a text as it is; the same text by the same agent for the same audience is counted as a repeat.

    `idempotency` is the hash of the caller's key and that of the request; a used key repeats the first answer.
    Raises Invalid, TooLong, NotFound or Unauthorized; then nothing is stored.
    """
    memory = draft(principal, new, parts.clock())
    task = Task(
        id=str(uuid4()),
        kind=TaskKind.RELATE,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=memory.space_key,
        agent_id=principal.agent_id,
        memory_id=memory.id,
        request_hash=idempotency[1] if idempotency else "",
        created_at=memory.created_at,
    )
    stored = (await embedding.embed(parts, [memory], task.id))[0]
    task = msgspec.structs.replace(task, stored_count=1, total_count=stored.missing + 1)
    key = idempotency[0] if idempotency else None
    replaces = list(dict.fromkeys(new.replaces or []))
    plan = Draft(memory=memory, text=stored, task=task, replaces=replaces, idempotency_key=key)
    return await parts.graph.write(_store, principal, plan)


def embed_ahead(parts: Parts, new: NewMemory) -> None:
    """Begins with the vector of a text that somebody is likely to be allowed to store."""
    content = new.content or ""
    if len(content) <= embedding.BEGUN_CHARS:
        embedding.begin(parts, "", redact(content))


def draft(principal: Principal, new: NewMemory, now: datetime) -> Memory:
    """The memory that a request asks for. Raises Invalid, TooLong, NotFound or Unauthorized."""
    check_content(new.content or "")
    space = principal.writable_space(new.space)
    secrets = space.settings.secrets
    content = read_content(new.content or "", secrets)
    visibility = parse_visibility(principal, new.visibility)
    valid_from, valid_to = to_utc(new.valid_from or now), to_utc(new.valid_to or OPEN_END)
    if valid_to <= valid_from:
        raise Invalid("valid_to must be later than valid_from")
    memory = Memory(
        id=str(uuid4()),
        content=content,
        l0_abstract=abstract_of(content),
        category=Category(parse_choice("category", new.category, Category, Category.PREFERENCES)),
        memory_type=MemoryType(parse_choice("memory_type", new.memory_type, MemoryType, MemoryType.INSIGHT)),
        importance=0.5 if new.importance is None else new.importance,
        tags=check_tags([redact(tag, secrets, "tags") for tag in new.tags or []]),
        agent_id=principal.agent_id,
        owner_agent_id=principal.agent_id,
        tenant_id=principal.tenant_id,
        source=redact(new.source or "", secrets, "source"),
        space_id=space.id,
        space_key=space.space_key,
        visibility=visibility.words,
        visible_to=visibility.token,
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=now,
        created_at=now,
        updated_at=now,
        text_hash=text_hash(content),
    )
    if memory.memory_type is MemoryType.SESSION:
        raise Invalid("memory_type session is for messages; send them as `messages`")
    return msgspec.structs.replace(memory, facets=facets(memory))


def read_content(given: str, secrets: SecretPolicy) -> SafeText:
    """A text without its private parts. Raises Invalid when nothing is left, TooLong when it is too much."""
    check_content(given)
    content = redact(given, secrets)
    if is_empty(content):
        raise Invalid("content holds nothing but blanks, private text or secrets")
    return content


async def _store(tx: Transaction, principal: Principal, plan: Draft) -> Stored:
    key = current_key(plan.memory)
    locked = await memories.lock_for_text(tx, plan.memory.space_key, key)
    known = locked.known
    quotas.obey(tx, principal, plan.memory.space_key)
    if plan.idempotency_key and (earlier := await tasks.get_by_idempotency_key(tx, principal, plan.idempotency_key)):
        return await _repeat_answer(tx, principal, plan, earlier)
    replaced = [memory_id for memory_id in plan.replaces if known is None or memory_id != known.id]
    await _check_replaceable(tx, principal, replaced)
    if known is None:
        await memories.create(tx, _write(plan, key))
        if plan.text.chunks:
            await memories.create_chunks(tx, plan.memory, plan.text.chunks)
    else:
        await memories.add_repeat(tx, known.space_key, known.id, plan.memory.created_at)
        if plan.idempotency_key:
            await tasks.create(tx, _nothing_to_do(plan, known), plan.idempotency_key)
    await _replace(tx, principal, (known or plan.memory, plan), replaced)
    if known is None and locked.has_rules:
        await sharing_rules.fire(tx, principal, [plan.memory.id], plan.memory.created_at)
    if known is None and not replaced:
        return Stored(plan.memory, plan.task.id, True)
    stored = await must_get(tx, principal, (known or plan.memory).id)
    return Stored(stored, None if known else plan.task.id, known is None)


def _write(plan: Draft, key: str) -> MemoryWrite:
    return MemoryWrite(
        properties={**plan.text.properties, "current_key": key},
        embedding=plan.text.embedding,
        task=plan.task,
        idempotency_key=plan.idempotency_key,
    )


async def _replace(tx: Transaction, principal: Principal, by: tuple[Memory, Draft], replaced: list[str]) -> None:
    if not replaced:
        return
    newer, plan = by
    await memories.supersede(tx, newer, replaced, plan.task.id, principal.writable_keys)
    await messages.update_outdated(tx, principal.writable_keys, replaced)
    await copying.follow(tx, principal, replaced, plan.memory.created_at)


async def _repeat_answer(tx: Transaction, principal: Principal, plan: Draft, earlier: Task) -> Stored:
    if earlier.request_hash != plan.task.request_hash or earlier.kind is not TaskKind.RELATE:
        raise Invalid("Idempotency-Key was used for another request")
    was_new = earlier.stored_count > 0
    return Stored(await must_get(tx, principal, earlier.memory_id), earlier.id if was_new else None, was_new)


def _nothing_to_do(plan: Draft, known: Memory) -> Task:
    """A finished task that remembers the answer to a repeat for its Idempotency-Key."""
    return msgspec.structs.replace(
        plan.task,
        status=TaskStatus.COMPLETED,
        memory_id=known.id,
        stored_count=0,
        total_count=0,
        finished_at=plan.task.created_at,
    )


async def free_key(tx: Transaction, memory: Memory) -> str | None:
    """The key under which a repeat of the text is found, unless another memory holds it or this one is not current.

    A copy has none: who says what it says would otherwise have stored nothing of his own.
    """
    if memory.shared is not None:
        return None
    key = current_key(memory)
    holder = await memories.get_by_text(tx, memory.space_key, key)
    is_free = holder is None or holder.id == memory.id
    return key if is_free and memory.state is State.ACTIVE else None


async def must_get(tx: Transaction, principal: Principal, memory_id: str) -> Memory:
    """A memory or message. Raises NotFound, also for what the caller may not see."""
    found = await memories.get(tx, principal, memory_id)
    if found is None:
        raise NotFound("no such memory")
    return found


async def _check_replaceable(tx: Transaction, principal: Principal, ids: list[str]) -> None:
    if not ids:
        return
    writable = set(principal.writable_keys)
    found = {
        memory.id: memory for memory in await memories.get_many(tx, principal, ids) if memory.space_key in writable
    }
    missing = [memory_id for memory_id in ids if memory_id not in found or found[memory_id].is_message]
    closed = [memory.id for memory in found.values() if memory.state is not State.ACTIVE and not memory.is_message]
    pinned = [memory.id for memory in found.values() if memory.memory_type is MemoryType.PINNED]
    problems = {"missing": missing, "already superseded": closed, "pinned": pinned}
    said = [f"{problem}: {', '.join(named)}" for problem, named in problems.items() if named]
    if said:
        raise Invalid(f"replaces names what cannot be replaced ({'; '.join(said)})")


async def get(parts: Parts, principal: Principal, memory_id: str) -> Memory:
    """One memory or message, counted as a use. Raises NotFound also for what the caller may not see."""
    found = await parts.graph.read(must_get, principal, memory_id)
    parts.accesses.note(principal, [(found.space_key, found.id)], parts.clock())
    return found


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories of which spaces, and which part of the list."""

    space_keys: list[str]
    wanted: ListFilter
    page: Page
    check_stale: bool = False


async def list_page(parts: Parts, principal: Principal, request: ListRequest) -> MemoryPage:
    """A page of a list with the number of all that match, which is counted meanwhile: of 50,000 it takes as long."""
    page = request.page
    (ids, found), total = await asyncio.gather(
        parts.graph.read(_list, principal, request), parts.graph.read(_count, principal, request)
    )
    return MemoryPage(
        memories=[checked_view(memory) if request.check_stale else view(memory) for memory in found],
        total_count=total,
        limit=page.limit,
        offset=page.offset,
        next_cursor=next_cursor(page, found[-1]) if page.limit and len(ids) == page.limit else None,
    )


async def _list(tx: Transaction, principal: Principal, request: ListRequest) -> tuple[list[str], list[Memory]]:
    wanted, page, space_keys = request.wanted, request.page, request.space_keys
    if page.sort == "created_at" and page.descending and wanted.memory_type != MemoryType.SESSION:
        ids = await memories.list_newest(tx, principal, space_keys, wanted, page)
    else:
        ids = await memories.list_sorted(tx, principal, space_keys, wanted, page)
    return ids, await memories.get_many(tx, principal, ids)


async def _count(tx: Transaction, principal: Principal, request: ListRequest) -> int:
    wanted, space_keys = request.wanted, request.space_keys
    if wanted == ListFilter(states=wanted.states):
        return await memories.count_all(tx, principal, space_keys, wanted.states)
    return await memories.count_listed(tx, principal, space_keys, wanted)


async def list_revisions(tx: Transaction, principal: Principal, memory_id: str) -> list[Revision]:
    """What a memory said before each edit, newest first. Raises NotFound."""
    await must_get(tx, principal, memory_id)
    return await memories.list_revisions(tx, principal, memory_id)

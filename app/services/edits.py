"""Changes to a memory, each kept as a revision."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid, Outdated
from app.domain.memories import (
    OPEN_END,
    PAST_STATES,
    SETTABLE_STATES,
    Category,
    Memory,
    MemoryChange,
    MemoryType,
    State,
    abstract_of,
    check_tags,
    facets,
    parse_choice,
    text_hash,
)
from app.domain.principal import Principal
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.domain.texts import SafeText
from app.services import belief, copying, deletion, embedding
from app.services.embedding import StoredText
from app.services.memories import free_key, must_get, read_content
from app.services.parts import Parts
from app.storage import memories, messages, quotas, tasks
from app.storage.graph import Transaction
from app.storage.memories import Update
from ingest.redaction import redact

# What moves without an edit, so an edit must not set it back.
COUNTED = ("access_count", "last_accessed_at", "uses", "repeat_count")


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A change thought out before the transaction: the memory before and after, and its text when that is new."""

    before: Memory
    after: Memory
    text: StoredText | None
    task: Task
    expected_rev: int | None


async def update(
    parts: Parts, principal: Principal, memory_id: str, change: MemoryChange, expected_rev: int | None
) -> Memory:
    """Changes a memory and keeps what it said before. Raises NotFound, Invalid, TooLong, Outdated, Unauthorized."""
    while True:
        try:
            return await _update_once(parts, principal, memory_id, change, expected_rev)
        except Outdated:
            # Somebody else was faster. Who did not name the revision he means changes what is there now.
            if expected_rev is not None:
                raise


async def _update_once(
    parts: Parts, principal: Principal, memory_id: str, change: MemoryChange, expected_rev: int | None
) -> Memory:
    before = await parts.graph.read(must_get, principal, memory_id)
    after = changed(before, change, principal.settings_of(before.space_key).secrets, parts.clock())
    task = Task(
        id=str(uuid4()),
        kind=TaskKind.RELATE,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=before.space_key,
        agent_id=principal.agent_id,
        memory_id=before.id,
        total_count=1,
        created_at=after.updated_at,
    )
    is_new_text = after.content != before.content
    text = (await embedding.embed(parts, [after], task.id))[0] if is_new_text else None
    edit = Edit(before=before, after=after, text=text, task=task, expected_rev=expected_rev)
    return await parts.graph.write(_update, principal, edit)


def changed(before: Memory, change: MemoryChange, secrets: SecretPolicy, now: datetime) -> Memory:
    """The memory after an update. Raises Invalid or TooLong, which name the field."""
    if before.is_message:
        raise Invalid("a message is never edited; store a memory that corrects it")
    content = SafeText(before.content)
    if change.content is not None:
        content = read_content(change.content, secrets)
    state = _parse_state(change.state, before.state)
    # Who brings back what is over says that it is not over.
    is_reopened = before.state is State.EXPIRED and state is State.ACTIVE and before.valid_to <= now
    after = msgspec.structs.replace(
        before,
        content=content,
        valid_to=OPEN_END if is_reopened else before.valid_to,
        l0_abstract=abstract_of(content),
        tags=before.tags if change.tags is None else check_tags([redact(tag, secrets, "tags") for tag in change.tags]),
        category=Category(parse_choice("category", change.category, Category, before.category)),
        memory_type=MemoryType(parse_choice("memory_type", change.memory_type, MemoryType, before.memory_type)),
        state=state,
        importance=before.importance if change.importance is None else change.importance,
        version=before.version + 1,
        rev=before.rev + 1,
        updated_at=now,
        text_hash=text_hash(content),
    )
    if after.memory_type is MemoryType.SESSION:
        raise Invalid("memory_type session is for messages")
    return msgspec.structs.replace(after, facets=facets(after))


def _parse_state(given: str | None, before: State) -> State:
    if given is None:
        return before
    if given.lower() not in SETTABLE_STATES:
        raise Invalid(f"state must be one of {', '.join(SETTABLE_STATES)}, not {given!r}")
    after = SETTABLE_STATES[given.lower()]
    if before in PAST_STATES and after is not State.DELETED:
        raise Invalid("state results from the relation to the newer memory; delete that relation instead")
    if before is State.RETRACTED and after is not State.DELETED:
        raise Invalid("state is that of a mistake; feedback with the verdict useful takes it back")
    return after


async def _update(tx: Transaction, principal: Principal, edit: Edit) -> Memory:
    await copying.lock_with_live_copies(tx, principal, [edit.before.id], {edit.before.space_key})
    current = await must_get(tx, principal, edit.before.id)
    principal.require_writable(current.space_key)
    expected = edit.before.rev if edit.expected_rev is None else edit.expected_rev
    if current.rev != expected:
        raise Outdated(f"the memory is at revision {current.rev}, not {expected}; read it again")
    quotas.obey(tx, principal, current.space_key)
    key = await free_key(tx, edit.after)
    update = Update(
        id=current.id,
        space_key=current.space_key,
        change={**_stored_change(edit), "current_key": key},
        embedding=edit.text.embedding if edit.text else None,
        tenant_id=principal.tenant_id,
        now=edit.after.updated_at,
    )
    await memories.update(tx, update)
    await _update_chunks(tx, edit)
    if edit.text is not None:
        await tasks.create(tx, edit.task, None)
    if edit.after.state is not edit.before.state:
        await messages.update_outdated(tx, [current.space_key], [current.id])
    if edit.after.state is State.DELETED:
        await deletion.delete_conclusions(tx, principal, [current.id], edit.after.updated_at)
    await copying.follow(tx, principal, [current.id], edit.after.updated_at)
    await belief.update(tx, current.space_key, [current.id])
    if edit.after.state is State.DELETED:
        return edit.after
    return await must_get(tx, principal, current.id)


def _stored_change(edit: Edit) -> dict[str, object]:
    """A new text loses the old vector, even when its own lies on its pieces or is still to come."""
    stored = edit.text.properties if edit.text else memories.properties(edit.after)
    edited = {name: value for name, value in stored.items() if name not in COUNTED}
    return {"embedding": None, "embed_task": None, **edited} if edit.text else edited


async def _update_chunks(tx: Transaction, edit: Edit) -> None:
    if edit.text is None:
        await memories.update_chunks(tx, edit.after)
        return
    await memories.delete_chunks(tx, edit.after)
    if edit.text.chunks:
        await memories.create_chunks(tx, edit.after, edit.text.chunks)

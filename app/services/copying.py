"""Makes copies of memories in other spaces, and keeps those up to date that follow their origins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Invalid
from app.domain.memories import Memory
from app.domain.principal import ALL_AGENTS, Principal, SpaceAccess, Visibility
from app.domain.sharing import Action, Copies, CopyIds, copy_of, share_key
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services import audit
from app.storage import memories, quotas, sharing, tasks
from app.storage.graph import Transaction
from app.storage.sharing import CopyWrite, SharingEvent
from ingest.redaction import redact

# A copy in a shared space is there for everybody in it (contract 9).
FOR_ALL = Visibility("global", ALL_AGENTS)
# How the record of a space calls what happens to copies.
AUDITED = {
    Action.SHARE: AuditAction.MEMORIES_SHARED,
    Action.BATCH_SHARE: AuditAction.MEMORIES_SHARED,
    Action.PULL: AuditAction.MEMORIES_PULLED,
    Action.RESHARE: AuditAction.MEMORIES_RESHARED,
    Action.UNSHARE: AuditAction.MEMORIES_UNSHARED,
}
# A live copy of a live copy of …: more steps than anybody has spaces in a row.
LONGEST_CHAIN = 10


class Copied(msgspec.Struct, frozen=True):
    """The copy of each memory by the id of its origin, and which of them are new."""

    by_origin: dict[str, str]
    new: set[str]


def may_enter(memory: Memory, target: SpaceAccess) -> bool:
    """Whether the settings of a space let a text in: one that was stored where secrets are kept may hold one."""
    return _is_let_in(memory.content, target.settings.secrets)


def _is_let_in(text: str, policy: SecretPolicy) -> bool:
    return policy is SecretPolicy.OFF or redact(text, SecretPolicy.MARK) == text


def check_enters(memory: Memory, target: SpaceAccess) -> None:
    """Raises Invalid for a text that the settings of a space keep out."""
    if not may_enter(memory, target):
        raise Invalid("the memory holds a secret, and the settings of target_space let none in")


async def copy_all(tx: Transaction, principal: Principal, ids: Sequence[str], wanted: Copies, given: CopyIds) -> Copied:
    """Copies those of the memories that the caller may read and the space lets in; what is there is not copied again.

    Takes the locks of all spaces in question in the order of their keys, and reads the memories again after that.
    """
    known = await memories.get_many(tx, principal, ids)
    await lock_spaces(tx, {wanted.target.space_key, *(memory.space_key for memory in known)})
    found = await memories.get_many(tx, principal, ids)
    origins = [memory for memory in found if may_enter(memory, wanted.target)]
    keys = {memory.id: share_key(memory.id, wanted.target.space_key, wanted.visibility.token) for memory in origins}
    there = await sharing.list_copies(tx, wanted.target.space_key, list(keys.values()))
    fresh = [
        CopyWrite(memory, keys[memory.id], copy_of(memory, wanted, str(uuid4()), given.now))
        for memory in origins
        if keys[memory.id] not in there
    ]
    await create(tx, principal, fresh, wanted, given)
    created = {copy.origin.id: copy.memory.id for copy in fresh}
    by_origin = {memory.id: created.get(memory.id) or there[keys[memory.id]] for memory in origins}
    return Copied(by_origin, set(created))


async def create(
    tx: Transaction, principal: Principal, fresh: Sequence[CopyWrite], wanted: Copies, given: CopyIds
) -> None:
    """Stores copies and what is told of them, and a task for the vectors that their origins still wait for."""
    if not fresh:
        return
    if wanted.obeys_quotas:
        quotas.obey(tx, principal, wanted.target.space_key)
    waiting = await sharing.create_copies(tx, principal, fresh, wanted, given)
    if waiting:
        await tasks.create(tx, _task(principal, wanted.target.space_key, given, waiting), None)
    await sharing.create_events(tx, [_event(copy.origin, copy.memory, wanted, given.now) for copy in fresh])
    await audit.record(tx, principal, given.now, *_entries(fresh, wanted))


def _entries(fresh: Sequence[CopyWrite], wanted: Copies) -> list[Entry]:
    """What is told in the space where the copies lie and in those they were taken from: the id of a single one."""
    touched = [(wanted.target.space_key, copy.memory.id) for copy in fresh]
    touched += [(copy.origin.space_key, copy.origin.id) for copy in fresh]
    by_space = {key: [subject for named, subject in touched if named == key] for key, _ in touched}
    detail = f"rule {wanted.rule}" if wanted.rule else ""
    return [
        Entry(
            action=AUDITED[wanted.action],
            space_key=key,
            subject=subjects[0] if len(subjects) == 1 else "",
            count=len(subjects),
            detail=detail,
        )
        for key, subjects in by_space.items()
    ]


def _task(principal: Principal, space_key: str, given: CopyIds, waiting: int) -> Task:
    return Task(
        id=given.task_id,
        kind=TaskKind.RELATE,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=space_key,
        total_count=waiting,
        created_at=given.now,
    )


def _event(origin: Memory, copy: Memory, wanted: Copies, now: datetime) -> SharingEvent:
    return SharingEvent(
        id=str(uuid4()),
        action=wanted.action,
        memory_id=copy.id,
        from_space=origin.space_id,
        from_key=origin.space_key,
        to_space=wanted.target.id,
        space_key=wanted.target.space_key,
        user_id=wanted.by,
        agent_id=wanted.agent,
        at=now,
    )


async def tell_unshare(tx: Transaction, principal: Principal, copy: Memory, now: datetime) -> None:
    """Records that a copy was taken back (contract 9.3: the id is that of the original)."""
    shared = copy.shared
    event = SharingEvent(
        id=str(uuid4()),
        action=Action.UNSHARE,
        memory_id=shared.memory_id if shared else copy.id,
        from_space=copy.space_id,
        from_key=copy.space_key,
        to_space=shared.space_id if shared else "",
        space_key=copy.space_key,
        user_id=principal.tenant_id,
        agent_id=principal.agent_id,
        at=now,
    )
    await sharing.create_events(tx, [event])
    taken = Entry(action=AUDITED[Action.UNSHARE], space_key=copy.space_key, subject=copy.id)
    await audit.record(tx, principal, now, taken)


async def lock_spaces(tx: Transaction, space_keys: set[str]) -> None:
    """Locks spaces in the order of their keys, so that two writers do not wait for each other."""
    for space_key in sorted(space_keys):
        await memories.lock_space(tx, space_key)


async def lock_with_live_copies(
    tx: Transaction, principal: Principal, ids: Sequence[str], space_keys: set[str]
) -> None:
    """Locks spaces together with those where copies follow these memories."""
    copies = await sharing.list_live_copies(tx, principal.space_keys, ids)
    await lock_spaces(tx, {*space_keys, *(copy.space_key for copy in copies)})


async def move(tx: Transaction, principal: Principal, old_id: str, new_id: str, now: datetime) -> None:
    """Makes what was copied from a copy a copy of the one that replaces it; call it when that one is there."""
    copies = await sharing.list_copies_from(tx, principal, old_id)
    keys = {copy.id: share_key(new_id, copy.space_key, copy.visible_to) for copy in copies}
    if keys:
        await sharing.move_copies(tx, principal, keys, old_id, new_id)
        await follow(tx, principal, [new_id], now)


async def follow(tx: Transaction, principal: Principal, ids: Sequence[str], now: datetime) -> None:
    """Makes live copies say what these memories say by now, and copies of the copies; call it after every change.

    A copy whose origin was deleted is deleted with it. One whose space would not let the new text in stays as it is,
    and stale.
    """
    changed, steps, reached = list(ids), 0, list(principal.space_keys)
    while changed and steps < LONGEST_CHAIN:
        found = await sharing.list_live_copies(tx, reached, changed)
        copies = [copy for copy in found if _is_let_in(copy.text, copy.secrets)]
        reached = sorted({copy.space_key for copy in copies})
        for space_key in reached:
            named = [copy.id for copy in copies if copy.space_key == space_key]
            await _follow_in(tx, principal, space_key, named, now)
        changed, steps = [copy.id for copy in copies], steps + 1


async def _follow_in(tx: Transaction, principal: Principal, space_key: str, ids: list[str], now: datetime) -> None:
    given = CopyIds(now, str(uuid4()))
    await memories.lock_space(tx, space_key)
    waiting = await sharing.update_live_copies(tx, principal, space_key, ids, given)
    if waiting:
        await tasks.create(tx, _task(principal, space_key, given, waiting), None)

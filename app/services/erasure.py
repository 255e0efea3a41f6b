"""Spaces and accounts that are deleted: out of use at once, erased by a task that any worker can go on with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Blocked, Invalid
from app.domain.principal import Principal
from app.domain.spaces import Space
from app.domain.tasks import Progress, Report, Task, TaskKind, TaskStatus
from app.services import audit, belief, copying, tasks
from app.services.parts import Parts
from app.services.spaces import must_administer
from app.storage import erasure, spaces
from app.storage import tasks as stored_tasks
from app.storage.graph import Transaction

# So many memories, and so many nodes of each other kind, are erased in one transaction; each stays below a second.
ERASE_BATCH = 500


async def delete_space(tx: Transaction, principal: Principal, space_id: str, task_id: str, now: datetime) -> None:
    """Takes a space out of use, for all of its members at once, and queues the task that erases it.

    Raises NotFound for an outsider, Unauthorized for a member who is no admin, Invalid for the space that was made
    with the account.
    """
    space = await must_administer(tx, principal, space_id)
    if space.is_first_personal():
        raise Invalid("the personal space goes with its account only")
    await erasure.close_space(tx, space.space_key, now)
    personal = principal.personal_space().space_key
    await stored_tasks.create(tx, _task(principal, personal, [space.space_key], task_id, now), None)
    await audit.record(tx, principal, now, *await _entries(tx, space, personal))


async def _entries(tx: Transaction, space: Space, personal: str) -> list[Entry]:
    """Told to whoever did it and to the owner: the record of the space goes with it."""
    owners = await spaces.get_personal_key(tx, space.owner_id) or personal
    told = dict.fromkeys((personal, owners))
    return [Entry(action=AuditAction.SPACE_DELETED, space_key=key, subject=space.id) for key in told]


def _task(principal: Principal, space_key: str, erased: list[str], task_id: str, now: datetime) -> Task:
    return Task(
        id=task_id,
        kind=TaskKind.ERASE,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=space_key,
        erased=erased,
        created_at=now,
    )


async def delete_account(tx: Transaction, principal: Principal, task_id: str, now: datetime) -> None:
    """Ends an account: no key of it works from here on, and the task that erases it and its spaces is queued.

    What others have of it stays theirs. Raises Blocked, naming them, for spaces of the account
    that others are in: they are handed over or deleted first.
    """
    owned = await erasure.list_owned(tx, principal.tenant_id)
    await copying.lock_spaces(tx, {space.space_key for space in owned} | set(principal.space_keys))
    owned = await erasure.list_owned(tx, principal.tenant_id)
    shared = [space.id for space in owned if space.others]
    if shared:
        raise Blocked(f"others are in spaces of yours; hand them over or delete them first: {', '.join(shared)}")
    keys = [space.space_key for space in owned]
    left = [
        Entry(action=AuditAction.MEMBER_LEFT, space_key=key, subject=principal.tenant_id)
        for key in principal.space_keys
        if key not in keys
    ]
    await audit.record(tx, principal, now, *left)
    begun = await erasure.close_account(tx, principal.tenant_id, now)
    for key in keys:
        await erasure.close_space(tx, key, now)
    await stored_tasks.create(tx, _task(principal, "", [*keys, *begun], task_id, now), None)


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Erases the spaces of a task, and the account it belongs to when that was deleted; goes on where it stopped."""
    erased = task.done_count
    for space_key in task.erased:
        erased = await _erase_space(parts, task, space_key, (erased, report))
    if not task.space_key:
        await parts.graph.write(erasure.erase_account, principal.tenant_id, task.id)
    return Progress(erased, erased, counts={"erased": erased})


async def _erase_space(parts: Parts, task: Task, space_key: str, so_far: tuple[int, Report]) -> int:
    erased, report = so_far
    for step in (_erase_texts, _erase_rest):
        while batch := await parts.graph.write(step, task, space_key):
            erased += batch
            await report(Progress(erased, erased + ERASE_BATCH, counts={"erased": erased}))
    await parts.graph.write(erasure.erase_space, space_key)
    return erased


async def _erase_texts(tx: Transaction, task: Task, space_key: str) -> int:
    """Erases a batch of memories and messages, with the live copies that go with them; how many."""
    former = await erasure.get_former(tx, space_key)
    ids = await erasure.list_erasable(tx, space_key, ERASE_BATCH)
    if former is None or not ids:
        return 0
    followers = await _followers(tx, space_key, former, ids)
    await copying.lock_spaces(tx, set(followers.values()))
    await tasks.hold(tx, task)
    space_keys = sorted({space_key, *followers.values()})
    await erasure.delete_followers(tx, space_keys, list(followers))
    for other in sorted(set(followers.values())):
        await belief.update(tx, other, [copy for copy, key in followers.items() if key == other])
    return await erasure.erase_texts(tx, space_keys, [*ids, *followers])


async def _followers(tx: Transaction, space_key: str, former: list[str], ids: Sequence[str]) -> dict[str, str]:
    """The live copies of memories, and those of the copies, with the space of each."""
    found: dict[str, str] = {}
    origins = list(ids)
    while origins:
        copies = await erasure.list_followers(tx, space_key, former, origins)
        new = {copy.id: copy.space_key for copy in copies if copy.id not in found and copy.space_key != space_key}
        found |= new
        origins = list(new)
    return found


async def _erase_rest(tx: Transaction, task: Task, space_key: str) -> int:
    await tasks.hold(tx, task)
    return await erasure.erase_rest(tx, space_key, ERASE_BATCH)

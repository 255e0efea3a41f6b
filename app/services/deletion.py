"""Deletion of one, of many, of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.errors import NotFound
from app.domain.listing import BulkFilter
from app.domain.memories import State
from app.domain.principal import Principal
from app.services import belief, copying
from app.services.parts import Parts
from app.storage import consolidation, imports, memories, messages
from app.storage.graph import Transaction

# Deleting is done in transactions of this many memories, so that none grows without bound.
DELETE_BATCH = 1_000


async def delete(tx: Transaction, principal: Principal, memory_id: str, now: datetime) -> None:
    """Deletes a memory or message; again is no error. Raises NotFound, and Unauthorized for a reader of its space."""
    found = await memories.get(tx, principal, memory_id)
    if found is None:
        if await memories.is_deleted(tx, principal, memory_id):
            return
        raise NotFound("no such memory")
    principal.require_writable(found.space_key)
    await copying.lock_with_live_copies(tx, principal, [memory_id], {found.space_key})
    await memories.delete_many(tx, principal, [memory_id], now)
    await delete_conclusions(tx, principal, [memory_id], now)
    await copying.follow(tx, principal, [memory_id], now)
    await belief.update(tx, found.space_key, [memory_id])


async def delete_listed(tx: Transaction, principal: Principal, ids: Sequence[str], now: datetime) -> int:
    """Deletes those of the ids that the caller may write to; how many there were."""
    found = await memories.get_many(tx, principal, list(dict.fromkeys(ids)))
    writable = [memory for memory in found if memory.space_key in principal.writable_keys]
    named, space_keys = [memory.id for memory in writable], {memory.space_key for memory in writable}
    await copying.lock_with_live_copies(tx, principal, named, space_keys)
    deleted = await memories.delete_many(tx, principal, named, now)
    await delete_conclusions(tx, principal, named, now)
    await copying.follow(tx, principal, named, now)
    for space_key in sorted(space_keys):
        await belief.update(tx, space_key, named)
    return deleted


async def delete_conclusions(tx: Transaction, principal: Principal, ids: Sequence[str], now: datetime) -> None:
    """Deletes what consolidation made of deleted memories, since it says what they said; their spaces are locked."""
    derived = await consolidation.list_conclusions(tx, principal, ids)
    if derived:
        await memories.delete_many(tx, principal, derived, now)
        await copying.follow(tx, principal, derived, now)


async def list_matching(tx: Transaction, principal: Principal, wanted: BulkFilter) -> list[str]:
    """The ids in the personal space that a bulk deletion is about."""
    return await memories.list_matching(tx, principal, [principal.personal_space().space_key], wanted)


async def delete_matching(parts: Parts, principal: Principal, wanted: BulkFilter) -> int:
    """Deletes what matches, in batches; how many memories that were."""
    ids = await parts.graph.read(list_matching, principal, wanted)
    deleted = 0
    for start in range(0, len(ids), DELETE_BATCH):
        batch = ids[start : start + DELETE_BATCH]
        deleted += await parts.graph.write(delete_listed, principal, batch, parts.clock())
    return deleted


async def delete_all(parts: Parts, principal: Principal) -> tuple[int, int]:
    """Deletes all memories of the personal space and erases its messages; the numbers of both."""
    everything = BulkFilter(states=[state for state in State if state is not State.DELETED])
    deleted = await delete_matching(parts, principal, everything)
    cleared, batch = 0, DELETE_BATCH
    while batch == DELETE_BATCH:
        batch = await parts.graph.write(_delete_messages, principal)
        cleared += batch
    await parts.graph.write(_delete_documents, principal)
    return deleted, cleared


async def _delete_documents(tx: Transaction, principal: Principal) -> None:
    space = principal.personal_space()
    await memories.lock_space(tx, space.space_key)
    await imports.delete_empty_documents(tx, space.space_key)


async def _delete_messages(tx: Transaction, principal: Principal) -> int:
    space = principal.personal_space()
    await memories.lock_space(tx, space.space_key)
    return await messages.delete_all(tx, principal, space.space_key, DELETE_BATCH)

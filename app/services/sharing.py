"""Sharing single memories: share, pull, take back, make anew."""

from __future__ import annotations

from uuid import uuid4

import msgspec

from app.domain.errors import Invalid, NotFound, Unauthorized
from app.domain.memories import Memory, MemoryView, view
from app.domain.principal import Principal, SpaceAccess, Visibility, parse_visibility
from app.domain.sharing import (
    Action,
    BatchShare,
    BatchShared,
    Copies,
    CopyIds,
    FailedShare,
    Pull,
    Reshare,
    Share,
    Unshare,
    check_batch,
    check_target,
    copy_of,
    parse_mode,
    share_key,
)
from app.services import copying
from app.services.memories import must_get
from app.storage import memories, sharing
from app.storage.graph import Transaction
from app.storage.sharing import CopyWrite
from ingest.redaction import redact


def copies_by(principal: Principal, target: SpaceAccess, share: Share, action: Action) -> Copies:
    """Copies that the caller makes in a space. Raises Invalid for an unknown mode."""
    return Copies(
        target=target,
        visibility=copying.FOR_ALL,
        action=action,
        by=principal.tenant_id,
        agent=principal.agent_id,
        note=redact(share.note or ""),
        mode=parse_mode(share.mode),
    )


async def share(
    tx: Transaction, principal: Principal, memory_id: str, wanted: Share, given: CopyIds
) -> tuple[MemoryView, bool]:
    """Copies a memory into a space; the copy, and whether it is new.

    Raises Invalid, NotFound for a memory or a space out of sight, Unauthorized for a reader of the space.
    """
    check_target("target_space", wanted.target_space)
    memory = await must_get(tx, principal, memory_id)
    target = principal.writable_space(wanted.target_space)
    return await copy_one(tx, principal, memory, copies_by(principal, target, wanted, Action.SHARE), given)


async def pull(
    tx: Transaction, principal: Principal, memory_id: str, wanted: Pull, given: CopyIds
) -> tuple[MemoryView, bool]:
    """Copies a memory of a space into the personal one, for the asking agent unless said otherwise.

    Raises Invalid, and NotFound for a space out of sight and for what does not lie in it.
    """
    check_target("source_space", wanted.source_space)
    source = principal.space(wanted.source_space)
    memory = await must_get(tx, principal, memory_id)
    if memory.space_key != source.space_key:
        raise NotFound("no such memory")
    copies = Copies(
        target=principal.personal_space(),
        visibility=parse_visibility(principal, wanted.visibility or "private"),
        action=Action.PULL,
        by=principal.tenant_id,
        agent=principal.agent_id,
        owner_agent=principal.agent_id,
        mode=parse_mode(wanted.mode),
    )
    return await copy_one(tx, principal, memory, copies, given)


async def copy_one(
    tx: Transaction, principal: Principal, memory: Memory, wanted: Copies, given: CopyIds
) -> tuple[MemoryView, bool]:
    """The copy of one memory, and whether it is new. Raises Invalid for a memory that lies in the space already."""
    if memory.space_key == wanted.target.space_key:
        raise Invalid("the memory lies in this space already")
    copying.check_enters(memory, wanted.target)
    copied = await copying.copy_all(tx, principal, [memory.id], wanted, given)
    if memory.id not in copied.by_origin:
        raise NotFound("no such memory")
    copy = await must_get(tx, with_space(principal, wanted.target), copied.by_origin[memory.id])
    return view(copy), bool(copied.new)


def with_space(principal: Principal, space: SpaceAccess) -> Principal:
    """The same principal in a space that was made after he was looked up."""
    if space.space_key in principal.space_keys:
        return principal
    return msgspec.structs.replace(principal, spaces=[*principal.spaces, space])


async def batch_share(tx: Transaction, principal: Principal, wanted: BatchShare, given: CopyIds) -> BatchShared:
    """Copies many memories into a space, naming those that are out of sight. Raises Invalid, NotFound, Unauthorized."""
    check_target("target_space", wanted.target_space)
    ids = check_batch(wanted.memory_ids)
    target = principal.writable_space(wanted.target_space)
    copies = copies_by(principal, target, wanted, Action.BATCH_SHARE)
    found = {memory.id: memory for memory in await memories.get_many(tx, principal, ids)}
    there = {memory.id for memory in found.values() if memory.space_key == target.space_key}
    copied = await copying.copy_all(tx, principal, [named for named in ids if named not in there], copies, given)
    made = await memories.get_many(tx, principal, list(copied.by_origin.values()))
    reasons = dict.fromkeys(ids, "no such memory")
    reasons |= dict.fromkeys(found, "the memory holds a secret, and the space lets none in")
    reasons |= dict.fromkeys(there, "the memory lies in this space already")
    failed = [FailedShare(named, reasons[named]) for named in ids if named not in copied.by_origin]
    return BatchShared([view(copy) for copy in made], failed)


async def unshare(tx: Transaction, principal: Principal, memory_id: str, wanted: Unshare, given: CopyIds) -> None:
    """Deletes the copy of a memory in a space; `memory_id` is the original or the copy.

    Raises Invalid, NotFound, Unauthorized for a reader, and for a member who neither shared it nor is an admin.
    """
    check_target("target_space", wanted.target_space)
    target = principal.writable_space(wanted.target_space)
    await memories.lock_space(tx, target.space_key)
    ids = await sharing.list_copies_of(tx, principal, target.space_key, memory_id)
    if not ids:
        raise NotFound("no copy of this memory lies in the space")
    copies = await memories.get_many(tx, principal, ids)
    mine = [copy for copy in copies if target.role.may_administer() or _is_by(copy, principal)]
    if not mine:
        raise Unauthorized("only whoever shared the memory or an admin of the space may take it back")
    await memories.delete_many(tx, principal, [mine[0].id], given.now)
    await copying.tell_unshare(tx, principal, mine[0], given.now)
    await copying.follow(tx, principal, [mine[0].id], given.now)


def _is_by(copy: Memory, principal: Principal) -> bool:
    return copy.shared is not None and copy.shared.by == principal.tenant_id


async def reshare(tx: Transaction, principal: Principal, memory_id: str, wanted: Reshare, given: CopyIds) -> MemoryView:
    """Replaces a copy by a new one of what its origin says now.

    Raises NotFound for a copy or an origin out of sight, Unauthorized for a reader of the copy's space, Invalid for
    what is no copy. A member who cannot see the origin may not bring out what was changed in it: as long as it says
    what the copy says, the copy itself is the answer.
    """
    copy = await _get_copy(tx, principal, memory_id, wanted)
    shared = copy.shared
    if shared is None:
        raise Invalid("this memory is no copy")
    origin = await memories.get(tx, principal, shared.memory_id)
    if origin is None and shared.current_version == shared.source_version and not shared.is_deleted:
        return view(copy)
    if origin is None:
        raise NotFound("the origin of this copy is gone, or out of sight")
    await copying.lock_spaces(tx, {copy.space_key, origin.space_key})
    origin = await must_get(tx, principal, origin.id)
    return await _replace(tx, principal, (origin, await must_get(tx, principal, copy.id)), given)


async def _get_copy(tx: Transaction, principal: Principal, memory_id: str, wanted: Reshare) -> Memory:
    target = principal.space(wanted.target_space) if wanted.target_space else None
    copy = await must_get(tx, principal, memory_id)
    if target is not None and copy.space_key != target.space_key:
        raise NotFound("no such memory")
    principal.require_writable(copy.space_key)
    return copy


async def _replace(tx: Transaction, principal: Principal, pair: tuple[Memory, Memory], given: CopyIds) -> MemoryView:
    origin, old = pair
    copying.check_enters(origin, principal.space(old.space_id))
    wanted = Copies(
        target=principal.space(old.space_id),
        visibility=Visibility(old.visibility, old.visible_to),
        action=Action.RESHARE,
        by=principal.tenant_id,
        agent=principal.agent_id,
        owner_agent=old.owner_agent_id,
        note=old.shared.note if old.shared else "",
        rule=old.shared.rule if old.shared else "",
        mode=old.shared.mode if old.shared else parse_mode(None),
    )
    await memories.delete_many(tx, principal, [old.id], given.now)
    # It counts on, so that what was copied from the old one is behind it.
    new = msgspec.structs.replace(copy_of(origin, wanted, str(uuid4()), given.now), version=old.version + 1)
    key = share_key(origin.id, new.space_key, new.visible_to)
    await copying.create(tx, principal, [CopyWrite(origin, key, new)], wanted, given)
    await copying.move(tx, principal, old.id, new.id, given.now)
    return view(await must_get(tx, principal, new.id))

"""Sharing much at once, and sharing with one other user through a team of the two."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import msgspec

from app.domain.errors import Invalid
from app.domain.principal import Principal, Role, SpaceAccess
from app.domain.sharing import (
    MAX_SHARED_AT_ONCE,
    Action,
    Copies,
    CopyIds,
    Share,
    ShareAll,
    ShareAllToUser,
    SharedAll,
    SharedAllToUser,
    SharedToUser,
    ShareToUser,
    check_target,
)
from app.domain.sharing_rules import Filters, parse_filters
from app.domain.spaces import SpaceKind
from app.services import copying, spaces
from app.services.memories import must_get
from app.services.parts import Parts
from app.services.sharing import copies_by, copy_one
from app.services.spaces import NewSpaceIds, must_get_user
from app.storage import sharing_rules
from app.storage import spaces as stored_spaces
from app.storage.graph import Transaction

# So many copies are made in one transaction.
COPY_BATCH = 200
# So much of each handle is part of the name of a team of two (contract 9.7).
SHOWN_HANDLE_CHARS = 8


class BridgeIds(msgspec.Struct, frozen=True):
    """What sharing with a user needs from outside: for the copies, and for the team if there is none yet."""

    copies: CopyIds
    space: NewSpaceIds


class Bridge(msgspec.Struct, frozen=True):
    """The team of two, and whether it was made just now."""

    space: SpaceAccess
    is_new: bool


async def share_all(parts: Parts, principal: Principal, wanted: ShareAll) -> SharedAll:
    """Copies what matches of the personal space into another one. Raises Invalid, NotFound, Unauthorized."""
    check_target("target_space", wanted.target_space)
    filters = parse_filters(wanted.filters)
    copies = copies_by(principal, principal.writable_space(wanted.target_space), wanted, Action.BATCH_SHARE)
    ids = await _matching(parts, principal, copies.target, filters)
    return await copy_batches(parts, principal, ids, copies)


async def _matching(parts: Parts, principal: Principal, target: SpaceAccess, filters: Filters) -> list[str]:
    source = principal.personal_space()
    if source.space_key == target.space_key:
        raise Invalid("target_space is the personal space itself")
    limit = MAX_SHARED_AT_ONCE + 1
    ids = await parts.graph.read(sharing_rules.list_shareable, source.space_key, target.space_key, filters, limit)
    if len(ids) > MAX_SHARED_AT_ONCE:
        raise Invalid(f"more than {MAX_SHARED_AT_ONCE} memories match; narrow the filters")
    return ids


async def copy_batches(parts: Parts, principal: Principal, ids: Sequence[str], copies: Copies) -> SharedAll:
    """Copies memories in transactions of bounded size; what came of each."""
    shared = there = 0
    for start in range(0, len(ids), COPY_BATCH):
        batch = ids[start : start + COPY_BATCH]
        given = CopyIds(parts.clock(), str(uuid4()))
        copied = await parts.graph.write(copying.copy_all, principal, batch, copies, given)
        shared += len(copied.new)
        there += len(copied.by_origin) - len(copied.new)
    return SharedAll(total=len(ids), shared=shared, skipped_existing=there, failed=len(ids) - shared - there)


async def share_to_user(
    tx: Transaction, principal: Principal, memory_id: str, wanted: ShareToUser, given: BridgeIds
) -> tuple[SharedToUser, bool]:
    """Copies a memory into the team of the caller and another user, which is made if there is none.

    A team with a third member is none: what is meant for one would be seen by all. Raises Invalid for an unknown user
    and for the caller himself, NotFound for a memory out of sight.
    """
    memory = await must_get(tx, principal, memory_id)
    user_id = await _other_user(tx, principal, wanted, given)
    bridge = await _bridge(tx, principal, user_id, given)
    share = Share(target_space=bridge.space.id, note=wanted.note, mode=wanted.mode)
    copies = copies_by(principal, bridge.space, share, Action.SHARE)
    copy, is_new = await copy_one(tx, principal, memory, copies, given.copies)
    return SharedToUser(bridge.space.id, copy.id, bridge.is_new), is_new


async def share_all_to_user(
    parts: Parts, principal: Principal, wanted: ShareAllToUser, given: BridgeIds
) -> SharedAllToUser:
    """Copies what matches of the personal space into the team of the two. Raises Invalid."""
    filters = parse_filters(wanted.filters)
    bridge = await parts.graph.write(_find_or_create, principal, wanted, given)
    share = Share(target_space=bridge.space.id, note=wanted.note, mode=wanted.mode)
    copies = copies_by(principal, bridge.space, share, Action.BATCH_SHARE)
    ids = await _matching(parts, principal, bridge.space, filters)
    shared = await copy_batches(parts, principal, ids, copies)
    return SharedAllToUser(bridge.space.id, bridge.is_new, **msgspec.structs.asdict(shared))


async def _find_or_create(tx: Transaction, principal: Principal, wanted: ShareToUser, given: BridgeIds) -> Bridge:
    return await _bridge(tx, principal, await _other_user(tx, principal, wanted, given), given)


async def _other_user(tx: Transaction, principal: Principal, wanted: ShareToUser, given: BridgeIds) -> str:
    if not wanted.target_user.strip():
        raise Invalid("target_user must name a user")
    user_id = await must_get_user(tx, wanted.target_user, given.copies.now, "target_user")
    if user_id == principal.tenant_id:
        raise Invalid("target_user is the caller")
    return user_id


async def _bridge(tx: Transaction, principal: Principal, user_id: str, given: BridgeIds) -> Bridge:
    # Both are locked, so that two who share with each other at the same time meet in one team.
    keys = [principal.personal_space().space_key, await stored_spaces.get_personal_key(tx, user_id) or ""]
    await copying.lock_spaces(tx, {key for key in keys if key})
    known = await sharing_rules.get_bridge(tx, principal, user_id)
    if known is not None:
        return Bridge(known, False)
    handles = "-".join(handle[:SHOWN_HANDLE_CHARS] for handle in (principal.tenant_id, user_id))
    space_id = await spaces.create_empty(tx, principal, SpaceKind.TEAM, f"shared-{handles}", given.space)
    await spaces.add_first_members(tx, principal, {user_id: Role.MEMBER}, given.space)
    space = SpaceAccess(id=space_id, space_key=given.space.space_key, kind=SpaceKind.TEAM.value, role=Role.ADMIN)
    return Bridge(space, True)

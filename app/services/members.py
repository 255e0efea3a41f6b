"""Members of a space: add, change, remove, leave, hand over."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Invalid, NotFound, Unauthorized
from app.domain.principal import Principal, Role
from app.domain.spaces import (
    NewMember,
    Space,
    SpaceKind,
    SpaceView,
    check_owned,
    check_size,
    parse_role,
    space_view,
)
from app.services import audit, copying
from app.services.spaces import get, must_administer, must_get, must_get_user
from app.storage import memories, spaces
from app.storage.graph import Transaction


async def add(tx: Transaction, principal: Principal, space_id: str, new: NewMember, now: datetime) -> SpaceView:
    """Adds somebody to a space without asking him. Raises NotFound, Unauthorized; Invalid for who is in it already."""
    space = await must_administer(tx, principal, space_id)
    user_id = await must_get_user(tx, new.user_id, now)
    check_joining(space, user_id)
    role = parse_role(new.role)
    await spaces.add_members(tx, space.space_key, {user_id: role}, now)
    await audit.record(tx, principal, now, _entry(AuditAction.MEMBER_ADDED, space, user_id, role))
    return await get(tx, principal, space_id)


def _entry(action: AuditAction, space: Space, user_id: str, role: str = "") -> Entry:
    return Entry(action=action, space_key=space.space_key, subject=user_id, detail=role)


def check_joining(space: Space, user_id: str) -> None:
    """Raises Invalid when somebody is in a space already or does not fit in any more."""
    if space.role_of(user_id) is not None:
        raise Invalid("user_id names somebody who is already a member")
    check_size(space.kind, len(space.members) + 1)


async def update(tx: Transaction, principal: Principal, space_id: str, member: NewMember, now: datetime) -> SpaceView:
    """Changes the role of a member. Raises NotFound, Unauthorized; Invalid for a bad role or one less for the owner."""
    space = await must_administer(tx, principal, space_id)
    role = parse_role(member.role)
    user_id = await must_be_member(tx, space, member.user_id, now)
    if user_id == space.owner_id and role is not Role.ADMIN:
        raise Invalid("the owner is an admin; hand the space over first")
    await spaces.update_member(tx, space.space_key, user_id, role, now)
    await audit.record(tx, principal, now, _entry(AuditAction.MEMBER_CHANGED, space, user_id, role))
    return await get(tx, principal, space_id)


async def delete(tx: Transaction, principal: Principal, space_id: str, user_id: str, now: datetime) -> SpaceView:
    """Takes a member out of a space. Raises NotFound, Unauthorized; Invalid for the owner."""
    space = await must_administer(tx, principal, space_id)
    named = await must_be_member(tx, space, user_id, now)
    if named == space.owner_id:
        raise Invalid("the owner cannot be removed; hand the space over first")
    await spaces.delete_member(tx, space.space_key, named, now)
    await audit.record(tx, principal, now, _entry(AuditAction.MEMBER_REMOVED, space, named))
    # Read no more: an admin who took himself out may not see the space any longer.
    rest = [member for member in space.members if member.user_id != named]
    return space_view(msgspec.structs.replace(space, members=rest, updated_at=now))


async def must_be_member(tx: Transaction, space: Space, given: str, now: datetime) -> str:
    """The handle of a member named by handle or API key. Raises NotFound."""
    user_id = given if space.role_of(given) else await spaces.get_user(tx, given, now)
    if user_id is None or space.role_of(user_id) is None:
        raise NotFound("no such member")
    return user_id


async def leave(tx: Transaction, principal: Principal, space_id: str, now: datetime) -> None:
    """Takes the caller out of a space. Raises NotFound; Invalid for the owner."""
    await memories.lock_space(tx, (await must_get(tx, principal, space_id)).space_key)
    space = await must_get(tx, principal, space_id)
    if space.owner_id == principal.tenant_id:
        raise Invalid("the owner cannot leave; hand the space over or delete it")
    await spaces.delete_member(tx, space.space_key, principal.tenant_id, now)
    await audit.record(tx, principal, now, _entry(AuditAction.MEMBER_LEFT, space, principal.tenant_id))


async def hand_over(tx: Transaction, principal: Principal, space_id: str, given: str, now: datetime) -> SpaceView:
    """Makes another member the owner. Raises NotFound, Unauthorized for all but the owner, Invalid."""
    await _lock_with_receiver(tx, principal, space_id, given, now)
    space = await must_administer(tx, principal, space_id)
    if space.owner_id != principal.tenant_id:
        raise Unauthorized("only the owner of this space may hand it over")
    if space.kind is SpaceKind.PERSONAL:
        raise Invalid("a personal space stays with its owner")
    user_id = await must_be_member(tx, space, given, now)
    if user_id != space.owner_id:
        check_owned(await spaces.count_owned(tx, user_id))
    await spaces.update_owner(tx, space.space_key, user_id, now)
    await audit.record(tx, principal, now, _entry(AuditAction.OWNER_CHANGED, space, user_id))
    return await get(tx, principal, space_id)


async def _lock_with_receiver(tx: Transaction, principal: Principal, space_id: str, given: str, now: datetime) -> None:
    """Locks a space together with that of whoever is to own it: two at a time would each count without the other."""
    space = await must_get(tx, principal, space_id)
    user_id = given if space.role_of(given) else await spaces.get_user(tx, given, now)
    personal = await spaces.get_personal_key(tx, user_id) if user_id and space.role_of(user_id) else None
    await copying.lock_spaces(tx, {space.space_key, *([personal] if personal else [])})

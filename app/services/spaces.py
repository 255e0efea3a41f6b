"""Spaces: create, list, read, rename."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Invalid, NotFound
from app.domain.principal import Principal, Role
from app.domain.spaces import (
    PREFIXES,
    NewMember,
    NewSpace,
    Space,
    SpaceChange,
    SpaceKind,
    SpaceView,
    check_name,
    check_owned,
    check_size,
    parse_kind,
    parse_role,
    require_admin,
    space_view,
)
from app.services import audit
from app.storage import memories, spaces
from app.storage.graph import Transaction
from app.storage.spaces import SpaceWrite
from ingest.redaction import redact


class NewSpaceIds(msgspec.Struct, frozen=True):
    """What a new space needs from outside: the unique part of its id, its key and the time."""

    name: str
    space_key: str
    now: datetime


def draw_ids(now: datetime) -> NewSpaceIds:
    """Names for a new space. The key is one token of the text index: lower case, no dash, a digit at the end."""
    return NewSpaceIds(str(uuid4()), f"s{uuid4().hex}0", now)


async def create(tx: Transaction, principal: Principal, new: NewSpace, given: NewSpaceIds) -> SpaceView:
    """A space of the caller's own with its first members. Raises Invalid for a bad role, an unknown user, a limit."""
    check_name(new.name)
    kind = parse_kind(new.space_type)
    roles = await read_members(tx, new.members or [], given.now)
    space_id = await create_empty(tx, principal, kind, redact(new.name.strip()), given)
    roles.pop(principal.tenant_id, None)
    check_size(kind, len(roles) + 1)
    await add_first_members(tx, principal, roles, given)
    return space_view(await must_get(tx, principal, space_id))


async def add_first_members(
    tx: Transaction, principal: Principal, roles: Mapping[str, Role], given: NewSpaceIds
) -> None:
    """Adds members to a space that was made just now; they have been looked up and fit in."""
    if not roles:
        return
    await spaces.add_members(tx, given.space_key, roles, given.now)
    added = [
        Entry(action=AuditAction.MEMBER_ADDED, space_key=given.space_key, subject=user_id, detail=role)
        for user_id, role in roles.items()
    ]
    await audit.record(tx, principal, given.now, *added)


async def create_empty(tx: Transaction, principal: Principal, kind: SpaceKind, name: str, given: NewSpaceIds) -> str:
    """The id of a new space whose only member is its owner, the caller. Raises Invalid when he owns too many."""
    # Two at a time would each count without the other.
    await memories.lock_space(tx, principal.personal_space().space_key)
    check_owned(await spaces.count_owned(tx, principal.tenant_id))
    write = SpaceWrite(
        space_id=f"{PREFIXES[kind]}/{given.name}", space_key=given.space_key, kind=kind, name=name, now=given.now
    )
    await spaces.create(tx, principal, write)
    made = Entry(action=AuditAction.SPACE_CREATED, space_key=given.space_key, subject=write.space_id)
    await audit.record(tx, principal, given.now, made)
    return write.space_id


async def read_members(tx: Transaction, given: list[NewMember], now: datetime) -> dict[str, Role]:
    """The handles of named users with their roles; of one named twice the last role. Raises Invalid."""
    roles = [parse_role(member.role) for member in given]
    users = [await must_get_user(tx, member.user_id, now) for member in given]
    return dict(zip(users, roles, strict=True))


async def must_get_user(tx: Transaction, given: str, now: datetime, field: str = "user_id") -> str:
    """The handle of a user named by handle or API key. Raises Invalid for somebody unknown, without naming him."""
    user_id = await spaces.get_user(tx, given, now)
    if user_id is None:
        raise Invalid(f"{field} names no user; it takes the user_id of a tenant or one of its API keys")
    return user_id


async def must_get(tx: Transaction, principal: Principal, given: str) -> Space:
    """A space the caller belongs to. Raises NotFound, with the same words for a foreign and an unknown one."""
    found = await spaces.get(tx, principal, principal.canonical_space_id(given))
    if found is None:
        raise NotFound("no such space")
    return found


async def must_administer(tx: Transaction, principal: Principal, given: str) -> Space:
    """A space that the caller is about to change: locked, then read, so that nobody changes it at the same time.

    Raises NotFound for an outsider and Unauthorized for a member who is no admin.
    """
    await memories.lock_space(tx, (await must_get(tx, principal, given)).space_key)
    space = await must_get(tx, principal, given)
    require_admin(space, principal.tenant_id)
    return space


async def get(tx: Transaction, principal: Principal, space_id: str) -> SpaceView:
    """A space with its members. Raises NotFound."""
    return space_view(await must_get(tx, principal, space_id))


async def list_all(tx: Transaction, principal: Principal) -> list[SpaceView]:
    """All spaces the caller belongs to, oldest first."""
    return [space_view(space) for space in await spaces.list_all(tx, principal)]


async def update(tx: Transaction, principal: Principal, space_id: str, change: SpaceChange, now: datetime) -> SpaceView:
    """Renames a space. Raises NotFound, Unauthorized, Invalid."""
    space = await must_administer(tx, principal, space_id)
    if change.name is not None:
        check_name(change.name)
    name = (
        None
        if change.name is None
        else redact(change.name.strip(), principal.settings_of(space.space_key).secrets, "name")
    )
    await spaces.update(tx, space.space_key, name, now)
    if name is not None:
        renamed = Entry(action=AuditAction.SPACE_RENAMED, space_key=space.space_key, subject=space.id)
        await audit.record(tx, principal, now, renamed)
    return await get(tx, principal, space_id)

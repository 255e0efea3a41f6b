"""Invitations: an admin asks, the invited accepts or declines."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from app.domain import listing
from app.domain.audit import AuditAction, Entry
from app.domain.errors import NotFound
from app.domain.invitations import (
    INVITATION_LIFE,
    Invitation,
    InvitationList,
    InvitationQuery,
    InvitationStatus,
    InvitationView,
    invitation_view,
)
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END
from app.domain.principal import Principal, Role
from app.domain.spaces import NewMember, Space, SpaceView, check_size, parse_role
from app.services import audit
from app.services.members import check_joining
from app.services.spaces import get, must_administer, must_get_user
from app.storage import invitations, memories, spaces
from app.storage.graph import Transaction
from app.storage.invitations import InvitationPage, InvitationWrite


async def create(
    tx: Transaction, principal: Principal, space_id: str, new: NewMember, now: datetime
) -> tuple[InvitationView, bool]:
    """Invites somebody to a space; the invitation, and whether it is new: who is asked already is asked once.

    Raises NotFound, Unauthorized for who is no admin; Invalid for somebody unknown, for a member and above the limit.
    """
    space = await must_administer(tx, principal, space_id)
    user_id = await must_get_user(tx, new.user_id, now)
    check_joining(space, user_id)
    role = parse_role(new.role)
    known = await invitations.get_open(tx, space.space_key, user_id, now)
    if known is None:
        await invitations.create(tx, _write(principal, space, user_id, role, now))
    elif known.role is not role:
        await invitations.update_role(tx, known.id, role)
    if known is None or known.role is not role:
        asked = Entry(action=AuditAction.INVITATION_CREATED, space_key=space.space_key, subject=user_id, detail=role)
        await audit.record(tx, principal, now, asked)
    stored = await invitations.get_open(tx, space.space_key, user_id, now)
    if stored is None:
        raise NotFound("no such space")
    return invitation_view(stored), known is None


def _write(principal: Principal, space: Space, user_id: str, role: Role, now: datetime) -> InvitationWrite:
    return InvitationWrite(
        id=str(uuid4()),
        space_key=space.space_key,
        user_id=user_id,
        role=role,
        invited_by=principal.tenant_id,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )


async def list_page(tx: Transaction, principal: Principal, query: InvitationQuery, now: datetime) -> InvitationList:
    """What the caller was invited to and has not answered, newest first. Raises Invalid for a foreign cursor."""
    place = listing.from_newest(query.cursor)
    size = listing.parse_limit(query.limit)
    page = InvitationPage(
        now=now,
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        # One more than is shown tells whether there is another page.
        limit=size + 1,
    )
    found = await invitations.list_all(tx, principal, page)
    shown = found[:size]
    more = listing.cursor_after(shown, size, descending=True) if len(found) > size else None
    return InvitationList([invitation_view(one) for one in shown], more)


async def accept(tx: Transaction, principal: Principal, invitation_id: str, now: datetime) -> SpaceView:
    """Joins the space that the caller was invited to; again changes nothing as long as he is in it.

    Raises NotFound for what is not his, was declined or is too old; Invalid when the space is full by now.
    """
    found = await _lock(tx, principal, invitation_id)
    space = await spaces.get(tx, principal, found.space_id)
    if found.status is InvitationStatus.ACCEPTED and space is not None:
        return await get(tx, principal, found.space_id)
    _check_open(found, now)
    if space is None:
        check_size(found.space_type, await spaces.count_members(tx, found.space_key) + 1)
        await spaces.add_members(tx, found.space_key, {principal.tenant_id: found.role}, now)
    await _answer(tx, principal, found, InvitationStatus.ACCEPTED, now)
    return await get(tx, principal, found.space_id)


async def decline(tx: Transaction, principal: Principal, invitation_id: str, now: datetime) -> None:
    """Says no; again changes nothing. Raises NotFound for what is not the caller's, was accepted or is too old."""
    found = await _lock(tx, principal, invitation_id)
    if found.status is InvitationStatus.DECLINED:
        return
    _check_open(found, now)
    await _answer(tx, principal, found, InvitationStatus.DECLINED, now)


def _check_open(found: Invitation, now: datetime) -> None:
    if found.status is not InvitationStatus.PENDING or found.expires_at <= now:
        raise NotFound("no such invitation")


async def _answer(
    tx: Transaction, principal: Principal, found: Invitation, status: InvitationStatus, now: datetime
) -> None:
    await invitations.answer(tx, principal, found.id, status.value, now)
    done = {
        InvitationStatus.ACCEPTED: AuditAction.INVITATION_ACCEPTED,
        InvitationStatus.DECLINED: AuditAction.INVITATION_DECLINED,
    }
    entry = Entry(action=done[status], space_key=found.space_key, subject=principal.tenant_id, detail=found.role)
    await audit.record(tx, principal, now, entry)


async def _lock(tx: Transaction, principal: Principal, invitation_id: str) -> Invitation:
    """An invitation of the caller as it is once nobody else can answer it or join. Raises NotFound."""
    seen = await _must_get(tx, principal, invitation_id)
    await memories.lock_space(tx, seen.space_key)
    return await _must_get(tx, principal, invitation_id)


async def _must_get(tx: Transaction, principal: Principal, invitation_id: str) -> Invitation:
    found = await invitations.get(tx, principal, invitation_id)
    if found is None:
        raise NotFound("no such invitation")
    return found

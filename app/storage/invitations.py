"""Invitations in the graph."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.invitations import Invitation
from app.domain.principal import Principal, Role
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("invitations")


class InvitationWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to store."""

    id: str
    space_key: str
    user_id: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


class InvitationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which invitations a list shows: still open now, older than a (time, id)."""

    now: datetime
    before: datetime
    before_id: str
    limit: int


async def get_open(tx: Transaction, space_key: str, user_id: str, now: datetime) -> Invitation | None:
    given = {"space_key": space_key, "user_id": user_id, "now": now}
    return await one(tx, QUERIES["get_open_invitation"], Invitation, **given)


async def create(tx: Transaction, write: InvitationWrite) -> None:
    properties = {**msgspec.structs.asdict(write), "role": write.role.value, "status": "pending"}
    await one(tx, QUERIES["create_invitation"], str, properties=properties)


async def update_role(tx: Transaction, invitation_id: str, role: Role) -> None:
    await one(tx, QUERIES["update_invitation"], str, id=invitation_id, role=role.value)


async def get(tx: Transaction, principal: Principal, invitation_id: str) -> Invitation | None:
    """An invitation of the caller; None for anybody else's, and when the space is gone."""
    return await one(tx, QUERIES["get_invitation"], Invitation, id=invitation_id, user_id=principal.tenant_id)


async def list_all(tx: Transaction, principal: Principal, page: InvitationPage) -> list[Invitation]:
    fields = msgspec.structs.asdict(page)
    return await many(tx, QUERIES["list_invitations"], Invitation, user_id=principal.tenant_id, **fields)


async def answer(tx: Transaction, principal: Principal, invitation_id: str, status: str, now: datetime) -> None:
    given = {"id": invitation_id, "user_id": principal.tenant_id, "status": status, "now": now}
    await one(tx, QUERIES["answer_invitation"], str, **given)

"""Invitations to spaces, for inviters who ask first."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from app.domain.memories import timestamp
from app.domain.principal import Role
from app.domain.spaces import SpaceKind

# Long enough for a holiday, short enough that nobody joins by an invitation that everybody has forgotten.
INVITATION_LIFE = timedelta(days=14)


class InvitationStatus(StrEnum):
    """What the invited said."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation as it is stored, with the space it is to."""

    id: str
    space_key: str
    space_id: str
    space_name: str
    space_type: SpaceKind
    user_id: str
    role: Role
    status: InvitationStatus
    invited_by: str
    created_at: datetime
    expires_at: datetime


class InvitationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of the invitations is asked for."""

    limit: int | None = None
    cursor: str | None = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation on the wire."""

    id: str
    space_id: str
    space_name: str
    space_type: SpaceKind
    user_id: str
    role: Role
    status: InvitationStatus
    invited_by: str
    created_at: str
    expires_at: str


class InvitationList(msgspec.Struct, frozen=True):
    """A page of invitations; `next_cursor` is null on the last one."""

    invitations: list[InvitationView]
    next_cursor: str | None


def invitation_view(found: Invitation) -> InvitationView:
    """The wire form of an invitation."""
    times = {"created_at": timestamp(found.created_at), "expires_at": timestamp(found.expires_at)}
    return msgspec.convert({**msgspec.structs.asdict(found), **times}, InvitationView)

"""Who did what to a space, and when; nothing of what its memories say."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.memories import timestamp


class AuditAction(StrEnum):
    """What was done to a space, or to the account that a personal space belongs to."""

    SPACE_CREATED = "space_created"
    SPACE_RENAMED = "space_renamed"
    SPACE_DELETED = "space_deleted"
    SETTINGS_CHANGED = "settings_changed"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    MEMBER_LEFT = "member_left"
    OWNER_CHANGED = "owner_changed"
    INVITATION_CREATED = "invitation_created"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_DECLINED = "invitation_declined"
    RULE_CREATED = "rule_created"
    RULE_DELETED = "rule_deleted"
    MEMORIES_SHARED = "memories_shared"
    MEMORIES_PULLED = "memories_pulled"
    MEMORIES_UNSHARED = "memories_unshared"
    MEMORIES_RESHARED = "memories_reshared"
    SHARE_REJECTED = "share_rejected"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    GROUP_CHANGED = "group_changed"
    CONNECTION_CREATED = "connection_created"
    CONNECTION_RENEWED = "connection_renewed"
    CONNECTION_DELETED = "connection_deleted"
    EXPORTED = "exported"
    IMPORTED = "imported"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded: of which space, on what, of how many such things, and a word on how.

    `subject` is an id; '' when there are many. `detail` holds roles, ids and names of settings, and never a text.
    """

    action: AuditAction
    space_key: str
    subject: str = ""
    count: int = 1
    detail: str = ""


class AuditEvent(Entry, frozen=True, kw_only=True):
    """An entry as it is stored, with who did it and when."""

    id: str
    user_id: str
    agent_id: str
    created_at: datetime


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of the events is asked for."""

    limit: int | None = None
    cursor: str | None = None


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """An event on the wire."""

    id: str
    action: AuditAction
    user_id: str
    agent_id: str
    subject: str
    count: int
    detail: str
    created_at: str


class AuditList(msgspec.Struct, frozen=True):
    """A page of events; `next_cursor` is null on the last one."""

    events: list[AuditView]
    next_cursor: str | None


def audit_view(event: AuditEvent) -> AuditView:
    """The wire form of an event."""
    return AuditView(
        id=event.id,
        action=event.action,
        user_id=event.user_id,
        agent_id=event.agent_id,
        subject=event.subject,
        count=event.count,
        detail=event.detail,
        created_at=timestamp(event.created_at),
    )

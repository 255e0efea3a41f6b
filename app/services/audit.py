"""Records who did what to which space, in the transaction that does it; shows it to the admins of the space."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from app.domain import listing
from app.domain.audit import AuditEvent, AuditList, AuditQuery, Entry, audit_view
from app.domain.errors import Unauthorized
from app.domain.events import AUDITED, EventType
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END
from app.domain.principal import Principal
from app.storage import audit
from app.storage import events as changes
from app.storage.audit import AuditPage
from app.storage.graph import Transaction


async def record(tx: Transaction, principal: Principal, now: datetime, *entries: Entry) -> None:
    """Records what the caller does in this transaction, so that either both happen or neither."""
    events = [
        AuditEvent(
            **msgspec.structs.asdict(entry),
            id=_next_id(),
            user_id=principal.tenant_id,
            agent_id=str(principal.agent_id),
            created_at=now,
        )
        for entry in entries
    ]
    if events:
        await audit.create(tx, events)
    for entry in entries:
        _tell(tx, entry)


def _tell(tx: Transaction, entry: Entry) -> None:
    """Lets the members who follow the space know what concerns all of them."""
    kind = AUDITED.get(entry.action)
    if kind is not None:
        detail = str(entry.action) if kind is EventType.SPACE_CHANGED else entry.detail
        changes.note_in_space(tx, kind, entry.space_key, entry.subject, detail)


def _next_id() -> str:
    """An id after those that this process has given: it orders what one request does at one time."""
    return str(UUID(int=(time.time_ns() << 64) | (uuid4().int >> 64)))


async def list_page(tx: Transaction, principal: Principal, space_id: str, query: AuditQuery) -> AuditList:
    """What was done to a space, newest first. Raises NotFound, Unauthorized for who is no admin, Invalid."""
    space = principal.space(space_id)
    if not space.role.may_administer():
        raise Unauthorized("only an admin of this space may read what was done to it")
    place = listing.from_newest(query.cursor)
    size = listing.parse_limit(query.limit)
    page = AuditPage(
        space_key=space.space_key,
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        # One more than is shown tells whether there is another page.
        limit=size + 1,
    )
    found = await audit.list_all(tx, page)
    shown = found[:size]
    more = listing.cursor_after(shown, size, descending=True) if len(found) > size else None
    return AuditList([audit_view(event) for event in shown], more)

"""What was done to spaces, in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.audit import AuditEvent
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("audit")


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a list shows: of a space, older than a (time, id)."""

    space_key: str
    before: datetime
    before_id: str
    limit: int


async def create(tx: Transaction, events: Sequence[AuditEvent]) -> None:
    rows = [{**msgspec.structs.asdict(event), "action": event.action.value} for event in events]
    await one(tx, QUERIES["create_audit_events"], int, events=rows)


async def list_all(tx: Transaction, page: AuditPage) -> list[AuditEvent]:
    return await many(tx, QUERIES["list_audit_events"], AuditEvent, **msgspec.structs.asdict(page))

"""Background work as its tenant sees it; what a worker does is in `work.py`."""

from __future__ import annotations

import hashlib

import msgspec

from app.domain import listing
from app.domain.errors import Invalid, NotFound
from app.domain.listing import Cursor, parse_instant
from app.domain.memories import OPEN_END
from app.domain.principal import Principal
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import TaskStatus, TaskView, view
from app.storage import tasks
from app.storage.graph import Transaction
from app.storage.tasks import TaskPage
from ingest.redaction import redact


class TaskList(msgspec.Struct, frozen=True):
    """A page of tasks; `next_cursor` is null on the last one."""

    tasks: list[TaskView]
    next_cursor: str | None


def request_hash(path: str, body: object) -> str:
    """Tells requests with one Idempotency-Key apart; without private text, as a hash gives a short secret away."""
    shown = redact(msgspec.json.encode(body).decode())
    return hashlib.sha256(f"{path}\0{shown}".encode()).hexdigest()


def retry_hash(principal: Principal, key: str) -> str:
    """An Idempotency-Key as it is stored: the tenant's own, and made without private text for the same reason."""
    shown = redact(key, SecretPolicy.OFF)
    return hashlib.sha256(f"{principal.tenant_id}\0{shown}".encode()).hexdigest()


async def get(tx: Transaction, principal: Principal, task_id: str) -> TaskView:
    """A task of the caller's tenant. Raises NotFound."""
    found = await tasks.get(tx, principal, task_id)
    if found is None:
        raise NotFound("no such task")
    return view(found)


async def list_page(
    tx: Transaction, principal: Principal, status: str | None, cursor: str | None, limit: int | None
) -> TaskList:
    """The tenant's tasks, newest first. Raises Invalid for an unknown status or a foreign cursor."""
    if status and status not in list(TaskStatus):
        raise Invalid(f"status must be one of {', '.join(TaskStatus)}, not {status!r}")
    place = listing.decode(cursor) if cursor else Cursor("created_at", True, OPEN_END.isoformat(), "")
    size = listing.parse_limit(limit)
    page = TaskPage(
        status=status or "",
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        limit=size,
    )
    found = await tasks.list_all(tx, principal, page)
    return TaskList([view(task) for task in found], listing.cursor_after(found, size, descending=True))

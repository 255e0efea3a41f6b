"""Periodic work without a principal: leases, and what is due in all spaces.  Few modules may import it (rule 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.tasks import Task
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("system_jobs")


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of periodic work: when it began and ended last, when it is due, and until when somebody has it."""

    name: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_at: datetime
    lease_until: datetime | None = None
    error: str = ""


class JobEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How periodic work ended; '' for well."""

    name: str
    worker: str
    error: str
    next_at: datetime
    now: datetime


class DueSpace(msgspec.Struct, frozen=True):
    """A space in which something is due, and its owner, for whom it is done."""

    space_key: str
    tenant_id: str


async def list_jobs(tx: Transaction, names: Sequence[str]) -> list[JobState]:
    return await many(tx, QUERIES["list_jobs"], JobState, names=list(names))


async def claim_job(tx: Transaction, name: str, worker: str, now: datetime, lease_until: datetime) -> datetime | None:
    """Since when the work is due, which names the period; None when it is not due or somebody else does it."""
    given = {"name": name, "worker": worker, "now": now, "lease_until": lease_until}
    return await one(tx, QUERIES["claim_job"], datetime, **given)


async def finish_job(tx: Transaction, end: JobEnd) -> None:
    await one(tx, QUERIES["finish_job"], str, **msgspec.structs.asdict(end))


async def list_due_spaces(tx: Transaction, now: datetime, limit: int) -> list[DueSpace]:
    return await many(tx, QUERIES["list_due_spaces"], DueSpace, now=now, limit=limit)


async def list_moved_spaces(tx: Transaction, limit: int) -> list[DueSpace]:
    return await many(tx, QUERIES["list_moved_spaces"], DueSpace, limit=limit)


async def list_unconsolidated_spaces(tx: Transaction, limit: int) -> list[DueSpace]:
    return await many(tx, QUERIES["list_unconsolidated_spaces"], DueSpace, limit=limit)


async def list_lost_tasks(tx: Transaction, since: datetime, limit: int) -> list[Task]:
    return await many(tx, QUERIES["list_lost_tasks"], Task, since=since, limit=limit)


async def delete_old_tasks(tx: Transaction, before: datetime, limit: int) -> int:
    return await one(tx, QUERIES["delete_old_tasks"], int, before=before, limit=limit) or 0


async def list_event_spaces(tx: Transaction, after: str, limit: int) -> list[str]:
    """The keys of spaces that have events, in order, after one of them."""
    return await many(tx, QUERIES["list_event_spaces"], str, after=after, limit=limit)


async def delete_old_events(tx: Transaction, before: datetime, limit: int, space_key: str) -> int:
    """How many events of a space were old; at most so many at a time."""
    given = {"space_key": space_key, "before": before, "limit": limit}
    return await one(tx, QUERIES["delete_old_events"], int, **given) or 0


async def delete_old_recalls(tx: Transaction, before: datetime, limit: int) -> int:
    return await one(tx, QUERIES["delete_old_recalls"], int, before=before, limit=limit) or 0

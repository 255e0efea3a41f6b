"""Background work that is written in the same transaction as what it works on, so that nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from app.domain.memories import timestamp

MAX_ATTEMPTS = 8
LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(minutes=5)
# After so many the last delay is reached long since, and more would be too long a time to be counted.
MOST_DOUBLINGS = 16
# A task remembers its last errors; more than that nobody reads, and a file of which every line fails has thousands.
ERRORS_KEPT = 20


class TaskKind(StrEnum):
    """What a task does."""

    INGEST = "ingest"
    RELATE = "relate"
    IMPORT = "import"
    LIFECYCLE = "lifecycle"
    DISCOVER = "discover"
    COMMUNITIES = "communities"
    CONSOLIDATE = "consolidate"
    CONNECTOR = "connector"
    ERASE = "erase"
    RESTORE = "restore"


# Work on a space as a whole, of which one at a time is enough.
OF_A_SPACE = (TaskKind.DISCOVER, TaskKind.LIFECYCLE, TaskKind.COMMUNITIES, TaskKind.CONSOLIDATE)


class TaskStatus(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OpenTasks(msgspec.Struct, frozen=True):
    """How many tasks of a kind are in a phase, and when the oldest of them was made."""

    kind: TaskKind
    phase: str
    count: int
    oldest: datetime


class WorkStopped(Exception):
    """A worker must leave its task alone from here on."""


class LeaseLost(WorkStopped):
    """Another worker may have the task, since this one did not renew its lease in time."""


class CancelAsked(WorkStopped):
    """Nobody wants the work any more."""


class Hold(msgspec.Struct, frozen=True):
    """That a worker still holds its task, and whether it was asked to stop."""

    is_cancelled: bool


class Progress(msgspec.Struct, frozen=True):
    """How far an attempt at a task is: steps done and in all, what it counted, what it used, what it had to leave out.

    The last one of an attempt ends the task: as `partial` when it has errors, else as `completed`.
    """

    done: int = 0
    total: int = 0
    counts: dict[str, int] = {}
    tokens: int = 0
    errors: list[str] = []


# Records how far an attempt is and prolongs its lease; raises when the lease is lost or the task was cancelled.
Report = Callable[[Progress], Awaitable[None]]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it is stored, with the principal it runs for and the answer its request got."""

    id: str
    kind: TaskKind
    status: TaskStatus
    tenant_id: str
    space_key: str
    agent_id: str = ""
    memory_id: str = ""
    session_id: str = ""
    import_id: str = ""
    # The keys of the spaces that the task erases.
    erased: list[str] = []
    stored_count: int = 0
    request_hash: str = ""
    done_count: int = 0
    total_count: int = 0
    # What the work counted, as the text of a JSON object: a node holds no maps.
    counts: str = "{}"
    attempts: int = 0
    tokens: int = 0
    errors: list[str] = []
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    # Which worker holds it, and since when it is asked to stop.
    worker: str | None = None
    cancel_asked_at: datetime | None = None


class TaskQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are asked for."""

    status: str | None = None
    kind: str | None = None
    session_id: str | None = None
    memory_id: str | None = None
    cursor: str | None = None
    limit: int | None = None


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task on the wire (architecture §8)."""

    id: str
    kind: TaskKind
    status: TaskStatus
    progress: float
    counts: dict[str, int]
    errors: list[str]
    tokens: int
    attempts: int
    memory_id: str | None
    session_id: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None


def view(task: Task) -> TaskView:
    """The wire form of a task; progress is the share of its steps that are done."""
    is_over = task.status in (TaskStatus.COMPLETED, TaskStatus.PARTIAL)
    return TaskView(
        id=task.id,
        kind=task.kind,
        status=task.status,
        progress=1.0 if is_over else min(1.0, task.done_count / max(1, task.total_count)),
        counts={"stored": task.stored_count, "done": task.done_count, "total": task.total_count, **counted(task)},
        errors=task.errors,
        tokens=task.tokens,
        attempts=task.attempts,
        memory_id=task.memory_id or None,
        session_id=task.session_id or None,
        created_at=timestamp(task.created_at),
        started_at=timestamp(task.started_at) if task.started_at else None,
        finished_at=timestamp(task.finished_at) if task.finished_at else None,
    )


def lane(task: Task) -> str:
    """What a task is done in order with: others of its session, its memory, or its kind in the space; else alone."""
    if task.kind in OF_A_SPACE:
        return f"{task.kind} {task.space_key}"
    if task.session_id:
        return f"session {task.space_key} {task.session_id}"
    return f"memory {task.space_key} {task.memory_id}" if task.memory_id else f"task {task.id}"


def check_hold(hold: Hold | None) -> None:
    """Raises LeaseLost or CancelAsked when a worker may not go on; None says that it holds its task no more."""
    if hold is None:
        raise LeaseLost
    if hold.is_cancelled:
        raise CancelAsked


def counted(task: Task) -> dict[str, int]:
    """What the work of a task counted."""
    return msgspec.json.decode(task.counts, type=dict[str, int])


def after(task: Task, progress: Progress) -> Progress:
    """The progress of an attempt together with what the attempts before it used and met."""
    errors = [*task.errors, *progress.errors][-ERRORS_KEPT:]
    return msgspec.structs.replace(progress, tokens=task.tokens + progress.tokens, errors=errors)


def outcome(progress: Progress) -> TaskStatus:
    """How a task ends whose work came to its end."""
    return TaskStatus.PARTIAL if progress.errors else TaskStatus.COMPLETED


def gives_up(task: Task) -> bool:
    """Whether a task has had all its attempts. What is to be erased is tried until it is: nobody else could do it."""
    return task.kind is not TaskKind.ERASE and task.attempts >= MAX_ATTEMPTS


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """How long a task waits after its n-th failure: doubling, at most five minutes, ± a quarter by jitter in [0,1]."""
    delay = min(LAST_RETRY, FIRST_RETRY * 2 ** min(max(0, attempts - 1), MOST_DOUBLINGS))
    return delay * (0.75 + 0.5 * jitter)

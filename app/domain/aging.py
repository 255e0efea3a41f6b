"""The age of memories on the wire: what periodic work did and does, and what it would do."""

from __future__ import annotations

import msgspec

from app.domain.lifecycle import Aged, Aging
from app.domain.memories import WIRE_STATES, Tier


class LifecycleQuery(msgspec.Struct, frozen=True, kw_only=True):
    """In which space the age of memories is to be looked at, and whether only to show what would happen."""

    space: str | None = None
    dry_run: bool = False


class AgingChange(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a memory."""

    memory_id: str
    action: str
    state: str
    tier: Tier
    reason: str
    scores: dict[str, float]


class LifecycleRun(msgspec.Struct, frozen=True, kw_only=True):
    """The task that looks at what is due, or what it would change."""

    dry_run: bool
    task_id: str | None
    counts: dict[str, int]
    changes: list[AgingChange]


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """Periodic work: how often, when it ran last, and when it is due; `error` says how it ended if not well."""

    name: str
    every_minutes: int
    is_running: bool
    started_at: str | None
    finished_at: str | None
    next_at: str | None
    error: str | None


class LifecycleView(msgspec.Struct, frozen=True, kw_only=True):
    """The periodic work of the service, and how many of the caller's memories wait to be looked at."""

    due_count: int
    jobs: list[JobView]


def change_view(memory: Aging, aged: Aged) -> AgingChange:
    """What would become of a memory, on the wire."""
    return AgingChange(
        memory_id=memory.id,
        action=str(aged.action),
        state=WIRE_STATES[aged.state],
        tier=aged.tier,
        reason=aged.reason,
        scores=aged.scores,
    )

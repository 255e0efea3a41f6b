"""What is decided about each fact: the decision, its stored form for audit and undo, and its form on the wire."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.memories import timestamp

ID_DIGITS = 32


class Action(StrEnum):
    """What happens with a fact: the seven ways it can relate to what is known, and admission's two refusals."""

    CREATE = "create"
    MERGE = "merge"
    SKIP = "skip"
    SUPERSEDE = "supersede"
    SUPPORT = "support"
    CONTEXTUALIZE = "contextualize"
    CONTRADICT = "contradict"
    REJECT = "reject"
    HOLD = "hold"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The one decision about the fact with index `fact` in its batch.

    `requested_action` differs from `action` where a rule or the policy took a safer one. `target_id` is the memory it
    relates to, `batch:<index>` for another fact of the batch, '' for none. `weight` is that of the edge to be written.
    """

    fact: int
    action: Action
    requested_action: Action
    target_id: str = ""
    reason: str
    label: str = ""
    weight: float = 0.0
    scores: dict[str, float] = {}


class StoredDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A Decision node; `scores` is JSON, since a property cannot be a map, and '' stands for no memory."""

    id: str
    task_id: str
    space_key: str
    visible_to: str = "all0"
    sequence: int
    action: Action
    requested_action: Action
    memory_id: str = ""
    target_id: str = ""
    reason: str
    label: str = ""
    weight: float = 0.0
    scores: str = "{}"
    created_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on the wire (architecture §8), and whether it was taken back."""

    id: str
    task_id: str
    action: Action
    requested_action: Action
    memory_id: str | None
    target_id: str | None
    reason: str
    label: str | None
    scores: dict[str, float]
    created_at: str
    undone_at: str | None


class DecisionList(msgspec.Struct, frozen=True):
    """A page of decisions, newest first; `next_cursor` is null on the last one."""

    decisions: list[DecisionView]
    next_cursor: str | None


def decision_id(task_id: str, fact: int) -> str:
    """The same for every attempt of a task, so that a repeated one writes nothing twice."""
    return hashlib.sha256(f"{task_id}\n{fact}".encode()).hexdigest()[:ID_DIGITS]


def decision_view(decision: StoredDecision) -> DecisionView:
    """The wire form of a decision."""
    return DecisionView(
        id=decision.id,
        task_id=decision.task_id,
        action=decision.action,
        requested_action=decision.requested_action,
        memory_id=decision.memory_id or None,
        target_id=decision.target_id or None,
        reason=decision.reason,
        label=decision.label or None,
        scores=msgspec.json.decode(decision.scores, type=dict[str, float]),
        created_at=timestamp(decision.created_at),
        undone_at=timestamp(decision.undone_at) if decision.undone_at else None,
    )

"""What is decided about each fact, how a decision is kept, and its form on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.memories import timestamp


class Action(StrEnum):
    """What happens with a fact: seven ways to relate to what is known, two refusals, and its age."""

    CREATE = "create"
    MERGE = "merge"
    SKIP = "skip"
    SUPERSEDE = "supersede"
    SUPPORT = "support"
    CONTEXTUALIZE = "contextualize"
    CONTRADICT = "contradict"
    REJECT = "reject"
    HOLD = "hold"
    PROMOTE = "promote"
    DEMOTE = "demote"
    EXPIRE = "expire"
    ARCHIVE = "archive"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The one decision about the fact with index `fact` in its batch.

    `requested_action` differs from `action` where a rule or the policy took a safer one. `target_id` is the memory it
    relates to, `batch:<index>` for another fact of the batch, '' for none. `weight` is that of the edge to be written,
    `method` who decided: `rule`, `judge`, `llm`, `user`. `merged_text` is what a language model made of both texts of a
    merge; '' leaves that to who applies it.
    """

    fact: int
    action: Action
    requested_action: Action
    target_id: str = ""
    reason: str
    label: str = ""
    weight: float = 0.0
    method: str = "rule"
    merged_text: str = ""
    scores: dict[str, float] = {}
    # What was held before and says the same: creating brings it back, holding adds to it.
    held_id: str = ""


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What a memory was like before a decision changed it; undoing gives it back."""

    id: str
    state: str
    valid_to: datetime
    # '' where the decision was about no tier.
    tier: str = ""


class StoredDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A Decision node: what was asked, what was done, and what it takes to undo it.

    `rev` is the revision of the space at which it was applied, so that (rev, fact) is the order of all decisions of a
    space. `created` are the memories it made, `before` those it changed, `repeats` those it confirmed; `evidence` are
    the messages the fact is from. `fact_json` is the fact as it was extracted.
    """

    id: str
    task_id: str
    space_key: str
    tenant_id: str
    visible_to: str
    rev: int
    fact: int
    action: Action
    requested_action: Action
    text: str
    category: str
    memory_id: str = ""
    target_id: str = ""
    reason: str
    label: str = ""
    method: str = "rule"
    scores: dict[str, float] = {}
    created: list[str] = []
    before: list[Before] = []
    repeats: list[str] = []
    evidence: list[str] = []
    fact_json: str = ""
    # Found between memories that were there already; it goes when one of them is taken back.
    is_discovered: bool = False
    created_at: datetime
    undone_at: datetime | None = None


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on the wire (architecture §8)."""

    id: str
    task_id: str
    action: Action
    requested_action: Action
    memory_id: str | None
    target_id: str | None
    text: str
    category: str
    reason: str
    label: str | None
    method: str
    scores: dict[str, float]
    message_ids: list[str]
    created_at: str
    undone_at: str | None


class DecisionList(msgspec.Struct, frozen=True):
    """A page of decisions, newest first; `next_cursor` is null on the last one."""

    decisions: list[DecisionView]
    next_cursor: str | None


class DecisionCount(msgspec.Struct, frozen=True):
    """How often one action was taken where another, or the same, was asked for."""

    requested_action: Action
    action: Action
    count: int


class DecisionCounts(msgspec.Struct, frozen=True):
    """Asked versus taken."""

    counts: list[DecisionCount]


class DecisionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions are asked for."""

    task_id: str | None = None
    memory_id: str | None = None
    action: str | None = None
    space: str | None = None
    cursor: str | None = None
    limit: int | None = None


class UndoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All decisions of a task are to be undone; with `dry_run` only counted."""

    task_id: str
    dry_run: bool = False


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing came to: how many decisions, and which later ones keep others from being undone."""

    undone: int
    retracted: int
    reopened: int
    blocked: list[str] = []


def decision_view(decision: StoredDecision) -> DecisionView:
    """The wire form of a decision."""
    return DecisionView(
        id=decision.id,
        task_id=decision.task_id,
        action=decision.action,
        requested_action=decision.requested_action,
        memory_id=decision.memory_id or None,
        target_id=decision.target_id or None,
        text=decision.text,
        category=decision.category,
        reason=decision.reason,
        label=decision.label or None,
        method=decision.method,
        scores=decision.scores,
        message_ids=decision.evidence,
        created_at=timestamp(decision.created_at),
        undone_at=timestamp(decision.undone_at) if decision.undone_at else None,
    )

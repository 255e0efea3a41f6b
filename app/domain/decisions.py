"""What is decided about each fact."""

from __future__ import annotations

from enum import StrEnum

import msgspec


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

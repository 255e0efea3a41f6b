"""Memories that cannot both hold, and how somebody resolves that."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.decisions import Action
from app.domain.errors import Blocked, Invalid
from app.domain.memories import Memory, MemoryType, MemoryView, ShortText, State, timestamp, view
from app.domain.principal import ALL_AGENTS
from app.domain.search import EvidenceView


class Resolution(StrEnum):
    """What shall hold of two memories that contradict each other."""

    KEEP_LEFT = "keep_left"
    KEEP_RIGHT = "keep_right"
    BOTH_IN_CONTEXT = "both_in_context"
    RETRACT_BOTH = "retract_both"


# The decision that each resolution is kept as, so that it can be read and undone like any other.
ACTIONS = {
    Resolution.KEEP_LEFT: Action.SUPERSEDE,
    Resolution.KEEP_RIGHT: Action.SUPERSEDE,
    Resolution.BOTH_IN_CONTEXT: Action.CONTEXTUALIZE,
    Resolution.RETRACT_BOTH: Action.REJECT,
}


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A CONTRADICTS relation with both its ends; `resolved_by` is a decision, '' while it is open."""

    id: str
    left: Memory
    right: Memory
    weight: float | None = None
    method: str = ""
    label: str | None = None
    created_at: datetime
    resolved_by: str = ""
    resolution: Resolution | None = None

    @property
    def is_open(self) -> bool:
        """Whether both are believed and nobody has decided between them."""
        return not self.resolved_by and self.left.state is State.ACTIVE and self.right.state is State.ACTIVE

    def losers(self, resolution: Resolution) -> list[Memory]:
        """What a resolution takes out of what is believed."""
        match resolution:
            case Resolution.KEEP_LEFT:
                return [self.right]
            case Resolution.KEEP_RIGHT:
                return [self.left]
            case Resolution.BOTH_IN_CONTEXT:
                return []
            case Resolution.RETRACT_BOTH:
                return [self.left, self.right]


class ConflictSide(msgspec.Struct, frozen=True):
    """One of the two memories, and the messages it was taken from."""

    memory: MemoryView
    evidence: list[EvidenceView]


class ConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict on the wire; `resolution` and `decision_id` are null while nobody has decided."""

    id: str
    left: ConflictSide
    right: ConflictSide
    weight: float | None
    method: str
    label: str | None
    since: str
    resolution: Resolution | None
    decision_id: str | None


class ConflictList(msgspec.Struct, frozen=True):
    """A page of open conflicts, newest first; `next_cursor` is null on the last one."""

    conflicts: list[ConflictView]
    next_cursor: str | None


class ConflictQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which conflicts are asked for."""

    space: str | None = None
    cursor: str | None = None
    limit: int | None = None


class ResolveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What shall hold; `label` says under which condition, for both in their context."""

    resolution: str
    label: ShortText | None = None


def conflict_view(conflict: Conflict, evidence: dict[str, list[EvidenceView]]) -> ConflictView:
    """The wire form of a conflict, with the messages behind each memory by its id."""
    left, right = (ConflictSide(view(one), evidence.get(one.id, [])) for one in (conflict.left, conflict.right))
    return ConflictView(
        id=conflict.id,
        left=left,
        right=right,
        weight=conflict.weight,
        method=conflict.method,
        label=conflict.label,
        since=timestamp(conflict.created_at),
        resolution=conflict.resolution,
        decision_id=conflict.resolved_by or None,
    )


def check_resolvable(conflict: Conflict, resolution: Resolution) -> None:
    """Raises Blocked when it is resolved otherwise or no conflict any more, Invalid for what may not be taken out."""
    if conflict.resolution:
        raise Blocked(f"it was resolved as {conflict.resolution}; undo decision {conflict.resolved_by} first")
    if not conflict.is_open:
        raise Blocked("one of the two is no longer believed, so there is nothing to resolve")
    if conflict.left.space_key != conflict.right.space_key:
        raise Invalid("the two lie in different spaces; change or delete either in its own, or take the relation back")
    if any(memory.memory_type is MemoryType.PINNED for memory in conflict.losers(resolution)):
        raise Invalid(f"resolution {resolution} would take out a pinned memory; change its memory_type first")


def narrowest(*memories: Memory) -> str:
    """The token of who sees all of these memories, as far as one token can say so."""
    tokens = sorted({memory.visible_to for memory in memories} - {ALL_AGENTS})
    return tokens[0] if tokens else ALL_AGENTS

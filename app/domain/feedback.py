"""What people and agents say about a memory, and what that does to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.errors import Invalid
from app.domain.memories import OPEN_END, Memory, MemoryType, State, parse_choice

# How much of the way to 1 importance and confidence go when somebody finds a memory useful. Each agent counts once: ten
# of them bring 0.5 to 0.83, and nobody pushes a memory up alone.
USEFUL_STEP = 0.1


class Verdict(StrEnum):
    """Useful is kept and counts more, wrong was a mistake, noise is not worth remembering."""

    USEFUL = "useful"
    WRONG = "wrong"
    NOISE = "noise"


class NewFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on one memory or message."""

    verdict: str


class Rating(msgspec.Struct, frozen=True):
    """The last verdict of one agent on a memory, and whether it has raised it already."""

    verdict: Verdict
    has_raised: bool


def parse_verdict(given: str) -> Verdict:
    """The verdict of a word in any case. Raises Invalid, which names the values."""
    return Verdict(parse_choice("verdict", given, Verdict, ""))


def check_verdict(memory: Memory, verdict: Verdict) -> None:
    """Raises Invalid for a verdict against what is pinned, and for keeping what a decision took back."""
    if verdict is not Verdict.USEFUL and memory.memory_type is MemoryType.PINNED:
        raise Invalid("verdict is about a pinned memory, which nothing takes away; change its memory_type first")
    if verdict is Verdict.USEFUL and memory.state is State.RETRACTED and memory.state_before is None:
        raise Invalid("verdict is about a memory that a decision took back; undo that decision instead")


def after_feedback(memory: Memory, verdict: Verdict, has_raised: bool, now: datetime) -> Memory:
    """The memory as the verdict leaves it: the same one when nothing changes.

    What is wrong or noise is retracted: its recorded time ends. Useful takes that back, believes what was held, and
    raises importance and confidence unless the same agent did so before.
    """
    if verdict is not Verdict.USEFUL:
        return _retracted(memory, now)
    kept = _kept(memory)
    if not has_raised:
        kept = msgspec.structs.replace(
            kept,
            importance=_raised(kept.importance),
            confidence=_raised(kept.confidence),
            base_confidence=_raised(kept.base_confidence),
        )
    return kept if kept == memory else msgspec.structs.replace(kept, updated_at=now, rev=memory.rev + 1)


def _retracted(memory: Memory, now: datetime) -> Memory:
    if memory.state is State.RETRACTED:
        return memory
    return msgspec.structs.replace(
        memory,
        state=State.RETRACTED,
        state_before=memory.state,
        retired_at=now,
        updated_at=now,
        rev=memory.rev + 1,
    )


def _kept(memory: Memory) -> Memory:
    state = memory.state_before or memory.state
    return msgspec.structs.replace(
        memory,
        state=State.ACTIVE if state is State.HELD else state,
        state_before=None,
        retired_at=OPEN_END if memory.state_before else memory.retired_at,
    )


def _raised(value: float) -> float:
    return value + USEFUL_STEP * (1 - value)

"""What a verdict makes of a memory in each of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import Invalid
from app.domain.feedback import Verdict, after_feedback, check_verdict, parse_verdict
from app.domain.memories import OPEN_END, Category, Memory, MemoryType, State

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)


def memory(state: State = State.ACTIVE, before: State | None = None, kind: MemoryType = MemoryType.INSIGHT) -> Memory:
    return Memory(
        id="m",
        content="张伟喜欢喝绿茶",
        category=Category.PREFERENCES,
        memory_type=kind,
        state=state,
        state_before=before,
        tenant_id="t",
        space_id="personal/t",
        space_key="s0",
        visible_to="all0",
        valid_from=BEFORE,
        recorded_at=BEFORE,
        retired_at=BEFORE if state is State.RETRACTED else OPEN_END,
        created_at=BEFORE,
        updated_at=BEFORE,
        text_hash="h",
    )


def after(given: Memory, verdict: Verdict, has_raised: bool = False) -> Memory:
    return after_feedback(given, verdict, has_raised, NOW)


def test_useful_raises_by_a_tenth_of_what_is_left() -> None:
    useful = after(memory(), Verdict.USEFUL)

    assert (useful.importance, useful.confidence, useful.base_confidence) == pytest.approx((0.55, 0.55, 0.55))
    assert (useful.state, useful.rev, useful.updated_at) == (State.ACTIVE, 2, NOW)


def test_useful_again_changes_nothing() -> None:
    given = memory()

    assert after(given, Verdict.USEFUL, has_raised=True) == given


@pytest.mark.parametrize(
    ("state", "before", "expected"),
    [
        (State.HELD, None, State.ACTIVE),
        (State.RETRACTED, State.ACTIVE, State.ACTIVE),
        (State.RETRACTED, State.HELD, State.ACTIVE),
        (State.RETRACTED, State.SUPERSEDED, State.SUPERSEDED),
        (State.SUPERSEDED, None, State.SUPERSEDED),
        (State.ARCHIVED, None, State.ARCHIVED),
    ],
)
def test_useful_believes_what_was_held_and_brings_back_what_feedback_took(
    state: State, before: State | None, expected: State
) -> None:
    useful = after(memory(state, before), Verdict.USEFUL, has_raised=True)

    assert (useful.state, useful.state_before, useful.retired_at) == (expected, None, OPEN_END)


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.NOISE])
@pytest.mark.parametrize("state", [State.ACTIVE, State.HELD, State.SUPERSEDED, State.EVIDENCE])
def test_wrong_and_noise_retract_and_remember_the_state(verdict: Verdict, state: State) -> None:
    retracted = after(memory(state), verdict)

    assert (retracted.state, retracted.state_before, retracted.retired_at) == (State.RETRACTED, state, NOW)
    assert after(retracted, verdict) is retracted


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.NOISE])
def test_a_pinned_memory_is_not_taken_away(verdict: Verdict) -> None:
    with pytest.raises(Invalid, match="pinned"):
        check_verdict(memory(kind=MemoryType.PINNED), verdict)


def test_what_a_decision_took_back_is_brought_back_by_undoing_it() -> None:
    with pytest.raises(Invalid, match="undo"):
        check_verdict(memory(State.RETRACTED), Verdict.USEFUL)


def test_an_unknown_verdict_is_refused_with_the_known_ones() -> None:
    assert parse_verdict("Noise") is Verdict.NOISE
    with pytest.raises(Invalid, match="useful, wrong, noise"):
        parse_verdict("有用")

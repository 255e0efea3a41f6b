"""What a decision looks like when it is stored and when it is answered."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from app.domain.decisions import Action, StoredDecision, decision_id, decision_view

STORED = StoredDecision(
    id="d1",
    task_id="t1",
    space_key="team1",
    sequence=0,
    action=Action.SUPERSEDE,
    requested_action=Action.CONTRADICT,
    memory_id="new",
    target_id="old",
    reason="the same speaker restates it later",
    scores='{"cosine":0.8}',
    created_at=datetime(2026, 3, 14, 12, tzinfo=UTC),
)


def test_the_actions_are_those_of_the_contract() -> None:
    names = "create merge skip supersede support contextualize contradict reject hold"

    assert " ".join(Action) == names


def test_a_decision_on_the_wire_has_the_names_of_the_architecture() -> None:
    shown = msgspec.json.decode(msgspec.json.encode(decision_view(STORED)))

    assert shown == {
        "id": "d1",
        "task_id": "t1",
        "action": "supersede",
        "requested_action": "contradict",
        "memory_id": "new",
        "target_id": "old",
        "reason": "the same speaker restates it later",
        "label": None,
        "scores": {"cosine": 0.8},
        "created_at": "2026-03-14T12:00:00.000000+00:00",
        "undone_at": None,
    }


@pytest.mark.parametrize("field", ["memory_id", "target_id", "label"])
def test_what_a_decision_does_not_have_is_null(field: str) -> None:
    assert getattr(decision_view(msgspec.structs.replace(STORED, **{field: ""})), field) is None


def test_a_stored_decision_is_read_from_the_properties_of_its_node() -> None:
    node = msgspec.structs.asdict(STORED) | {"kind": "a property nobody reads"}

    assert msgspec.convert(node, StoredDecision) == STORED


def test_an_id_is_the_same_for_every_attempt_and_differs_between_facts_and_tasks() -> None:
    assert decision_id("task", 1) == decision_id("task", 1)
    assert len({decision_id("task", 1), decision_id("task", 2), decision_id("task1", 1), decision_id("task", 11)}) == 4

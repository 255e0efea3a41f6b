"""What each decision writes, and what it takes to undo it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.domain.decisions import Action, Decision
from app.domain.facts import Asserter, Fact, Modality, Quote
from app.domain.memories import OPEN_END, Category, Memory, MemoryType, State
from ingest.planning import Frame, Plan, Said, base_belief, plan
from ingest.relation_rules import EARLIER

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FRAME = Frame(task_id="task", anchor="message", rev=7, now=NOON)


def message(text: str = "I moved to Rome.", **fields: object) -> Memory:
    made = Memory(
        id="message",
        content=text,
        kind="message",
        category=Category.EVENTS,
        memory_type=MemoryType.SESSION,
        tenant_id="ann",
        space_id="personal/ann",
        space_key="s0",
        visible_to="all0",
        valid_from=NOON,
        recorded_at=NOON,
        created_at=NOON,
        updated_at=NOON,
        text_hash="",
        tags=["chat"],
        session_id="session",
    )
    return msgspec.structs.replace(made, **fields)


def memory(own_id: str = "old", **fields: object) -> Memory:
    begun = NOON - timedelta(days=30)
    old = message("I live in Paris.", id=own_id, kind="memory", memory_type=MemoryType.INSIGHT, valid_from=begun)
    return msgspec.structs.replace(old, **fields)


def fact(text: str = "I moved to Rome.", **fields: object) -> Fact:
    made = Fact(text=text, category="profile", said_at=NOON, quotes=[Quote("message", 0, len(text))])
    return msgspec.structs.replace(made, **fields)


def decision(action: Action, target: str = "", **fields: object) -> Decision:
    made = Decision(fact=0, action=action, requested_action=action, target_id=target, reason="because")
    return msgspec.structs.replace(made, **fields)


def planned(made: Decision, target: Memory | None = None, said: Said | None = None) -> Plan:
    known = {target.id: target} if target else {}
    return plan([said or Said(fact=fact(), origin=message())], [made], known, FRAME)


def test_a_created_memory_carries_what_its_message_brought() -> None:
    (created,) = planned(decision(Action.CREATE)).memories

    assert (created.content, created.kind, created.memory_type) == ("I moved to Rome.", "memory", "insight")
    assert (created.tags, created.session_id, created.evidence_ids) == (["chat"], "session", ["message"])
    assert (created.valid_from, created.valid_to, created.recorded_at) == (NOON, OPEN_END, NOON)


def test_ids_are_the_same_when_the_task_is_tried_again() -> None:
    first, second = (planned(decision(Action.SUPERSEDE, "old"), memory()) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("action", "kind", "state"),
    [
        (Action.SUPERSEDE, "SUPERSEDES", State.ACTIVE),
        (Action.SUPPORT, "SUPPORTS", State.EVIDENCE),
        (Action.CONTEXTUALIZE, "CONTEXTUALIZES", State.ACTIVE),
        (Action.CONTRADICT, "CONTRADICTS", State.ACTIVE),
    ],
)
def test_a_relation_leads_from_the_new_memory(action: Action, kind: str, state: State) -> None:
    made = planned(decision(action, "old"), memory())

    (created,), (relation,) = made.memories, made.relations
    assert (relation.type, {relation.source_id, relation.target_id}) == (kind, {created.id, "old"})
    assert (created.state, made.decisions[0].created) == (state, [created.id])


def test_what_is_superseded_ends_when_the_new_value_begins() -> None:
    made = planned(decision(Action.SUPERSEDE, "old"), memory())

    (change,) = made.changes
    assert (change.id, change.state, change.valid_to) == ("old", State.SUPERSEDED, NOON)
    (before,) = made.decisions[0].before
    assert (before.id, before.state, before.valid_to) == ("old", "active", OPEN_END)


def test_no_time_ends_before_it_began() -> None:
    newer_than_the_fact = memory(valid_from=NOON + timedelta(days=1))

    (change,) = planned(decision(Action.SUPERSEDE, "old"), newer_than_the_fact).changes

    assert change.valid_to == newer_than_the_fact.valid_from


def test_a_value_of_before_is_stored_as_past() -> None:
    made = planned(decision(Action.CREATE, "old", label=EARLIER), memory(valid_from=NOON + timedelta(days=1)))

    (created,), (relation,) = made.memories, made.relations
    assert (created.state, created.valid_to) == (State.SUPERSEDED, NOON + timedelta(days=1))
    assert (relation.type, relation.source_id, relation.target_id) == ("SUPERSEDES", "old", created.id)


def test_a_repeat_adds_evidence_only() -> None:
    made = planned(decision(Action.SKIP, "old"), memory())

    assert (made.memories, made.relations, made.changes, made.repeats) == ([], [], [], ["old"])
    assert [(one.memory_id, one.kind) for one in made.evidence] == [("old", "repeat")]
    assert made.decisions[0].memory_id == "old"


def test_a_merge_keeps_both_texts_behind_the_merged_one() -> None:
    made = planned(decision(Action.MERGE, "old"), memory())

    new, merged = made.memories
    assert merged.content == "I live in Paris. I moved to Rome."
    assert {(one.source_id, one.target_id) for one in made.relations} == {(merged.id, new.id), (merged.id, "old")}
    assert {(one.id, one.state) for one in made.changes} == {(new.id, State.MERGED), ("old", State.MERGED)}
    assert made.decisions[0].created == [merged.id]
    assert {(one.id, one.state) for one in made.decisions[0].before} == {(new.id, "active"), ("old", "active")}


def test_a_refusal_writes_nothing_but_the_decision() -> None:
    made = planned(decision(Action.REJECT))

    assert (made.memories, made.evidence, made.about) == ([], [], [])
    assert made.decisions[0].memory_id == ""
    assert msgspec.json.decode(made.decisions[0].fact_json, type=Fact) == fact()


def test_what_is_held_comes_back_with_its_repeat() -> None:
    held = memory("held", state=State.HELD)

    made = plan([Said(fact=fact(), origin=message())], [decision(Action.CREATE, held_id="held")], {"held": held}, FRAME)

    assert [(one.id, one.state) for one in made.changes] == [("held", State.ACTIVE)]
    assert (made.memories, made.repeats) == ([], ["held"])
    assert [one.state for one in made.decisions[0].before] == ["held"]


def test_a_stored_text_stays_the_memory_of_who_stored_it() -> None:
    said = Said(fact=fact(quotes=[]), origin=memory("stored"), is_stored=True)

    made = plan([said], [decision(Action.SUPERSEDE, "old")], {"old": memory()}, FRAME)

    assert (made.memories, made.evidence) == ([], [])
    assert [(one.type, one.source_id, one.target_id) for one in made.relations] == [("SUPERSEDES", "stored", "old")]
    assert made.decisions[0].created == []


def test_a_stored_repeat_is_folded_into_what_is_known() -> None:
    said = Said(fact=fact(quotes=[]), origin=memory("stored"), is_stored=True)

    made = plan([said], [decision(Action.SKIP, "old")], {"old": memory()}, FRAME)

    assert [(one.id, one.state) for one in made.changes] == [("stored", State.MERGED)]
    assert [(one.type, one.source_id, one.target_id) for one in made.relations] == [("MERGED_FROM", "old", "stored")]


def test_a_fact_about_another_one_of_the_batch_leads_to_its_memory() -> None:
    said = [Said(fact=fact("I live in Paris."), origin=message()), Said(fact=fact(), origin=message())]
    second = decision(Action.SUPERSEDE, "batch:0", fact=1)

    made = plan(said, [decision(Action.CREATE), second], {}, FRAME)

    paris, rome = made.memories
    assert (made.relations[0].source_id, made.relations[0].target_id) == (rome.id, paris.id)
    assert made.decisions[1].target_id == paris.id
    assert made.decisions[0].created_at < made.decisions[1].created_at


def test_what_was_over_when_it_was_said_is_expired() -> None:
    past = fact(valid_from=NOON - timedelta(days=9), valid_to=NOON - timedelta(days=8))

    (created,) = planned(decision(Action.CREATE), said=Said(fact=past, origin=message())).memories

    assert created.state is State.EXPIRED


@pytest.mark.parametrize(
    ("fields", "belief"),
    [
        ({"confidence": 1.0}, 0.8),
        ({"confidence": 0.5}, 0.4),
        ({"confidence": 1.0, "asserted_by": Asserter.THIRD_PARTY}, 0.5),
        ({"confidence": 1.0, "modality": Modality.PLAN}, 0.64),
        ({"confidence": 0.01}, 0.05),
    ],
)
def test_belief_without_other_evidence(fields: dict[str, object], belief: float) -> None:
    assert base_belief(fact(**fields)) == pytest.approx(belief)

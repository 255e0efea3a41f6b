"""Admission, what was held, and reconciliation together: exactly one decision per fact."""

from __future__ import annotations

import msgspec

from app.domain.decisions import Action
from app.domain.facts import Cardinality, Fact, Modality
from app.domain.memories import text_hash
from ingest.assimilation import Batch, resolve
from ingest.candidates import Known

HOME = Fact(
    text="Ann lives in Paris.",
    category="profile",
    subject="Ann",
    attribute="residence",
    value="Paris",
    cardinality=Cardinality.ONE,
    speaker="ann",
    confidence=0.85,
)
IDLE = Fact(text="Maybe Ann moves some day.", category="profile", subject="Ann", modality=Modality.WISH, speaker="ann")
EMPTY = Fact(text="That one.", category="events", confidence=0.1)


def batch(facts: list[Fact], found: list[list[Known]] | None = None, **fields: bool) -> Batch:
    hashes = [text_hash(fact.text) for fact in facts]
    return Batch(facts=facts, found=found or [[] for _ in facts], hashes=hashes, **fields)


def held(fact: Fact) -> Known:
    return Known(
        id="held",
        text=fact.text,
        text_hash=text_hash(fact.text),
        category=fact.category,
        subject=fact.subject,
        attribute=fact.attribute,
        value=fact.value,
        speaker="ann",
        is_held=True,
    )


def test_each_fact_has_one_decision_in_its_order() -> None:
    made = resolve(batch([EMPTY, HOME, IDLE, HOME]))

    assert [decision.fact for decision in made] == [0, 1, 2, 3]
    assert [decision.action for decision in made] == [Action.REJECT, Action.CREATE, Action.HOLD, Action.SKIP]
    assert made[3].target_id == "batch:1"


def test_nothing_at_all_is_decided_about_nothing() -> None:
    assert resolve(batch([])) == []


def test_what_is_held_twice_in_one_batch_is_one_memory() -> None:
    first, second = resolve(batch([IDLE, IDLE]))

    assert (first.held_id, second.held_id) == ("", "batch:0")


def test_a_repeat_of_something_held_brings_it_back() -> None:
    weak = msgspec.structs.replace(HOME, category="events", confidence=0.4)

    (alone,) = resolve(batch([weak]))
    (again,) = resolve(batch([weak], [[held(weak)]]))

    assert alone.action is Action.HOLD
    assert (again.action, again.held_id) == (Action.CREATE, "held")


def test_a_wish_stays_held_however_often_it_is_said() -> None:
    (again,) = resolve(batch([IDLE], [[held(IDLE)]]))

    assert (again.action, again.held_id) == (Action.HOLD, "held")


def test_what_was_stored_on_purpose_is_never_refused() -> None:
    made = resolve(batch([EMPTY, IDLE], is_explicit=True))

    assert [decision.action for decision in made] == [Action.CREATE, Action.CREATE]
    assert all("admission" in decision.scores for decision in made)

"""The arithmetic of belief: the values of its table, and what holds for every graph (pipelines 3.3, 3.4)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from app.domain.belief import Claim, Voice, independent_weights, needs_review, settle

# Who says it, for or against whom.
Edge = tuple[str, str, str]


def claims(bases: dict[str, float], edges: Sequence[Edge]) -> list[Claim]:
    """Claims with voices of independent witnesses; a `-` speaks against, a `<` means that it follows from it."""
    return [
        Claim(
            id=name,
            base=base,
            voices=[
                Voice(id=source, witness=source, weight=1.0, strength=bases[source], is_against=kind == "-")
                for source, kind, target in edges
                if target == name and kind in "+-"
            ],
            premises=[source for source, kind, target in edges if target == name and kind == "<"],
        )
        for name, base in bases.items()
    ]


def believed(bases: dict[str, float], *edges: Edge) -> dict[str, float]:
    return settle(claims(bases, edges), {})


THREE = {"c": 0.7, "d": 0.7, "e": 0.7}
BOTH = (("a", "-", "b"), ("b", "-", "a"))


@pytest.mark.parametrize(
    ("bases", "edges", "expected"),
    [
        ({"a": 0.6}, [], {"a": 0.6}),
        ({"a": 0.6, "c": 0.7}, [("c", "+", "a")], {"a": 0.732}),
        ({"a": 0.6, **THREE}, [("c", "+", "a"), ("d", "+", "a"), ("e", "+", "a")], {"a": 0.926}),
        ({"a": 0.6, "b": 0.6}, BOTH, {"a": 0.486, "b": 0.486}),
        ({"a": 0.8, "b": 0.4}, BOTH, {"a": 0.751, "b": 0.256}),
        (
            {"a": 0.6, "b": 0.6, **THREE},
            [*BOTH, ("c", "+", "b"), ("d", "+", "b"), ("e", "+", "b")],
            {"a": 0.330, "b": 0.903},
        ),
        ({"a": 0.6, "b": 0.6}, [("b", "-", "a")], {"a": 0.441}),
        ({"a": 0.6, "b": 0.6, "x": 0.9}, [("b", "-", "a"), ("x", "-", "b")], {"a": 0.541, "b": 0.331}),
    ],
)
def test_values_of_the_table(bases: dict[str, float], edges: list[Edge], expected: dict[str, float]) -> None:
    found = believed(bases, *edges)

    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=5e-4)


def some_graph(seed: int) -> tuple[dict[str, float], list[Edge]]:
    """40 claims with 120 edges of any kind."""
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(40)]
    edges = {(*chance.sample(names, 2), chance.choice("++--<")) for _ in range(120)}
    return {name: chance.uniform(0.05, 0.95) for name in names}, [(one, kind, other) for one, other, kind in edges]


@pytest.mark.parametrize("seed", range(20))
def test_belief_is_bounded_and_the_same_for_every_order(seed: int) -> None:
    bases, edges = some_graph(seed)
    found = believed(bases, *edges)
    random.Random(seed + 1).shuffle(edges)

    again = believed(dict(reversed(bases.items())), *edges)

    assert again == found
    assert all(0 <= belief <= 1 for belief in found.values())


@pytest.mark.parametrize("seed", range(20))
def test_evidence_that_is_taken_back_leaves_no_trace(seed: int) -> None:
    bases, edges = some_graph(seed)
    before = believed(bases, *edges)

    believed({**bases, "x": 0.9}, *edges, ("x", "-", "n0"))

    assert believed({**bases, "x": 0.9}, *edges) == {**before, "x": 0.9}


def test_the_tenth_repetition_by_one_witness_counts_next_to_nothing() -> None:
    said = [Voice(id=f"t{number}", witness="ann", weight=1.0, strength=0.7) for number in range(10)]

    weights = independent_weights(said)

    assert [weights[f"t{number}"] for number in range(3)] == [1.0, 0.5, 0.25]
    assert sum(weights.values()) < 2


def test_of_one_witness_the_strongest_counts_fully() -> None:
    weak = Voice(id="a", witness="ann", weight=0.7, strength=0.7)
    strong = Voice(id="b", witness="ann", weight=0.8, strength=0.9)
    against = Voice(id="c", witness="ann", weight=1.0, strength=0.5, is_against=True)

    assert independent_weights([weak, strong, against]) == {"a": 0.35, "b": 0.8, "c": -1.0}


def test_a_conclusion_is_no_more_credible_than_its_weakest_premise() -> None:
    found = believed({"a": 0.8, "p": 0.9, "q": 0.5}, ("p", "<", "a"), ("q", "<", "a"))

    assert found["a"] == pytest.approx(0.4)


def test_a_conclusion_of_what_is_gone_keeps_the_least_belief_and_is_to_be_reviewed() -> None:
    claim = Claim(id="a", base=0.8, premises=["p"])

    assert settle([claim], {"p": 0.0}) == {"a": 0.05}
    assert needs_review(claim, {"p": 0.29})
    assert not needs_review(claim, {"p": 0.3})

"""How far a memory is believed: its own credibility, and what speaks for and against it (pipelines 3).

The quadratic energy model: bounded, the same for every order of arrival, and without evidence the base itself, so that
taking evidence back restores the former value exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

# Half of the way to the next value each round: without it two that contradict each other swing for ever.
DAMPING = 0.5
# Cycles need not converge in theory; the last average is kept then (pipelines 3.3).
MOST_ROUNDS = 200
TOLERANCE = 1e-6
# A base stays within these, however weak its premises are (pipelines 3.2).
LEAST_BASE = 0.05
# What follows from something believed less than this is to be looked at again (pipelines 3.5).
REVIEW_BELOW = 0.3
# Beliefs are kept to this many digits, which the tolerance does not reach.
DIGITS = 5


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """What one memory says for or against a claim.

    `witness` is who says it where: the voices of one witness are not independent. `strength` is how far the memory
    is believed by itself, `weight` that of the relation, from 0 to 1.
    """

    id: str
    witness: str
    weight: float
    strength: float
    is_against: bool = False


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A memory whose belief is computed, with what speaks for and against it and the ids of what it follows from.

    It is stale when one of these is over or says something else by now.
    """

    id: str
    base: float
    voices: list[Voice] = []
    premises: list[str] = []
    is_stale: bool = False


def settle(claims: Sequence[Claim], known: Mapping[str, float]) -> dict[str, float]:
    """The belief in each claim, in [0, 1]; `known` are the beliefs in memories that are no claims here."""
    weights = {claim.id: independent_weights(claim.voices) for claim in claims}
    beliefs = {claim.id: claim.base for claim in claims}
    for _ in range(MOST_ROUNDS):
        around = {**known, **beliefs}
        after = {claim.id: _next(claim, weights[claim.id], around) for claim in claims}
        change = max((abs(after[one] - beliefs[one]) for one in after), default=0.0)
        beliefs = after
        if change < TOLERANCE:
            break
    return {one: round(belief, DIGITS) for one, belief in beliefs.items()}


def witness_of(asserter: str, session_id: str) -> str:
    """Who says something where; a conversation or an imported file is one session."""
    return f"{asserter}\n{session_id}"


def needs_review(claim: Claim, beliefs: Mapping[str, float]) -> bool:
    """Whether something that the claim follows from has fallen or changed."""
    return claim.is_stale or any(beliefs[premise] < REVIEW_BELOW for premise in claim.premises)


def independent_weights(voices: Iterable[Voice]) -> dict[str, float]:
    """The signed weight of each testimony by its memory: the strongest of a witness counts fully, the k-th 2^-(k-1)."""
    by_witness: dict[tuple[bool, str], list[Voice]] = {}
    for one in voices:
        by_witness.setdefault((one.is_against, one.witness), []).append(one)
    weights: dict[str, float] = {}
    # In a fixed order, since sums of floats depend on theirs, and a memory may speak for and against the same claim.
    for (is_against, _), said in sorted(by_witness.items()):
        ordered = sorted(said, key=lambda one: (-one.weight * one.strength, one.id))
        for rank, one in enumerate(ordered):
            weight = (-1 if is_against else 1) * one.weight * 2.0**-rank
            weights[one.id] = weights.get(one.id, 0.0) + weight
    return weights


def _next(claim: Claim, weights: Mapping[str, float], beliefs: Mapping[str, float]) -> float:
    # In the order of ids, since sums of floats depend on their order.
    energy = sum(weights[one] * beliefs[one] for one in sorted(weights))
    base = _base(claim, beliefs)
    target = base + (1 - base) * _impact(energy) - base * _impact(-energy)
    return beliefs[claim.id] + DAMPING * (target - beliefs[claim.id])


def _base(claim: Claim, beliefs: Mapping[str, float]) -> float:
    """A conclusion is at most as credible as the weakest of its premises allows."""
    if not claim.premises:
        return claim.base
    return max(LEAST_BASE, claim.base * min(beliefs[premise] for premise in claim.premises))


def _impact(energy: float) -> float:
    squared = max(energy, 0.0) ** 2
    return squared / (1 + squared)

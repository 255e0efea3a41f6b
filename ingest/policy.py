"""What a category and a pin allow, whoever proposed it (pipelines 2.7, step 4)."""

from __future__ import annotations

from app.domain.decisions import Action
from app.domain.facts import Cardinality
from app.domain.memories import Category
from ingest.candidates import Comparison

# What happened stays: another event, or another solution, stands beside it.
APPEND_ONLY = (Category.EVENTS, Category.CASES)
# Whoever stated a preference, or how a thing is, may restate it.
RESTATABLE = (Category.PREFERENCES, Category.ENTITIES)


def apply_policy(action: Action, comparison: Comparison) -> tuple[Action, str]:
    """The action that may be taken, and why it is another than the one asked for; '' when it is the same."""
    restated = _restate(action, comparison)
    allowed, reason = _allow(restated, comparison)
    if allowed is action:
        return action, ""
    return allowed, reason or "the same speaker restates it later"


def _restate(action: Action, comparison: Comparison) -> Action:
    is_restated = (
        action is Action.CONTRADICT
        and comparison.fact.category in RESTATABLE
        and comparison.is_same_speaker
        and comparison.is_later
        and not comparison.is_fact_tentative
    )
    return Action.SUPERSEDE if is_restated else action


def _allow(action: Action, comparison: Comparison) -> tuple[Action, str]:
    if action not in (Action.SUPERSEDE, Action.MERGE):
        return action, ""
    if comparison.known.is_pinned:
        return Action.CONTRADICT if action is Action.SUPERSEDE else Action.CREATE, "the target is pinned"
    if {comparison.fact.category, comparison.known.category} & set(APPEND_ONLY):
        return Action.CREATE, "events and cases are only added to"
    if action is Action.SUPERSEDE and _is_profile_of_many(comparison):
        return Action.MERGE, "a profile may have several values of this"
    return action, ""


def _is_profile_of_many(comparison: Comparison) -> bool:
    """Only of a known attribute; for a text without one nobody counted the values."""
    fact = comparison.fact
    return fact.category == Category.PROFILE and bool(fact.attribute) and fact.cardinality is Cardinality.MANY

"""Whether a fact is worth remembering: a score of five dimensions whose parts can be shown."""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum

import msgspec

from app.domain.decisions import Action, Decision
from app.domain.facts import Asserter, Fact, Modality
from app.domain.memories import Category
from app.domain.space_settings import Preset
from app.domain.texts import is_mostly_cjk, query_terms
from ingest import cues
from ingest.dates import find_dates


class Thresholds(msgspec.Struct, frozen=True):
    """Scores from `reject` on are held, from `admit` on admitted."""

    reject: float
    admit: float


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The five dimensions, each in [0, 1]; or their weights."""

    utility: float
    confidence: float
    novelty: float
    recency: float
    type_prior: float


class Verdict(StrEnum):
    """Held facts are stored and not searched, until a repeat promotes them."""

    ADMIT = "admit"
    HOLD = "hold"
    REJECT = "reject"


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on a fact and how it came about."""

    verdict: Verdict
    score: float
    parts: Parts
    reason: str


# As `/v1/stats/config` shows them (contract 10.3).
PRESETS = {
    Preset.BALANCED: Thresholds(reject=0.45, admit=0.60),
    Preset.CONSERVATIVE: Thresholds(reject=0.52, admit=0.68),
    Preset.HIGH_RECALL: Thresholds(reject=0.34, admit=0.52),
}
WEIGHTS = Parts(utility=0.1, confidence=0.1, novelty=0.1, recency=0.1, type_prior=0.6)

# What a fact of a category is usually worth (contract 6.2, point 5).
TYPE_PRIORS = {
    Category.PROFILE: 0.95,
    Category.PREFERENCES: 0.90,
    Category.PATTERNS: 0.85,
    Category.CASES: 0.80,
    Category.ENTITIES: 0.75,
    Category.EVENTS: 0.45,
}
# With 0.45 no event could ever pass the conservative preset: a dated one is no gossip and is asked about later.
DATED_EVENT_PRIOR = 0.70

# With most of the weight on the category, a sum admits any profile "fact"; so what is worthless in itself, or was
# hardly said at all, does not reach the sum. By hand: "That one." has a utility of 0.12, "Likes jazz." one of 0.54.
LEAST_UTILITY = {Preset.BALANCED: 0.15, Preset.CONSERVATIVE: 0.20, Preset.HIGH_RECALL: 0.13}
LEAST_CONFIDENCE = 0.20

# Log-odds of being useful, by hand (pipelines 2.5): what can be asked for later is a name, a value, a date.
UTILITY_BASE = -3.0
UTILITY_PER_TERM_LOG = 1.5
UTILITY_PER_MENTION = 0.5
MAX_COUNTED_MENTIONS = 3
UTILITY_OF_VALUE = 1.5
UTILITY_OF_DATE = 0.7
UTILITY_OF_IMPORTANCE = 2.0
USUAL_IMPORTANCE = 0.5
HEDGE_COST = 0.7
CJK_TERMS_PER_WORD = 1.5

# pipelines 3.2.
TRUST = {Asserter.USER: 1.0, Asserter.TOOL: 0.9, Asserter.ASSISTANT: 0.7, Asserter.THIRD_PARTY: 0.6}

# What was over for a year when it was said is worth half of what is so now.
RECENCY_HALF_LIFE = timedelta(days=365)

UNSETTLED = (Modality.WISH, Modality.HYPOTHETICAL)


def admit(fact: Fact, novelty: float, has_repeat: bool, preset: Preset) -> Admission:
    """The verdict on a fact; `novelty` is one minus the probability that it is known, `has_repeat` that it was held."""
    parts = Parts(
        utility=score_utility(fact),
        confidence=fact.confidence * TRUST[fact.asserted_by],
        novelty=max(0.0, min(novelty, 1.0)),
        recency=score_recency(fact),
        type_prior=_type_prior(fact),
    )
    score = _weighted_sum(parts)
    verdict, reason = _gate(fact, parts, LEAST_UTILITY[preset]) or _band(score, PRESETS[preset])
    if verdict is Verdict.ADMIT and fact.modality in UNSETTLED:
        verdict, reason = Verdict.HOLD, f"a {fact.modality} is not yet so"
    if verdict is Verdict.HOLD and has_repeat and fact.modality not in UNSETTLED:
        verdict, reason = Verdict.ADMIT, f"said again: {reason}"
    return Admission(verdict=verdict, score=score, parts=parts, reason=reason)


def refusal(index: int, admission: Admission) -> Decision:
    """The decision on a fact that was not admitted."""
    action = Action.HOLD if admission.verdict is Verdict.HOLD else Action.REJECT
    scores = {**msgspec.structs.asdict(admission.parts), "score": admission.score}
    return Decision(fact=index, action=action, requested_action=Action.CREATE, reason=admission.reason, scores=scores)


def score_utility(fact: Fact) -> float:
    """The probability that somebody asks for it later."""
    words = len(set(query_terms(fact.text))) / (CJK_TERMS_PER_WORD if is_mostly_cjk(fact.text) else 1)
    odds = (
        UTILITY_BASE
        + UTILITY_PER_TERM_LOG * math.log1p(words)
        + UTILITY_PER_MENTION * min(len(fact.mentions), MAX_COUNTED_MENTIONS)
        + UTILITY_OF_VALUE * bool(fact.value)
        + UTILITY_OF_DATE * _is_dated(fact)
        + UTILITY_OF_IMPORTANCE * (fact.importance - USUAL_IMPORTANCE)
        - HEDGE_COST * (cues.HEDGE.search(fact.text) is not None)
    )
    return 1 / (1 + math.exp(-odds))


def score_recency(fact: Fact) -> float:
    """1 for what holds when it is said or is to come; less, the longer it was over by then."""
    if fact.said_at is None or fact.valid_to is None or fact.valid_to >= fact.said_at:
        return 1.0
    return 0.5 ** ((fact.said_at - fact.valid_to) / RECENCY_HALF_LIFE)


def _type_prior(fact: Fact) -> float:
    # A category that is not one of the six says nothing about its worth, so it is taken for the least.
    category = Category(fact.category) if fact.category in list(Category) else Category.EVENTS
    if category is Category.EVENTS and _is_dated(fact):
        return DATED_EVENT_PRIOR
    return TYPE_PRIORS[category]


def _is_dated(fact: Fact) -> bool:
    """Whether it is known when: since when it holds, or the day of what is still to come."""
    if fact.valid_from is not None:
        return True
    return fact.said_at is not None and bool(find_dates(fact.text, fact.said_at))


def _weighted_sum(parts: Parts) -> float:
    return sum(getattr(parts, name) * getattr(WEIGHTS, name) for name in Parts.__struct_fields__)


def _gate(fact: Fact, parts: Parts, least_utility: float) -> tuple[Verdict, str] | None:
    """What is rejected in every category, before the sum."""
    if fact.modality is Modality.QUESTION:
        return Verdict.REJECT, "a question claims nothing"
    if parts.utility < least_utility:
        return Verdict.REJECT, f"utility {parts.utility:.2f} is below {least_utility}: nothing in it to ask for"
    if parts.confidence < LEAST_CONFIDENCE:
        return Verdict.REJECT, f"confidence {parts.confidence:.2f} is below {LEAST_CONFIDENCE}: hardly grounded"
    return None


def _band(score: float, thresholds: Thresholds) -> tuple[Verdict, str]:
    if score >= thresholds.admit:
        return Verdict.ADMIT, f"score {score:.2f} reaches {thresholds.admit}"
    if score >= thresholds.reject:
        return Verdict.HOLD, f"score {score:.2f} is between {thresholds.reject} and {thresholds.admit}"
    return Verdict.REJECT, f"score {score:.2f} is below {thresholds.reject}"

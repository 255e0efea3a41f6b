"""What a fact does to one candidate: rules for repeats and slots first, the judge for what has no slot in common."""

from __future__ import annotations

import msgspec

from app.domain.decisions import Action
from app.domain.facts import Cardinality
from app.domain.memories import Category
from app.domain.texts import normalised
from ingest import cues
from ingest.candidates import Comparison, Known
from ingest.changes import denies_another_change, denies_change, takes_back
from ingest.relation_features import has_common_ground, is_same_frame, may_share_word
from ingest.relation_grounds import has_matter, is_guessed, is_same_matter, may_both_hold, shares_only_names
from ingest.relation_judge import Judgement, Label, judge

# Weight of an edge that a rule writes (pipelines 3.4); the judge's are weighted by its confidence.
RULE_WEIGHT = 0.8

# From these confidences on the judge acts by itself. Cross-validated precision and recall there: duplicate 0.83 and
# 0.54, supports 0.96 and 0.82, contradicts 0.98 and 0.56, supersedes 0.93 and 0.78, contextualizes 1.00 and 0.78.
ACTING_CONFIDENCE = {
    Label.DUPLICATE: 0.6,
    Label.SUPPORTS: 0.5,
    Label.CONTRADICTS: 0.65,
    Label.SUPERSEDES: 0.6,
    Label.CONTEXTUALIZES: 0.5,
}
# From here on its opinion is worth recording; with six labels chance gives 0.17.
PROPOSING_CONFIDENCE = 0.4
# From here on nobody else need be asked: cross-validated 13 of 25 unrelated pairs, and 3 of 125 related ones.
UNRELATED_CONFIDENCE = 0.7
# What has only a character in common must be as sure as this: 花 is in peanuts and in orchids.
SURE_CONFIDENCE = 0.7
ACTIONS = {
    Label.DUPLICATE: Action.SKIP,
    Label.SUPPORTS: Action.SUPPORT,
    Label.CONTRADICTS: Action.CONTRADICT,
    Label.SUPERSEDES: Action.SUPERSEDE,
    Label.CONTEXTUALIZES: Action.CONTEXTUALIZE,
}
# What is so of someone once and for all: another value is a mistake, not a change.
IMMUTABLE = frozenset(("birthday", "birthplace", "birth year", "birth_year", "native_language", "native language"))
# A different value said before the known one, by the same speaker: true then, and no longer.
EARLIER = "earlier"
ONLY_NAMES = "only names are in both"
ONE_DENIES = "only one of them denies that something changed"
OTHER_DENIED = "what one denies is not what the other says"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What one candidate suggests; `certainty` orders equal actions, 0 is nothing in common.

    `is_rule` is false where a language model may know better.
    """

    target: Known
    action: Action
    requested_action: Action
    reason: str
    label: str = ""
    weight: float = RULE_WEIGHT
    certainty: float = 1.0
    is_rule: bool = True
    scores: dict[str, float] = {}


def propose(comparison: Comparison) -> Proposal:
    """What the fact does to the candidate, before the policy of its category."""
    if comparison.is_same_text:
        return _propose_repeat(comparison)
    if comparison.is_fact_tentative and not comparison.is_known_tentative:
        return _by_rule(comparison, Action.CREATE, f"a {comparison.fact.modality} leaves a fact as it is")
    if not comparison.is_same_slot:
        return _propose_judged(comparison)
    if not comparison.is_same_context:
        return _propose_context(comparison)
    if comparison.is_same_value:
        return _propose_same_value(comparison)
    return _propose_other_value(comparison)


def _propose_repeat(comparison: Comparison) -> Proposal:
    if comparison.is_another_thing:
        return _by_rule(comparison, Action.CREATE, "the same words about someone else")
    if comparison.fact.category == Category.EVENTS and comparison.is_another_time:
        return _by_rule(comparison, Action.CREATE, "the same words about another day")
    if comparison.is_same_speaker:
        return _by_rule(comparison, Action.SKIP, "the same speaker said so before")
    return _by_rule(comparison, Action.SUPPORT, "another speaker says the same")


def _propose_context(comparison: Comparison) -> Proposal:
    context = comparison.fact.context
    if context and not comparison.known.context:
        return _by_rule(comparison, Action.CONTEXTUALIZE, f"holds only under a condition: {context}", context)
    return _by_rule(comparison, Action.CREATE, "each holds in its own context")


def _propose_same_value(comparison: Comparison) -> Proposal:
    if not comparison.is_same_polarity:
        return _propose_conflict(comparison, "one affirms what the other denies")
    if comparison.is_known_tentative and not comparison.is_fact_tentative:
        return _propose_fulfilment(comparison)
    judgement = judge(comparison.pair)
    if judgement.label is Label.CONTEXTUALIZES and _is_confident(judgement):
        return _from_judgement(comparison, judgement, Action.CONTEXTUALIZE)
    if not comparison.is_same_speaker:
        return _by_rule(comparison, Action.SUPPORT, "another speaker gives the same value")
    if judgement.label is Label.SUPPORTS and _is_confident(judgement):
        return _from_judgement(comparison, judgement, Action.SUPPORT)
    return _by_rule(comparison, Action.SKIP, "the same speaker gave the same value")


def _propose_fulfilment(comparison: Comparison) -> Proposal:
    if comparison.is_same_speaker and comparison.is_later:
        return _by_rule(comparison, Action.SUPERSEDE, f"the {comparison.known.modality} came true")
    return _by_rule(comparison, Action.CREATE, f"a {comparison.known.modality} is no evidence")


def _propose_other_value(comparison: Comparison) -> Proposal:
    if not comparison.is_same_polarity:
        return _by_rule(comparison, Action.CREATE, "denying one value leaves another as it is")
    if comparison.fact.cardinality is Cardinality.MANY and not comparison.is_same_but_number:
        return _propose_another(comparison)
    if comparison.was_over:
        return _by_rule(comparison, Action.CREATE, "tells of a time before the known value")
    if comparison.is_known_tentative and not comparison.is_fact_tentative and not comparison.says_change:
        return _by_rule(comparison, Action.CREATE, f"a {comparison.known.modality} may still come true")
    if normalised(comparison.fact.attribute) in IMMUTABLE:
        return _by_rule(comparison, Action.CONTRADICT, f"{comparison.fact.attribute} cannot change")
    return _propose_conflict(comparison, "another value of what has one value at a time")


def _propose_another(comparison: Comparison) -> Proposal:
    """Several values hold side by side, unless the text says that one took the place of another."""
    judgement = judge(comparison.pair)
    if comparison.says_change and judgement.label is Label.SUPERSEDES:
        return _settled(comparison, judgement)
    return _by_rule(comparison, Action.CREATE, "one more value of what has many")


def _propose_conflict(comparison: Comparison, reason: str) -> Proposal:
    """Whoever said the old value may replace it, anyone else only by saying that it changed."""
    if not comparison.is_later and comparison.is_same_speaker:
        return _by_rule(comparison, Action.CREATE, f"{reason}, said before the known one", EARLIER)
    if comparison.is_later and comparison.is_same_speaker:
        return _by_rule(comparison, Action.SUPERSEDE, f"{reason}, by the same speaker later")
    if comparison.is_later and comparison.says_change:
        return _by_rule(comparison, Action.SUPERSEDE, f"{reason}, and the text says that it changed")
    return _by_rule(comparison, Action.CONTRADICT, f"{reason}, by another speaker")


def _propose_judged(comparison: Comparison) -> Proposal:
    if takes_back(comparison.fact.text, comparison.known.text) and not _unlike(comparison):
        return _propose_conflict(comparison, "one denies the change that the other tells")
    judgement = judge(comparison.pair)
    is_near = has_common_ground(comparison.pair)
    may_be_near = judgement.confidence >= SURE_CONFIDENCE and may_share_word(comparison.pair)
    if not is_near and not may_be_near:
        return _nothing(comparison, "no word and no meaning in common", _scores(comparison, judgement))
    if judgement.label is not Label.UNRELATED and judgement.confidence >= PROPOSING_CONFIDENCE:
        return _settled(comparison, judgement)
    is_sure = judgement.label is Label.UNRELATED and judgement.confidence >= UNRELATED_CONFIDENCE
    nothing = _nothing(comparison, _verdict(judgement), _scores(comparison, judgement))
    return msgspec.structs.replace(nothing, is_rule=is_sure)


def _settled(comparison: Comparison, judgement: Judgement) -> Proposal:
    """The judged action, or a creation that records it when there is doubt."""
    action = ACTIONS[judgement.label]
    if action is Action.SKIP and not comparison.is_same_speaker:
        action = Action.SUPPORT
    doubt = _doubt(comparison, judgement)
    if not doubt:
        return _from_judgement(comparison, judgement, action)
    return Proposal(
        target=comparison.known,
        action=Action.CREATE,
        requested_action=action,
        reason=f"only proposed: {_verdict(judgement)}, but {doubt}",
        weight=0.0,
        certainty=judgement.confidence,
        is_rule=False,
        scores=_scores(comparison, judgement),
    )


def _doubt(comparison: Comparison, judgement: Judgement) -> str:
    """Why the judge must not act by itself; '' when it may."""
    label = judgement.label
    if not _is_confident(judgement):
        return f"it acts from {ACTING_CONFIDENCE[label]} on"
    if label in (Label.SUPPORTS, Label.SUPERSEDES, Label.CONTRADICTS) and not has_matter(comparison.pair):
        return "only days or numbers are in both"
    if label is Label.CONTEXTUALIZES and shares_only_names(comparison.pair):
        return ONLY_NAMES
    denied = _doubt_of_denied_change(comparison, label)
    if denied or label in (Label.SUPPORTS, Label.CONTEXTUALIZES):
        return denied
    unlike = _unlike(comparison)
    if unlike or label is Label.DUPLICATE:
        return unlike or _doubt_of_duplicate(comparison)
    return _doubt_of_exclusion(comparison) if label is Label.CONTRADICTS else _doubt_of_change(comparison)


def _unlike(comparison: Comparison) -> str:
    """Why the two are not about one thing; '' when they may be."""
    if comparison.is_another_thing:
        return "the subjects differ"
    if comparison.is_another_attribute:
        return "the attributes differ"
    return "one is made after the other with another beginning" if is_same_frame(comparison.pair) else ""


def _doubt_of_duplicate(comparison: Comparison) -> str:
    older, newer = cues.numbers(comparison.known.text), cues.numbers(comparison.fact.text)
    if older != newer:
        return "a number is in one of them only"
    return "only a word is in both, and how close they are is not known" if is_guessed(comparison.pair) else ""


def _doubt_of_change(comparison: Comparison) -> str:
    if cues.ENDED.search(comparison.fact.text) and may_both_hold(comparison.pair):
        return OTHER_DENIED
    if not comparison.is_later:
        return "it was said before"
    if not comparison.is_same_speaker and not comparison.says_change:
        return "another speaker does not say that it changed"
    return ""


def _doubt_of_exclusion(comparison: Comparison) -> str:
    if not is_same_matter(comparison.pair):
        return ONLY_NAMES
    return OTHER_DENIED if may_both_hold(comparison.pair) else ""


def _doubt_of_denied_change(comparison: Comparison, label: Label) -> str:
    """`We never moved to Oslo` ends nothing but a move to Oslo, and repeats nothing that is said without a denial."""
    newer, older = comparison.fact.text, comparison.known.text
    if label in (Label.SUPERSEDES, Label.CONTRADICTS):
        return OTHER_DENIED if denies_another_change(newer, older) else ""
    is_repeat = label in (Label.DUPLICATE, Label.SUPPORTS)
    return ONE_DENIES if is_repeat and denies_change(newer) and not cues.DENIAL.search(older) else ""


def _is_confident(judgement: Judgement) -> bool:
    return judgement.confidence >= ACTING_CONFIDENCE[judgement.label]


def _by_rule(comparison: Comparison, action: Action, reason: str, label: str = "") -> Proposal:
    if action is Action.CREATE and not label:
        return _nothing(comparison, reason, _scores(comparison))
    return Proposal(
        target=comparison.known,
        action=action,
        requested_action=action,
        reason=reason,
        label=label,
        scores=_scores(comparison),
    )


def _nothing(comparison: Comparison, reason: str, scores: dict[str, float]) -> Proposal:
    return Proposal(
        target=comparison.known,
        action=Action.CREATE,
        requested_action=Action.CREATE,
        reason=reason,
        weight=0.0,
        certainty=0.0,
        scores=scores,
    )


def _from_judgement(comparison: Comparison, judgement: Judgement, action: Action) -> Proposal:
    return Proposal(
        target=comparison.known,
        action=action,
        requested_action=action,
        reason=_verdict(judgement),
        label=comparison.fact.context if action is Action.CONTEXTUALIZE else "",
        weight=judgement.confidence,
        certainty=judgement.confidence,
        is_rule=False,
        scores=_scores(comparison, judgement),
    )


def _verdict(judgement: Judgement) -> str:
    return f"judged {judgement.label} with {judgement.confidence:.2f}"


def _scores(comparison: Comparison, judgement: Judgement | None = None) -> dict[str, float]:
    cosine = {} if comparison.known.cosine is None else {"cosine": comparison.known.cosine}
    return cosine | (judgement.probabilities if judgement else {})

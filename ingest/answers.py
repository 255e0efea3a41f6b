"""What a language model may do with a fact: its answer is a proposal, and here is what it must not do by itself."""

from __future__ import annotations

import msgspec

from app.domain.decisions import Action
from app.domain.texts import normalised
from ingest.candidates import Comparison
from ingest.cues import numbers
from ingest.mentions import find_mentions
from ingest.policy import apply_policy
from ingest.relation_rules import Proposal

# These end a memory or drop the new words, so the model must be sure: 4 of its 5 grades.
LOSING = (Action.SUPERSEDE, Action.MERGE, Action.SKIP)
SURE = 0.8
# A merged text says two things; a longer one adds something.
_LONGEST_MERGED = 1.5
_MARGIN = 40
_KEEPING = (Action.CREATE, Action.SUPPORT, Action.CONTEXTUALIZE)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says about one fact; `target_id` is '' for none, `merged_text` for other actions than a merge."""

    action: Action
    reason: str
    target_id: str = ""
    label: str = ""
    confidence: float = 0.0
    merged_text: str = ""


def propose_answered(answer: Answer, comparison: Comparison) -> Proposal:
    """The answer about one candidate as far as category, pin and its own words allow; the rest is only recorded."""
    action, objection = apply_policy(_softened(answer.action, comparison), comparison)
    doubt = _doubt(answer, action, comparison)
    taken = Action.CREATE if doubt else action
    reasons = [f"only proposed: {doubt}" if doubt else "", objection, f"the language model: {answer.reason}"]
    return Proposal(
        target=comparison.known,
        action=taken,
        requested_action=answer.action,
        reason="; ".join(reason for reason in reasons if reason),
        label=(answer.label or comparison.fact.context) if taken is Action.CONTEXTUALIZE else "",
        weight=answer.confidence if taken is not Action.CREATE else 0.0,
        certainty=answer.confidence,
        is_rule=False,
        scores={"confidence": answer.confidence},
    )


def _softened(action: Action, comparison: Comparison) -> Action:
    """Another speaker repeats nothing but supports it, and replaces nothing without saying that it changed."""
    if comparison.is_same_speaker:
        return action
    if action is Action.SKIP:
        return Action.SUPPORT
    return Action.CONTRADICT if action is Action.SUPERSEDE and not comparison.says_change else action


def _doubt(answer: Answer, action: Action, comparison: Comparison) -> str:
    """Why the model must not act by itself; '' when it may."""
    if action in _KEEPING:
        return ""
    if comparison.is_another_thing:
        return "the subjects differ"
    if action in LOSING and answer.confidence < SURE:
        return "it is not sure"
    if action is Action.SUPERSEDE and not comparison.is_later:
        return "it was said before"
    if action is Action.SKIP and numbers(comparison.known.text) != numbers(comparison.fact.text):
        return "a number is in one of them only"
    return _doubt_of_merged(answer.merged_text, comparison) if action is Action.MERGE else ""


def _doubt_of_merged(merged: str, comparison: Comparison) -> str:
    """A merged text must have every number and name of both, and no number besides."""
    both = f"{comparison.known.text}\n{comparison.fact.text}"
    if not normalised(merged):
        return "there is no merged text"
    if len(merged) > _LONGEST_MERGED * len(both) + _MARGIN:
        return "the merged text says more than both"
    if numbers(merged) != numbers(comparison.known.text) | numbers(comparison.fact.text):
        return "the merged text has other numbers"
    names = [*find_mentions(comparison.known.text), *find_mentions(comparison.fact.text)]
    if lost := [mention.name for mention in names if normalised(mention.name) not in normalised(merged)]:
        return f"the merged text lacks {lost[0]}"
    return ""

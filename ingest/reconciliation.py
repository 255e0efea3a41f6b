"""How new facts relate to what is known: exactly one decision each, whatever the order of the candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from app.domain.decisions import Action, Decision
from app.domain.facts import Cardinality, Fact
from ingest import cues
from ingest.answers import Answer, propose_answered
from ingest.candidates import Comparison, Known
from ingest.policy import apply_policy
from ingest.relation_rules import Proposal, propose

BATCH = "batch:"
LLM = "llm"

# Of several candidates the one decides which ranks highest: what the speaker said already needs nothing new; the end of
# an older value must not be missed; the remaining actions only add.
PRECEDENCE = (
    Action.CREATE,
    Action.MERGE,
    Action.CONTEXTUALIZE,
    Action.CONTRADICT,
    Action.SUPPORT,
    Action.SUPERSEDE,
    Action.SKIP,
)
REPLACING = (Action.SUPERSEDE, Action.MERGE)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def decide(
    facts: Sequence[Fact],
    candidates: Sequence[Sequence[Known]],
    hashes: Sequence[str],
    answers: Mapping[int, Answer] | None = None,
) -> list[Decision]:
    """One decision per fact; a fact also sees the earlier ones of its batch, as candidates `batch:<index>`.

    `candidates[i]`, `hashes[i]` (of the text) and `answers[i]` (of a language model, if it was asked) belong to
    `facts[i]`. An answer takes the place of the judge, never of a rule. Raises ValueError when the lengths differ.
    """
    decisions: list[Decision] = []
    earlier: list[Known] = []
    for index, (fact, stored, text_hash) in enumerate(zip(facts, candidates, hashes, strict=True)):
        replaced = {decision.target_id for decision in decisions if decision.action in REPLACING}
        current = [known for known in (*stored, *earlier) if known.id not in replaced]
        about = msgspec.structs.replace(fact, subject=fact.subject or _meant(fact, current))
        comparisons = [Comparison(about, text_hash, known) for known in current]
        decision = _decide(index, comparisons, (answers or {}).get(index))
        decisions.append(decision)
        if decision.action is not Action.SKIP:
            earlier.append(known_of_batch(index, fact, text_hash))
    return decisions


def _meant(fact: Fact, current: Sequence[Known]) -> str:
    """The subject of `Today 2.4 went live`: that of which alone this speaker has given such a value before."""
    if not fact.attribute or (fact.cardinality is Cardinality.MANY and not cues.numbers(fact.value)):
        return ""
    subjects = {
        known.subject
        for known in current
        if known.subject and known.attribute == fact.attribute and known.speaker == fact.speaker
    }
    return subjects.pop() if len(subjects) == 1 else ""


def permitted(comparison: Comparison) -> Proposal:
    """The proposal of a candidate with the action that its category and pin allow."""
    proposal = propose(comparison)
    action, objection = apply_policy(proposal.action, comparison)
    if not objection:
        return proposal
    return msgspec.structs.replace(proposal, action=action, reason=f"{objection}; {proposal.reason}")


def is_ruled(proposal: Proposal) -> bool:
    """Whether a rule does something with the fact, so that nobody need be asked."""
    return proposal.is_rule and proposal.action is not Action.CREATE


def known_of_batch(index: int, fact: Fact, text_hash: str) -> Known:
    """A fact as the later ones of its batch see it."""
    return Known(
        id=f"{BATCH}{index}",
        text=fact.text,
        text_hash=text_hash,
        category=fact.category,
        subject=fact.subject,
        attribute=fact.attribute,
        value=fact.value,
        context=fact.context,
        speaker=fact.speaker,
        said_at=fact.said_at,
        valid_from=fact.valid_from,
        modality=fact.modality,
        confidence=fact.confidence,
    )


def _decide(index: int, comparisons: Sequence[Comparison], answer: Answer | None) -> Decision:
    proposals = [(comparison, permitted(comparison)) for comparison in comparisons]
    if not proposals:
        return _created(index, "nothing known is close to it")
    _, best = max(proposals, key=lambda pair: _rank(*pair))
    if answer is None or is_ruled(best):
        return _decision(index, best, "rule" if best.is_rule else "judge")
    return _answered(index, answer, comparisons) or _decision(index, best, "judge")


def _answered(index: int, answer: Answer, comparisons: Sequence[Comparison]) -> Decision | None:
    """What the model wants, within bounds; None when its target was replaced by an earlier fact of the batch."""
    if answer.action is Action.CREATE:
        return _created(index, answer.reason, LLM)
    target = next((comparison for comparison in comparisons if comparison.known.id == answer.target_id), None)
    if target is None:
        return None
    decision = _decision(index, propose_answered(answer, target), LLM)
    is_merge = decision.action is Action.MERGE
    return msgspec.structs.replace(decision, merged_text=answer.merged_text if is_merge else "")


def _created(index: int, reason: str, method: str = "rule") -> Decision:
    create = Action.CREATE
    return Decision(fact=index, action=create, requested_action=create, reason=reason, method=method)


def _decision(index: int, best: Proposal, method: str) -> Decision:
    return Decision(
        fact=index,
        action=best.action,
        requested_action=best.requested_action,
        target_id=best.target.id if best.certainty else "",
        reason=best.reason,
        label=best.label,
        weight=best.weight if best.action is not Action.CREATE else 0.0,
        method=method,
        scores=best.scores,
    )


def _rank(comparison: Comparison, proposal: Proposal) -> tuple[bool, int, bool, float, float, datetime, str]:
    """A rule that acts beats the judge; of equal actions one's own, surer, closer, newer candidate, then by id."""
    return (
        is_ruled(proposal),
        PRECEDENCE.index(proposal.action),
        bool(proposal.certainty) and comparison.is_same_speaker,
        proposal.certainty,
        proposal.scores.get("cosine", 0.0),
        proposal.target.said_at or LONG_AGO,
        proposal.target.id,
    )

"""Which relation two memories have that were stored already: rules, the judge, models; and what may retire a memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from app.domain.decisions import Action, Decision
from app.domain.discovery import FoundPair, Statement
from app.domain.facts import Fact
from app.domain.memories import OPEN_END, Memory
from app.domain.texts import is_mostly_cjk
from ingest.answers import Answer, propose_answered
from ingest.candidates import Comparison, Known
from ingest.entailing import BothWays, weigh
from ingest.planning import Frame, Plan, Said, plan
from ingest.reconciliation import permitted
from ingest.relation_judge import Label
from ingest.relation_rules import ACTIONS, Proposal

# From this cosine on two memories count as close. MiniLM puts unrelated English at 0.05 ± 0.1, paraphrases above 0.6.
# To it everything Chinese is alike: among twenty unrelated facts some pairs reached 0.80, and paraphrases 0.88.
CLOSE_COSINE = 0.6
CLOSE_CJK_COSINE = 0.85
# These end a memory or lower the belief in two. Ingest compares a fact with what is near it once; discovery compares
# everything with everything near it, so that rare mistakes add up, and the judge must be surer here.
HARMING = (Action.SKIP, Action.SUPERSEDE, Action.CONTRADICT)
HARMING_CONFIDENCE = 0.7
LABELS = {action: label for label, action in ACTIONS.items()}
RULE, JUDGE, NLI, LLM = "rule", "judge", "nli", "llm"


class Pair(msgspec.Struct, frozen=True):
    """Two memories, the one said later first; `cosine` is None when one of them has no vector."""

    newer: Statement
    older: Statement
    cosine: float | None


class Opinion(msgspec.Struct, frozen=True):
    """What somebody thinks of a pair: a rule, the judge, or a model."""

    pair: Pair
    comparison: Comparison
    proposal: Proposal
    method: str

    @property
    def is_open(self) -> bool:
        """Whether a model may know better: no rule decided, and no model did before."""
        return self.method == JUDGE


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the newer memory of a pair is to the older one, and what follows: nothing but a record for a proposal.

    `label` is the relation that was found, `decision` what is done about it; its action is `create` where nothing is.
    """

    pair: Pair
    label: Label
    decision: Decision

    @property
    def is_acting(self) -> bool:
        """Whether a relation is written."""
        return self.decision.action is not Action.CREATE

    @property
    def is_proposal(self) -> bool:
        """Whether a relation was found that is not certain enough to be written."""
        return not self.is_acting and self.label is not Label.UNRELATED


def pair_up(statements: Mapping[str, Statement], found: Sequence[tuple[FoundPair, float | None]]) -> list[Pair]:
    """The found pairs with their cosines, each once, the newer memory first; in the order in which they were said.

    The order matters where a third value replaces a second one, which replaced a first one.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for ids, cosine in found:
        ends = [statements[one] for one in (ids.left_id, ids.right_id) if one in statements]
        if len(ends) == len((ids.left_id, ids.right_id)) and ids.left_id != ids.right_id:
            older, newer = sorted(ends, key=_age)
            pairs[newer.id, older.id] = Pair(newer, older, cosine)
    return sorted(pairs.values(), key=lambda pair: (*_age(pair.newer), *_reversed_age(pair.older)))


def _age(statement: Statement) -> tuple[float, str]:
    return statement.said_at.timestamp(), statement.id


def _reversed_age(statement: Statement) -> tuple[float, str]:
    return -statement.said_at.timestamp(), statement.id


def compare(pair: Pair) -> Comparison:
    """The pair as rules and the judge read it: the newer memory as a fact, the older one as what is known."""
    return Comparison(_fact(pair.newer), pair.newer.text_hash, _known(pair.older, pair.cosine))


def first_opinion(pair: Pair) -> Opinion:
    """What rules say of a pair, else the judge."""
    comparison = compare(pair)
    proposal = permitted(comparison)
    return Opinion(pair, comparison, proposal, RULE if proposal.is_rule else JUDGE)


def with_entailment(opinion: Opinion, read: BothWays) -> Opinion:
    """The opinion after a model of entailment read both texts."""
    proposal = weigh(opinion.proposal, opinion.comparison, read)
    return msgspec.structs.replace(opinion, proposal=proposal, method=NLI) if proposal else opinion


def with_answer(opinion: Opinion, answer: Answer) -> Opinion:
    """The opinion after a language model answered, within what category, pin and speaker allow."""
    proposal = propose_answered(answer, opinion.comparison)
    return msgspec.structs.replace(opinion, proposal=proposal, method=LLM)


def verdict(opinion: Opinion) -> Verdict:
    """What follows from an opinion, within what discovery may do by itself."""
    pair, proposal = opinion.pair, opinion.proposal
    action, objection = _allow(pair, proposal)
    decision = Decision(
        fact=0,
        action=action,
        requested_action=proposal.requested_action,
        target_id=pair.older.id,
        reason=f"only proposed: {objection}; {proposal.reason}" if objection else proposal.reason,
        label=proposal.label,
        weight=proposal.weight if action is not Action.CREATE else 0.0,
        method=opinion.method,
        scores=proposal.scores,
    )
    return Verdict(pair=pair, label=LABELS.get(proposal.requested_action, Label.UNRELATED), decision=decision)


def _allow(pair: Pair, proposal: Proposal) -> tuple[Action, str]:
    """The action taken, and why it is not the one proposed."""
    action = proposal.action
    if action is Action.MERGE:
        return Action.CREATE, "two memories are not made one text"
    if action not in HARMING:
        return action, ""
    if action is Action.SKIP and pair.newer.is_pinned:
        return Action.CREATE, "the newer one is pinned"
    if not proposal.is_rule and proposal.certainty < HARMING_CONFIDENCE:
        return Action.CREATE, f"it acts from {HARMING_CONFIDENCE} on"
    return action, ""


def without_retired(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that are still about current memories when all before them, in their order, are carried out."""
    retired: set[str] = set()
    standing: list[Verdict] = []
    for one in verdicts:
        if retired.isdisjoint((one.pair.newer.id, one.pair.older.id)):
            standing.append(one)
            retired.update(_retires(one))
    return standing


def _retires(verdict: Verdict) -> list[str]:
    match verdict.decision.action:
        case Action.SKIP:
            return [verdict.pair.newer.id]
        case Action.SUPERSEDE:
            return [verdict.pair.older.id]
        case _:
            return []


def plan_verdicts(verdicts: Sequence[Verdict], known: Mapping[str, Memory], frame: Frame) -> Plan:
    """What verdicts write, each of them as one decision; `known` are the memories of their pairs by id."""
    plans: list[Plan] = []
    for number, one in enumerate(verdicts):
        said = Said(fact=_fact(one.pair.newer), origin=known[one.pair.newer.id], is_stored=True)
        decision = msgspec.structs.replace(one.decision, fact=number)
        # The same pair has the same anchor, so that a second attempt at a task makes no second decision.
        own = msgspec.structs.replace(frame, anchor=f"{one.pair.newer.id}\n{one.pair.older.id}")
        plans.append(plan([said], [decision], known, own))
    joined = Plan(**{name: [item for part in plans for item in getattr(part, name)] for name in Plan.__struct_fields__})
    found = [msgspec.structs.replace(decision, is_discovered=True) for decision in joined.decisions]
    return msgspec.structs.replace(joined, decisions=found)


def is_close(pair: Pair) -> bool:
    """Whether the two lie close together: geometry, which is no evidence."""
    line = CLOSE_CJK_COSINE if is_mostly_cjk(pair.newer.text) else CLOSE_COSINE
    return pair.cosine is not None and pair.cosine >= line


def _fact(statement: Statement) -> Fact:
    return Fact(
        text=statement.text,
        category=statement.category,
        subject=statement.subject,
        attribute=statement.attribute,
        value=statement.value,
        context=statement.context,
        cardinality=statement.cardinality,
        speaker=statement.asserter,
        said_at=statement.said_at,
        modality=statement.modality,
        valid_from=statement.said_at,
        valid_to=statement.valid_to if statement.valid_to < OPEN_END else None,
        importance=statement.importance,
        confidence=statement.confidence,
    )


def _known(statement: Statement, cosine: float | None) -> Known:
    return Known(
        id=statement.id,
        text=statement.text,
        text_hash=statement.text_hash,
        category=statement.category,
        memory_type=statement.memory_type,
        subject=statement.subject,
        attribute=statement.attribute,
        value=statement.value,
        context=statement.context,
        speaker=statement.asserter,
        said_at=statement.said_at,
        valid_from=statement.said_at,
        session_id=statement.session_id,
        modality=statement.modality,
        cosine=cosine,
        is_pinned=statement.is_pinned,
        confidence=statement.confidence,
    )

"""What a model of natural language inference may add to the judge: which of two texts follows, or that both exclude."""

from __future__ import annotations

import msgspec

from app.domain.decisions import Action
from app.domain.discovery import Entailment
from ingest.candidates import Comparison
from ingest.policy import apply_policy
from ingest.relation_judge import Label
from ingest.relation_rules import ACTIONS, Proposal

# From here on one of the three is certain. Such models are sure of themselves in both directions, so it is asked of
# both directions; no model comes with this project, so the line is not fitted to one.
CERTAIN = 0.8
CLAIMS = (ACTIONS[Label.DUPLICATE], ACTIONS[Label.CONTRADICTS], ACTIONS[Label.SUPERSEDES])


class BothWays(msgspec.Struct, frozen=True):
    """How far the newer text follows from the older one, and the other way round."""

    forward: Entailment
    backward: Entailment

    @property
    def exclude(self) -> float:
        """How far the two cannot both be true, read either way."""
        return min(self.forward.contradicts, self.backward.contradicts)

    @property
    def equal(self) -> float:
        """How far each follows from the other."""
        return min(self.forward.entails, self.backward.entails)

    @property
    def independent(self) -> float:
        """How far neither says anything about the other."""
        return min(self.forward.neutral, self.backward.neutral)


def weigh(proposal: Proposal, comparison: Comparison, read: BothWays) -> Proposal | None:
    """The proposal with the model's reading; None when the model has nothing to say that the judge did not.

    A rule knows who spoke and what of, which the model does not, so a rule is never overruled.
    """
    if proposal.is_rule and proposal.action is not Action.CREATE:
        return None
    if comparison.is_another_thing or comparison.is_another_attribute:
        return None
    if read.exclude >= CERTAIN:
        return _proposed(comparison, _excluding(comparison), read.exclude, "each excludes the other")
    if read.equal >= CERTAIN:
        action = Action.SKIP if comparison.is_same_speaker else Action.SUPPORT
        return _proposed(comparison, action, read.equal, "each follows from the other")
    if read.independent >= CERTAIN and proposal.requested_action in CLAIMS:
        return _doubted(proposal, read.independent)
    return None


def _excluding(comparison: Comparison) -> Action:
    """Whoever said the old one may replace it, anyone else only by saying that it changed."""
    may_replace = comparison.is_later and (comparison.is_same_speaker or comparison.says_change)
    return Action.SUPERSEDE if may_replace else Action.CONTRADICT


def _proposed(comparison: Comparison, wanted: Action, certainty: float, reason: str) -> Proposal:
    action, objection = apply_policy(wanted, comparison)
    words = f"the entailment model: {reason} ({certainty:.2f})"
    return Proposal(
        target=comparison.known,
        action=action,
        requested_action=wanted,
        reason=f"{objection}; {words}" if objection else words,
        weight=certainty,
        certainty=certainty,
        is_rule=False,
        scores={"entailment": certainty},
    )


def _doubted(proposal: Proposal, certainty: float) -> Proposal:
    reason = f"only proposed: the entailment model finds them independent ({certainty:.2f}); {proposal.reason}"
    return msgspec.structs.replace(proposal, action=Action.CREATE, weight=0.0, reason=reason)

"""From extracted facts to one decision each: admission, what was held before, reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from app.domain.decisions import Action, Decision
from app.domain.facts import Fact
from app.domain.space_settings import Preset
from app.domain.texts import normalised
from ingest.admission import Admission, Verdict, admit, refusal
from ingest.answers import Answer
from ingest.candidates import Known
from ingest.linking import subject_key
from ingest.reconciliation import BATCH, decide

# A cosine from which on a fact begins to count as known; at 1 nothing is new.
FAMILIAR_COSINE = 0.6


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Facts with what each may be about, and the hash of each text; the three lists are equally long.

    `is_explicit` marks what somebody stored as a memory: it is scored and never refused.
    """

    facts: list[Fact]
    found: list[list[Known]]
    hashes: list[str]
    preset: Preset = Preset.BALANCED
    is_explicit: bool = False


class Admitted(msgspec.Struct, frozen=True):
    """What admission says of each fact, what it repeats that was held, and the facts that are to be reconciled."""

    verdicts: list[Admission]
    held: list[Known | None]
    current: list[list[Known]]
    kept: list[int]


def admit_all(batch: Batch) -> Admitted:
    """The verdicts on all facts, and the numbers of those that get on."""
    held = [
        _held_repeat(fact, digest, known)
        for fact, digest, known in zip(batch.facts, batch.hashes, batch.found, strict=True)
    ]
    current = [[one for one in known if not one.is_held] for known in batch.found]
    verdicts = [
        admit(fact, _novelty(known), bool(repeat), batch.preset)
        for fact, known, repeat in zip(batch.facts, current, held, strict=True)
    ]
    kept = [index for index, one in enumerate(verdicts) if batch.is_explicit or one.verdict is Verdict.ADMIT]
    return Admitted(verdicts, held, current, kept)


def resolve(batch: Batch, answers: Mapping[int, Answer] | None = None) -> list[Decision]:
    """One decision per fact, in order: what admission refuses is decided, the rest is reconciled.

    `answers` are those of a language model by the number of their fact; they take the place of the judge.
    """
    admitted = admit_all(batch)
    kept, held, verdicts = admitted.kept, admitted.held, admitted.verdicts
    reconciled = decide(
        [batch.facts[index] for index in kept],
        [admitted.current[index] for index in kept],
        [batch.hashes[index] for index in kept],
        {kept.index(index): answer for index, answer in (answers or {}).items() if index in kept},
    )
    by_fact = {
        kept[decision.fact]: _promoting(_renumbered(decision, kept), held[kept[decision.fact]], verdicts)
        for decision in reconciled
    }
    refused = _refusals(verdicts, held, batch.hashes)
    return [by_fact.get(index) or refused[index] for index in range(len(batch.facts))]


def _promoting(decision: Decision, held: Known | None, verdicts: Sequence[Admission]) -> Decision:
    """Adds the parts of admission to the scores, and lets a repeat of something held bring that back."""
    scores = decision.scores | {"admission": round(verdicts[decision.fact].score, 4)}
    if held is None or decision.action is not Action.CREATE:
        return msgspec.structs.replace(decision, scores=scores)
    return msgspec.structs.replace(
        decision, scores=scores, held_id=held.id, reason=f"said again, so no longer held; {decision.reason}"
    )


def _refusals(verdicts: Sequence[Admission], held: Sequence[Known | None], hashes: Sequence[str]) -> list[Decision]:
    """Held again is one memory with more evidence; also when it is said twice in one batch."""
    first: dict[str, int] = {}
    made: list[Decision] = []
    for index, (verdict, repeat, digest) in enumerate(zip(verdicts, held, hashes, strict=True)):
        decision = refusal(index, verdict)
        if decision.action is Action.HOLD and repeat is not None:
            decision = msgspec.structs.replace(decision, held_id=repeat.id)
        elif decision.action is Action.HOLD and digest in first:
            decision = msgspec.structs.replace(decision, held_id=f"{BATCH}{first[digest]}")
        elif decision.action is Action.HOLD:
            first[digest] = index
        made.append(decision)
    return made


def _held_repeat(fact: Fact, digest: str, known: Sequence[Known]) -> Known | None:
    """What is held and says the same: the same text, or the same value of the same slot."""
    return next((one for one in known if one.is_held and (one.text_hash == digest or _is_same_value(fact, one))), None)


def _is_same_value(fact: Fact, known: Known) -> bool:
    slots = [(subject_key(one.subject), one.attribute, normalised(one.value)) for one in (fact, known)]
    return all(slots[0]) and slots[0] == slots[1]


def _renumbered(decision: Decision, kept: Sequence[int]) -> Decision:
    """A decision about some of the facts, with the numbers they have among all."""
    prefix, is_batch, number = decision.target_id.partition(BATCH)
    target = f"{BATCH}{kept[int(number)]}" if is_batch and not prefix else decision.target_id
    return msgspec.structs.replace(decision, fact=kept[decision.fact], target_id=target)


def _novelty(known: Sequence[Known]) -> float:
    closest = max((one.cosine or 0.0 for one in known), default=0.0)
    return 1 - max(0.0, closest - FAMILIAR_COSINE) / (1 - FAMILIAR_COSINE)

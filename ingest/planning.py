"""What decisions write: memories, relations, evidence and states, thought out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid5

import msgspec

from app.domain.decisions import Action, Before, Decision, StoredDecision
from app.domain.facts import Asserter, Fact, Modality
from app.domain.memories import OPEN_END, Category, Memory, MemoryType, State, abstract_of, facets, text_hash
from app.domain.texts import SafeText
from ingest.linking import NAMESPACE
from ingest.reconciliation import BATCH
from ingest.relation_rules import EARLIER

# What a statement is worth before anything speaks for or against it (pipelines 3.2).
TRUST = {Asserter.USER: 0.8, Asserter.TOOL: 0.7, Asserter.ASSISTANT: 0.55, Asserter.THIRD_PARTY: 0.5}
MODALITY_FACTORS = {Modality.PLAN: 0.8, Modality.WISH: 0.5, Modality.HYPOTHETICAL: 0.5}
LEAST_BELIEF, MOST_BELIEF = 0.05, 0.95
# Decisions whose fact is stored under a relation to what it is about.
RELATIONS = {
    Action.SUPERSEDE: "SUPERSEDES",
    Action.SUPPORT: "SUPPORTS",
    Action.CONTEXTUALIZE: "CONTEXTUALIZES",
    Action.CONTRADICT: "CONTRADICTS",
}
FIRST, REPEAT = "first", "repeat"
APART = timedelta(microseconds=1)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with the message it comes from; or, with `is_stored`, the memory that states it as it is."""

    fact: Fact
    origin: Memory
    is_stored: bool = False


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What all decisions of a batch share; `anchor` is its first message, so ids follow from task and batch."""

    task_id: str
    anchor: str
    rev: int
    now: datetime


class PlannedRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship between two memories."""

    id: str
    type: str
    source_id: str
    target_id: str
    label: str | None
    weight: float
    method: str
    decision_id: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a memory is said: characters of a message; `kind` is first or repeat."""

    memory_id: str
    message_id: str
    start: int
    end: int
    kind: str
    decision_id: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Another state of a memory that exists, and the end of its valid time."""

    id: str
    state: State
    valid_to: datetime


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a batch of decisions writes; `facts` names the fact that each memory states, '' for a merged one."""

    memories: list[Memory] = []
    facts: list[int | None] = []
    relations: list[PlannedRelation] = []
    evidence: list[Evidence] = []
    changes: list[Change] = []
    repeats: list[str] = []
    decisions: list[StoredDecision] = []
    about: list[tuple[str, int]] = []


def plan(said: Sequence[Said], decisions: Sequence[Decision], known: Mapping[str, Memory], frame: Frame) -> Plan:
    """What the decisions write, in their order. `known` are the memories that they are about, by id."""
    plans: list[Plan] = []
    memories = dict(known)
    places: list[str] = []
    for one, decision in zip(said, decisions, strict=True):
        resolved = _resolved(decision, places)
        made = _plan_one(one, resolved, memories.get(resolved.target_id), memories.get(resolved.held_id), frame)
        memories |= {memory.id: memory for memory in made.memories}
        places.append(made.decisions[0].memory_id)
        plans.append(made)
    return Plan(**{name: [item for part in plans for item in getattr(part, name)] for name in Plan.__struct_fields__})


def base_belief(fact: Fact) -> float:
    """How credible a fact is by itself, in [0.05, 0.95]: trust, modality, certainty of extraction (pipelines 3.2)."""
    belief = TRUST[fact.asserted_by] * MODALITY_FACTORS.get(fact.modality, 1.0) * fact.confidence
    return round(min(MOST_BELIEF, max(LEAST_BELIEF, belief)), 4)


def decision_id(task_id: str, anchor: str, fact: int) -> str:
    """The id of the decision about a fact of a batch: the same whenever the task is tried again."""
    return str(uuid5(NAMESPACE, f"decision\n{task_id}\n{anchor}\n{fact}"))


def _resolved(decision: Decision, places: Sequence[str]) -> Decision:
    """The decision with ids of memories in the place of numbers of facts."""
    return msgspec.structs.replace(
        decision, target_id=_place(decision.target_id, places), held_id=_place(decision.held_id, places)
    )


def _place(target: str, places: Sequence[str]) -> str:
    return places[int(target.removeprefix(BATCH))] if target.startswith(BATCH) else target


def _plan_one(said: Said, decision: Decision, target: Memory | None, held: Memory | None, frame: Frame) -> Plan:
    own_id = decision_id(frame.task_id, frame.anchor, decision.fact)
    if decision.action is Action.REJECT:
        writes = Plan()
        place = said.origin.id if said.is_stored else ""
    elif held is not None:
        writes, place = _repeat_held(said, decision, held, own_id), held.id
    elif said.is_stored:
        writes, place = _relate_stored(said, decision, target, own_id, frame), said.origin.id
    elif decision.action is Action.SKIP and target is not None:
        writes, place = _repeat(said, target, own_id), target.id
    else:
        writes, place = _create(said, decision, target, own_id, frame)
    about = [] if decision.action in (Action.REJECT, Action.SKIP) else [(place, decision.fact)]
    record = _record(said, decision, own_id, place, frame)
    return msgspec.structs.replace(
        writes, about=about, decisions=[_with_undo(record, said, writes, [m for m in (target, held) if m])]
    )


def _record(said: Said, decision: Decision, owner: str, place: str, frame: Frame) -> StoredDecision:
    origin = said.origin
    return StoredDecision(
        id=owner,
        task_id=frame.task_id,
        space_key=origin.space_key,
        tenant_id=origin.tenant_id,
        visible_to=origin.visible_to,
        rev=frame.rev,
        fact=decision.fact,
        action=decision.action,
        requested_action=decision.requested_action,
        text=said.fact.text,
        category=said.fact.category,
        memory_id=place,
        target_id=decision.target_id,
        reason=decision.reason,
        label=decision.label,
        method=decision.method,
        scores=decision.scores,
        evidence=[] if said.is_stored else list(dict.fromkeys(quote.utterance_id for quote in said.fact.quotes)),
        fact_json=msgspec.json.encode(said.fact).decode(),
        # A microsecond apart, so that lists by time have them in their order.
        created_at=frame.now + decision.fact * APART,
    )


def _with_undo(record: StoredDecision, said: Said, writes: Plan, others: Sequence[Memory]) -> StoredDecision:
    """The record with what it takes to undo it: what was made, and what the changed ones were like."""
    made = [memory.id for memory in writes.memories]
    states = {memory.id: memory for memory in (said.origin, *writes.memories, *others)}
    before = [
        Before(
            id=change.id,
            state=State.ACTIVE if change.id in made else states[change.id].state,
            valid_to=states[change.id].valid_to,
        )
        for change in writes.changes
    ]
    # Of a merge only the merged text is taken back: both that went into it are current again.
    merged = {change.id for change in writes.changes if change.state is State.MERGED}
    created = [one for one in made if one not in merged]
    return msgspec.structs.replace(record, created=created, before=before, repeats=writes.repeats)


def _repeat(said: Said, target: Memory, owner: str) -> Plan:
    return Plan(evidence=_evidence(said, target.id, REPEAT, owner), repeats=[target.id])


def _repeat_held(said: Said, decision: Decision, held: Memory, owner: str) -> Plan:
    """More evidence for what is held; a fact that is admitted now brings it back."""
    back = decision.action is Action.CREATE
    changes = [Change(id=held.id, state=State.ACTIVE, valid_to=held.valid_to)] if back else []
    repeat = _repeat(said, held, owner)
    return msgspec.structs.replace(repeat, changes=changes)


def _create(said: Said, decision: Decision, target: Memory | None, owner: str, frame: Frame) -> tuple[Plan, str]:
    """A new memory, with its relation to the target; of a merge also the merged one, which is then the place."""
    memory = _memory(said, decision, owner, frame)
    if decision.label == EARLIER and decision.action is Action.CREATE and target is not None:
        memory = _superseded(memory, target)
    plan_ = Plan(
        memories=[memory],
        facts=[decision.fact],
        evidence=_evidence(said, memory.id, FIRST, owner),
        relations=_relations(decision, memory, target, owner),
        changes=_changes(decision, memory, target),
    )
    if decision.action is not Action.MERGE or target is None:
        return plan_, memory.id
    merged = _merged(memory, target, decision, owner)
    return _with_merged(plan_, merged, (memory, target), owner), merged.id


def _relate_stored(said: Said, decision: Decision, target: Memory | None, owner: str, frame: Frame) -> Plan:
    """Somebody stored this text as it is, so it stays his memory; only what says nothing new is folded into the old."""
    memory = said.origin
    if target is None:
        return Plan()
    if decision.action is Action.SKIP:
        return Plan(
            relations=[_relation("MERGED_FROM", target, memory, decision, owner)],
            changes=[Change(id=memory.id, state=State.MERGED, valid_to=memory.valid_to)],
            repeats=[target.id],
        )
    writes = Plan(relations=_relations(decision, memory, target, owner), changes=_changes(decision, memory, target))
    if decision.action is not Action.MERGE:
        return writes
    return _with_merged(writes, _merged(memory, target, decision, owner), (memory, target), owner)


def _relations(decision: Decision, memory: Memory, target: Memory | None, owner: str) -> list[PlannedRelation]:
    if target is None or target.id == memory.id:
        return []
    if decision.action is Action.CREATE and decision.label == EARLIER:
        return [_relation("SUPERSEDES", target, memory, decision, owner)]
    kind = RELATIONS.get(decision.action)
    return [_relation(kind, memory, target, decision, owner)] if kind else []


def _relation(kind: str, source: Memory, target: Memory, decision: Decision, owner: str) -> PlannedRelation:
    ends = (source.id, target.id)
    # Stored once and read both ways, so the lower id is always the start.
    start, end = sorted(ends) if kind == "CONTRADICTS" else ends
    return PlannedRelation(
        id=str(uuid5(NAMESPACE, f"relation\n{owner}\n{kind}\n{start}\n{end}")),
        type=kind,
        source_id=start,
        target_id=end,
        label=decision.label or None,
        weight=decision.weight or 1.0,
        method=decision.method,
        decision_id=owner,
    )


def _changes(decision: Decision, memory: Memory, target: Memory | None) -> list[Change]:
    """The end of what is replaced, which is never before its beginning."""
    if target is None or decision.action is not Action.SUPERSEDE:
        return []
    ended = min(target.valid_to, max(target.valid_from, memory.valid_from))
    return [Change(id=target.id, state=State.SUPERSEDED, valid_to=ended)]


def _superseded(memory: Memory, successor: Memory) -> Memory:
    """A value of before: it was true until the known one began."""
    return msgspec.structs.replace(
        memory, state=State.SUPERSEDED, valid_to=max(memory.valid_from, min(memory.valid_to, successor.valid_from))
    )


def _with_merged(writes: Plan, merged: Memory, inputs: tuple[Memory, Memory], owner: str) -> Plan:
    decision = Decision(fact=0, action=Action.MERGE, requested_action=Action.MERGE, reason="", method="rule")
    return msgspec.structs.replace(
        writes,
        memories=[*writes.memories, merged],
        facts=[*writes.facts, None],
        relations=[_relation("MERGED_FROM", merged, one, decision, owner) for one in inputs],
        changes=[Change(id=one.id, state=State.MERGED, valid_to=one.valid_to) for one in inputs],
    )


def _merged(memory: Memory, target: Memory, decision: Decision, owner: str) -> Memory:
    """Both texts as one, in the words of a model or one after the other, with what is better known of the two."""
    content = SafeText(decision.merged_text or f"{target.content} {memory.content}")
    merged = msgspec.structs.replace(
        memory,
        id=str(uuid5(NAMESPACE, f"merged\n{owner}")),
        content=content,
        l0_abstract=abstract_of(content),
        text_hash=text_hash(content),
        state=State.ACTIVE,
        importance=max(memory.importance, target.importance),
        confidence=max(memory.confidence, target.confidence),
        base_confidence=max(memory.base_confidence, target.base_confidence),
        tags=list(dict.fromkeys([*target.tags, *memory.tags])),
        valid_from=min(memory.valid_from, target.valid_from),
        value="",
        version=1,
        rev=1,
    )
    return msgspec.structs.replace(merged, facets=facets(merged))


def _evidence(said: Said, memory_id: str, kind: str, owner: str) -> list[Evidence]:
    return [
        Evidence(
            memory_id=memory_id,
            message_id=quote.utterance_id,
            start=quote.start,
            end=quote.end,
            kind=kind,
            decision_id=owner,
        )
        for quote in said.fact.quotes
        if not said.is_stored
    ]


def _memory(said: Said, decision: Decision, owner: str, frame: Frame) -> Memory:
    fact, origin = said.fact, said.origin
    belief = base_belief(fact)
    valid_from = fact.valid_from or fact.said_at or origin.valid_from
    valid_to = max(valid_from, fact.valid_to or OPEN_END)
    content = SafeText(fact.text)
    memory = msgspec.structs.replace(
        origin,
        id=str(uuid5(NAMESPACE, f"memory\n{owner}")),
        kind="memory",
        content=content,
        l0_abstract=abstract_of(content),
        category=Category(fact.category),
        memory_type=MemoryType.INSIGHT,
        state=_state(decision, valid_to, frame.now),
        importance=fact.importance,
        confidence=belief,
        base_confidence=belief,
        access_count=0,
        uses=0.0,
        relations=[],
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=frame.now,
        # As the decisions, so that a list has the facts of a window in the order in which they were said.
        created_at=frame.now + decision.fact * APART,
        updated_at=frame.now,
        last_accessed_at=None,
        text_hash=text_hash(content),
        role="",
        subject=fact.subject,
        attribute=fact.attribute,
        value=fact.value,
        context=decision.label if decision.action is Action.CONTEXTUALIZE else fact.context,
        modality=fact.modality,
        evidence_ids=list(dict.fromkeys(quote.utterance_id for quote in fact.quotes)),
    )
    return msgspec.structs.replace(memory, facets=facets(memory))


def _state(decision: Decision, valid_to: datetime, now: datetime) -> State:
    if decision.action is Action.HOLD:
        return State.HELD
    if decision.action is Action.SUPPORT:
        return State.EVIDENCE
    return State.EXPIRED if valid_to <= now else State.ACTIVE

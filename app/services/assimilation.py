"""Decides about facts and writes what follows: memories, relations, evidence, entities, slots and the decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from app.domain.decisions import StoredDecision
from app.domain.facts import Fact
from app.domain.memories import Memory, State, current_key, text_hash
from app.domain.principal import Principal, SpaceAccess
from app.domain.tasks import Task
from app.domain.texts import normalised
from app.services import belief, candidates, copying, embedding, models, sharing_rules
from app.services.candidates import Found, Lookup, asserter
from app.services.embedding import EmbeddedText, StoredText
from app.services.models import Answered
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import decisions, entities, memories, messages
from app.storage.decisions import MemoryRow, StateRow
from app.storage.entities import EntityRow, MentionRow, SlotRow, TypeRow, Written
from app.storage.graph import Transaction
from ingest.answers import Answer
from ingest.assimilation import Batch, admit_all, resolve
from ingest.linking import KnownEntity, link, named_entities, norm_name, slot_id, subject_key
from ingest.planning import Change, Frame, Plan, Said, decision_id, plan


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one space and one audience, ready to be decided; `done_ids` are the messages that are read then."""

    space: SpaceAccess
    task_id: str
    anchor: str
    said: list[Said]
    texts: list[EmbeddedText]
    done_ids: list[str]
    now: datetime
    # The task at work, which must still be this worker's when it writes; none when somebody waits for the answer.
    task: Task | None = None
    # Somebody asked for these facts although admission had refused them.
    is_wanted: bool = False

    @property
    def is_explicit(self) -> bool:
        """Whether somebody stored these texts as memories, or asked for them, so that none may be refused."""
        return self.is_wanted or any(one.is_stored for one in self.said)


class Outcome(msgspec.Struct, frozen=True):
    """The decisions that were written now, what a language model used for them, and why it did not answer."""

    decisions: list[StoredDecision]
    tokens: int = 0
    notes: list[str] = []


async def assimilate(parts: Parts, principal: Principal, draft: Draft) -> Outcome:
    """Decides about facts and writes all that follows in one transaction; again with the same task it changes nothing.

    Raises Unavailable when the graph does not answer; then nothing is written.
    """
    found = await parts.graph.read(candidates.find, principal, _lookup(draft))
    answered = await answer_batch(parts, draft.space, _batch(draft, found))
    made = await parts.graph.write(_write, principal, draft, (found, answered.answers))
    return Outcome(made, answered.tokens, answered.notes)


async def answer_batch(parts: Parts, space: SpaceAccess, batch: Batch) -> Answered:
    """A language model's answers about the admitted facts that no rule decides, by their numbers in the batch."""
    admitted = admit_all(batch)
    kept = admitted.kept
    answered = await models.answer_open(
        parts,
        space,
        [batch.facts[index] for index in kept],
        [admitted.current[index] for index in kept],
        [batch.hashes[index] for index in kept],
    )
    return msgspec.structs.replace(
        answered, answers={kept[index]: answer for index, answer in answered.answers.items()}
    )


def _lookup(draft: Draft) -> Lookup:
    return Lookup(
        space_key=draft.space.space_key,
        visible_to=draft.said[0].origin.visible_to if draft.said else "",
        facts=[one.fact for one in draft.said],
        vectors=[text.vectors[0] for text in draft.texts],
        except_ids=[one.origin.id for one in draft.said if one.is_stored],
    )


async def _write(
    tx: Transaction, principal: Principal, draft: Draft, thought: tuple[Found, Mapping[int, Answer]]
) -> list[StoredDecision]:
    found, answers = thought
    rev = await memories.lock_space(tx, draft.space.space_key)
    if draft.task is not None:
        await hold(tx, draft.task)
    if not await _is_to_do(tx, draft):
        return []
    if rev != found.rev + 1:
        # Somebody wrote since the candidates were read; under the lock nobody does any more.
        found = await candidates.find(tx, principal, _lookup(draft))
    made = resolve(_batch(draft, found), answers)
    ids = [target for decision in made for target in (decision.target_id, decision.held_id) if target]
    targets = await decisions.list_targets(tx, draft.space.space_key, ids)
    known = {one.id: one for one in (*(one.origin for one in draft.said if one.is_stored), *targets)}
    frame = Frame(task_id=draft.task_id, anchor=draft.anchor, rev=rev, now=draft.now)
    planned = plan(draft.said, made, known, frame)
    await _write_plan(tx, draft, planned, known)
    await _share(tx, principal, planned, draft.now)
    return planned.decisions


async def _share(tx: Transaction, principal: Principal, planned: Plan, now: datetime) -> None:
    """Lets live copies follow what changed, and rules share what is new or believed again."""
    changed = [change.id for change in planned.changes]
    await copying.follow(tx, principal, changed, now)
    await sharing_rules.fire(tx, principal, [*(memory.id for memory in planned.memories), *changed], now)


async def _is_to_do(tx: Transaction, draft: Draft) -> bool:
    """Whether no earlier attempt at the task has written this; its last act is to take the messages off the list."""
    space_key = draft.space.space_key
    if draft.said and await decisions.exists(tx, space_key, decision_id(draft.task_id, draft.anchor, 0)):
        return False
    waited = await decisions.delete_marks(tx, space_key, draft.task_id, draft.done_ids)
    # None waits any more when their import was rolled back while the facts were read.
    return waited > 0 or not draft.done_ids


def _batch(draft: Draft, found: Found) -> Batch:
    """The facts as they are compared: each with who vouches for it."""
    return Batch(
        facts=[
            msgspec.structs.replace(one.fact, speaker=asserter(one.fact.speaker, one.origin.tenant_id))
            for one in draft.said
        ],
        found=found.by_fact,
        hashes=[text_hash(one.fact.text) for one in draft.said],
        preset=draft.space.settings.admission,
        is_explicit=draft.is_explicit,
    )


async def _write_plan(tx: Transaction, draft: Draft, planned: Plan, known: Mapping[str, Memory]) -> None:
    written = Written(space_key=draft.space.space_key, task_id=draft.task_id, now=draft.now)
    keys = await _free_keys(tx, planned.memories)
    await decisions.create_memories(tx, written.space_key, _rows(draft, planned, keys))
    for memory, fact in zip(planned.memories, planned.facts, strict=True):
        if fact is not None and len(draft.texts[fact].pieces) > 1:
            await memories.create_chunks(tx, memory, embedding.stored(memory, draft.texts[fact]).chunks)
    await decisions.create_relations(tx, planned.relations, written)
    await decisions.create_evidence(tx, planned.evidence, written)
    made = {memory.id: memory for memory in planned.memories}
    rows = await state_rows(tx, planned.changes, {**known, **made})
    await decisions.update_states(tx, written.space_key, rows, draft.now)
    await messages.update_outdated(tx, [written.space_key], [row.id for row in rows])
    await decisions.add_repeats(tx, written.space_key, planned.repeats, draft.now)
    await _write_links(tx, draft, planned, written)
    await decisions.create_many(tx, written.space_key, planned.decisions)
    ends = [end for relation in planned.relations for end in (relation.source_id, relation.target_id)]
    await belief.update(tx, written.space_key, ends)


def _rows(draft: Draft, planned: Plan, keys: Mapping[str, str]) -> list[MemoryRow]:
    rows: list[MemoryRow] = []
    for memory, fact in zip(planned.memories, planned.facts, strict=True):
        text = _stored_text(draft, memory, fact)
        rows.append(MemoryRow({**text.properties, "current_key": keys.get(memory.id)}, text.embedding))
    return rows


def _stored_text(draft: Draft, memory: Memory, fact: int | None) -> StoredText:
    """A merged text is new, so its vector is made when the transaction is over."""
    if fact is None:
        return embedding.waiting(memory, draft.task_id)
    return embedding.stored(memory, draft.texts[fact])


async def _free_keys(tx: Transaction, found: Sequence[Memory]) -> dict[str, str]:
    """For each current memory the key under which a repeat of its text finds it, unless another one holds it."""
    wanted: dict[str, str] = {}
    for memory in found:
        if memory.state is State.ACTIVE:
            wanted.setdefault(current_key(memory), memory.id)
    if not wanted:
        return {}
    taken = await decisions.list_taken_keys(tx, found[0].space_key, list(wanted))
    return {memory_id: key for key, memory_id in wanted.items() if key not in taken}


async def state_rows(tx: Transaction, changes: Sequence[Change], known: Mapping[str, Memory]) -> list[StateRow]:
    """Changes with the keys that mark what is current; what is retracted is believed no more from now on."""
    after = [
        msgspec.structs.replace(known[change.id], state=change.state, valid_to=change.valid_to) for change in changes
    ]
    keys = await _free_keys(tx, after)
    return [
        StateRow(
            id=memory.id,
            state=memory.state,
            valid_to=memory.valid_to,
            retired_at=memory.retired_at,
            current_key=keys.get(memory.id),
        )
        for memory in after
    ]


async def _write_links(tx: Transaction, draft: Draft, planned: Plan, written: Written) -> None:
    """Entities and slots of the memories that state a fact."""
    facts = [one.fact for one in draft.said]
    names = sorted({norm_name(mention.name) for fact in facts for mention in named_entities(fact)} - {""})
    found = await entities.list_named(tx, written.space_key, names)
    links = link(written.space_key, facts, [msgspec.convert(one, KnownEntity, from_attributes=True) for one in found])
    about = [(memory_id, index) for memory_id, index in planned.about if memory_id]
    used = {entity_id for _, index in about for entity_id in links.by_fact[index]}
    rows = [msgspec.convert(one, EntityRow, from_attributes=True) for one in links.new if one.id in used]
    types = [TypeRow(one.id, one.type) for one in links.retyped if one.id in used]
    for stored in (draft.said[index] for _, index in about if draft.said[index].is_stored):
        await decisions.update_meaning(tx, _with_meaning(stored))
    await entities.update_types(tx, written.space_key, types)
    await entities.create_many(tx, rows, written)
    await entities.create_mentions(tx, [MentionRow(place, links.by_fact[index]) for place, index in about], written)
    await entities.create_slots(
        tx, [row for place, index in about if (row := _slot_row(written.space_key, place, facts[index]))], written
    )


def _with_meaning(said: Said) -> Memory:
    fact = said.fact
    return msgspec.structs.replace(
        said.origin,
        subject=fact.subject,
        attribute=fact.attribute,
        value=fact.value,
        context=fact.context,
        modality=fact.modality,
        valid_to=fact.valid_to or said.origin.valid_to,
    )


def _slot_row(space_key: str, memory_id: str, fact: Fact) -> SlotRow | None:
    own_id = slot_id(space_key, fact)
    if not own_id:
        return None
    return SlotRow(
        memory_id=memory_id,
        slot_id=own_id,
        subject=subject_key(fact.subject),
        attribute=fact.attribute,
        context=normalised(fact.context),
        value=fact.value,
        cardinality=fact.cardinality,
    )

"""Consolidation: one derived memory for many that say alike, written with a decision each and taken back by task.

The memories that it is made of stay as they are. When one of them changes, what was derived from it is outdated until
the next run says it anew.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import uuid4, uuid5

import msgspec

from app.domain.consolidation import (
    ConsolidationQuery,
    ConsolidationRun,
    Former,
    Group,
    GroupKind,
    Summary,
    group_view,
)
from app.domain.decisions import Action, Before, StoredDecision
from app.domain.memories import Memory, State
from app.domain.principal import ALL_AGENTS, Principal, SpaceAccess
from app.domain.tasks import Progress, Report, Task, TaskKind, TaskStatus
from app.services import belief, copying, embedding, lifecycle, models
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import consolidation, decisions, tasks
from app.storage.consolidation import PremiseRows
from app.storage.decisions import MemoryRow
from app.storage.entities import Written
from app.storage.graph import Transaction
from ingest.consolidation import derived_id, derived_memory, list_values
from ingest.linking import NAMESPACE
from ingest.planning import Change, PlannedRelation

# Groups are read in portions of this size; each is written by itself.
BATCH = 50
# What a dry run shows.
MOST_SHOWN = 200
METHOD = "consolidation"


class Summed(msgspec.Struct, frozen=True, kw_only=True):
    """A group with what is to be remembered of it, or why nothing is."""

    group: Group
    summary: Summary | None = None
    method: str = METHOD
    reason: str = ""


class Done(msgspec.Struct, frozen=True):
    """What became of a group, what a language model used for it, and why it was left for the next time."""

    action: Action | None = None
    tokens: int = 0
    notes: list[str] = []


def new_task(space_key: str, tenant_id: str, task_id: str, now: datetime) -> Task:
    """The work of consolidating a space."""
    return Task(
        id=task_id,
        kind=TaskKind.CONSOLIDATE,
        status=TaskStatus.QUEUED,
        tenant_id=tenant_id,
        space_key=space_key,
        created_at=now,
    )


async def start(
    tx: Transaction, principal: Principal, query: ConsolidationQuery, has_model: bool, now: datetime
) -> ConsolidationRun:
    """Queues the work for a space the caller may write to, or shows the groups that there are.

    Raises NotFound for a foreign space and Unauthorized for a reader.
    """
    space = principal.writable_space(query.space)
    if query.dry_run:
        keys = await consolidation.list_open_slots(tx, space.space_key, now)
        keys += await consolidation.list_open_communities(tx, space.space_key) if has_model else []
        groups = await consolidation.list_groups(tx, space.space_key, keys[:MOST_SHOWN], now)
        due = [group_view(group, list_values(group)) for group in groups if group.is_due]
        return ConsolidationRun(dry_run=True, task_id=None, groups=due)
    task = new_task(space.space_key, principal.tenant_id, str(uuid4()), now)
    await tasks.create(tx, task, None)
    return ConsolidationRun(dry_run=False, task_id=task.id, groups=[])


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Consolidates what is new in the space of the task, a group a transaction; nothing if the space has not moved."""
    moved = await parts.graph.read(consolidation.get_position, task.space_key)
    progress = Progress(done=1, total=1)
    if moved.rev == moved.made_at:
        return progress
    slots = await parts.graph.read(consolidation.list_open_slots, task.space_key, parts.clock())
    progress = await _run_all(parts, principal, task, slots, report)
    if parts.llm is not None:
        # Read only now, since what belongs to the values of a slot belongs to no topic.
        topics = await parts.graph.read(consolidation.list_open_communities, task.space_key)
        further = await _run_all(parts, principal, task, topics, report)
        progress = _joined(progress, further)
    if not progress.errors:
        await parts.graph.write(_mark_position, task, moved.rev)
    return progress


async def _mark_position(tx: Transaction, task: Task, rev: int) -> None:
    await tasks.lock_lanes(tx, task.space_key)
    await hold(tx, task)
    await consolidation.mark_position(tx, task.space_key, rev)


async def _run_all(parts: Parts, principal: Principal, task: Task, keys: list[str], report: Report) -> Progress:
    progress = Progress(total=len(keys))
    for begin in range(0, len(keys), BATCH):
        read = (task.space_key, keys[begin : begin + BATCH], parts.clock())
        for group in await parts.graph.read(consolidation.list_groups, *read):
            done = await _consolidate(parts, principal, task, group)
            counts = {str(done.action): 1} if done.action else {}
            further = Progress(done=1, counts=counts, tokens=done.tokens, errors=done.notes)
            progress = _joined(progress, further)
        await report(progress)
    return progress


def _joined(progress: Progress, further: Progress) -> Progress:
    return Progress(
        done=progress.done + further.done,
        total=progress.total + further.total,
        counts=dict(Counter(progress.counts) + Counter(further.counts)),
        tokens=progress.tokens + further.tokens,
        errors=list(dict.fromkeys([*progress.errors, *further.errors])),
    )


async def _consolidate(parts: Parts, principal: Principal, task: Task, group: Group) -> Done:
    if not group.is_due and not group.is_left:
        return Done()
    space = next(space for space in principal.spaces if space.space_key == task.space_key)
    summed, tokens = Summed(group=group, reason="too little of it is left"), 0
    if group.is_due and await parts.graph.read(consolidation.has_derived, task.space_key, derived_id(group)):
        summed = Summed(group=group, reason="the same was derived before, and taken back")
    elif group.is_due and group.kind is GroupKind.VALUES:
        summed = Summed(group=group, summary=list_values(group), reason="its memories say the same")
    elif group.is_due:
        said = await models.sum_up(parts, space, group)
        if said.notes:
            return Done(None, said.tokens, said.notes)
        summed, tokens = (
            Summed(group=group, summary=said.summary, method=models.METHOD, reason=said.reason),
            said.tokens,
        )
    action = await parts.graph.write(_write, principal, task, summed, (space, parts.clock()))
    return Done(action, tokens)


async def _write(
    tx: Transaction, principal: Principal, task: Task, summed: Summed, place: tuple[SpaceAccess, datetime]
) -> Action | None:
    """Writes what is to be remembered of a group, unless somebody wrote to it meanwhile: then the next run sees it."""
    space, now = place
    group = summed.group
    former = [group.former.id] if group.former else []
    await copying.lock_with_live_copies(tx, principal, former, {space.space_key})
    await hold(tx, task)
    (current,) = await consolidation.list_groups(tx, space.space_key, [group.key], now)
    if (current.fingerprint, current.former) != (group.fingerprint, group.former):
        return None
    await consolidation.mark_group(tx, space.space_key, group.key)
    decision = _decision(task, summed, await decisions.get_rev(tx, space.space_key), now)
    if summed.summary is not None:
        memory = derived_memory(group, summed.summary, space, task.tenant_id, now)
        await _create(tx, memory, summed, decision)
    known = await decisions.list_targets(tx, space.space_key, former) if _ends_former(summed) else []
    decision = msgspec.structs.replace(
        decision, before=[Before(id=one.id, state=one.state, valid_to=one.valid_to) for one in known]
    )
    state = State.SUPERSEDED if summed.summary else State.ARCHIVED
    ended = [Change(id=one.id, state=state, valid_to=max(one.valid_from, now)) for one in known]
    await lifecycle.change_states(tx, principal, space.space_key, ended, now)
    await decisions.create_many(tx, space.space_key, [decision])
    await belief.update(tx, space.space_key, decision.created)
    return decision.action


def _ends_former(summed: Summed) -> bool:
    former = summed.group.former
    return former is not None and (summed.summary is not None or former.is_outdated)


async def _create(tx: Transaction, memory: Memory, summed: Summed, decision: StoredDecision) -> None:
    """The derived memory with what it follows from; its vector is made when the transaction is over."""
    written = Written(space_key=memory.space_key, task_id=decision.task_id, now=memory.created_at)
    stored = embedding.waiting(memory, decision.task_id)
    await decisions.create_memories(tx, memory.space_key, [MemoryRow(stored.properties, None)])
    rows = PremiseRows(
        id=memory.id,
        key=summed.group.key,
        premise_ids=memory.evidence_ids,
        method=decision.method,
        decision_id=decision.id,
    )
    await consolidation.create_premises(tx, memory.space_key, rows, decision.task_id, memory.created_at)
    if summed.group.former:
        await decisions.create_relations(tx, [_succession(memory, summed.group.former, decision)], written)


def _succession(memory: Memory, former: Former, decision: StoredDecision) -> PlannedRelation:
    return PlannedRelation(
        id=str(uuid5(NAMESPACE, f"relation\n{decision.id}\nSUPERSEDES")),
        type="SUPERSEDES",
        source_id=memory.id,
        target_id=former.id,
        label=None,
        weight=1.0,
        method=decision.method,
        decision_id=decision.id,
    )


def _decision(task: Task, summed: Summed, rev: int, now: datetime) -> StoredDecision:
    group, summary = summed.group, summed.summary
    wanted = Action.SUPERSEDE if group.former else Action.CREATE
    refused = Action.ARCHIVE if _ends_former(summed) else Action.SKIP
    made = derived_id(group) if summary else ""
    former = group.former.id if group.former and _ends_former(summed) else ""
    return StoredDecision(
        id=str(uuid5(NAMESPACE, f"{METHOD}\n{task.id}\n{group.key}")),
        task_id=task.id,
        space_key=task.space_key,
        tenant_id=task.tenant_id,
        visible_to=ALL_AGENTS,
        rev=rev,
        fact=0,
        action=wanted if summary else refused,
        requested_action=wanted,
        text=summary.text if summary else "",
        category=group.premises[0].category if group.premises else "",
        memory_id=made or former,
        target_id=former if summary else "",
        reason=f"derived from {len(summary.premise_ids)} memories" if summary else summed.reason,
        method=summed.method,
        scores={"memories": float(len(group.premises))},
        created=[made] if made else [],
        created_at=now,
    )

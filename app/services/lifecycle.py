"""The age of memories: what is due in a space is decided, written with a decision each, and taken back on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4, uuid5

from app.domain.aging import AgingChange, LifecycleQuery, LifecycleRun, change_view
from app.domain.decisions import Action, Before, StoredDecision
from app.domain.lifecycle import Aged, age
from app.domain.memories import OPEN_END, State
from app.domain.principal import Principal
from app.domain.tasks import Progress, Report, Task, TaskKind, TaskStatus
from app.services import assimilation, belief, copying
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import decisions, lifecycle, messages, tasks
from app.storage.graph import Transaction
from app.storage.lifecycle import Due, ReviewRow
from ingest.linking import NAMESPACE
from ingest.planning import Change

# So many memories are looked at under one lock of their space.
BATCH = 200
# As many changes a dry run shows.
MOST_SHOWN = 1000
METHOD = "age"
# What leaves the memories that are current.
STATES = {Action.EXPIRE: State.EXPIRED, Action.ARCHIVE: State.ARCHIVED}

Verdict = tuple[Due, Aged]


def new_task(space_key: str, tenant_id: str, task_id: str, now: datetime) -> Task:
    """The work of looking at what is due in a space."""
    return Task(
        id=task_id,
        kind=TaskKind.LIFECYCLE,
        status=TaskStatus.QUEUED,
        tenant_id=tenant_id,
        space_key=space_key,
        created_at=now,
    )


async def start(tx: Transaction, principal: Principal, query: LifecycleQuery, now: datetime) -> LifecycleRun:
    """Queues the work for a space the caller may write to, or shows what it would do to what he sees.

    Raises NotFound for a foreign space and Unauthorized for a reader.
    """
    space = principal.writable_space(query.space)
    if query.dry_run:
        due = await lifecycle.list_due_visible(tx, principal, space.space_key, now, MOST_SHOWN)
        verdicts = [(memory, age(memory, now)) for memory in due]
        changes = [change_view(memory, aged) for memory, aged in verdicts if aged.action]
        return LifecycleRun(dry_run=True, task_id=None, counts=_counts(verdicts), changes=changes)
    task = new_task(space.space_key, principal.tenant_id, str(uuid4()), now)
    await tasks.create(tx, task, None)
    none: list[AgingChange] = []
    return LifecycleRun(dry_run=False, task_id=task.id, counts={}, changes=none)


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return dict(Counter(str(aged.action) for _, aged in verdicts if aged.action))


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Looks at all that is due in the space of the task, a batch a transaction: each is written whole or not at all."""
    done, counts = 0, Counter[str]()
    while verdicts := await parts.graph.write(_age_batch, principal, task, parts.clock()):
        done += len(verdicts)
        counts.update(_counts(verdicts))
        await report(Progress(done, done, dict(counts)))
    return Progress(done, done, dict(counts))


async def _age_batch(tx: Transaction, principal: Principal, task: Task, now: datetime) -> list[Verdict]:
    seen = await lifecycle.list_due(tx, task.space_key, now, BATCH)
    if not seen:
        return []
    await copying.lock_with_live_copies(tx, principal, [memory.id for memory in seen], {task.space_key})
    await hold(tx, task)
    # Once more, since writers may have changed them before the lock.
    due = await lifecycle.list_due(tx, task.space_key, now, BATCH)
    verdicts = [(memory, age(memory, now)) for memory in due]
    await _write(tx, principal, task, verdicts, now)
    return verdicts


async def _write(tx: Transaction, principal: Principal, task: Task, verdicts: Sequence[Verdict], now: datetime) -> None:
    rev = await decisions.get_rev(tx, task.space_key)
    changes = [
        Change(id=memory.id, state=aged.state, valid_to=memory.valid_to)
        for memory, aged in verdicts
        if aged.state is not memory.state
    ]
    await change_states(tx, principal, task.space_key, changes, now)
    await lifecycle.update_reviews(tx, task.space_key, [_review(*verdict) for verdict in verdicts], now)
    told = [
        _decision(task, memory, aged, (rev, index, now)) for index, (memory, aged) in enumerate(verdicts) if aged.action
    ]
    if told:
        await decisions.create_many(tx, task.space_key, told)


async def change_states(
    tx: Transaction, principal: Principal, space_key: str, changes: Sequence[Change], now: datetime
) -> None:
    """Gives memories of a space that is locked other states, with all that hangs on these."""
    ids = [change.id for change in changes]
    if not ids:
        return
    known = {memory.id: memory for memory in await decisions.list_targets(tx, space_key, ids)}
    await decisions.update_states(tx, space_key, await assimilation.state_rows(tx, changes, known), now)
    await messages.update_outdated(tx, [space_key], ids)
    await copying.follow(tx, principal, ids, now)
    await belief.update(tx, space_key, ids)


def _review(memory: Due, aged: Aged) -> ReviewRow:
    return ReviewRow(
        id=memory.id,
        tier=aged.tier,
        has_moved=aged.tier is not memory.tier,
        review_at=aged.review_at,
        seen_at=memory.review_at,
    )


def _decision(task: Task, memory: Due, aged: Aged, place: tuple[int, int, datetime]) -> StoredDecision:
    rev, index, now = place
    action = aged.action or Action.SKIP
    return StoredDecision(
        id=str(uuid5(NAMESPACE, f"{METHOD}\n{task.id}\n{memory.id}")),
        task_id=task.id,
        space_key=task.space_key,
        tenant_id=task.tenant_id,
        visible_to=memory.visible_to,
        rev=rev,
        fact=index,
        action=action,
        requested_action=action,
        text="",
        category=memory.category,
        memory_id=memory.id,
        reason=aged.reason,
        # What a tier became; undoing needs to know whether it is still so.
        label=str(aged.tier) if aged.tier is not memory.tier else "",
        method=METHOD,
        scores=aged.scores,
        before=[Before(id=memory.id, state=memory.state, valid_to=memory.valid_to, tier=memory.tier)],
        created_at=now,
    )


async def take_back(tx: Transaction, principal: Principal, decision: StoredDecision, now: datetime) -> None:
    """Gives a memory the state or the tier back that age took, unless something else has changed it since.

    Who takes back that the time of a memory is over says that it is not: it is true without an end from then on. What
    is taken back counts as used now, so that the next look does not find it old again.
    """
    known = {one.id: one for one in await decisions.list_targets(tx, decision.space_key, [decision.memory_id])}
    for before in decision.before:
        memory = known.get(before.id)
        if memory is None:
            continue
        if decision.label:
            if memory.tier == decision.label:
                row = ReviewRow(id=before.id, tier=before.tier, has_moved=True, review_at=now, seen_at=now)
                await lifecycle.update_reviews(tx, decision.space_key, [row], now)
        elif memory.state is STATES[decision.action]:
            is_over = decision.action is Action.EXPIRE and memory.valid_to <= now
            change = Change(id=before.id, state=State(before.state), valid_to=OPEN_END if is_over else memory.valid_to)
            await change_states(tx, principal, decision.space_key, [change], now)


async def count_due(tx: Transaction, principal: Principal, space: str | None, now: datetime) -> int:
    """How many memories that the caller sees are to be looked at by now."""
    return await lifecycle.count_due(tx, principal, principal.readable_spaces(space), now)

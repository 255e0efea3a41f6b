"""Finds how the memories of a space relate to each other, batch by batch, each in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from uuid import uuid4

import msgspec

from app.domain.decisions import StoredDecision
from app.domain.discovery import ReconcileAnswer, ReconcileQuery, Statement
from app.domain.errors import Invalid
from app.domain.memories import BEGINNING
from app.domain.principal import Principal, SpaceAccess
from app.domain.tasks import Progress, Report, Task, TaskKind, TaskStatus, counted, outcome
from app.services import belief, copying, judging
from app.services.assimilation import state_rows
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import decisions, discovery, memories, messages, search, tasks
from app.storage.discovery import PairRow, Uncompared
from app.storage.entities import Written
from app.storage.graph import Transaction
from ingest.discovery import Pair, Verdict, is_close, pair_up, plan_verdicts, without_retired
from ingest.planning import Frame, Plan

# Memories compared in one transaction, which writes at most some hundred pairs.
BATCH = 32
# So many are compared while the caller waits: with the judge alone about a second.
AT_ONCE = 100
AT_ONCE_WITH_MODEL = 10
# The longest wait for a task; proxies close requests that take more.
MOST_WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.2


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A run over a space: under which id its decisions are kept, and the task of it that a worker holds, if any."""

    space: SpaceAccess
    task_id: str
    now: datetime
    task: Task | None = None


class Found(msgspec.Struct, frozen=True):
    """What a batch came to: decisions, how many pairs were judged, what models used and why one did not answer."""

    decisions: list[StoredDecision]
    judged: int
    tokens: int = 0
    notes: list[str] = []


async def cross_reconcile(parts: Parts, principal: Principal, query: ReconcileQuery) -> ReconcileAnswer:
    """Compares what was stored or changed since the last time: at once if that is little, else with a task.

    Raises Invalid for an unreadable wait, NotFound or Unauthorized for the space.
    """
    if query.wait is not None and not 0 <= query.wait <= MOST_WAIT_SECONDS:
        raise Invalid(f"wait must be from 0 to {MOST_WAIT_SECONDS:g} seconds, not {query.wait:g}")
    space = principal.writable_space(query.space)
    # A model takes seconds for what the judge does in milliseconds.
    most = AT_ONCE_WITH_MODEL if parts.llm or parts.entailer else AT_ONCE
    if await parts.graph.read(discovery.count_uncompared, principal, space.space_key) <= most:
        return await _run_at_once(parts, principal, space)
    task = await parts.graph.write(enqueue, principal, space.space_key, parts.clock())
    return await _wait(parts, principal, task, query.wait or 0.0)


async def enqueue(tx: Transaction, principal: Principal, space_key: str, now: datetime) -> Task:
    """A task that compares the memories of a space; one that nobody has begun serves as well."""
    task = new_task(principal, space_key, now)
    await tasks.lock_lanes(tx, space_key)
    waiting = await tasks.get_waiting(tx, task)
    if waiting is None:
        await tasks.create(tx, task, None)
    return waiting or task


def new_task(principal: Principal, space_key: str, now: datetime) -> Task:
    """A queued task of the caller."""
    return Task(
        id=str(uuid4()),
        kind=TaskKind.DISCOVER,
        status=TaskStatus.QUEUED,
        tenant_id=principal.tenant_id,
        space_key=space_key,
        agent_id=principal.agent_id,
        created_at=now,
    )


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Compares all memories that wait for it. A worker that ends in between loses a batch at most, and doubles none."""
    space = next(space for space in principal.spaces if space.space_key == task.space_key)
    job = Job(space=space, task_id=task.id, now=parts.clock(), task=task)
    return await _run(parts, principal, job, report)


async def _run(parts: Parts, principal: Principal, job: Job, report: Report) -> Progress:
    space_key = job.space.space_key
    waiting = await parts.graph.read(discovery.count_uncompared, principal, space_key)
    progress = Progress(total=waiting)
    after = (BEGINNING, "")
    while batch := await parts.graph.read(discovery.list_uncompared, principal, space_key, after, BATCH):
        found = await _compare(parts, principal, job, batch)
        progress = _further(progress, len(batch), found)
        await report(progress)
        after = (batch[-1].created_at, batch[-1].id)
    return progress


def _further(progress: Progress, scanned: int, found: Found) -> Progress:
    counts = Counter(progress.counts)
    counts.update(decision.action for decision in found.decisions if decision.action != "create")
    counts["proposals"] += sum(decision.action == "create" for decision in found.decisions)
    counts["relations"] += sum(decision.action != "create" for decision in found.decisions)
    counts["pairs"] += found.judged
    done = progress.done + scanned
    return Progress(
        done=done,
        total=max(progress.total, done),
        counts=dict(counts),
        tokens=progress.tokens + found.tokens,
        errors=list(dict.fromkeys([*progress.errors, *found.notes])),
    )


async def _compare(parts: Parts, principal: Principal, job: Job, batch: Sequence[Uncompared]) -> Found:
    pairs = await parts.graph.read(_find_pairs, principal, job.space.space_key, batch)
    judged = await judging.judge_all(parts, job.space, pairs)
    found = await parts.graph.write(_apply, principal, job, batch, judged.verdicts)
    return msgspec.structs.replace(found, tokens=judged.tokens, notes=judged.notes)


async def _find_pairs(tx: Transaction, principal: Principal, space_key: str, batch: Sequence[Uncompared]) -> list[Pair]:
    found = await discovery.list_pairs(tx, principal, space_key, [one.id for one in batch])
    ids = sorted({end for pair in found for end in (pair.left_id, pair.right_id)})
    statements: dict[str, Statement] = await discovery.list_statements(tx, principal, space_key, ids) if ids else {}
    scored = [(pair, None if pair.score is None else search.cosine_of(pair.score)) for pair in found]
    return pair_up(statements, scored)


async def _apply(
    tx: Transaction, principal: Principal, job: Job, batch: Sequence[Uncompared], verdicts: Sequence[Verdict]
) -> Found:
    """Writes what follows from the verdicts, as far as their memories are still as they were read."""
    space_key = job.space.space_key
    # Nothing that is shown changes by a judgement, so the revision moves only when a relation is written.
    await tasks.lock_lanes(tx, space_key)
    if job.task is not None:
        await hold(tx, job.task)
    rows = [_row(number, verdict) for number, verdict in enumerate(verdicts)]
    unjudged = await discovery.list_unjudged(tx, space_key, rows) if rows else set[int]()
    standing = without_retired([verdicts[number] for number in sorted(unjudged)])
    written = Written(space_key=space_key, task_id=job.task_id, now=job.now)
    planned = await _write_relations(tx, principal, job, standing)
    judged = [_row(number, verdict) for number, verdict in enumerate(standing)]
    close = [row for row, verdict in zip(judged, standing, strict=True) if is_close(verdict.pair)]
    if judged:
        await discovery.create_judgements(tx, judged, written)
        await discovery.create_close_pairs(tx, close, written)
    await discovery.mark_compared(tx, space_key, batch)
    return Found(planned.decisions, len(judged))


async def _write_relations(tx: Transaction, principal: Principal, job: Job, verdicts: Sequence[Verdict]) -> Plan:
    decided = [one for one in verdicts if one.is_acting or one.is_proposal]
    if not decided:
        return Plan()
    space_key = job.space.space_key
    rev = await memories.lock_space(tx, space_key)
    ends = sorted({end.id for one in decided for end in (one.pair.newer, one.pair.older)})
    known = {memory.id: memory for memory in await decisions.list_targets(tx, space_key, ends)}
    planned = plan_verdicts(decided, known, Frame(task_id=job.task_id, anchor="", rev=rev, now=job.now))
    written = Written(space_key=space_key, task_id=job.task_id, now=job.now)
    await decisions.create_relations(tx, planned.relations, written)
    changed = await state_rows(tx, planned.changes, known)
    await decisions.update_states(tx, space_key, changed, job.now)
    await messages.update_outdated(tx, [space_key], [row.id for row in changed])
    await decisions.add_repeats(tx, space_key, planned.repeats, job.now)
    await decisions.create_many(tx, space_key, planned.decisions)
    await belief.update(tx, space_key, [end for one in planned.relations for end in (one.source_id, one.target_id)])
    await copying.follow(tx, principal, [row.id for row in changed], job.now)
    return planned


def _row(number: int, verdict: Verdict) -> PairRow:
    lower, higher = sorted((verdict.pair.newer, verdict.pair.older), key=lambda end: end.id)
    return PairRow(
        number=number,
        lower_id=lower.id,
        higher_id=higher.id,
        hashes=lower.text_hash + higher.text_hash,
        label=verdict.label,
        method=verdict.decision.method,
        weight=verdict.decision.weight,
        cosine=verdict.pair.cosine,
    )


async def _run_at_once(parts: Parts, principal: Principal, space: SpaceAccess) -> ReconcileAnswer:
    """The whole run, recorded afterwards as a task that is over, so that its decisions can be named and undone."""
    task = new_task(principal, space.space_key, parts.clock())
    job = Job(space=space, task_id=task.id, now=task.created_at)
    progress = await _run(parts, principal, job, _ignore)
    done = msgspec.structs.replace(
        task,
        status=outcome(progress),
        tokens=progress.tokens,
        errors=progress.errors,
        counts=msgspec.json.encode(progress.counts).decode(),
        done_count=progress.done,
        total_count=progress.total,
        finished_at=parts.clock(),
    )
    if progress.counts.get("pairs"):
        await parts.graph.write(tasks.create, done, None)
    return _answer(done)


async def _ignore(progress: Progress) -> None:
    """Nobody asks how far a run is that is over within seconds."""


async def _wait(parts: Parts, principal: Principal, task: Task, seconds: float) -> ReconcileAnswer:
    give_up = monotonic() + seconds
    while task.finished_at is None and monotonic() < give_up:
        await asyncio.sleep(LOOK_SECONDS)
        task = await parts.graph.read(tasks.get, principal, task.id) or task
    return _answer(task)


def _answer(task: Task) -> ReconcileAnswer:
    counts = counted(task)
    return ReconcileAnswer(
        relations_created=counts.get("relations", 0),
        memories_scanned=task.done_count,
        pairs_judged=counts.get("pairs", 0),
        proposals=counts.get("proposals", 0),
        status=task.status,
        # A run that was over at once and compared nothing leaves no task behind.
        task_id=task.id if task.status is not TaskStatus.COMPLETED or counts.get("pairs") else None,
    )

"""Decisions: what was decided about facts and why, and how it is undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid5

import msgspec

from app.domain import listing
from app.domain.decisions import (
    Action,
    DecisionCounts,
    DecisionList,
    DecisionQuery,
    DecisionView,
    StoredDecision,
    Undone,
    UndoRequest,
    decision_view,
)
from app.domain.errors import Blocked, Invalid, NotFound
from app.domain.facts import Fact
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END, Memory, State, parse_choice
from app.domain.principal import Principal
from app.services import assimilation, belief, copying, embedding, lifecycle
from app.services.assimilation import Draft
from app.services.parts import Parts
from app.storage import decisions, discovery, memories, messages
from app.storage.decisions import DecisionPage
from app.storage.graph import Transaction
from ingest.linking import NAMESPACE
from ingest.planning import Change, Said


async def list_page(tx: Transaction, principal: Principal, query: DecisionQuery) -> DecisionList:
    """What was decided, newest first. Raises Invalid for an unknown action or a foreign cursor."""
    place = listing.from_newest(query.cursor)
    size = listing.parse_limit(query.limit)
    page = DecisionPage(
        space_keys=principal.readable_spaces(query.space),
        task_id=query.task_id or "",
        memory_id=query.memory_id or "",
        action=parse_choice("action", query.action, Action, ""),
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        limit=size,
    )
    found = await decisions.list_all(tx, principal, page)
    return DecisionList([decision_view(one) for one in found], listing.cursor_after(found, size, descending=True))


async def count(tx: Transaction, principal: Principal, space: str | None, task_id: str | None) -> DecisionCounts:
    """Which actions were asked for and which were taken."""
    return DecisionCounts(await decisions.count(tx, principal, principal.readable_spaces(space), task_id or ""))


async def must_get(tx: Transaction, principal: Principal, decision_id: str) -> StoredDecision:
    """A decision. Raises NotFound, also for what the caller may not see."""
    found = await decisions.get(tx, principal, decision_id)
    if found is None:
        raise NotFound("no such decision")
    return found


async def get(tx: Transaction, principal: Principal, decision_id: str) -> DecisionView:
    """A decision on the wire. Raises NotFound."""
    return decision_view(await must_get(tx, principal, decision_id))


async def undo(parts: Parts, principal: Principal, decision_id: str) -> DecisionView:
    """Takes a decision back: what it made is retracted, what it changed is as before; again it changes nothing.

    A rejection is undone by storing the fact. Raises NotFound, Unauthorized for a reader, Blocked with the ids of the
    later decisions that build on this one.
    """
    decision = await parts.graph.read(must_get, principal, decision_id)
    principal.require_writable(decision.space_key)
    if decision.action is Action.REJECT and decision.fact_json and decision.undone_at is None:
        await _admit(parts, principal, decision)
    await parts.graph.write(_undo_one, principal, decision, parts.clock())
    return await parts.graph.read(get, principal, decision_id)


async def _undo_one(tx: Transaction, principal: Principal, decision: StoredDecision, now: datetime) -> None:
    await memories.lock_space(tx, decision.space_key)
    found = await _with_discovered(tx, [decision])
    ids = [one.id for one in found]
    blocking = sorted({later for one in found for later in await decisions.list_blocking(tx, one, ids)})
    if blocking:
        raise Blocked(f"later decisions build on this one; undo them first: {', '.join(blocking)}")
    for one in found:
        await _undo(tx, principal, one, now)


async def _with_discovered(tx: Transaction, found: Sequence[StoredDecision]) -> list[StoredDecision]:
    """Decisions of spaces that are locked, with what discovery found since from what they wrote; latest first."""
    known = {one.id: one for one in found}
    for space_key in {one.space_key for one in found}:
        while more := await discovery.list_discovered_from(tx, space_key, list(known)):
            known |= {one.id: one for one in more}
    return sorted(known.values(), key=lambda one: (one.rev, one.fact), reverse=True)


async def undo_all(parts: Parts, principal: Principal, request: UndoRequest) -> Undone:
    """Takes back all that a task decided. Raises NotFound for a task of which the caller sees no decision."""
    query = DecisionQuery(task_id=request.task_id, limit=1)
    if not (await parts.graph.read(list_page, principal, query)).decisions:
        raise NotFound("no such task, or it decided nothing")
    return await undo_task(parts, principal, [request.task_id], request.dry_run)


async def undo_task(parts: Parts, principal: Principal, task_ids: Sequence[str], dry_run: bool) -> Undone:
    """Takes back all decisions of tasks of one space, latest first; with `dry_run` only counts.

    A decision on which a later one of somebody else builds stays, with those before it that it builds on; the later
    ones are named.
    """
    return await parts.graph.write(_undo_tasks, principal, list(task_ids), (dry_run, parts.clock()))


async def _undo_tasks(tx: Transaction, principal: Principal, task_ids: list[str], how: tuple[bool, datetime]) -> Undone:
    dry_run, now = how
    found = [one for task_id in task_ids for one in await _writable_of_task(tx, principal, task_id)]
    for space_key in sorted({one.space_key for one in found}):
        await memories.lock_space(tx, space_key)
    kept: dict[str, list[str]] = {}
    undone: list[StoredDecision] = []
    for decision in await _with_discovered(tx, found):
        blocking = await decisions.list_blocking(tx, decision, [one.id for one in undone])
        if blocking:
            kept[decision.id] = blocking
            continue
        undone.append(decision)
        if not dry_run:
            await _undo(tx, principal, decision, now)
    outside = {blocker for blockers in kept.values() for blocker in blockers} - set(kept)
    return Undone(
        undone=len(undone),
        retracted=sum(len(one.created) for one in undone),
        reopened=sum(1 for one in undone for before in one.before if before.state == State.ACTIVE),
        blocked=sorted(outside),
    )


async def _writable_of_task(tx: Transaction, principal: Principal, task_id: str) -> list[StoredDecision]:
    return [
        one for space_key in principal.writable_keys for one in await decisions.list_of_task(tx, space_key, task_id)
    ]


async def _undo(tx: Transaction, principal: Principal, decision: StoredDecision, now: datetime) -> None:
    """The exact inverse of what the decision wrote; what was deleted meanwhile stays deleted."""
    if not await decisions.undo(tx, decision, now):
        return
    if decision.method == lifecycle.METHOD:
        await lifecycle.take_back(tx, principal, decision, now)
        return
    ids = [*decision.created, *(before.id for before in decision.before)]
    known = {memory.id: memory for memory in await decisions.list_targets(tx, decision.space_key, ids)}
    changes = [
        Change(id=before.id, state=State(before.state), valid_to=before.valid_to)
        for before in decision.before
        if before.id in known
    ]
    # What was believed before the decision retracted it is believed again.
    reopened = {
        before.id: msgspec.structs.replace(known[before.id], retired_at=OPEN_END)
        for before in decision.before
        if before.id in known and before.state != State.RETRACTED
    }
    retracted = {
        memory_id: msgspec.structs.replace(known[memory_id], retired_at=now)
        for memory_id in decision.created
        if memory_id in known
    }
    changes += [Change(id=one.id, state=State.RETRACTED, valid_to=one.valid_to) for one in retracted.values()]
    rows = await assimilation.state_rows(tx, changes, {**known, **reopened, **retracted})
    await decisions.update_states(tx, decision.space_key, rows, now)
    await copying.follow(tx, principal, [row.id for row in rows], now)
    await messages.update_outdated(tx, [decision.space_key], [row.id for row in rows])
    touched = [*ids, decision.memory_id, decision.target_id]
    await belief.update(tx, decision.space_key, [memory_id for memory_id in touched if memory_id])


async def _admit(parts: Parts, principal: Principal, decision: StoredDecision) -> None:
    """Stores a fact that admission had refused, as an explicit wish: it is decided about anew and not refused again."""
    fact = msgspec.json.decode(decision.fact_json, type=Fact)
    space = next(space for space in principal.spaces if space.space_key == decision.space_key)
    origin = await parts.graph.read(_origin, principal, decision)
    if origin is None:
        raise Invalid("what the fact was taken from is gone, so it cannot be stored any more")
    draft = Draft(
        space=space,
        task_id=decision.task_id,
        anchor=str(uuid5(NAMESPACE, f"undo\n{decision.id}")),
        said=[Said(fact=fact, origin=origin)],
        texts=await embedding.embed_facts(parts, [fact.text]),
        done_ids=[],
        now=parts.clock(),
        is_wanted=True,
    )
    await assimilation.assimilate(parts, principal, draft)


async def _origin(tx: Transaction, principal: Principal, decision: StoredDecision) -> Memory | None:
    found = await memories.get_many(tx, principal, decision.evidence)
    return found[0] if found else None

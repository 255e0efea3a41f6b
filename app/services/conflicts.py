"""Conflicts: what contradicts what with the evidence of both, and a decision about it that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid5

import msgspec

from app.domain import listing
from app.domain.conflicts import (
    ACTIONS,
    Conflict,
    ConflictList,
    ConflictQuery,
    ConflictView,
    Resolution,
    ResolveRequest,
    check_resolvable,
    conflict_view,
    narrowest,
)
from app.domain.decisions import Action, Before, StoredDecision
from app.domain.errors import NotFound
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END, Memory, State, parse_choice
from app.domain.principal import Principal
from app.services import answers, assimilation, belief, copying
from app.storage import conflicts, decisions, memories, messages
from app.storage.conflicts import ConflictPage
from app.storage.entities import Written
from app.storage.graph import Transaction
from ingest.linking import NAMESPACE
from ingest.planning import Change, PlannedRelation
from ingest.redaction import redact

METHOD = "user"
# What a person decides counts fully, as what he states (pipelines 3.4).
WEIGHT = 1.0


class Given(msgspec.Struct, frozen=True):
    """What resolving needs from outside: the id of the decision, and the time."""

    decision_id: str
    now: datetime


async def list_page(tx: Transaction, principal: Principal, query: ConflictQuery) -> ConflictList:
    """The open conflicts, newest first. Raises Invalid for a foreign cursor."""
    place = listing.from_newest(query.cursor)
    page = ConflictPage(
        space_keys=principal.readable_spaces(query.space),
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        limit=listing.parse_limit(query.limit),
    )
    found = await conflicts.list_open(tx, principal, page)
    views = await _views(tx, principal, found)
    return ConflictList(views, listing.cursor_after(found, page.limit, descending=True))


async def get(tx: Transaction, principal: Principal, conflict_id: str) -> ConflictView:
    """A conflict, open or resolved. Raises NotFound, also for who does not see both sides."""
    return (await _views(tx, principal, [await _must_get(tx, principal, conflict_id)]))[0]


async def resolve(
    tx: Transaction, principal: Principal, conflict_id: str, request: ResolveRequest, given: Given
) -> ConflictView:
    """Says what holds; the same again changes nothing.

    Raises NotFound, Unauthorized for a reader, Invalid for an unknown resolution or one that takes out what is pinned,
    Blocked for what is resolved otherwise or no conflict any more.
    """
    resolution = Resolution(parse_choice("resolution", request.resolution, Resolution, ""))
    seen = await _must_get(tx, principal, conflict_id)
    for space_key in sorted({seen.left.space_key, seen.right.space_key}):
        principal.require_writable(space_key)
    rev = await memories.lock_space(tx, seen.left.space_key)
    conflict = await _must_get(tx, principal, conflict_id)
    if conflict.resolution is not resolution:
        check_resolvable(conflict, resolution)
        secrets = principal.settings_of(conflict.left.space_key).secrets
        label = redact(request.label or "", secrets, "label")
        decision = _decision(conflict, resolution, (principal, label, rev), given)
        await _write(tx, conflict, decision, resolution)
        await copying.follow(tx, principal, [before.id for before in decision.before], given.now)
    return await get(tx, principal, conflict_id)


async def _must_get(tx: Transaction, principal: Principal, conflict_id: str) -> Conflict:
    found = await conflicts.get(tx, principal, conflict_id)
    if found is None:
        raise NotFound("no such conflict")
    return found


async def _views(tx: Transaction, principal: Principal, found: Sequence[Conflict]) -> list[ConflictView]:
    ids = list({memory.id for conflict in found for memory in (conflict.left, conflict.right)})
    evidence = await answers.evidence_of(tx, principal, ids) if ids else {}
    return [conflict_view(conflict, evidence) for conflict in found]


def _decision(
    conflict: Conflict, resolution: Resolution, how: tuple[Principal, str, int], given: Given
) -> StoredDecision:
    principal, label, rev = how
    losers = conflict.losers(resolution)
    kept, other = conflict.left, conflict.right
    if resolution is Resolution.KEEP_RIGHT:
        kept, other = other, kept
    return StoredDecision(
        id=given.decision_id,
        # The conflict stands for the task: undoing all of it opens the conflict again.
        task_id=conflict.id,
        space_key=kept.space_key,
        tenant_id=principal.tenant_id,
        visible_to=narrowest(kept, other),
        rev=rev,
        fact=0,
        action=ACTIONS[resolution],
        requested_action=ACTIONS[resolution],
        text="",
        category=kept.category,
        memory_id=kept.id,
        target_id=other.id,
        reason=f"the conflict was resolved as {resolution}",
        label=label,
        method=METHOD,
        before=[Before(id=one.id, state=one.state, valid_to=one.valid_to) for one in losers],
        created_at=given.now,
    )


async def _write(tx: Transaction, conflict: Conflict, decision: StoredDecision, resolution: Resolution) -> None:
    sides = {memory.id: memory for memory in (conflict.left, conflict.right)}
    kept, other = sides[decision.memory_id], sides[decision.target_id]
    now = decision.created_at
    written = Written(space_key=decision.space_key, task_id=decision.task_id, now=now)
    await decisions.create_relations(tx, _relations(decision), written)
    changes, known = _changes(decision, (kept, other), now)
    await decisions.update_states(tx, decision.space_key, await assimilation.state_rows(tx, changes, known), now)
    await messages.update_outdated(tx, [decision.space_key], [change.id for change in changes])
    await decisions.create_many(tx, decision.space_key, [decision])
    await conflicts.resolve(tx, conflict, decision.id, resolution)
    await belief.update(tx, decision.space_key, list(sides))


def _relations(decision: StoredDecision) -> list[PlannedRelation]:
    kinds = {Action.SUPERSEDE: "SUPERSEDES", Action.CONTEXTUALIZE: "CONTEXTUALIZES"}
    if decision.action not in kinds:
        return []
    relation = PlannedRelation(
        id=str(uuid5(NAMESPACE, f"relation\n{decision.id}")),
        type=kinds[decision.action],
        source_id=decision.memory_id,
        target_id=decision.target_id,
        label=decision.label or None,
        weight=WEIGHT,
        method=METHOD,
        decision_id=decision.id,
    )
    return [relation]


def _changes(
    decision: StoredDecision, sides: tuple[Memory, Memory], now: datetime
) -> tuple[list[Change], dict[str, Memory]]:
    """What becomes of those that lose: replaced by the one that stays, or both believed no more from now on."""
    kept, other = sides
    known = {memory.id: memory for memory in sides}
    if decision.action is Action.SUPERSEDE:
        ended = min(other.valid_to, max(other.valid_from, kept.valid_from))
        return [Change(id=other.id, state=State.SUPERSEDED, valid_to=ended)], known
    if decision.action is Action.REJECT:
        known = {one.id: msgspec.structs.replace(one, retired_at=now) for one in sides}
        return [Change(id=one.id, state=State.RETRACTED, valid_to=one.valid_to) for one in sides], known
    return [], known

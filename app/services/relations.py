"""Relations of a memory: list, state by hand, take back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain import listing
from app.domain.conflicts import narrowest
from app.domain.errors import Invalid, NotFound
from app.domain.events import EventType, Touched
from app.domain.listing import Cursor, parse_instant
from app.domain.memories import BEGINNING, OPEN_END, Memory, State
from app.domain.principal import ALL_AGENTS, Principal
from app.domain.relations import (
    ASSERTABLE,
    SYMMETRIC,
    Direction,
    FurtherRelation,
    NewRelation,
    Relation,
    RelationList,
    RelationQuery,
    RelationType,
    RelationView,
    check_statable,
    further_view,
    relation_view,
)
from app.services import belief, copying
from app.services.memories import free_key, must_get
from app.storage import events, memories, messages, relations
from app.storage.graph import Transaction
from app.storage.relations import RelationPage, RelationWrite
from ingest.redaction import redact

# What a person or agent states counts fully (pipelines 3.4).
STATED_WEIGHT = 1.0
# Three steps reach what an agent can still explain; a hub leads to more memories than anybody reads.
MAX_DEPTH = 3
WIDEST = 100


async def list_page(tx: Transaction, principal: Principal, memory_id: str, query: RelationQuery) -> RelationList:
    """A page of a memory's relations, oldest first; with a depth those of what they lead to as well, nearest first.

    Raises NotFound, and Invalid for an unknown type or direction, a depth out of bounds or an unreadable time.
    """
    await must_get(tx, principal, memory_id)
    page = parse_page(query)
    depth = _parse_depth(query)
    if depth > 1:
        return RelationList(await _follow(tx, principal, memory_id, page, depth), None)
    found = await relations.list_all(tx, principal, [memory_id], page)
    views = [relation_view(relation) for relation in found]
    return RelationList(views, listing.cursor_after(found, page.limit, descending=False))


def _parse_depth(query: RelationQuery) -> int:
    depth = 1 if query.depth is None else query.depth
    if not 1 <= depth <= MAX_DEPTH:
        raise Invalid(f"depth must be from 1 to {MAX_DEPTH}, not {depth}")
    if depth > 1 and query.cursor:
        raise Invalid("cursor leads through the relations of one memory; leave it out with a depth")
    return depth


async def _follow(
    tx: Transaction, principal: Principal, memory_id: str, page: RelationPage, depth: int
) -> list[RelationView]:
    """The relations within some steps, each once and as far as the limit goes; every step only to what may be seen."""
    shown: dict[str, FurtherRelation] = {}
    reached, frontier = {memory_id}, [memory_id]
    for step in range(1, depth + 1):
        found = await relations.list_all(tx, principal, frontier, page)
        for relation in sorted(found, key=lambda one: (one.created_at, one.id)):
            if len(shown) < page.limit:
                shown.setdefault(relation.id, further_view(relation, step))
        new = dict.fromkeys(relation.memory.id for relation in found if relation.memory.id not in reached)
        reached |= new.keys()
        frontier = list(new)[:WIDEST]
        if not frontier or len(shown) >= page.limit:
            break
    return list(shown.values())


def parse_page(query: RelationQuery) -> RelationPage:
    """The page a query asks for. Raises Invalid, which names the field."""
    direction = (query.direction or Direction.BOTH).lower()
    if direction not in list(Direction):
        raise Invalid(f"direction must be one of {', '.join(Direction)}, not {query.direction!r}")
    ends = [Direction.OUT, Direction.IN] if direction == Direction.BOTH else [Direction(direction)]
    kinds = [_parse_type(query.type, tuple(RelationType))] if query.type else list(RelationType)
    place = listing.decode(query.cursor) if query.cursor else Cursor("created_at", False, BEGINNING.isoformat(), "")
    return RelationPage(
        types=[kind.upper() for kind in kinds],
        directions=[end.value for end in ends],
        after=parse_instant("cursor", place.after, BEGINNING),
        after_id=place.id,
        limit=listing.parse_limit(query.limit),
        as_of=parse_instant("as_of", query.as_of, OPEN_END) if query.as_of else None,
    )


def _parse_type(given: str, accepted: tuple[RelationType, ...]) -> RelationType:
    if given.lower() not in accepted:
        raise Invalid(f"type must be one of {', '.join(accepted)}, not {given!r}")
    return RelationType(given.lower())


class NewIds(msgspec.Struct, frozen=True):
    """What a write needs from outside: an id and the time."""

    relation_id: str
    now: datetime


async def create(
    tx: Transaction, principal: Principal, memory_id: str, new: NewRelation, given: NewIds
) -> tuple[RelationView, bool]:
    """Relates a memory to another one; the relation, and whether it is new.

    Superseding closes the valid time of the other memory. Raises NotFound when either is out of sight, Unauthorized
    for a reader, Invalid for what cannot be related by hand.
    """
    kind = _parse_type(new.type, ASSERTABLE)
    source = await must_get(tx, principal, memory_id)
    target = await memories.get(tx, principal, new.target_id)
    if target is None:
        raise NotFound("target_id names no memory")
    check_statable(source, target, kind)
    principal.require_writable(source.space_key)
    if kind is RelationType.SUPERSEDES:
        principal.require_writable(target.space_key)
    await _lock(tx, source, target)
    if kind is RelationType.SUPERSEDES and await relations.is_successor(tx, principal, target.id, source.id):
        raise Invalid("target_id names a memory that supersedes this one")
    if kind is RelationType.DERIVED_FROM and await relations.is_conclusion(tx, principal, target.id, source.id):
        raise Invalid("target_id names a memory that is derived from this one")
    relation_id = await _write(tx, principal, (source, target), new, kind, given)
    if kind is RelationType.SUPERSEDES:
        await relations.mark_superseded(tx, principal, target.id, given.now)
        await copying.follow(tx, principal, [target.id], given.now)
        await messages.update_outdated(tx, [target.space_key], [target.id])
    if relation_id == given.relation_id:
        _tell(tx, EventType.RELATION_CREATED, source, target, kind)
    await _update_beliefs(tx, source, target)
    stored = await _must_get_relation(tx, principal, memory_id, relation_id)
    return relation_view(stored), relation_id == given.relation_id


async def delete(tx: Transaction, principal: Principal, memory_id: str, relation_id: str, now: datetime) -> None:
    """Takes a relation back; what it had superseded is current again. Raises NotFound, Unauthorized for a reader."""
    memory = await must_get(tx, principal, memory_id)
    relation = await _must_get_relation(tx, principal, memory_id, relation_id)
    principal.require_writable(memory.space_key)
    older = memory if relation.direction is Direction.IN else relation.memory
    if relation.type == "SUPERSEDES":
        principal.require_writable(older.space_key)
    await _lock(tx, memory, relation.memory)
    await relations.delete(tx, principal, memory_id, relation_id)
    _tell(tx, EventType.RELATION_DELETED, memory, relation.memory, relation.type.lower())
    if relation.type == "SUPERSEDES":
        await _reopen(tx, principal, older, now)
    await _update_beliefs(tx, memory, relation.memory)


def _tell(tx: Transaction, event: EventType, source: Memory, target: Memory, kind: str) -> None:
    """Tells of a relation whoever sees both ends; of one between two spaces or two agents nobody is known to."""
    agents = {source.visible_to, target.visible_to} - {ALL_AGENTS}
    if source.space_key == target.space_key and len(agents) <= 1:
        events.note(tx, event, [Touched(source.id, source.space_key, narrowest(source, target), str(kind))])


async def _reopen(tx: Transaction, principal: Principal, older: Memory, now: datetime) -> None:
    key = await free_key(tx, msgspec.structs.replace(older, state=State.ACTIVE))
    await relations.reopen(tx, principal, older.id, key, now)
    await copying.follow(tx, principal, [older.id], now)
    await messages.update_outdated(tx, [older.space_key], [older.id])


async def _write(
    tx: Transaction,
    principal: Principal,
    ends: tuple[Memory, Memory],
    new: NewRelation,
    kind: RelationType,
    given: NewIds,
) -> str:
    secrets = principal.settings_of(ends[0].space_key).secrets
    source, target = sorted(ends, key=lambda memory: memory.id) if kind in SYMMETRIC else ends
    write = RelationWrite(
        relation_id=given.relation_id,
        type=kind.upper(),
        source_id=source.id,
        target_id=target.id,
        label=redact(new.label, secrets, "label") if new.label else None,
        method="user",
        weight=STATED_WEIGHT,
        task_id=None,
        now=given.now,
    )
    return await relations.create(tx, principal, write) or ""


async def _lock(tx: Transaction, *ends: Memory) -> None:
    # In the order of the keys, so that two writers that need both spaces do not wait for each other.
    for space_key in sorted({memory.space_key for memory in ends}):
        await memories.lock_space(tx, space_key)


async def _update_beliefs(tx: Transaction, *ends: Memory) -> None:
    for space_key in sorted({memory.space_key for memory in ends}):
        await belief.update(tx, space_key, [memory.id for memory in ends])


async def _must_get_relation(tx: Transaction, principal: Principal, memory_id: str, relation_id: str) -> Relation:
    found = await relations.get(tx, principal, memory_id, relation_id)
    if found is None:
        raise NotFound("no such relation")
    return found

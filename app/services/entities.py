"""Entities: which there are, what is remembered of them, what was true when, and which may be one thing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain import listing
from app.domain.entities import (
    Entity,
    EntityList,
    EntityMemories,
    EntityMemoriesQuery,
    EntityQuery,
    EntitySort,
    EntityView,
    Timeline,
    TimelineQuery,
    entity_view,
    parse_count,
    parse_cursor,
    timeline_of,
)
from app.domain.errors import NotFound
from app.domain.listing import Cursor, parse_instant
from app.domain.memories import BEGINNING, LISTED_STATES, OPEN_END, PAST_STATES, parse_choice, view
from app.domain.principal import Principal
from app.domain.tasks import Task
from app.services.parts import Parts
from app.storage import entities, memories
from app.storage.entities import Alike, EntityPage, EntityRow, MemoriesPage, MomentsPage, Named, SameRow, Written
from app.storage.graph import Transaction
from ingest.linking import (
    POSSIBLY_SAME,
    KnownEntity,
    alike_query,
    cosine,
    is_comparable,
    is_speaker,
    norm_name,
    score_sameness,
    subject_key,
)

# So many entities are compared at a time, each with so many that are spelled like it.
COMPARED, ALIKE = 64, 10


async def list_page(tx: Transaction, principal: Principal, query: EntityQuery) -> EntityList:
    """A page of what the caller's memories name. Raises Invalid for an unknown order or a foreign cursor."""
    sort = parse_choice("sort", query.sort, EntitySort, EntitySort.MEMORIES)
    page = _entity_page(principal, query, sort)
    found = await entities.get_many(tx, principal, await entities.list_page(tx, principal, page))
    more = page.limit and len(found) == page.limit
    return EntityList([_view(principal, entity) for entity in found], _cursor(found[-1], sort) if more else None)


def _entity_page(principal: Principal, query: EntityQuery, sort: str) -> EntityPage:
    place = parse_cursor(query.cursor, sort)
    by_name = sort == EntitySort.NAME
    return EntityPage(
        space_keys=principal.readable_spaces(query.space),
        q=norm_name(query.q or ""),
        type=query.type or "",
        by_name=by_name,
        after_name=place.after if place and by_name else "",
        after_count=parse_count(place.after) if place and not by_name else 0,
        after_id=place.id if place else "",
        limit=listing.parse_limit(query.limit),
    )


def _cursor(last: Entity, sort: str) -> str:
    after = last.head.norm_name if sort == EntitySort.NAME else str(last.memory_count)
    return listing.encode(Cursor(sort, sort != EntitySort.NAME, after, last.head.id))


async def must_get(tx: Transaction, principal: Principal, entity_id: str) -> Entity:
    """A thing by the id of any of its nodes. Raises NotFound, also for one that no memory names which he may see."""
    found = await entities.get_many(tx, principal, [entity_id])
    if not found:
        raise NotFound("no such entity")
    return found[0]


async def get(tx: Transaction, principal: Principal, entity_id: str) -> EntityView:
    """A thing on the wire. Raises NotFound."""
    return _view(principal, await must_get(tx, principal, entity_id))


def _view(principal: Principal, entity: Entity) -> EntityView:
    return entity_view(entity, principal.space_id(entity.space_key))


async def list_memories(
    tx: Transaction, principal: Principal, entity_id: str, query: EntityMemoriesQuery
) -> EntityMemories:
    """A page of the memories that name a thing, newest first. Raises NotFound, and Invalid for a foreign cursor."""
    entity = await must_get(tx, principal, entity_id)
    place = parse_cursor(query.cursor, "created_at")
    page = MemoriesPage(
        member_ids=entity.member_ids,
        states=[*LISTED_STATES, *(PAST_STATES if query.include_superseded else [])],
        before=parse_instant("cursor", place.after, OPEN_END) if place else OPEN_END,
        before_id=place.id if place else "",
        limit=listing.parse_limit(query.limit),
    )
    found = await memories.get_many(tx, principal, await entities.list_memories(tx, principal, page))
    return EntityMemories([view(one) for one in found], listing.cursor_after(found, page.limit, descending=True))


async def get_timeline(tx: Transaction, principal: Principal, entity_id: str, query: TimelineQuery) -> Timeline:
    """A page of what was true of a thing when, oldest first. Raises NotFound, and Invalid for a foreign cursor."""
    entity = await must_get(tx, principal, entity_id)
    page = moments_page(entity.member_ids, query)
    subjects = [*entity.names, *map(subject_key, entity.names)]
    return timeline_of(await entities.list_moments(tx, principal, subjects, page), page.limit)


def moments_page(member_ids: list[str], query: TimelineQuery) -> MomentsPage:
    """The part of a timeline that a query asks for. Raises Invalid for a foreign cursor."""
    place = parse_cursor(query.cursor, "valid_from")
    return MomentsPage(
        member_ids=member_ids,
        after=parse_instant("cursor", place.after, BEGINNING) if place else BEGINNING,
        after_id=place.id if place else "",
        limit=listing.parse_limit(query.limit),
    )


async def link_similar(parts: Parts, task: Task) -> None:
    """Marks the entities that a task made and that may be one thing with others; again it changes nothing.

    Raises EmbeddingFailed; then nothing of the portion at hand is marked.
    """
    found = await parts.graph.read(entities.list_of_task, task.space_key, task.id)
    made = [entity for entity in found if not is_speaker(entity.norm_name)]
    for start in range(0, len(made), COMPARED):
        await _link_some(parts, task, made[start : start + COMPARED])


async def _link_some(parts: Parts, task: Task, made: Sequence[EntityRow]) -> None:
    rows = [Named(entity.id, query) for entity in made if (query := alike_query(task.space_key, entity.name))]
    alike = await parts.graph.read(entities.list_alike, task.space_key, rows, ALIKE)
    pairs = _pairs({entity.id: entity for entity in made}, alike)
    names = sorted({entity.name for pair in pairs for entity in pair})
    vectors = dict(zip(names, await parts.embedder.embed_documents(names) if names else [], strict=True))
    scored = [
        SameRow(
            low.id,
            high.id,
            round(score_sameness(low.name, high.name, cosine(vectors[low.name], vectors[high.name])), 4),
        )
        for low, high in pairs
    ]
    same = [row for row in scored if row.score >= POSSIBLY_SAME]
    if same:
        written = Written(space_key=task.space_key, task_id=task.id, now=parts.clock())
        await parts.graph.write(_create_possibly_same, same, written)


async def _create_possibly_same(tx: Transaction, rows: Sequence[SameRow], written: Written) -> None:
    await memories.lock_space(tx, written.space_key)
    await entities.create_possibly_same(tx, rows, written)


def _pairs(made: dict[str, EntityRow], alike: Sequence[Alike]) -> list[tuple[EntityRow, EntityRow]]:
    """Each pair once, the lower id first, without those that cannot be one thing."""
    pairs: dict[tuple[str, str], tuple[EntityRow, EntityRow]] = {}
    for found in alike:
        low, high = sorted((made[found.of], found.entity), key=lambda entity: entity.id)
        if is_comparable(_known(low), _known(high)):
            pairs[low.id, high.id] = (low, high)
    return list(pairs.values())


def _known(entity: EntityRow) -> KnownEntity:
    return msgspec.convert(entity, KnownEntity, from_attributes=True)

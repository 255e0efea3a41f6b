"""Communities: made in the background when a space has moved, and read by who sees their memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain import listing
from app.domain.communities import (
    Cluster,
    Community,
    CommunityDetail,
    CommunityList,
    CommunityQuery,
    Outcome,
    Sketch,
    community_view,
    label_of,
)
from app.domain.entities import parse_count, parse_cursor
from app.domain.errors import NotFound
from app.domain.listing import Cursor
from app.domain.memories import view
from app.domain.principal import Principal
from app.domain.tasks import Progress, Report, Task, TaskKind, TaskStatus
from app.services.apart import run_apart
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import communities, memories, tasks
from app.storage.communities import CentralityRow, CommunityPage, CommunityRow, MemberRow
from app.storage.entities import Written
from app.storage.graph import Transaction
from ingest.communities import LEAST_MEMORIES, find

# The newest memories of a larger space stand for it (pipelines 8).
MOST_MEMORIES = 20_000
# A transaction of so many writes takes well below a second.
WRITE_BATCH = 1_000
SHOWN_MEMORIES = 50
BY_SIZE = "memory_count"


async def list_page(tx: Transaction, principal: Principal, query: CommunityQuery) -> CommunityList:
    """A page of communities, largest first. Raises Invalid for a foreign cursor."""
    place = parse_cursor(query.cursor, BY_SIZE)
    page = CommunityPage(
        space_keys=principal.readable_spaces(query.space),
        after_count=parse_count(place.after) if place else 0,
        after_id=place.id if place else "",
        limit=listing.parse_limit(query.limit),
    )
    found = await communities.list_page(tx, principal, page)
    more = page.limit and len(found) == page.limit
    shown = [community_view(one, principal.space_id(one.space_key)) for one in found]
    return CommunityList(shown, _cursor(found[-1]) if more else None)


def _cursor(last: Community) -> str:
    return listing.encode(Cursor(BY_SIZE, True, str(last.memory_count), last.id))


async def get(tx: Transaction, principal: Principal, community_id: str) -> CommunityDetail:
    """A community with its most central memories. Raises NotFound, also for one without a memory the caller sees."""
    page = CommunityPage(space_keys=principal.space_keys, id=community_id)
    found = await communities.list_page(tx, principal, page)
    if not found or not community_id:
        raise NotFound("no such community")
    ids = await communities.list_memory_ids(tx, principal, community_id, SHOWN_MEMORIES)
    shown = community_view(found[0], principal.space_id(found[0].space_key))
    return CommunityDetail(
        **msgspec.structs.asdict(shown),
        memories=[view(memory) for memory in await memories.get_many(tx, principal, ids)],
    )


async def enqueue(tx: Transaction, principal: Principal, space_key: str, now: datetime) -> None:
    """Queues a task that makes the communities of a space, unless one waits already."""
    task = new_task(space_key, principal.tenant_id, str(uuid4()), now)
    await tasks.lock_lanes(tx, space_key)
    if await tasks.get_waiting(tx, task) is None:
        await tasks.create(tx, task, None)


def new_task(space_key: str, tenant_id: str, task_id: str, now: datetime) -> Task:
    """A queued task for a tenant; periodic work names its tasks after the period."""
    return Task(
        id=task_id,
        kind=TaskKind.COMMUNITIES,
        status=TaskStatus.QUEUED,
        tenant_id=tenant_id,
        space_key=space_key,
        created_at=now,
    )


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Makes the communities of the task's space anew, if the space has moved since they were made."""
    moved = await parts.graph.read(communities.get_moved, task.space_key)
    if moved.rev == moved.made_at:
        return Progress(done=1, total=1)
    sketch = await parts.graph.read(_read, task.space_key, moved.weight, parts.clock())
    outcome = Outcome([], {}) if len(sketch.memories) < LEAST_MEMORIES else await run_apart(find, sketch)
    await report(Progress(done=0, total=1))
    await _write_ranks(parts, task, sketch, outcome.ranks)
    await parts.graph.write(_write, task, (sketch.before, outcome), moved.rev, parts.clock())
    await _label(parts, principal, task)
    counts = {"memories": len(sketch.memories), "communities": len(outcome.clusters)}
    return Progress(done=1, total=1, counts=counts)


async def _read(tx: Transaction, space_key: str, weight: float | None, now: datetime) -> Sketch:
    found = await communities.list_sketch_memories(tx, space_key, now, MOST_MEMORIES)
    ids = {memory.id for memory in found}
    related = await communities.list_sketch_relations(tx, space_key, sorted(ids))
    return Sketch(
        space_key=space_key,
        memories=found,
        relations=[one for one in related if one.target_id in ids],
        before=await communities.list_clusters(tx, space_key),
        weight=weight,
    )


async def _write_ranks(parts: Parts, task: Task, sketch: Sketch, ranks: Mapping[str, float]) -> None:
    """Stores how central nodes are, as far as that moved."""
    known = {memory.id: memory.centrality for memory in sketch.memories}
    rows = [CentralityRow(one, rank) for one, rank in sorted(ranks.items()) if known.get(one) != rank]
    for start in range(0, len(rows), WRITE_BATCH):
        await parts.graph.write(_write_rank_batch, task, rows[start : start + WRITE_BATCH])


async def _write_rank_batch(tx: Transaction, task: Task, rows: Sequence[CentralityRow]) -> None:
    # Nothing here is shown by itself, so the revision of the space stays.
    await tasks.lock_lanes(tx, task.space_key)
    await hold(tx, task)
    await communities.update_centralities(tx, task.space_key, rows)


async def _write(
    tx: Transaction, task: Task, change: tuple[Sequence[Cluster], Outcome], rev: int, now: datetime
) -> None:
    before, outcome = change
    after = outcome.clusters
    await tasks.lock_lanes(tx, task.space_key)
    await hold(tx, task)
    old, new = _members(before), _members(after)
    kept = [cluster.id for cluster in after]
    written = Written(space_key=task.space_key, task_id=task.id, now=now)
    await communities.delete_all_but(tx, task.space_key, kept)
    rows = [CommunityRow(cluster.id, "", len(cluster.memory_ids)) for cluster in after]
    await communities.create_many(tx, rows, written)
    gone = [MemberRow(*pair) for pair in sorted(old - new) if pair[0] in kept]
    await communities.delete_members(tx, task.space_key, gone)
    await communities.create_members(tx, task.space_key, [MemberRow(*pair) for pair in sorted(new - old)])
    await communities.mark(tx, task.space_key, rev, outcome.weight)


def _members(clusters: Sequence[Cluster]) -> set[tuple[str, str]]:
    return {(cluster.id, member) for cluster in clusters for member in cluster.members}


async def _label(parts: Parts, principal: Principal, task: Task) -> None:
    """Names the communities for those who look at the graph itself; who asks over HTTP gets a label made for him."""
    page = CommunityPage(space_keys=[task.space_key], limit=WRITE_BATCH)
    found = await parts.graph.read(communities.list_page, principal, page)
    rows = [
        CommunityRow(one.id, label_of([entity.name for entity in one.entities], one.texts), one.memory_count)
        for one in found
    ]
    await parts.graph.write(_write_labels, task, rows, parts.clock())


async def _write_labels(tx: Transaction, task: Task, rows: Sequence[CommunityRow], now: datetime) -> None:
    await tasks.lock_lanes(tx, task.space_key)
    await hold(tx, task)
    await communities.create_many(tx, rows, Written(space_key=task.space_key, task_id=task.id, now=now))

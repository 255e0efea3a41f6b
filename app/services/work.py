"""What a worker does: one function for each kind of task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from app.domain.messages import embedding_text
from app.domain.principal import Principal
from app.domain.tasks import Progress, Report, Task, TaskKind
from app.services import (
    communities,
    connector_storing,
    consolidation,
    discovery,
    entities,
    erasure,
    import_storing,
    ingest,
    lifecycle,
    relating,
)
from app.services.parts import Parts
from app.storage import tasks

# Vectors are made in portions, so that progress is seen in between.
EMBED_BATCH = 64
Work = Callable[[Parts, Principal, Task, Report], Awaitable[Progress]]


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Does the work of a task; what came of it, where errors make it partial. What it raises has it tried again."""
    return await WORK[task.kind](parts, principal, task, report)


async def take_in(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Works on the messages that the task stored."""
    await embed_waiting(parts, task, report)
    progress = await ingest.run(parts, principal, task, report)
    # A text merged from two is new, so its vector is still to be made.
    await embed_waiting(parts, task, report)
    await entities.link_similar(parts, task)
    return progress


async def relate(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Works on a memory that was stored or edited."""
    await embed_waiting(parts, task, report)
    progress = await relating.run(parts, principal, task)
    await embed_waiting(parts, task, report)
    await entities.link_similar(parts, task)
    return progress


async def bring_in(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Stores what of a file waits to be stored, and works on it."""
    stored = await import_storing.store_waiting(parts, principal, task, report)
    progress = await take_in(parts, principal, msgspec.structs.replace(task, stored_count=stored), report)
    # What came with the file is compared with what was there, once the facts of all of it are known.
    await parts.graph.write(discovery.enqueue, principal, task.space_key, parts.clock())
    return progress


async def follow(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Works on what a connection brought, and takes back what nobody there says any more."""
    progress = await take_in(parts, principal, task, report)
    await connector_storing.take_back_unsaid(parts, principal, task)
    return progress


async def discover(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Compares the memories of a space; what was found may bring some of them together."""
    progress = await discovery.run(parts, principal, task, report)
    await parts.graph.write(communities.enqueue, principal, task.space_key, parts.clock())
    return progress


async def consolidate(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Derives memories from groups of others; their texts are new, so their vectors are still to be made."""
    await embed_waiting(parts, task, report)
    progress = await consolidation.run(parts, principal, task, report)
    await embed_waiting(parts, task, report)
    return progress


# What is done for each kind of task.
WORK: dict[TaskKind, Work] = {
    TaskKind.INGEST: take_in,
    TaskKind.RELATE: relate,
    TaskKind.IMPORT: bring_in,
    TaskKind.DISCOVER: discover,
    TaskKind.COMMUNITIES: communities.run,
    TaskKind.CONSOLIDATE: consolidate,
    TaskKind.CONNECTOR: follow,
    TaskKind.LIFECYCLE: lifecycle.run,
    TaskKind.ERASE: erasure.run,
    TaskKind.RESTORE: take_in,
}


async def embed_waiting(parts: Parts, task: Task, report: Report) -> Progress:
    """Makes the vectors that the store left to its task; a step each, after those of storing."""
    done = task.stored_count
    while waiting := await parts.graph.read(tasks.list_unembedded, task, EMBED_BATCH):
        texts = [embedding_text(node.speaker or "", node.content) for node in waiting]
        vectors = await parts.embedder.embed_documents(texts)
        found = dict(zip((node.id for node in waiting), vectors, strict=True))
        await parts.graph.write(tasks.add_embeddings, task, found)
        done += len(waiting)
        await report(Progress(done, max(task.total_count, done)))
    return Progress(done, done)

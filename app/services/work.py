"""What a worker does: one function for each kind of task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from app.domain.messages import embedding_text
from app.domain.principal import Principal
from app.domain.tasks import Progress, Task, TaskKind
from app.domain.texts import is_mostly_cjk
from app.services.parts import Parts
from app.storage import memories, relations, search, tasks
from app.storage.graph import Transaction

# Vectors are made in portions, so that progress is seen in between.
EMBED_BATCH = 64
# From this cosine on two memories count as close. MiniLM puts unrelated English at 0.05 ± 0.1, paraphrases above 0.6.
# To it everything Chinese is alike: among twenty unrelated facts some pairs reached 0.80, and paraphrases 0.88.
CLOSE_COSINE = 0.6
CLOSE_CJK_COSINE = 0.85
NEIGHBOURS = 5

# Records how far an attempt is and prolongs its lease; raises when the lease is lost or the task was cancelled.
Report = Callable[[Progress], Awaitable[None]]
Work = Callable[[Parts, Principal, Task, Report], Awaitable[Progress]]


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Does the work of a task; what came of it, where errors make it partial. What it raises has it tried again."""
    return await WORK[task.kind](parts, principal, task, report)


async def ingest(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Works on the messages that the task stored."""
    return await embed_waiting(parts, task, report)


async def connect(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Works on a memory that was stored or edited."""
    progress = await embed_waiting(parts, task, report)
    await parts.graph.write(relate, principal, task, parts.clock())
    return progress


# What is done for each kind of task.
WORK: dict[TaskKind, Work] = {
    TaskKind.INGEST: ingest,
    TaskKind.RELATE: connect,
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


async def relate(tx: Transaction, principal: Principal, task: Task, now: datetime) -> None:
    """Links a memory to those that lie close to it."""
    memory = await memories.get(tx, principal, task.memory_id)
    if memory is None:
        return
    found = await search.list_neighbours(tx, principal, memory, NEIGHBOURS + 1)
    cosines = {neighbour.id: search.cosine_of(neighbour.score) for neighbour in found}
    line = CLOSE_CJK_COSINE if is_mostly_cjk(memory.content) else CLOSE_COSINE
    close = {other_id: cosine for other_id, cosine in cosines.items() if cosine >= line}
    if close:
        await memories.lock_space(tx, memory.space_key)
        await relations.create_similarities(tx, memory, close, task.id, now)

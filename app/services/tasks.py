"""Background work: what its tenant may see of it, and what a worker does."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from app.domain import listing
from app.domain.errors import Invalid, NotFound
from app.domain.listing import Cursor, parse_instant
from app.domain.memories import OPEN_END
from app.domain.messages import embedding_text
from app.domain.principal import Principal
from app.domain.tasks import Task, TaskKind, TaskStatus, TaskView, view
from app.domain.texts import is_mostly_cjk
from app.services.parts import Parts
from app.storage import memories, relations, search, tasks
from app.storage.graph import Transaction
from app.storage.tasks import TaskPage
from ingest.redaction import redact

# Vectors are made in portions, so that a lease is renewed and progress seen in between.
EMBED_BATCH = 64
# From this cosine on two memories count as close. MiniLM puts unrelated English at 0.05 ± 0.1, paraphrases above 0.6.
# To it everything Chinese is alike: among twenty unrelated facts some pairs reached 0.80, and paraphrases 0.88.
CLOSE_COSINE = 0.6
CLOSE_CJK_COSINE = 0.85
NEIGHBOURS = 5

# Tells the worker's lease how many steps of how many are done; raises when the lease is lost.
Report = Callable[[int, int], Awaitable[None]]


class TaskList(msgspec.Struct, frozen=True):
    """A page of tasks; `next_cursor` is null on the last one."""

    tasks: list[TaskView]
    next_cursor: str | None


def request_hash(path: str, body: object) -> str:
    """Tells requests with one Idempotency-Key apart; without private text, as a hash gives a short secret away."""
    shown = redact(msgspec.json.encode(body).decode())
    return hashlib.sha256(f"{path}\0{shown}".encode()).hexdigest()


async def get(tx: Transaction, principal: Principal, task_id: str) -> TaskView:
    """A task of the caller's tenant. Raises NotFound."""
    found = await tasks.get(tx, principal, task_id)
    if found is None:
        raise NotFound("no such task")
    return view(found)


async def list_page(
    tx: Transaction, principal: Principal, status: str | None, cursor: str | None, limit: int | None
) -> TaskList:
    """The tenant's tasks, newest first. Raises Invalid for an unknown status or a foreign cursor."""
    if status and status not in list(TaskStatus):
        raise Invalid(f"status must be one of {', '.join(TaskStatus)}, not {status!r}")
    place = listing.decode(cursor) if cursor else Cursor("created_at", True, OPEN_END.isoformat(), "")
    size = listing.parse_limit(limit)
    page = TaskPage(
        status=status or "",
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        limit=size,
    )
    found = await tasks.list_all(tx, principal, page)
    return TaskList([view(task) for task in found], listing.cursor_after(found, size, descending=True))


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> tuple[int, int]:
    """Does the work of a task; steps done and steps in all. Raises what the work raises; then it is tried again."""
    done = task.stored_count + await embed_waiting(parts, task, report)
    if task.kind is TaskKind.RELATE:
        await parts.graph.write(relate, principal, task, parts.clock())
    return done, done


async def embed_waiting(parts: Parts, task: Task, report: Report) -> int:
    """Makes the vectors that the store left to its task; how many."""
    made = 0
    while waiting := await parts.graph.read(tasks.list_unembedded, task, EMBED_BATCH):
        texts = [embedding_text(node.speaker or "", node.content) for node in waiting]
        vectors = await parts.embedder.embed_documents(texts)
        found = dict(zip((node.id for node in waiting), vectors, strict=True))
        await parts.graph.write(tasks.add_embeddings, task, found)
        made += len(waiting)
        await report(task.stored_count + made, max(task.total_count, task.stored_count + made))
    return made


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

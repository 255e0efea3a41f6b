"""What `doctor` asks the graph: version, schema, vectors, model, and whether something stored is found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

from app.api.tenants import sign_up
from app.cli.failures import EXPECTED, sentence
from app.cli.findings import Finding, ok, problem, warning
from app.domain.memories import NewMemory
from app.domain.principal import Principal
from app.domain.search import SearchRequest
from app.domain.tasks import TaskStatus
from app.providers.embedder import EmbeddingFailed
from app.services import memories, tasks
from app.services.parts import Parts
from app.services.search import search_memories
from app.storage import schema, system
from app.storage.graph import Graph, QueryFailed
from app.storage.schema import SetupError
from app.storage.system import EmbeddingModel

PAGE = 1_000
OPEN_TASKS = (TaskStatus.QUEUED, TaskStatus.RUNNING)
# The index is asked for so many vectors, a random part of all; each takes some milliseconds.
SAMPLE = 100
# Among so many nearest ones a vector must be; the index is approximate.
NEAREST = 10
# A worker that runs takes the task of the trial within a second; where none runs, nobody minds it.
WORKER_SECONDS = 3.0
POLL_SECONDS = 0.2
TRIAL_TEXT = "The doctor of this memory checks that what is stored is found again."
TRIAL_QUESTION = "What does the doctor of this memory check?"


async def examine(parts: Parts) -> AsyncIterator[Finding]:
    """One finding after the other; what follows from a problem is not checked."""
    graph = parts.graph
    try:
        yield ok("Neo4j", await schema.check_version(graph))
        model = await graph.read(system.get_embedding_model)
        if model is None:
            yield warning("schema", "no service has opened this graph yet; `ourmem up` sets it up")
            return
        yield await check_schema(graph)
        await schema.check(graph, model.dimension)
        yield ok("indexes", "all are there and online")
    except SetupError as error:
        yield problem("graph", str(error))
        return
    yield await check_vectors(graph, model.dimension)
    yield await check_waiting(graph)
    finding = await check_model(parts, model)
    yield finding
    if finding.status == "ok":
        yield await check_round_trip(parts)


async def check_schema(graph: Graph) -> Finding:
    """Whether all schema files are applied; the next start applies those that are not. Raises SetupError."""
    applied = await schema.get_applied(graph)
    known = {schema.number_of(path) for path in schema.FILES}
    if missing := sorted(known - applied):
        return warning("schema", f"{missing} not applied yet; the next start of the service does it")
    return ok("schema", f"version {max(known)}")


async def check_vectors(graph: Graph, dimension: int) -> Finding:
    """Whether search can find every vector: by its form all of them, by asking the index a sample."""
    lost, cursor = 0, ""
    while (page := await graph.read(system.check_vectors, cursor, dimension, PAGE)).last:
        lost, cursor = lost + page.lost, page.last
    total = await graph.read(system.count_embeddable, "")
    unindexed = await count_unindexed(graph, dimension)
    if lost or unindexed:
        found = f"{lost} have a wrong length or are zero, {unindexed} of {SAMPLE} asked for are not in the index"
        return problem("vectors", f"of {total} vectors {found}, so no search finds them; run `ourmem reembed --again`")
    return ok("vectors", f"{total} texts, all vectors can be found")


async def count_unindexed(graph: Graph, dimension: int) -> int:
    """How many of a sample the index does not return.

    Neo4j 2026.08 fails where it is asked for more than there is in a space and nodes were removed just before; then
    each is asked for alone, which is less sure in a large space.
    """
    start = str(uuid4())
    try:
        return await graph.read(system.count_unindexed, start, dimension, SAMPLE, NEAREST)
    except QueryFailed:
        return await graph.read(system.count_unindexed, start, dimension, SAMPLE, 1)


async def check_waiting(graph: Graph) -> Finding:
    """Whether texts still wait for their vectors."""
    waiting = await graph.read(system.count_waiting)
    if waiting:
        return warning("waiting", f"{waiting} texts wait for their vectors; a running worker makes them")
    return ok("waiting", "no text waits for its vector")


async def check_model(parts: Parts, recorded: EmbeddingModel) -> Finding:
    """Whether the configured model can be loaded and is the one whose vectors are in the graph."""
    try:
        await parts.embedder.load()
        await schema.check_model(parts.graph, parts.embedder.model, parts.embedder.dimension)
    except (EmbeddingFailed, SetupError) as error:
        return problem("model", str(error))
    return ok("model", f"{recorded.name}, {recorded.dimension} numbers a vector")


async def check_round_trip(parts: Parts) -> Finding:
    """Stores a memory for a tenant of its own, searches it, and removes both."""
    tenant = await sign_up(parts, "doctor")
    try:
        return await _store_and_search(parts, tenant.user_id)
    except EXPECTED as error:
        return problem("round trip", sentence(error))
    finally:
        await parts.graph.write(system.delete_tenant, tenant.user_id)


async def _store_and_search(parts: Parts, tenant_id: str) -> Finding:
    principal = await parts.graph.read(system.get_tenant_principal, tenant_id)
    if principal is None:
        return problem("round trip", "a tenant that was just made is not there; see the log of Neo4j")
    stored = await memories.create(parts, principal, NewMemory(content=TRIAL_TEXT), None)
    await _let_worker_finish(parts, principal, stored.task_id or "")
    answer = await search_memories(parts, principal, SearchRequest(q=TRIAL_QUESTION))
    if answer.degraded:
        return problem("round trip", f"search works in part only, without {', '.join(answer.degraded)}; see the log")
    if stored.memory.id not in {result.memory.id for result in answer.results}:
        return problem("round trip", "what was stored is not found; see the log of Neo4j")
    return ok("round trip", "what was stored is found")


async def _let_worker_finish(parts: Parts, principal: Principal, task_id: str) -> None:
    """Waits for the task of the trial, which would fail in the hands of a worker when its tenant is removed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WORKER_SECONDS):
            while (await parts.graph.read(tasks.get, principal, task_id)).status in OPEN_TASKS:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)

"""The legs of a search: the words are asked while the question is embedded, the vectors then."""

from __future__ import annotations

import asyncio

import msgspec

from app.domain.errors import Unavailable
from app.domain.principal import Principal
from app.providers.embedder import EmbeddingFailed
from app.services.parts import Parts
from app.services.stopwatch import Stopwatch
from app.services.understanding import Plan
from app.storage import search
from app.storage.graph import QueryFailed, Transaction, has_index_failed
from app.storage.search import Hit, Nearest, TextQueries, cosine_of

# Up to so many tagged memories are compared one by one; more go through the index and are filtered after it.
EXACT_TAGGED = 2_000
WIDENING = 10
EXACT = "vector, exact"


class Found(msgspec.Struct, frozen=True):
    """What some legs found, which of them failed, and how many answered."""

    hits: list[Hit]
    failed: list[str]
    answered: int


async def ask(parts: Parts, principal: Principal, plan: Plan, watch: Stopwatch) -> tuple[list[Hit], list[str]]:
    """What the legs found, the nearest first, and the names of those that failed. Raises Unavailable when all did."""
    embedding, texts = await asyncio.gather(_embed(parts, plan.query), _ask_texts(parts, principal, plan))
    watch.stage("embed", 1, [None] if embedding else [])
    missing = [] if embedding else ["vector"]
    way, near = await _ask_vectors(parts, principal, plan, Nearest(embedding or [], texts.hits))
    failed = [*missing, *texts.failed, *near.failed]
    if not near.answered + texts.answered and texts.failed + near.failed:
        raise Unavailable("no leg of the search answers; try again later")
    hits = [*near.hits, *texts.hits]
    for leg, name in (("vector", way), ("english", "english"), ("cjk", "cjk")):
        cosines = [None if hit.score is None else cosine_of(hit.score) for hit in hits if hit.leg == leg]
        watch.stage(f"leg:{name}", len(cosines), cosines)
    return hits, failed


async def _embed(parts: Parts, query: str) -> list[float] | None:
    try:
        return (await parts.embedder.embed_queries([query]))[0]
    except EmbeddingFailed:
        return None


async def _ask_texts(parts: Parts, principal: Principal, plan: Plan) -> Found:
    asked = [name for name, queries in (("english", plan.texts.english), ("cjk", plan.texts.cjk)) if queries]
    if not asked:
        return Found([], [], 0)
    try:
        hits = await parts.graph.read(search.search_texts, principal, plan.scope, plan.texts)
        return Found(hits, [], len(asked))
    # What one leg does to the statement, the other may do without: each runs once more alone.
    except QueryFailed:
        return await _ask_texts_apart(parts, principal, plan)


async def _ask_texts_apart(parts: Parts, principal: Principal, plan: Plan) -> Found:
    alone = {"english": TextQueries(plan.texts.english, []), "cjk": TextQueries([], plan.texts.cjk)}
    asked = {leg: queries for leg, queries in alone.items() if queries.english or queries.cjk}
    hits: list[Hit] = []
    failed: list[str] = []
    for leg, queries in asked.items():
        try:
            hits += await parts.graph.read(search.search_texts, principal, plan.scope, queries)
        except QueryFailed:
            failed.append(leg)
    return Found(hits, failed, len(asked) - len(failed))


async def _ask_vectors(parts: Parts, principal: Principal, plan: Plan, wanted: Nearest) -> tuple[str, Found]:
    """Which way the vectors were asked, and what that found."""
    if not wanted.embedding:
        return "vector", Found([], [], 0)
    try:
        way, hits = await parts.graph.read(_near, principal, plan, wanted)
    except QueryFailed:
        return "vector", Found([], ["vector"], 0)
    return way, Found(hits, [], 1)


async def _near(tx: Transaction, principal: Principal, plan: Plan, wanted: Nearest) -> tuple[str, list[Hit]]:
    few = await _list_few(tx, principal, plan)
    if few is not None:
        return EXACT, await search.search_by_ids(tx, principal, plan.scope, wanted.embedding, few)
    if not plan.tags:
        return "vector", await search.search_vector(tx, principal, plan.scope, wanted)
    # Which of these carry the tags is seen in what is read, so all are.
    limit = search.VECTOR_LIMIT * WIDENING
    wider = msgspec.structs.replace(wanted, limit=limit, read_limit=limit)
    wide = await search.search_vector(tx, principal, plan.scope, wider)
    return "vector, filtered afterwards", [hit for hit in wide if set(plan.tags) <= set(hit.tags)]


async def _list_few(tx: Transaction, principal: Principal, plan: Plan) -> list[str] | None:
    """What is compared one by one: what is tagged, or all when the index has just failed; None where that is much."""
    if plan.tags:
        tagged = await search.list_tagged(tx, principal, plan.scope, plan.tags, EXACT_TAGGED + 1)
        return tagged if len(tagged) <= EXACT_TAGGED else None
    if not has_index_failed():
        return None
    recent = await search.list_recent(tx, principal, plan.scope, plan.tags, search.VECTOR_LIMIT + 1)
    return [hit.id for hit in recent] if len(recent) <= search.VECTOR_LIMIT else None

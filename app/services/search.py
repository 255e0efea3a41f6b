"""Search: embeds the query, runs the legs, ranks, cuts, expands and explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app import metrics
from app.domain import ranking
from app.domain.errors import Unavailable
from app.domain.memories import State
from app.domain.principal import Principal
from app.domain.search import SearchAnswer, SearchRequest, Why, is_everything, recency_score
from app.providers.embedder import EmbeddingFailed
from app.services import overviews
from app.services.answers import Ranked, expand
from app.services.parts import Parts
from app.services.selection import candidates, collapse, rank
from app.services.stopwatch import Stopwatch
from app.services.understanding import Plan, understand
from app.storage import links, search
from app.storage.graph import QueryFailed, Transaction
from app.storage.links import Ask, Step
from app.storage.search import Hit, TextQueries, cosine_of
from ingest.questions import parse_question

# Up to so many tagged memories are compared one by one; more go through the index and are filtered after it.
EXACT_TAGGED = 2_000
WIDENING = 10
EXACT = "vector, exact"
# So many of the best hits lead to their neighbours (pipelines 4.5), and as many that are over to their successors.
SEEDS = 8


async def search_memories(parts: Parts, principal: Principal, request: SearchRequest) -> SearchAnswer:
    """Results for any text, best first, within what the caller may see.

    A leg that fails is named in `degraded` and the others answer. Raises Invalid for a filter that cannot be read, and
    Unavailable when no leg answers.
    """
    watch = Stopwatch()
    plan = understand(principal, request, parts.clock())
    watch.stage("understand", 1, [None])
    degraded: list[str] = []
    if request.scope not in (None, "", "global") or not plan.scope.space_keys:
        ranked: list[Ranked] = []
    elif is_everything(plan.query):
        ranked = await _recent(parts, principal, plan, watch)
    else:
        hits, degraded = await _ask_legs(parts, principal, plan, watch)
        has_vector = "vector" not in degraded
        steps = await _follow(parts, principal, plan, hits, has_vector=has_vector)
        degraded += ["graph"] if steps is None else []
        steps = [*(steps or []), *await overviews.members(parts, principal, plan, hits)]
        linked = [step.hit for step in steps if step.hit]
        watch.stage("leg:graph", len(hits), [None] * len(linked))
        ranked = rank(plan, [*hits, *linked], [step.link for step in steps], watch, has_vector=has_vector)
    best = collapse(ranked, plan, watch)
    results = await parts.graph.read(expand, principal, plan, best)
    watch.stage("expand", len(best), [result.score for result in results])
    parts.accesses.note(principal, [(item.hit.space_key, item.hit.id) for item in best], plan.now)
    metrics.count_search(watch.durations(), degraded)
    return SearchAnswer(
        results=results,
        abstained=not ranked,
        degraded=degraded,
        limit=plan.limit,
        trace=watch.trace(len(results)) if request.include_trace else msgspec.UNSET,
    )


async def _follow(
    parts: Parts, principal: Principal, plan: Plan, hits: Sequence[Hit], *, has_vector: bool
) -> list[Step] | None:
    """The steps from the question and from the best hits through the graph; None when the graph does not answer."""
    scored = ranking.score(plan.query, candidates(plan.query, hits), has_vector=has_vector, periods=plan.periods)
    likely = [item.id for item in scored if item.relevance >= ranking.DROP_BELOW]
    is_over = {hit.id for hit in hits if hit.outdated or hit.state == State.SUPERSEDED}
    seeds = dict.fromkeys([*likely[:SEEDS], *[one for one in likely if one in is_over][:SEEDS]])
    asked = parse_question(plan.query)
    if not seeds and not asked.attributes:
        return []
    own = f"personal/{principal.tenant_id}"
    ask = Ask(
        seed_ids=list(seeds),
        known_ids=list({hit.id for hit in hits}),
        subjects=asked.subjects,
        attributes=asked.attributes,
        asker_spaces=[space.space_key for space in principal.spaces if asked.of_asker and space.id == own],
    )
    try:
        return await parts.graph.read(links.list_all, principal, plan.scope, plan.tags, ask)
    except QueryFailed:
        return None


async def _recent(parts: Parts, principal: Principal, plan: Plan, watch: Stopwatch) -> list[Ranked]:
    found = await parts.graph.read(search.list_recent, principal, plan.scope, plan.tags, plan.limit)
    watch.stage("recent", len(found), [None] * len(found))
    return [_recent_result(hit, plan.now) for hit in found]


def _recent_result(hit: Hit, now: datetime) -> Ranked:
    score = recency_score(hit.created_at, now)
    why = Why(legs={"recent": 1}, p_vector=0, p_text=0, relevance=0, prior=1, path=[])
    return Ranked(hit=hit, score=score, why=why)


class Found(msgspec.Struct, frozen=True):
    """What the legs found, and which way the vector leg was asked."""

    hits: list[Hit]
    way: str


async def _ask_legs(parts: Parts, principal: Principal, plan: Plan, watch: Stopwatch) -> tuple[list[Hit], list[str]]:
    """What the legs found, and the names of those that failed."""
    embedding = await _embed(parts, plan.query)
    watch.stage("embed", 1, [None] if embedding else [])
    missing = [] if embedding else ["vector"]
    try:
        found = await parts.graph.read(_legs, principal, plan, embedding)
        failed: list[str] = []
    # What one leg does to the statement, the others may do without: each runs once more alone.
    except QueryFailed:
        found, failed = await _legs_apart(parts, principal, plan, embedding)
    for leg, name in (("vector", found.way), ("english", "english"), ("cjk", "cjk")):
        cosines = [None if hit.score is None else cosine_of(hit.score) for hit in found.hits if hit.leg == leg]
        watch.stage(f"leg:{name}", len(cosines), cosines)
    return found.hits, missing + failed


async def _embed(parts: Parts, query: str) -> list[float] | None:
    try:
        return (await parts.embedder.embed_queries([query]))[0]
    except EmbeddingFailed:
        return None


async def _legs(tx: Transaction, principal: Principal, plan: Plan, embedding: list[float] | None) -> Found:
    if embedding is None:
        return Found(await search.search_texts(tx, principal, plan.scope, plan.texts), "vector")
    if not plan.tags:
        return Found(await search.search_all_legs(tx, principal, plan.scope, embedding, plan.texts), "vector")
    tagged = await _tagged_vectors(tx, principal, plan, embedding)
    texts = await search.search_texts(tx, principal, plan.scope, plan.texts)
    return Found([*tagged.hits, *texts], tagged.way)


async def _tagged_vectors(tx: Transaction, principal: Principal, plan: Plan, embedding: list[float]) -> Found:
    ids = await search.list_tagged(tx, principal, plan.scope, plan.tags, EXACT_TAGGED + 1)
    if len(ids) <= EXACT_TAGGED:
        return Found(await search.search_by_ids(tx, principal, plan.scope, embedding, ids), EXACT)
    wide = await search.search_vector(tx, principal, plan.scope, embedding, search.VECTOR_LIMIT * WIDENING)
    return Found([hit for hit in wide if set(plan.tags) <= set(hit.tags)], "vector, filtered afterwards")


async def _legs_apart(
    parts: Parts, principal: Principal, plan: Plan, embedding: list[float] | None
) -> tuple[Found, list[str]]:
    found: list[Found] = []
    failed: list[str] = []
    for leg, (texts, vector) in _attempts(plan, embedding).items():
        try:
            alone = msgspec.structs.replace(plan, texts=texts)
            found.append(await parts.graph.read(_legs, principal, alone, vector))
        except QueryFailed:
            exact = await _exact_vectors(parts, principal, plan, vector) if vector else None
            found += [exact] if exact else []
            failed += [] if exact else [leg]
    if not found:
        raise Unavailable("no leg of the search answers; try again later")
    return Found([hit for part in found for hit in part.hits], found[-1].way), failed


async def _exact_vectors(parts: Parts, principal: Principal, plan: Plan, embedding: list[float]) -> Found | None:
    """The vector leg without its index, where little passes the filters; None where that is much, or fails as well.

    Neo4j 2026.08 (Lucene's `scoreIterator`) fails with "Index 33554425 out of bounds" when fewer texts pass than are
    asked for and nodes were removed from a small segment of the index, until the next writes: with little, as after
    an erasure.
    """

    async def compare(tx: Transaction) -> Found | None:
        few = await search.list_recent(tx, principal, plan.scope, plan.tags, search.VECTOR_LIMIT + 1)
        if len(few) > search.VECTOR_LIMIT:
            return None
        ids = [hit.id for hit in few]
        return Found(await search.search_by_ids(tx, principal, plan.scope, embedding, ids), EXACT)

    try:
        return await parts.graph.read(compare)
    except QueryFailed:
        return None


def _attempts(plan: Plan, embedding: list[float] | None) -> dict[str, tuple[TextQueries, list[float] | None]]:
    """What each leg that was asked is asked alone; the vector leg comes last."""
    english, cjk = plan.texts.english, plan.texts.cjk
    attempts: dict[str, tuple[TextQueries, list[float] | None]] = {}
    if english:
        attempts["english"] = (TextQueries(english, []), None)
    if cjk:
        attempts["cjk"] = (TextQueries([], cjk), None)
    if embedding:
        attempts["vector"] = (TextQueries([], []), embedding)
    return attempts

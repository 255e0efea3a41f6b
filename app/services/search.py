"""Search: embeds the query, runs the legs, ranks, cuts, expands and explains."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from app.domain import ranking
from app.domain.activation import Usage, activation
from app.domain.errors import Unavailable
from app.domain.excerpts import excerpt
from app.domain.messages import embedding_text
from app.domain.principal import Principal
from app.domain.ranking import Candidate, Scored
from app.domain.search import (
    Dropped,
    SearchAnswer,
    SearchRequest,
    Stage,
    Trace,
    Why,
    is_everything,
    recency_score,
)
from app.domain.texts import query_terms
from app.providers.embedder import EmbeddingFailed
from app.services.answers import Ranked, expand
from app.services.parts import Parts
from app.services.understanding import Plan, understand
from app.storage import search
from app.storage.graph import QueryFailed, Transaction
from app.storage.search import Hit, TextQueries

# Up to so many tagged memories are compared one by one; more go through the index and are filtered after it.
EXACT_TAGGED = 2_000
WIDENING = 10
# A memory of the client's own container is lifted by this much in the logarithm of the prior.
CONTAINER_BOOST = 0.1


class Stopwatch:
    """Collects the stages of a search with their durations."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._start = self._last = time.perf_counter()

    def stage(self, name: str, before: int, kept: Sequence[float | None], dropped: Iterable[Dropped] = ()) -> None:
        """Notes a stage that ends now: how many went in, the scores of what came out, what was dropped."""
        now = time.perf_counter()
        scores = [score for score in kept if score is not None]
        self.stages.append(
            Stage(
                name=name,
                input_count=before,
                output_count=len(kept),
                duration_ms=round((now - self._last) * 1000, 3),
                score_range=[min(scores), max(scores)] if scores else None,
                dropped=list(dropped),
            )
        )
        self._last = now

    def trace(self, final_count: int) -> Trace:
        """The whole search."""
        total = round((time.perf_counter() - self._start) * 1000, 3)
        return Trace(stages=self.stages, total_duration_ms=total, final_count=final_count)


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
        ranked = _rank(plan, hits, watch, has_vector="vector" not in degraded)
    best = _collapse(ranked, plan, watch)
    results = await parts.graph.read(expand, principal, plan, best)
    watch.stage("expand", len(best), [result.score for result in results])
    parts.accesses.note(principal, [(item.hit.space_key, item.hit.id) for item in best], plan.now)
    return SearchAnswer(
        results=results,
        abstained=not ranked,
        degraded=degraded,
        limit=plan.limit,
        trace=watch.trace(len(results)) if request.include_trace else msgspec.UNSET,
    )


async def _recent(parts: Parts, principal: Principal, plan: Plan, watch: Stopwatch) -> list[Ranked]:
    found = await parts.graph.read(search.list_recent, principal, plan.scope, plan.tags, plan.limit)
    watch.stage("recent", len(found), [None] * len(found))
    return [_recent_result(hit, plan.now) for hit in found]


def _recent_result(hit: Hit, now: datetime) -> Ranked:
    score = recency_score(hit.created_at, now)
    why = Why(legs={"recent": 1}, p_vector=0, p_text=0, relevance=0, prior=1)
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
        cosines = [_cosine(hit) for hit in found.hits if hit.leg == leg]
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
        return Found(await search.search_by_ids(tx, principal, plan.scope, embedding, ids), "vector, exact")
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
            failed.append(leg)
    if not found:
        raise Unavailable("no leg of the search answers; try again later")
    return Found([hit for part in found for hit in part.hits], found[-1].way), failed


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


def _rank(plan: Plan, hits: Sequence[Hit], watch: Stopwatch, *, has_vector: bool) -> list[Ranked]:
    scored = ranking.score(plan.query, _candidates(plan.query, hits), has_vector=has_vector)
    found = {hit.id: hit for hit in hits}
    ranks = _leg_ranks(hits)
    ranked = [_with_prior(plan, found[item.id], item, ranks[item.id]) for item in scored]
    ranked.sort(key=lambda item: (-item.score, item.hit.id))
    watch.stage("rank", len(hits), [item.score for item in ranked])
    return _cut(plan, ranked, watch)


def _candidates(query: str, hits: Sequence[Hit]) -> list[Candidate]:
    """Each memory once, with the cosine of its nearest piece and the part of its text that has the words."""
    asked = query_terms(query)
    pieces = sorted((hit for hit in hits if hit.score is not None), key=lambda hit: hit.score or 0)
    nearest = {hit.id: hit for hit in pieces}
    # The nearest piece may be one without the words, so what a text leg found goes before it.
    texts = nearest | {hit.id: hit for hit in hits if hit.score is None}
    return [
        Candidate(
            id=memory_id,
            text=embedding_text(hit.speaker, excerpt(hit.text, asked)),
            cosine=_cosine(nearest.get(memory_id)),
            session_id=hit.session_id,
            speaker=hit.speaker,
        )
        for memory_id, hit in texts.items()
    ]


def _cosine(hit: Hit | None) -> float | None:
    return None if hit is None or hit.score is None else search.cosine_of(hit.score)


def _leg_ranks(hits: Sequence[Hit]) -> dict[str, dict[str, int]]:
    ranks: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.leg] = counts.get(hit.leg, 0) + 1
        ranks.setdefault(hit.id, {}).setdefault(hit.leg, counts[hit.leg])
    return ranks


def _with_prior(plan: Plan, hit: Hit, scored: Scored, legs: dict[str, int]) -> Ranked:
    usage = Usage(tier=hit.tier, importance=hit.importance, uses=hit.uses, used_at=hit.used_at)
    boost = CONTAINER_BOOST if plan.containers & set(hit.tags) else 0.0
    prior = ranking.prior(hit.importance, hit.confidence, activation(usage, plan.now), hit.pinned, boost)
    why = Why(legs=legs, p_vector=scored.p_vector, p_text=scored.p_text, relevance=scored.relevance, prior=prior)
    return Ranked(hit=hit, score=ranking.weigh(scored.relevance, prior), why=why)


def _cut(plan: Plan, ranked: list[Ranked], watch: Stopwatch) -> list[Ranked]:
    """What is relevant enough; nothing at all when not even the best is, unless the caller set the line himself."""
    best = max((item.why.relevance for item in ranked), default=0.0)
    if plan.min_score is None and best < ranking.ABSTAIN_BELOW:
        line, reason = 1.1, f"abstained: the best relevance is {best:.2f}, below {ranking.ABSTAIN_BELOW}"
    elif plan.min_score is None:
        line, reason = ranking.DROP_BELOW, f"relevance below {ranking.DROP_BELOW}"
    else:
        line, reason = plan.min_score, f"score below min_score {plan.min_score}"
    kept = [item for item in ranked if (item.score if plan.min_score is not None else item.why.relevance) >= line]
    names = {item.hit.id for item in kept}
    dropped = [Dropped(item.hit.id, reason) for item in ranked if item.hit.id not in names]
    watch.stage("cut", len(ranked), [item.score for item in kept], dropped)
    return kept


def _originals_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The ranking with each memory before its copies, with the score of the best: a copy may tell what is over."""
    best: dict[str, Ranked] = {}
    for item in ranked:
        best.setdefault(item.hit.origin_id, item)
    raised = [
        msgspec.structs.replace(item, score=best[item.hit.origin_id].score) if _is_origin(item) else item
        for item in ranked
    ]
    return sorted(raised, key=lambda item: (-item.score, not _is_origin(item)))


def _is_origin(item: Ranked) -> bool:
    return item.hit.id == item.hit.origin_id


def _collapse(ranked: Sequence[Ranked], plan: Plan, watch: Stopwatch) -> list[Ranked]:
    """One result for one thing, the best placed of them; then as many as were asked for.

    Equal texts are one thing, and so are a memory and its copies, and a fact and the message that states it, which lead
    to each other.
    """
    first: dict[str, str] = {}
    kept: list[Ranked] = []
    dropped: list[Dropped] = []
    for item in _originals_first(ranked):
        reason = _superfluous(item.hit, plan, first)
        if not reason and len(kept) == plan.limit:
            reason = f"beyond limit {plan.limit}"
        if reason:
            dropped.append(Dropped(item.hit.id, reason))
        else:
            kept.append(item)
    watch.stage("collapse", len(ranked), [item.score for item in kept], dropped)
    return kept


def _superfluous(hit: Hit, plan: Plan, first: dict[str, str]) -> str:
    """Why a better placed result makes this one superfluous; '' when none does. Notes what it stands for itself."""
    if hit.outdated and not plan.scope.has_past:
        return "all that it said has a successor"
    known = first.get(hit.text_hash) or first.get(hit.id)
    told = next((first[source] for source in hit.evidence_ids if source in first), None)
    copies = f"copies of {hit.origin_id}"
    if known or told:
        return f"same text as {known}" if known else f"stated in {told}"
    if copies in first:
        return f"copy of the same memory as {first[copies]}"
    first |= dict.fromkeys([hit.text_hash, hit.id, copies, *hit.evidence_ids], hit.id)
    return ""

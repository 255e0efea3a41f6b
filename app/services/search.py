"""Search: embeds the query, runs the legs, ranks, cuts, expands and explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app import metrics
from app.domain import ranking
from app.domain.memories import State
from app.domain.principal import Principal
from app.domain.ranking import Assessment
from app.domain.search import (
    MAX_QUERY_CHARS,
    SearchAnswer,
    SearchRequest,
    Why,
    is_everything,
    recency_score,
)
from app.services import legs, overviews
from app.services.answers import Ranked, expand
from app.services.parts import Parts
from app.services.reranking import rerank
from app.services.selection import assess, collapse, rank
from app.services.stopwatch import Stopwatch
from app.services.understanding import Plan, looked_for, understand
from app.storage import links, search
from app.storage.graph import QueryFailed
from app.storage.links import Ask, Step
from app.storage.search import Hit
from ingest.questions import parse_question

# So many of the best hits lead to their neighbours (pipelines 4.5), and as many that are over to their successors.
SEEDS = 8


def embed_ahead(parts: Parts, query: str) -> None:
    """Begins with the vector of a question that somebody is likely to be allowed to ask."""
    asked = query[:MAX_QUERY_CHARS]
    if not is_everything(asked):
        parts.embedder.begin(looked_for(asked), "query")


async def search_memories(parts: Parts, principal: Principal, request: SearchRequest) -> SearchAnswer:
    """Results for any text, best first, within what the caller may see.

    A leg that fails is named in `degraded` and the others answer. Raises Invalid for a filter that cannot be read, and
    Unavailable when no leg answers.
    """
    watch = Stopwatch()
    plan = understand(principal, request, parts.clock(), parts.thesaurus)
    watch.stage("understand", 1, [None])
    degraded: list[str] = []
    if request.scope not in (None, "", "global") or not plan.scope.space_keys:
        ranked: list[Ranked] = []
    elif is_everything(plan.query):
        ranked = await _recent(parts, principal, plan, watch)
    else:
        hits, degraded = await legs.ask(parts, principal, plan, watch)
        assessment = assess(plan, hits, has_vector="vector" not in degraded)
        steps = await _follow(parts, principal, plan, hits, assessment)
        degraded += ["graph"] if steps is None else []
        steps = [*(steps or []), *await overviews.members(parts, principal, plan, hits)]
        linked = [step.hit for step in steps if step.hit]
        watch.stage("leg:graph", len(hits), [None] * len(linked))
        if linked:
            hits += linked
            assessment = assess(plan, hits, has_vector=assessment.has_vector)
        ranked = rank(plan, hits, assessment, [step.link for step in steps], watch)
        ranked = await rerank(parts, plan, ranked, watch, degraded)
    best = collapse(ranked, plan, watch)
    results = await parts.graph.read(expand, principal, plan, best) if best else []
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
    parts: Parts, principal: Principal, plan: Plan, hits: Sequence[Hit], assessment: Assessment
) -> list[Step] | None:
    """The steps from the question and from the best hits through the graph; None when the graph does not answer."""
    likely = ranking.likely(assessment)
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
    score = recency_score(hit.created_at, now, is_message=hit.kind == "message")
    why = Why(legs={"recent": 1}, p_vector=0, p_text=0, relevance=0, prior=1, path=[])
    return Ranked(hit=hit, score=score, why=why)

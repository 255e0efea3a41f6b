"""A second look at the best results by a cross-encoder, where the settings name one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from app.domain.excerpts import excerpt
from app.domain.messages import embedding_text
from app.domain.search import Dropped
from app.domain.texts import query_terms
from app.providers.reranker import Reranker, RerankingFailed
from app.services.answers import Ranked
from app.services.parts import Parts
from app.services.stopwatch import Stopwatch
from app.services.understanding import Plan

LOG = logging.getLogger(__name__)
# So many of the best are read: a pair costs a small model some milliseconds of a core.
RERANKED = 20
# How much of a new score is the model's probability; the rest is the score so far, which knows times and belief.
SHARE = 0.5
# Whoever searches waits no longer for a better order. Loading the model, which warming up begins, may take longer.
PATIENCE_SECONDS = 2.0
DEGRADED = "rerank"
ALONE = "the reranker failed several times in a row and is left alone for a minute at a time"


async def rerank(parts: Parts, plan: Plan, ranked: list[Ranked], watch: Stopwatch, degraded: list[str]) -> list[Ranked]:
    """The best results in a new order, the others after them; as they were, and in `degraded`, when the model fails."""
    best, others = ranked[:RERANKED], ranked[RERANKED:]
    if parts.reranker is None or not best:
        return ranked
    asked = query_terms(plan.query)
    texts = [embedding_text(item.hit.speaker, excerpt(item.hit.text, asked)) for item in best]
    try:
        answers = await _score(parts, parts.reranker, plan.query, texts)
    except RerankingFailed:
        watch.stage(DEGRADED, len(best), [item.score for item in best])
        degraded.append(DEGRADED)
        return ranked
    read = sorted(map(_weigh, best, answers), key=lambda item: (-item.score, item.hit.id))
    kept = [*read, *(_below(item, read[-1].score) for item in others)]
    # A caller who set the line himself gets nothing below it.
    line = plan.min_score or 0.0
    dropped = [Dropped(item.hit.id, f"score below min_score {line}") for item in kept if item.score < line]
    kept = [item for item in kept if item.score >= line]
    watch.stage(DEGRADED, len(best), [item.score for item in kept[: len(best)]], dropped)
    return kept


async def check_model(parts: Parts) -> dict[str, str]:
    """Under `reranker` that it answers, or what keeps it from that; nothing when none is configured."""
    if parts.reranker is None:
        return {}
    try:
        await _score(parts, parts.reranker, "ready?", ["ready"])
    except RerankingFailed as error:
        return {"reranker": str(error)}
    return {"reranker": "ok"}


async def _score(parts: Parts, reranker: Reranker, question: str, texts: Sequence[str]) -> list[float]:
    """As far as each text answers; after some failures in a row nobody waits, but for one search a pause."""
    clock, breaker = asyncio.get_running_loop().time, parts.reranker_breaker
    if not breaker.may_call(clock()):
        raise RerankingFailed(ALONE)
    try:
        answers = await _within(reranker, question, texts)
    except RerankingFailed as error:
        was_open = breaker.is_open()
        breaker.record_failure(clock())
        if breaker.is_open() and not was_open:
            LOG.warning("%s: %s", ALONE, error)
        raise
    breaker.record_success()
    return answers


async def _within(reranker: Reranker, question: str, texts: Sequence[str]) -> list[float]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reranker.score(question, texts)
    except TimeoutError as error:
        raise RerankingFailed(f"the reranker took longer than {PATIENCE_SECONDS:.0f} s") from error


def _weigh(item: Ranked, probability: float) -> Ranked:
    score = SHARE * probability + (1 - SHARE) * item.score
    why = msgspec.structs.replace(item.why, p_rerank=probability)
    return msgspec.structs.replace(item, score=score, why=why)


def _below(item: Ranked, highest: float) -> Ranked:
    """What was not read stands after what was, in score as well."""
    return msgspec.structs.replace(item, score=min(item.score, highest))

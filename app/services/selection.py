"""From what was found to what is answered: rank, cut, and one result for one thing. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from app.domain import ranking
from app.domain.activation import Usage, activation
from app.domain.answerability import LOOKED_AT, required_relevance
from app.domain.excerpts import excerpt
from app.domain.links import Edge, Link
from app.domain.memories import State, timestamp
from app.domain.messages import embedding_text
from app.domain.overviews import central_boost
from app.domain.ranking import Assessment, Candidate, Scored
from app.domain.search import Dropped, FormerMark, PathStep, Why
from app.domain.texts import SafeText, query_terms
from app.domain.turns import Place
from app.services.answers import Ranked
from app.services.stopwatch import Stopwatch
from app.services.understanding import Plan
from app.storage.search import Hit, cosine_of
from ingest.noise import noise_family
from ingest.updates import Statement, find_updates

# A memory of the client's own container is lifted by this much in the logarithm of the prior.
CONTAINER_BOOST = 0.1


def assess(plan: Plan, hits: Sequence[Hit], *, has_vector: bool) -> Assessment:
    """What was found, each by itself."""
    found = candidates(plan.query, hits)
    return ranking.assess(plan.query, found, has_vector=has_vector, alike=plan.alike, periods=plan.periods)


def rank(
    plan: Plan, hits: Sequence[Hit], assessment: Assessment, links: Sequence[Link], watch: Stopwatch
) -> list[Ranked]:
    """Everything found that is an answer and relevant enough, best first."""
    scored = ranking.order(assessment, [*links, *_updates(plan, hits)])
    by_id = {hit.id: hit for hit in hits}
    ranks = _leg_ranks(hits)
    ranked = [_with_prior(plan, by_id[item.id], item, ranks[item.id]) for item in scored]
    ranked.sort(key=lambda item: (-item.score, item.hit.id))
    watch.stage("rank", len(hits), [item.score for item in ranked])
    return _cut(plan, _resolve(plan, ranked, links, watch), watch)


def _updates(plan: Plan, hits: Sequence[Hit]) -> list[Link]:
    if plan.scope.has_past:
        return []
    current = {hit.id: Statement(hit.id, hit.text, hit.valid_from) for hit in hits if not hit.outdated}
    return find_updates(plan.query, list(current.values()))


def _resolve(plan: Plan, ranked: list[Ranked], links: Sequence[Link], watch: Stopwatch) -> list[Ranked]:
    """What is over gives its place to its successor, which says what it was; a question about the past keeps both."""
    if plan.scope.has_past:
        watch.stage("resolve", len(ranked), [item.score for item in ranked])
        return ranked
    by_id = {item.hit.id: item.hit for item in ranked}
    successors = [link for link in links if link.edge == Edge.SUPERSEDES and link.from_id in by_id]
    heads = {link.from_id: link.to_id for link in successors}
    succeeding = {link.to_id for link in successors}
    kept = [
        msgspec.structs.replace(item, formerly=_formerly(item.hit.id, successors, by_id))
        if item.hit.id in succeeding
        else item
        for item in ranked
        if item.hit.state != State.SUPERSEDED
    ]
    dropped = [
        Dropped(item.hit.id, f"superseded by {heads.get(item.hit.id, 'what is out of reach')}")
        for item in ranked
        if item.hit.state == State.SUPERSEDED
    ]
    watch.stage("resolve", len(ranked), [item.score for item in kept], dropped)
    return kept


def _formerly(head: str, successors: Sequence[Link], by_id: Mapping[str, Hit]) -> list[FormerMark]:
    # A message leads on through its fact, which `via` names; found by itself the fact says it better.
    former: dict[str, Hit] = {}
    for link in sorted(successors, key=lambda link: link.from_id == link.via):
        if link.to_id == head:
            former[link.via] = by_id[link.from_id]
    latest = sorted(former.items(), key=lambda item: (item[1].valid_from, item[0]), reverse=True)
    return [FormerMark(memory_id=fact, content=hit.text, since=timestamp(hit.valid_from)) for fact, hit in latest]


def candidates(query: str, hits: Sequence[Hit]) -> list[Candidate]:
    """Each memory once, with the cosine of its nearest piece and the part of its text that has the words."""
    asked = query_terms(query)
    pieces = sorted((hit for hit in hits if hit.score is not None), key=lambda hit: hit.score or 0)
    nearest = {hit.id: hit for hit in pieces}
    # The nearest piece may be one without the words, so what a text leg found goes before it.
    texts = nearest | {hit.id: hit for hit in hits if hit.score is None}
    places = _places(hits)
    return [
        Candidate(
            id=memory_id,
            text=excerpt(hit.text, asked),
            cosine=_cosine(nearest.get(memory_id)),
            session_id=hit.session_id,
            speaker=hit.speaker,
            place=places.get(memory_id),
            since=hit.valid_from,
        )
        for memory_id, hit in texts.items()
    ]


def _places(hits: Sequence[Hit]) -> dict[str, Place]:
    """Where messages were said; a fact stands where the first found message was that it is from.

    Noise stands nowhere: what is said around a `Got it!` makes it no answer.
    """
    said = {
        hit.id: Place(hit.session_id, hit.position)
        for hit in hits
        if hit.position is not None and noise_family(SafeText(hit.text)) is None
    }
    stated = {hit.id: said[source] for hit in hits for source in reversed(hit.evidence_ids) if source in said}
    return stated | said


def _cosine(hit: Hit | None) -> float | None:
    return None if hit is None or hit.score is None else cosine_of(hit.score)


def _leg_ranks(hits: Sequence[Hit]) -> dict[str, dict[str, int]]:
    ranks: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.leg] = counts.get(hit.leg, 0) + 1
        ranks.setdefault(hit.id, {}).setdefault(hit.leg, counts[hit.leg])
    return ranks


def _with_prior(plan: Plan, hit: Hit, scored: Scored, legs: dict[str, int]) -> Ranked:
    usage = Usage(
        tier=hit.tier, importance=hit.importance, centrality=hit.centrality, uses=hit.uses, used_at=hit.used_at
    )
    boost = CONTAINER_BOOST if plan.containers & set(hit.tags) else 0.0
    boost += central_boost(plan.topic, hit.centrality)
    prior = ranking.prior(hit.importance, hit.confidence, activation(usage, plan.now), hit.pinned, boost)
    why = Why(
        legs=legs,
        p_vector=scored.p_vector,
        p_text=scored.p_text,
        relevance=scored.relevance,
        prior=prior,
        path=[_path_step(scored.link)] if scored.link else [],
    )
    return Ranked(hit=hit, score=ranking.weigh(scored.relevance, prior), why=why)


def _path_step(link: Link) -> PathStep:
    return PathStep(from_id=link.from_id or None, edge=link.edge.value, via=link.via or None)


def _cut(plan: Plan, ranked: list[Ranked], watch: Stopwatch) -> list[Ranked]:
    """What is relevant enough; nothing at all when not even the best is, unless the caller set the line himself."""
    likely = sorted(ranked, key=lambda item: -item.why.relevance)
    best = likely[0].why.relevance if likely else 0.0
    required = _required(plan, likely)
    if plan.min_score is None and best < required:
        line, reason = 1.1, f"abstained: the best relevance is {best:.2f}, below {required:.2f}"
    elif plan.min_score is None:
        line, reason = ranking.DROP_BELOW, f"relevance below {ranking.DROP_BELOW}"
    else:
        line, reason = plan.min_score, f"score below min_score {plan.min_score}"
    kept = [item for item in ranked if (item.score if plan.min_score is not None else item.why.relevance) >= line]
    names = {item.hit.id for item in kept}
    dropped = [Dropped(item.hit.id, reason) for item in ranked if item.hit.id not in names]
    watch.stage("cut", len(ranked), [item.score for item in kept], dropped)
    return kept


def _required(plan: Plan, likely: Sequence[Ranked]) -> float:
    """How relevant the best must be; what the question names as subject and attribute it need not say in its words."""
    has_slot = bool(likely) and any(step.edge == Edge.SLOT for step in likely[0].why.path)
    texts = [embedding_text(item.hit.speaker, item.hit.text) for item in likely[:LOOKED_AT]]
    return required_relevance(plan.query, texts, has_slot=has_slot)


def _originals_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The ranking with each memory before its copies, with the score of the best: a copy may tell what is over."""
    best: dict[str, Ranked] = {}
    for item in ranked:
        best.setdefault(item.hit.origin_id, item)
    raised = [
        msgspec.structs.replace(item, score=best[item.hit.origin_id].score)
        if _is_origin(item) and best[item.hit.origin_id] is not item
        else item
        for item in ranked
    ]
    return sorted(raised, key=lambda item: (-item.score, not _is_origin(item)))


def _is_origin(item: Ranked) -> bool:
    return item.hit.id == item.hit.origin_id


def collapse(ranked: Sequence[Ranked], plan: Plan, watch: Stopwatch) -> list[Ranked]:
    """One result for one thing, the best placed of them; then as many as were asked for.

    Equal texts are one thing, and so are a memory and its copies, and a fact and the message that states it, which lead
    to each other. What was derived from memories that are found says nothing besides them, wherever it stands.
    """
    first: dict[str, str] = {}
    memories = {item.hit.id for item in ranked if item.hit.kind == "memory"}
    kept: list[Ranked] = []
    dropped: list[Dropped] = []
    for item in _originals_first(ranked):
        premise = next((one for one in item.hit.evidence_ids if one in memories), None)
        reason = f"derived from {premise}" if premise else _superfluous(item.hit, plan, first)
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

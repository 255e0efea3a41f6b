"""What a search request means: where to look, what the legs are asked, what the answer shall hold."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.listing import parse_instant, parse_limit, parse_list
from app.domain.memories import BEGINNING, OPEN_END, Category, MemoryType, State, parse_choice
from app.domain.overviews import topic_of
from app.domain.periods import Period
from app.domain.principal import Principal, filter_token
from app.domain.search import MAX_QUERY_CHARS, Part, SearchRequest, asks_for_past, parse_include, split_tags
from app.domain.texts import has_cjk, lucene_query, query_terms
from app.domain.wording import Alike
from app.providers.thesaurus import Thesaurus
from app.storage.search import Scope, TextQueries
from ingest.questions import find_periods, in_first_person

# A question rarely has more terms; a text that was sent as one has words enough, and each takes half a millisecond.
MOST_ALIKE = 16


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A search request understood: what the legs are asked and what the answer shall hold."""

    # What is looked for: the question as the user would ask it, or of an overview its topic alone, since the other
    # words say nothing about it.
    query: str
    topic: str
    scope: Scope
    texts: TextQueries
    periods: list[Period]
    alike: Alike
    tags: list[str]
    containers: set[str]
    limit: int
    min_score: float | None
    include: set[Part]
    check_stale: bool
    now: datetime


def looked_for(query: str) -> str:
    """What a question is embedded as: of an overview its topic, of others all of it, as its asker would say it."""
    return topic_of(query) or in_first_person(query)


def understand(principal: Principal, request: SearchRequest, now: datetime, thesaurus: Thesaurus) -> Plan:
    """What a request asks for. Raises Invalid, which names the field."""
    request = msgspec.structs.replace(request, q=request.q[:MAX_QUERY_CHARS])
    tags, containers = split_tags(parse_list(request.tags))
    scope = parse_scope(principal, request, now)
    asked = msgspec.structs.replace(request, q=looked_for(request.q))
    return Plan(
        query=asked.q,
        topic=topic_of(request.q),
        scope=scope,
        texts=text_queries(asked, scope, principal, tags),
        # With `as_of` what holds then is found by its own time, however long before it was said.
        periods=[] if request.as_of else find_periods(request.q, now),
        alike=alike_words(asked.q, thesaurus),
        tags=tags,
        containers=containers,
        limit=parse_limit(request.limit),
        min_score=request.min_score,
        include=parse_include(request.include),
        check_stale=request.check_stale,
        now=now,
    )


def alike_words(query: str, thesaurus: Thesaurus) -> Alike:
    """The words of like meaning of those that say what a question is about."""
    return {term: thesaurus.near(term) for term in query_terms(query)[:MOST_ALIKE]}


def parse_scope(principal: Principal, request: SearchRequest, now: datetime) -> Scope:
    """Where a search looks: at what is current; `as_of` at what was true then, `known_at` at what was believed then."""
    known_at = parse_instant("known_at", request.known_at, now)
    # What was believed then was believed to be true then.
    as_of = parse_instant("as_of", request.as_of, known_at)
    until = parse_instant("until", request.until, OPEN_END)
    looks_back = bool(request.as_of or request.known_at)
    states = [State.ACTIVE]
    has_past = request.include_superseded or asks_for_past(request.q)
    if has_past or looks_back:
        states += [State.SUPERSEDED, State.EXPIRED, State.ARCHIVED, State.MERGED]
    if request.known_at:
        states.append(State.RETRACTED)
    ranges = {
        field: value
        for name, field in (("source", "source"), ("agent_id", "agent"), ("session_id", "session"))
        if (text := getattr(request, name))
        for value in [text]
    }
    return Scope(
        space_keys=principal.readable_spaces(request.space),
        kinds=["memory", "message"],
        states=[str(state) for state in states],
        categories=_choices("category", request.category, Category),
        memory_types=_choices("memory_type", request.memory_type, MemoryType),
        **{f"{field}_{end}": value for field, value in ranges.items() for end in ("from", "to")},
        valid_from_min=parse_instant("since", request.since, BEGINNING),
        valid_from_max=min(until, as_of) if request.as_of else until,
        valid_to_min=BEGINNING if has_past and not request.as_of else as_of,
        recorded_at_max=known_at if request.known_at else OPEN_END,
        retired_at_min=known_at,
        has_past=has_past or looks_back,
    )


def _choices(field: str, given: str | None, choices: type[Category] | type[MemoryType]) -> list[str]:
    chosen = parse_choice(field, given or None, choices, "")
    return [chosen] if chosen else [str(choice) for choice in choices]


def text_queries(request: SearchRequest, scope: Scope, principal: Principal, tags: list[str]) -> TextQueries:
    """The Lucene queries of the text legs: words in `content`, everything that filters as tokens that weigh nothing.

    The script of the query decides which index is asked.  A Chinese query asks both: the `cjk` analyzer makes bigrams,
    so a single character in the middle of a word is found by the other one only.
    """
    words = lucene_query(request.q)
    if not words:
        return TextQueries([], [])
    single = {"source": request.source, "agent": request.agent_id, "session": request.session_id}
    single |= {"category": (request.category or "").lower(), "type": (request.memory_type or "").lower()}
    facets = [filter_token(prefix, value) for prefix, value in single.items() if value]
    facets += [filter_token("tag", tag) for tag in tags]
    clauses = [
        f"+content:({words})",
        f"+space_key:({' OR '.join(scope.space_keys)})^0",
        f"+visible_to:({' OR '.join(principal.visible)})^0",
        f"+state:({' OR '.join(scope.leg_states)})^0",
        *(f"+facets:({facet})^0" for facet in facets),
    ]
    query = " ".join(clauses)
    return TextQueries([query], [query] if has_cjk(request.q) else [])

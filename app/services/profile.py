"""The profile of a caller: read from his spaces when they have moved, laid out for every request anew."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple, cast

import msgspec

from app.domain.errors import Unavailable
from app.domain.listing import parse_instant
from app.domain.memories import LISTED_STATES, OPEN_END, Category, MemoryType, State
from app.domain.principal import Principal
from app.domain.profile import (
    Day,
    Language,
    Material,
    Part,
    ProfileQuery,
    Standing,
    Statement,
    ToldEvent,
    parse_budget,
    parse_language,
    parse_parts,
)
from app.domain.profile_lines import IDENTITY_ATTRIBUTES, View, lines_of, next_change
from app.domain.profile_text import Layout, fit, language_of, text_of
from app.domain.profile_views import (
    FoundMemory,
    FoundResult,
    Profile,
    TopicView,
    profile_view,
    topic_view,
    with_sections,
)
from app.domain.search import SearchRequest
from app.domain.spaces import SpaceKind
from app.services.parts import Parts
from app.services.search import search_memories
from app.storage import profile
from app.storage.graph import Transaction
from app.storage.profile import Moment
from ingest.coming import event_day
from ingest.linking import USER, norm_name
from ingest.perspective import display_name

# The dynamic part looks back so far (contract 10.1).
RECENT = timedelta(days=7)
STATIC_CATEGORIES = [Category.PROFILE, Category.PREFERENCES, Category.ENTITIES, Category.PATTERNS]
DYNAMIC_CATEGORIES = [Category.EVENTS, Category.CASES, Category.PATTERNS]
# So many of each category are looked at: twice as many as the usual budget has room for.
STATIC_CANDIDATES, DYNAMIC_CANDIDATES, COMING_CANDIDATES = 30, 20, 5
# Among so many of the events told last are those that are still to come.
TOLD_EVENTS, DATED_CANDIDATES = 100, 20
# Memories that are believed less are not put before anybody (pipelines 3.7).
LEAST_CONFIDENCE = 0.2
FOUND_RESULTS = 10
NEAREST_FIRST = [SpaceKind.PERSONAL, SpaceKind.TEAM, SpaceKind.ORGANIZATION]


class Request(NamedTuple):
    """A query understood: the spaces by rank, the time it is about, and the time it is."""

    space_ids: dict[str, str]
    at: datetime
    as_of: datetime | None
    agent_id: str


class Form(NamedTuple):
    """How the answer is to be written."""

    budget: int
    language: Language | None
    with_ids: bool
    include: frozenset[Part]


class Laid(msgspec.Struct, frozen=True):
    """A profile, the (space key, id) of its memories, and until when nothing in it begins or ends by itself."""

    profile: Profile
    used: list[tuple[str, str]]
    until: datetime


async def get(parts: Parts, principal: Principal, query: ProfileQuery) -> Profile:
    """The profile as the caller may see it. Raises NotFound for a foreign space, Invalid for what cannot be read."""
    form = Form(parse_budget(query.budget), parse_language(query.language), query.ids, parse_parts(query.include))
    now = parts.clock()
    request = _understood(principal, query, now)
    standing = await parts.graph.read(_standing, principal, sorted(request.space_ids))
    asked = (*sorted(request.space_ids), standing.name, request.agent_id, request.as_of)
    place = ("profile", principal.tenant_id, *principal.visible, *asked)
    laid = cast("Laid | None", parts.answers.get((*place, form), standing.revs, now))
    if laid is None or laid.until <= now:
        selves = frozenset((USER, f"{USER} {principal.tenant_id[:8]}", norm_name(standing.name)))
        material = cast("Material | None", parts.answers.get(place, standing.revs, now))
        if material is None:
            material = await parts.graph.read(_read, principal, request, selves)
            parts.answers.put(place, standing.revs, now, material)
        laid = _laid_out(material, request, (selves, _speakers(material.statements, principal)), form)
        parts.answers.put((*place, form), standing.revs, now, laid)
    parts.accesses.note(principal, laid.used, now)
    # Communities are made without moving the space, so they are read anew.
    topics = await parts.graph.read(_topics, principal, request) if Part.TOPICS in form.include else msgspec.UNSET
    return msgspec.structs.replace(laid.profile, search_results=await _found(parts, principal, query), topics=topics)


async def _topics(tx: Transaction, principal: Principal, request: Request) -> list[TopicView]:
    """What moved in the last days; of the past nobody knows which topics it had."""
    if request.as_of:
        return []
    found = await profile.list_topics(tx, principal, sorted(request.space_ids), request.at - RECENT)
    return [topic_view(topic, request.space_ids[topic.space_key]) for topic in found]


def _laid_out(material: Material, request: Request, names: tuple[frozenset[str], frozenset[str]], form: Form) -> Laid:
    selves, speakers = names
    ranks = {space_key: rank for rank, space_key in enumerate(request.space_ids)}
    view = View(selves=selves, speakers=speakers, ranks=ranks, at=request.at, since=request.at - RECENT)
    lines = lines_of(material.statements, view)
    layout = Layout(language=form.language or language_of(lines), with_ids=form.with_ids, space_ids=request.space_ids)
    shown = fit(lines, layout, form.budget)
    profile = profile_view(shown, text_of(shown, layout, form.budget), None)
    if Part.SECTIONS in form.include:
        profile = with_sections(profile, shown, layout, more=material.more)
    used = [(line.statement.space_key, line.statement.id) for line in shown.lines]
    return Laid(profile, used, OPEN_END if request.as_of else next_change(material.statements, view, RECENT))


def _understood(principal: Principal, query: ProfileQuery, now: datetime) -> Request:
    if query.space == "all":
        spaces = list(principal.spaces)
    elif query.space:
        spaces = [principal.space(part.strip()) for part in query.space.split(",")]
    else:
        spaces = [principal.personal_space()]
    spaces.sort(key=lambda space: (NEAREST_FIRST.index(SpaceKind(space.kind)), space.id))
    as_of = parse_instant("as_of", query.as_of, now) if query.as_of else None
    return Request({space.space_key: space.id for space in spaces}, as_of or now, as_of, query.agent_id)


async def _standing(tx: Transaction, principal: Principal, space_keys: list[str]) -> Standing:
    return await profile.get_standing(tx, principal, space_keys) or Standing("", [])


def _speakers(statements: list[Statement], principal: Principal) -> frozenset[str]:
    """The names of those who speak of themselves in what the caller stored."""
    return frozenset(
        one.slot.subject
        for one in statements
        if one.slot and one.tenant_id == principal.tenant_id and _is_speaker(one.slot.subject, one.speaker)
    )


def _is_speaker(subject: str, speaker: str) -> bool:
    return bool(speaker) and subject in (norm_name(speaker), norm_name(display_name(speaker)))


async def _read(tx: Transaction, principal: Principal, request: Request, selves: frozenset[str]) -> Material:
    states = [State.ACTIVE] if request.as_of is None else [*LISTED_STATES, State.SUPERSEDED]
    moment = Moment(
        space_keys=list(request.space_ids),
        states=[str(state) for state in states],
        at=request.at,
        agent_id=request.agent_id,
        least_confidence=LEAST_CONFIDENCE,
    )
    own = await profile.list_of_subjects(tx, principal, moment, sorted(selves), IDENTITY_ATTRIBUTES)
    lasting = await profile.list_important(tx, principal, moment, STATIC_CATEGORIES, STATIC_CANDIDATES)
    window = (DYNAMIC_CATEGORIES, request.at - RECENT, DYNAMIC_CANDIDATES)
    recent = await profile.list_begun(tx, principal, moment, window)
    coming = await profile.list_coming(tx, principal, moment, list(Category), COMING_CANDIDATES)
    days = _days(await profile.list_told_events(tx, principal, moment, TOLD_EVENTS), request.at - RECENT)
    ids = list(dict.fromkeys([*own, *lasting, *recent, *coming, *days]))
    statements = await profile.list_statements(tx, principal, moment, ids) if ids else []
    statements = [msgspec.structs.replace(one, day=days.get(one.id)) for one in statements]
    return Material(statements, len(lasting) >= STATIC_CANDIDATES or len(recent) >= DYNAMIC_CANDIDATES)


def _days(told: list[ToldEvent], since: datetime) -> dict[str, Day]:
    """The days of the events that were not over at a time, the next ones first."""
    days = [(one.id, day) for one in told if (day := event_day(one.content, one.valid_from)) and day.after > since]
    return dict(sorted(days, key=lambda pair: pair[1].first)[:DATED_CANDIDATES])


async def _found(parts: Parts, principal: Principal, query: ProfileQuery) -> list[FoundResult] | None:
    """The memories, and no messages, that the words of `q` find; none of them when search does not answer."""
    if not query.q:
        return None
    space = query.space or principal.personal_space().id
    searches = [
        search_memories(
            parts,
            principal,
            SearchRequest(q=query.q, limit=FOUND_RESULTS, space=space, memory_type=kind, as_of=query.as_of),
        )
        for kind in (MemoryType.INSIGHT, MemoryType.PINNED)
    ]
    try:
        answers = await asyncio.gather(*searches)
    except Unavailable:
        return []
    results = sorted((one for answer in answers for one in answer.results), key=lambda one: -one.score)
    return [
        FoundResult(
            one.score,
            FoundMemory(
                id=one.memory.id, content=one.memory.content, category=one.memory.category, tags=one.memory.tags
            ),
        )
        for one in results[:FOUND_RESULTS]
    ]

"""What a profile is made of, as it lies in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.memories import Category
from app.domain.principal import Principal
from app.domain.profile import Standing, Statement, ToldEvent
from app.domain.profile_views import Topic
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("profile")
# So many opponents, supports and messages of one memory are named.
MOST_SOURCES = 5
MOST_TOPICS = 5


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Of which spaces, states, agent ('' for any) and time memories are read, and how far believed at least."""

    space_keys: list[str]
    states: list[str]
    at: datetime
    agent_id: str
    least_confidence: float


async def get_standing(tx: Transaction, principal: Principal, space_keys: list[str]) -> Standing | None:
    return await one(tx, QUERIES["get_standing"], Standing, tenant_id=principal.tenant_id, space_keys=space_keys)


async def list_important(
    tx: Transaction, principal: Principal, moment: Moment, categories: Sequence[str], limit: int
) -> list[str]:
    return await many(
        tx,
        QUERIES["list_important"],
        str,
        visible=principal.visible,
        categories=list(categories),
        limit=limit,
        **msgspec.structs.asdict(moment),
    )


async def list_begun(
    tx: Transaction, principal: Principal, moment: Moment, window: tuple[Sequence[str], datetime, int]
) -> list[str]:
    """The ids of what became true since a time; the window is categories, time and how many of each."""
    categories, since, limit = window
    return await many(
        tx,
        QUERIES["list_begun"],
        str,
        visible=principal.visible,
        categories=list(categories),
        since=since,
        limit=limit,
        **msgspec.structs.asdict(moment),
    )


async def list_coming(
    tx: Transaction, principal: Principal, moment: Moment, categories: Sequence[str], limit: int
) -> list[str]:
    return await many(
        tx,
        QUERIES["list_coming"],
        str,
        visible=principal.visible,
        categories=list(categories),
        limit=limit,
        **msgspec.structs.asdict(moment),
    )


async def list_told_events(tx: Transaction, principal: Principal, moment: Moment, limit: int) -> list[ToldEvent]:
    return await many(
        tx,
        QUERIES["list_told_events"],
        ToldEvent,
        visible=principal.visible,
        category=Category.EVENTS,
        limit=limit,
        **msgspec.structs.asdict(moment),
    )


async def list_of_subjects(
    tx: Transaction, principal: Principal, moment: Moment, subjects: Sequence[str], attributes: Sequence[str]
) -> list[str]:
    return await many(
        tx,
        QUERIES["list_of_subjects"],
        str,
        visible=principal.visible,
        subjects=list(subjects),
        attributes=list(attributes),
        limit=MOST_SOURCES,
        **msgspec.structs.asdict(moment),
    )


async def list_topics(tx: Transaction, principal: Principal, space_keys: Sequence[str], since: datetime) -> list[Topic]:
    """The communities that moved since a time, those that moved most first."""
    return await many(
        tx,
        QUERIES["list_topics"],
        Topic,
        space_keys=list(space_keys),
        visible=principal.visible,
        since=since,
        limit=MOST_TOPICS,
        shown=MOST_SOURCES,
    )


async def list_statements(tx: Transaction, principal: Principal, moment: Moment, ids: Sequence[str]) -> list[Statement]:
    """All that a profile says of memories, in the order of their ids."""
    return await many(
        tx,
        QUERIES["list_statements"],
        Statement,
        ids=list(ids),
        space_keys=moment.space_keys,
        visible=principal.visible,
        states=moment.states,
        at=moment.at,
        most_sources=MOST_SOURCES,
    )

"""What changed in the caller's spaces since a cursor; waits for the next change on request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from app.domain import events as rules
from app.domain.events import EventPage, EventQuery, EventView, Position, Stream
from app.domain.principal import Principal, SpaceAccess
from app.services.parts import Parts
from app.storage import events
from app.storage.graph import Transaction

# How often somebody who waits is looked after; an event is a second late at most.
LOOK_SECONDS = 1.0


async def wait_for_page(parts: Parts, principal: Principal, query: EventQuery, closing: asyncio.Event) -> EventPage:
    """The first page that is not empty within the seconds the caller waits; no transaction is open in between.

    Raises Invalid, and CursorExpired when events after the cursor are kept no more.
    """
    left = float(rules.parse_wait(query.wait))
    page = await parts.graph.read(list_page, principal, query, parts.clock())
    while not page.events and (page.has_more or left > 0) and not closing.is_set():
        # What the caller does not see may fill whole pages.
        if not page.has_more:
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), min(LOOK_SECONDS, left))
            left -= LOOK_SECONDS
        query = msgspec.structs.replace(query, cursor=page.next_cursor)
        page = await parts.graph.read(list_page, principal, query, parts.clock())
    return page


async def list_page(tx: Transaction, principal: Principal, query: EventQuery, now: datetime) -> EventPage:
    """What happened after the cursor in the spaces that the caller sees now; without one from the oldest event on."""
    limit, types = rules.parse_limit(query.limit), rules.parse_types(query.types)
    known = _known(query.cursor)
    spaces = {space.space_key: space for space in _spaces(principal, query.space)}
    places = {key: known[key].seq if key in known else None for key in spaces}
    streams = await events.list_next(tx, principal, places, types, limit)
    for stream in streams:
        rules.check_kept(stream)
    if query.cursor == rules.LATEST:
        heads = [Position(one.space_key, spaces[one.space_key].id, one.head) for one in streams]
        return EventPage(events=[], next_cursor=rules.encode(heads), has_more=False)
    merged = rules.merge(streams, limit)
    # A cursor may know more spaces than are asked for now; where it stands in those stays.
    rest = [one for key, one in known.items() if key not in spaces and key in principal.space_keys]
    after = [Position(key, spaces[key].id, seq) for key, seq in merged.seqs.items()]
    told = [rules.event_view(event, spaces[event.space_key].id) for event in merged.events]
    return EventPage(
        events=[*_moved(principal, known, streams, now), *told],
        next_cursor=rules.encode([*after, *rest]),
        has_more=merged.has_more,
    )


def _known(cursor: str | None) -> dict[str, Position]:
    if not cursor or cursor == rules.LATEST:
        return {}
    return {one.space_key: one for one in rules.decode(cursor)}


def _spaces(principal: Principal, given: str | None) -> list[SpaceAccess]:
    keys = set(principal.readable_spaces(given))
    return [space for space in principal.spaces if space.space_key in keys]


def _moved(
    principal: Principal, known: dict[str, Position], streams: Sequence[Stream], now: datetime
) -> list[EventView]:
    """Which spaces are new to the reader of a cursor, and which he is in no more."""
    if not known:
        return []
    there = {stream.space_key for stream in streams}
    new = [rules.joined(space, now) for space in principal.spaces if space.space_key in there - set(known)]
    return [*new, *(rules.left(one, now) for key, one in known.items() if key not in principal.space_keys)]

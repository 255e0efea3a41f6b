"""Slots: which attributes are known of whom, what holds now and what held when."""

from __future__ import annotations

from app.domain import listing
from app.domain.entities import Timeline, TimelineQuery, parse_cursor, timeline_of
from app.domain.errors import NotFound
from app.domain.listing import Cursor
from app.domain.principal import Principal
from app.domain.slots import Slot, SlotList, SlotQuery, SlotView, slot_view
from app.services.entities import moments_page
from app.storage import slots
from app.storage.graph import Transaction
from app.storage.slots import SlotPage
from ingest.linking import subject_key

SORT = "slot"


async def list_page(tx: Transaction, principal: Principal, query: SlotQuery) -> SlotList:
    """A page of slots in the order of subject and attribute. Raises Invalid for a foreign cursor."""
    place = parse_cursor(query.cursor, SORT)
    size = listing.parse_limit(query.limit)
    page = SlotPage(
        space_keys=principal.readable_spaces(query.space),
        subject=subject_key(query.subject or ""),
        attribute=query.attribute or "",
        after=place.after if place else "",
        after_id=place.id if place else "",
        limit=size,
    )
    found = await slots.list_page(tx, principal, page)
    more = size and len(found) == size
    cursor = listing.encode(Cursor(SORT, False, found[-1].key, found[-1].id)) if more else None
    return SlotList([_view(principal, slot) for slot in found], cursor)


async def must_get(tx: Transaction, principal: Principal, slot_id: str) -> Slot:
    """A slot. Raises NotFound, also for one that no memory fills which the caller may see."""
    found = await slots.get(tx, principal, slot_id)
    if found is None:
        raise NotFound("no such slot")
    return found


async def get(tx: Transaction, principal: Principal, slot_id: str) -> SlotView:
    """A slot with the values that hold now. Raises NotFound."""
    return _view(principal, await must_get(tx, principal, slot_id))


def _view(principal: Principal, slot: Slot) -> SlotView:
    return slot_view(slot, principal.space_id(slot.space_key))


async def get_timeline(tx: Transaction, principal: Principal, slot_id: str, query: TimelineQuery) -> Timeline:
    """A page of all values that were given, in the order in which they were true. Raises NotFound, Invalid."""
    slot = await must_get(tx, principal, slot_id)
    page = moments_page(slot.member_ids, query)
    return timeline_of(await slots.list_moments(tx, principal, page), page.limit)

"""Slots in the graph, as they are read."""

from __future__ import annotations

import msgspec

from app.domain.entities import KNOWN_STATES, TOLD_STATES, Moment
from app.domain.principal import Principal
from app.domain.slots import Slot
from app.storage.entities import MomentsPage
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("slots")
# A slot of many values has more only when something is wrong; its timeline has them all.
MOST_VALUES = 100


class SlotPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which slots a list shows: of this normalised subject, of this attribute, after a (key, id)."""

    space_keys: list[str]
    subject: str
    attribute: str
    after: str
    after_id: str
    limit: int


async def list_page(tx: Transaction, principal: Principal, page: SlotPage) -> list[Slot]:
    return await many(
        tx,
        QUERIES["list_slots"],
        Slot,
        visible=principal.visible,
        states=KNOWN_STATES,
        most_values=MOST_VALUES,
        **msgspec.structs.asdict(page),
    )


async def get(tx: Transaction, principal: Principal, slot_id: str) -> Slot | None:
    return await one(
        tx,
        QUERIES["get_slot"],
        Slot,
        id=slot_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
        states=KNOWN_STATES,
        most_values=MOST_VALUES,
    )


async def list_moments(tx: Transaction, principal: Principal, page: MomentsPage) -> list[Moment]:
    return await many(
        tx,
        QUERIES["list_slot_moments"],
        Moment,
        space_keys=principal.space_keys,
        visible=principal.visible,
        states=TOLD_STATES,
        **msgspec.structs.asdict(page),
    )

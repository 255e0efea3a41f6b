"""What memories give a value for: a slot is an attribute of a subject under a condition."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.entities import valid_end
from app.domain.memories import timestamp


class SlotValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is believed now, and the memory that gives it."""

    value: str
    memory_id: str
    valid_from: datetime
    valid_to: datetime


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """All that a caller sees of one slot; `member_ids` are its nodes under all names of the subject."""

    id: str
    space_key: str
    subject: str
    attribute: str
    context: str
    cardinality: str
    member_ids: list[str]
    values: list[SlotValue]

    @property
    def key(self) -> str:
        """Its place in a list."""
        return "\n".join((self.subject, self.attribute, self.context))


class SlotValueView(msgspec.Struct, frozen=True, kw_only=True):
    """A current value on the wire; `valid_to` is null when no end is known."""

    value: str
    memory_id: str
    valid_from: str
    valid_to: str | None


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A slot on the wire."""

    id: str
    space_id: str
    subject: str
    attribute: str
    context: str | None
    cardinality: str
    values: list[SlotValueView]


class SlotList(msgspec.Struct, frozen=True):
    """A page of slots; `next_cursor` is null on the last one."""

    slots: list[SlotView]
    next_cursor: str | None


class SlotQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which slots are asked for."""

    subject: str | None = None
    attribute: str | None = None
    space: str | None = None
    cursor: str | None = None
    limit: int | None = None


def slot_view(slot: Slot, space_id: str) -> SlotView:
    """The wire form of a slot."""
    return SlotView(
        id=slot.id,
        space_id=space_id,
        subject=slot.subject,
        attribute=slot.attribute,
        context=slot.context or None,
        cardinality=slot.cardinality,
        values=[
            SlotValueView(
                value=one.value,
                memory_id=one.memory_id,
                valid_from=timestamp(one.valid_from),
                valid_to=valid_end(one.valid_to),
            )
            for one in slot.values
        ],
    )

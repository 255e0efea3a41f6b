"""What changed in spaces, in the graph: noted while a transaction works, written before it commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from app.domain.events import BY_STATE, WINDOW, Change, EventType, Stream, Touched
from app.domain.memories import State
from app.domain.principal import ALL_AGENTS, Principal
from app.storage import ledger
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("events")


def note(tx: Transaction, kind: EventType, things: Iterable[Touched]) -> None:
    """Remembers what was done to things of spaces; the ledger writes all of it when the transaction is about to end."""
    if changes := [Change(kind, thing) for thing in things]:
        ledger.noted(tx).changes.extend(changes)


def note_in_space(tx: Transaction, kind: EventType, space_key: str, subject_id: str, detail: str = "") -> None:
    """Remembers what happened to something that everybody in a space may know of."""
    note(tx, kind, [Touched(subject_id, space_key, ALL_AGENTS, detail)])


def note_states(tx: Transaction, memories: Iterable[Touched]) -> None:
    """Remembers that memories have another state, which is their detail."""
    for memory in memories:
        note(tx, BY_STATE[State(memory.detail)], [msgspec.structs.replace(memory, detail="")])


def note_changed(tx: Transaction, memories: Iterable[Touched]) -> None:
    """Remembers that memories were changed, or left what is current: their detail is the state they have."""
    for memory in memories:
        is_there = memory.detail == State.ACTIVE
        kind = EventType.MEMORY_UPDATED if is_there else BY_STATE[State(memory.detail)]
        note(tx, kind, [msgspec.structs.replace(memory, detail="")])


async def list_next(
    tx: Transaction, principal: Principal, places: Mapping[str, int | None], types: Sequence[str], limit: int
) -> list[Stream]:
    """The events of each space after the one with the number that is given for it, or from the oldest one on."""
    return await many(
        tx,
        QUERIES["list_next_events"],
        Stream,
        places=[{"space_key": space_key, "seq": seq} for space_key, seq in places.items()],
        tenant_id=principal.tenant_id,
        visible=principal.visible,
        types=list(types),
        limit=limit,
        window=WINDOW,
    )

"""Where a text stands in its conversation, and which of the other texts at hand stand around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# An answer is often clear from the one or two turns before it, a little from what follows.
BEFORE = (-1, -2)
AROUND = (*BEFORE, -3, 1, 2)


class Place(NamedTuple):
    """The place of a turn in its session, counted in turns."""

    session_id: str
    position: int


class Turns:
    """Texts by their places; what has no place has no neighbours either."""

    def __init__(self, places: Sequence[Place | None]) -> None:
        self._places = places
        self._sessions: dict[str, dict[int, int]] = {}
        for index, place in enumerate(places):
            if place is not None:
                self._sessions.setdefault(place.session_id, {}).setdefault(place.position, index)

    def around(self, index: int) -> dict[int, int]:
        """The indexes of those texts that stand at the distances of `AROUND` and are at hand, by their distance."""
        place = self._places[index]
        if place is None:
            return {}
        session, position = self._sessions[place.session_id], place.position
        return {distance: session[position + distance] for distance in AROUND if position + distance in session}

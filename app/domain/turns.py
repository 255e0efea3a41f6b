"""Where a text stands in its conversation, and which of the other texts at hand stand around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# An answer is often clear from the one or two turns before it, a little from what follows.
BEFORE = (0, -1, -2)
AROUND = (0, -1, -2, -3, 1, 2)


class Place(NamedTuple):
    """The place of a turn in its session, counted in turns."""

    session_id: str
    position: int


class Turns:
    """Texts by their places; what has no place has no neighbours either."""

    def __init__(self, places: Sequence[Place | None]) -> None:
        self._places = places
        self._at: dict[Place, int] = {}
        for index, place in enumerate(places):
            if place is not None:
                self._at.setdefault(place, index)

    def neighbour(self, index: int, distance: int) -> int | None:
        """The index of the text that many turns after (or, below zero, before) another one, if it is at hand."""
        place = self._places[index]
        return None if place is None else self._at.get(Place(place.session_id, place.position + distance))

    def window(self, index: int, distances: Sequence[int]) -> list[int]:
        """The index itself and those of the texts at these distances that are at hand."""
        found = (self.neighbour(index, distance) for distance in distances if distance)
        return [index, *(one for one in found if one is not None)]

"""Answers that are kept in the process until a space they were made of moves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

import msgspec

# What all answers may take as JSON together, and one of them.
MAX_BYTES = 16 * 1024 * 1024
MAX_ANSWER_BYTES = 1024 * 1024
# Reads are counted without moving a space, so that reading takes no locks: their counts may be so old.
MAX_AGE = timedelta(minutes=1)


class Kept(msgspec.Struct, frozen=True):
    """An answer, what the spaces were like when it was made, and its size."""

    answer: object
    revs: Sequence[str]
    at: datetime
    size: int


class RememberedAnswers:
    """Answers by who asked for what; the one that was not asked for longest goes first when there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._size = 0

    def get(self, place: Hashable, revs: Sequence[str], now: datetime) -> object | None:
        """The answer of a place, if no space has moved since and it is not too old."""
        kept = self._kept.get(place)
        if kept is None:
            return None
        if kept.revs != revs or not timedelta() <= now - kept.at < MAX_AGE:
            self._drop(place)
            return None
        self._kept.move_to_end(place)
        return kept.answer

    def put(self, place: Hashable, revs: Sequence[str], now: datetime, answer: object) -> None:
        """Keeps an answer, unless it is too large for that."""
        self._drop(place)
        size = len(msgspec.json.encode(answer))
        if size > MAX_ANSWER_BYTES:
            return
        self._kept[place] = Kept(answer, revs, now, size)
        self._size += size
        while self._size > MAX_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: Hashable) -> None:
        if kept := self._kept.pop(place, None):
            self._size -= kept.size

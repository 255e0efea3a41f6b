"""How often something may be done within a minute, counted in windows that begin with the first time."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

WINDOW = timedelta(minutes=1)
# So many addresses and keys are counted at a time; the one whose window is oldest goes first. About 5 MB.
MAX_WINDOWS = 20_000


class Allowance(msgspec.Struct, frozen=True):
    """What is left of a limit, and in how many seconds all of it is there again."""

    limit: int
    remaining: int
    reset_seconds: int
    is_exceeded: bool = False


class Window(msgspec.Struct):
    """How often something was done since a time."""

    since: datetime
    count: int = 0


class Windows:
    """Counts of what was done, by what it is and by whom."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, str], Window] = OrderedDict()

    def look(self, what: str, who: str, limit: int, now: datetime) -> Allowance:
        """What is left, without counting."""
        window = self._windows.get((what, who))
        if window is None or not timedelta() <= now - window.since < WINDOW:
            return Allowance(limit, limit, int(WINDOW.total_seconds()))
        return _allowance(window, limit, now)

    def count(self, what: str, who: str, limit: int, now: datetime) -> Allowance:
        """Counts one more, and what is left then; what is above the limit is not counted."""
        before = self.look(what, who, limit, now)
        if before.remaining == limit:
            self._begin((what, who), now)
        window = self._windows[what, who]
        if before.is_exceeded:
            return before
        window.count += 1
        return msgspec.structs.replace(_allowance(window, limit, now), is_exceeded=False)

    def _begin(self, place: tuple[str, str], now: datetime) -> None:
        self._windows.pop(place, None)
        self._windows[place] = Window(now)
        if len(self._windows) > MAX_WINDOWS:
            self._windows.popitem(last=False)


def _allowance(window: Window, limit: int, now: datetime) -> Allowance:
    left = WINDOW - (now - window.since)
    remaining = max(0, limit - window.count)
    # Rounded up, so that whoever waits as long is let in.
    return Allowance(limit, remaining, -(-left // timedelta(seconds=1)), is_exceeded=remaining == 0)

"""Which conversation a window of messages goes on with, when its client does not say."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

# A conversation without messages for this long is over; a client that takes it up again begins a new one.
SESSION_LIFE = timedelta(hours=12)
# More terminals of one agent and source than this do not talk at the same time.
MAX_RECENT = 20
# So many of a session's last messages are compared, or as many as the window has; the real hooks send 10 and 15.
COMPARED_HASHES = 50
# Messages that two conversations may have in common ("ok", "继续") are evidence only when so many meet in a row, ...
ENOUGH_GENERIC = 3
# ... or when the session holds nothing else and is younger than this: two greetings that a work session begins with.
FRESH = timedelta(minutes=30)
# The width of a text from which on it is taken to be said in one conversation only; a Chinese character counts twice.
TELLING_WIDTH = 16


class RecentSession(msgspec.Struct, frozen=True):
    """A session that may go on: how many messages it has, and the hashes of the last of them, oldest first."""

    id: str
    updated_at: datetime
    message_count: int
    hashes: list[str]


def find_session(
    recent: Sequence[RecentSession], hashes: Sequence[str], telling: Sequence[bool], now: datetime
) -> str | None:
    """The session that shares most messages with the window, of equals the latest; None when no evidence suffices.

    `telling` says for each message of the window whether it tells conversations apart.
    """
    found: list[tuple[int, datetime, str]] = []
    for session in recent:
        shared = overlap(session.hashes, hashes, session.message_count == len(session.hashes))
        is_all = len(shared) == session.message_count and now - session.updated_at < FRESH
        if any(telling[index] for index in shared) or len(shared) >= ENOUGH_GENERIC or (shared and is_all):
            found.append((len(shared), session.updated_at, session.id))
    return max(found)[2] if found else None


def overlap(stored: Sequence[str], window: Sequence[str], is_whole: bool) -> range:
    """The part of the window that a session has already.

    All of it; or its head, which is the end of the session; or, where `stored` is the whole session, all of that
    somewhere in a window that reaches back further. Otherwise nothing.
    """
    if place_of(window, stored) is not None:
        return range(len(window))
    for size in range(min(len(stored), len(window)), 0, -1):
        if stored[-size] == window[0] and list(stored[-size:]) == list(window[:size]):
            return range(size)
    start = place_of(stored, window) if is_whole and stored else None
    return range(0) if start is None else range(start, start + len(stored))


def place_of(part: Sequence[str], whole: Sequence[str]) -> int | None:
    """Where the part begins in the whole, without gaps; None when it is not there."""
    starts = range(len(whole) - len(part) + 1)
    return next((start for start in starts if list(whole[start : start + len(part)]) == list(part)), None)


def is_telling(text: str, is_noise: bool) -> bool:
    """Whether a message tells conversations apart: it is no noise and more than a few words."""
    return not is_noise and sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text) >= TELLING_WIDTH

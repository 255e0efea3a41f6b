"""Leaving alone what keeps failing, so that nobody waits for it."""

from __future__ import annotations

MAX_FAILURES = 3
# As long as a person would wait before trying again; a search in between answers at once without the endpoint.
PAUSE_SECONDS = 5.0


class CircuitBreaker:
    """Opens after failures in a row; while open, one call a pause goes through to see if it is back."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._next_try = 0.0

    def may_call(self, now: float) -> bool:
        """Whether to call at this time of a monotonic clock; a yes while open is the one for this pause."""
        if not self.is_open():
            return True
        if now < self._next_try:
            return False
        self._next_try = now + self._pause_seconds
        return True

    def is_open(self) -> bool:
        """Whether the calls before failed, so that most are not made."""
        return self._failures >= MAX_FAILURES

    def record_failure(self, now: float) -> None:
        self._failures += 1
        self._next_try = now + self._pause_seconds

    def record_success(self) -> None:
        self._failures = 0

"""How we treat an OpenAI-compatible endpoint, whatever it serves: its address, and leaving it alone while it fails."""

from __future__ import annotations

import re

# Also /v3 and /v4, which some providers use in place of /v1.
_VERSION = re.compile(r"/v\d+$")

MAX_FAILURES = 3
# As long as a person would wait before trying again; a search in between answers at once without the endpoint.
PAUSE_SECONDS = 5.0


def normalize_base_url(url: str) -> str:
    """The address with its version: `http://host` and `http://host/v1/` are both `http://host/v1`."""
    trimmed = url.rstrip("/")
    return trimmed if _VERSION.search(trimmed) else f"{trimmed}/v1"


class CircuitBreaker:
    """Opens after failures in a row; while open, one call a pause goes through to see if the endpoint is back."""

    def __init__(self) -> None:
        self._failures = 0
        self._next_try = 0.0

    def may_call(self, now: float) -> bool:
        """Whether to call at this time of a monotonic clock; a yes while open is the one for this pause."""
        if self._failures < MAX_FAILURES:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + PAUSE_SECONDS
        return True

    def record_failure(self, now: float) -> None:
        self._failures += 1
        self._next_try = now + PAUSE_SECONDS

    def record_success(self) -> None:
        self._failures = 0

"""How we treat an OpenAI-compatible endpoint, whatever it serves: its address, its failures, and leaving it alone."""

from __future__ import annotations

import re

from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

# Also /v3 and /v4, which some providers use in place of /v1.
_VERSION = re.compile(r"/v\d+$")

MAX_FAILURES = 3
# As long as a person would wait before trying again; a search in between answers at once without the endpoint.
PAUSE_SECONDS = 5.0

# Timed out, in conflict, too many: what the client tries again besides 5xx.
_PASSING = (408, 409, 429)
_SERVER_ERROR = 500


def normalize_base_url(url: str) -> str:
    """The address with its version: `http://host` and `http://host/v1/` are both `http://host/v1`."""
    trimmed = url.rstrip("/")
    return trimmed if _VERSION.search(trimmed) else f"{trimmed}/v1"


def is_outage(error: OpenAIError | TimeoutError) -> bool:
    """True for what passes by itself; a refusal of this one request says nothing about the next."""
    if isinstance(error, APIStatusError):
        return error.status_code in _PASSING or error.status_code >= _SERVER_ERROR
    return isinstance(error, APIConnectionError | TimeoutError)


def explain(error: OpenAIError | TimeoutError, endpoint: str, prefix: str) -> str:
    """Why there is no answer; `prefix` is that of its settings. Never the error's own text: it may repeat a key."""
    if isinstance(error, APIStatusError):
        return f"the {endpoint} answered with status {error.status_code}"
    if isinstance(error, APITimeoutError | TimeoutError):
        return f"the {endpoint} did not answer in time; {prefix}_TIMEOUT_SECS sets how long it may take"
    return f"the {endpoint} cannot be reached; check {prefix}_BASE_URL"


class CircuitBreaker:
    """Opens after failures in a row; while open, one call a pause goes through to see if the endpoint is back."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._next_try = 0.0

    def may_call(self, now: float) -> bool:
        """Whether to call at this time of a monotonic clock; a yes while open is the one for this pause."""
        if self._failures < MAX_FAILURES:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + self._pause_seconds
        return True

    def record_failure(self, now: float) -> None:
        self._failures += 1
        self._next_try = now + self._pause_seconds

    def record_success(self) -> None:
        self._failures = 0

"""How we treat an OpenAI-compatible endpoint, whatever it serves: its address and its failures."""

from __future__ import annotations

import re

from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

# Also /v3 and /v4, which some providers use in place of /v1.
_VERSION = re.compile(r"/v\d+$")

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

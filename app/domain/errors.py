"""The one error tree; services raise, `app/api/errors.py` answers.

OurmemError
├── Invalid            400 validation_error
├── Unauthorized       401 unauthorized
│   └── InsufficientScope  401 insufficient_scope
├── NotFound           404 not_found
├── Blocked            409 conflict              (something later builds on what is to be undone)
├── CursorExpired      410 cursor_expired        (what came after the cursor is kept no more)
├── Outdated           412 precondition_failed   (If-Match does not match)
├── TooLong            413 content_too_long
├── UnsupportedMedia   415 unsupported_media_type  (a body that does not say it is JSON)
├── Unprocessable      422 validation_error      (JSON is fine, its shape is not)
├── RateLimited        429 rate_limited
├── QuotaExceeded      429 quota_exceeded        (the account is full; in `quotas.py`)
└── Unavailable        503 unavailable           (Neo4j or a model does not answer)
"""

from __future__ import annotations

from app.domain.rate_limits import Allowance


class OurmemError(Exception):
    """What goes wrong in a way the caller can be told; `message` is shown, so it names no secret and no path."""

    status = 500
    code = "internal_error"
    prefix = "internal error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = f"{self.prefix}: {message}" if message else self.prefix
        self.hint = hint


class Invalid(OurmemError):
    """A value that cannot be accepted."""

    status, code, prefix = 400, "validation_error", "validation error"


class Unauthorized(OurmemError):
    """No key, a bad key, or a role that does not allow it."""

    status, code, prefix = 401, "unauthorized", "unauthorized"


class InsufficientScope(Unauthorized):
    """The key is good, but was made without the scope this needs."""

    code = "insufficient_scope"


class NotFound(OurmemError):
    """Nothing there, or nothing the caller may see."""

    status, code, prefix = 404, "not_found", "not found"


class Blocked(OurmemError):
    """Something later builds on what is to be taken back; the message names it."""

    status, code, prefix = 409, "conflict", "conflict"


class CursorExpired(OurmemError):
    """What happened after a cursor is kept no more; the hint says how to go on."""

    status, code, prefix = 410, "cursor_expired", "cursor expired"


class Outdated(OurmemError):
    """The thing was changed by somebody else since the caller read it."""

    status, code, prefix = 412, "precondition_failed", "precondition failed"


class TooLong(OurmemError):
    """More text than one thing may hold."""

    status, code, prefix = 413, "content_too_long", "content too long"


class UnsupportedMedia(OurmemError):
    """A body in another form than the route reads."""

    status, code, prefix = 415, "unsupported_media_type", "unsupported media type"


class Unprocessable(OurmemError):
    """Well-formed JSON with a missing field or a wrong type."""

    status, code, prefix = 422, "validation_error", "validation error"


class RateLimited(OurmemError):
    """Too many requests; the allowance says when there may be more."""

    status, code, prefix = 429, "rate_limited", "rate limited"

    def __init__(self, message: str, hint: str = "", allowance: Allowance | None = None) -> None:
        super().__init__(message, hint)
        self.allowance = allowance


class Unavailable(OurmemError):
    """Something the service depends on does not answer; trying again later may help."""

    status, code, prefix = 503, "unavailable", "unavailable"

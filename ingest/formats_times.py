"""Times as programs write them: RFC 3339 with or without an offset, or seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

# A number above is milliseconds: as seconds it would be the year 5138.
_MOST_SECONDS = 1e11


def parse_time(value: str | float | None) -> datetime | None:
    """The moment in UTC; None where there is none or nobody can tell, since a wrong time is worse than none."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip().replace("/", "-"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if value is None:
            return None
        return datetime.fromtimestamp(value / 1000 if value > _MOST_SECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None

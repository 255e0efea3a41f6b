"""Reads the days that a language model writes, as far as they are days at all."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

# What a conversation gives dates for; anything else is a slip of the model.
EARLIEST_YEAR, LATEST_YEAR = 1000, 2200
_DAY = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?(?P<time>[T ]\d{1,2}:\d{2}.*)?")
_DECEMBER = 12


def first_moment(written: str, zone: tzinfo | None) -> datetime | None:
    """When an ISO day, month or year begins, or the very moment; None for anything else."""
    match = _DAY.fullmatch(written.strip())
    if not match or not EARLIEST_YEAR <= int(match["year"]) <= LATEST_YEAR:
        return None
    try:
        if match["time"]:
            moment = datetime.fromisoformat(written.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return datetime(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1), tzinfo=zone)
    except ValueError:
        return None


def moment_after(written: str, zone: tzinfo | None) -> datetime | None:
    """When an ISO day, month or year is over; a moment is its own end."""
    first, match = first_moment(written, zone), _DAY.fullmatch(written.strip())
    if first is None or match is None or match["time"]:
        return first
    if match["day"]:
        return first + timedelta(days=1)
    if match["month"] and first.month < _DECEMBER:
        return first.replace(month=first.month + 1)
    return first.replace(year=first.year + 1, month=1)

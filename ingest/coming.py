"""On which day an event is that was still to come when it was told."""

from __future__ import annotations

from datetime import datetime

from app.domain.profile import Day
from ingest.dates import find_dates
from ingest.statements import says_change


def event_day(text: str, told: datetime) -> Day | None:
    """From the first to the last day that a text names after it was told; of a change the last one."""
    dates = [date for date in find_dates(text, told) if date.first > told]
    if not dates:
        return None
    dates = dates[-1:] if says_change(text) else dates
    return Day(min(date.first for date in dates), max(date.after for date in dates))

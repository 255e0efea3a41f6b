"""Periods that a question names, such as last May, and what was said in or soon after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

MONTHS: Sequence[str] = "january february march april may june july august september october november december".split()  # noqa: SIM905
WEEKDAYS: Sequence[str] = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
# What happened is told within days; that long after the end of a period it is still about it.
TOLD_WITHIN = timedelta(days=14)
_DAYS_OF_EVERY_MONTH = 28


class Period(msgspec.Struct, frozen=True):
    """From the first day to the day after the last; without a year the same days of each year."""

    first: datetime
    after: datetime
    is_yearly: bool = False

    def tells_of(self, said_at: datetime) -> bool:
        """Whether what was said then may tell of this period."""
        if not self.is_yearly:
            return self.first <= said_at < self.after + TOLD_WITHIN
        since = said_at - _in_year(self.first, said_at.year)
        # A period at the end of a year is told of in the next.
        since = since if since >= timedelta() else said_at - _in_year(self.first, said_at.year - 1)
        return since < self.after - self.first + TOLD_WITHIN


def _in_year(day: datetime, year: int) -> datetime:
    return day.replace(year=year, day=min(day.day, _DAYS_OF_EVERY_MONTH))

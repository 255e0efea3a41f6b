"""How often one address may sign up."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from app.domain.errors import RateLimited

SIGN_UPS_PER_MINUTE = 30
MINUTE = timedelta(minutes=1)


class SignUpLimit:
    """At most 30 sign-ups a minute per address; none on loopback, where only the machine's owner calls."""

    def __init__(self, *, is_loopback: bool) -> None:
        self._is_loopback = is_loopback
        self._times: dict[str, deque[datetime]] = defaultdict(deque)

    def check(self, address: str, now: datetime) -> None:
        """Counts a sign-up. Raises RateLimited when there were too many from this address within a minute."""
        if self._is_loopback:
            return
        times = self._times[address]
        while times and now - times[0] >= MINUTE:
            times.popleft()
        if len(times) >= SIGN_UPS_PER_MINUTE:
            raise RateLimited("too many sign-ups from this address; try again in a minute")
        times.append(now)

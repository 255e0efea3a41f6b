"""Which requests are counted, and against which limit of the settings."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import datetime
from ipaddress import IPv6Address, ip_address

import msgspec

from app import metrics
from app.config import Settings
from app.domain.errors import RateLimited
from app.domain.principal import Principal
from app.domain.rate_limits import Allowance, Windows

SIGN_UPS_PER_MINUTE = 30
# Keys that worked lately; from an address that tries many wrong ones they go on working.
MAX_KNOWN_KEYS = 10_000
# One household or firm has a /64 of its own, with more addresses than can be counted.
IPV6_NETWORK_BITS = 64

# What makes a language model work, now or in a task.
LLM_WORK = re.compile(
    r"POST /v1/(memories|imports|files|ingest/preview|imports/cross-reconcile|imports/[^/]+/intelligence)/?"
)
# What writes into spaces of others (the seed's OMEM_SHARE_RATE_PER_MIN).
SHARING = re.compile(
    r"POST /v1/(memories/[^/]+/(share|pull|reshare|share-to-user)|memories/(batch-share|share-all|share-all-to-user)"
    r"|org/[^/]+/[^/]+/publish)/?"
)


class Request(msgspec.Struct, frozen=True):
    """What is counted of a request: method and path, and when it came."""

    line: str
    now: datetime


class Limits:
    """Counts requests in the memory of the process; what there is to count by is bounded."""

    def __init__(self) -> None:
        self._windows = Windows()
        self._known_keys: OrderedDict[str, None] = OrderedDict()

    def check_sign_up(self, address: str, now: datetime) -> Allowance:
        """Counts a sign-up. Raises RateLimited."""
        allowance = self._windows.count("sign-up", network_of(address), SIGN_UPS_PER_MINUTE, now)
        return _checked("sign-ups", allowance, "too many sign-ups from this address")

    def check_key(self, settings: Settings, address: str, hashed: str, now: datetime) -> None:
        """Raises RateLimited for a key that is not known yet, from an address that tried too many wrong ones."""
        limit = settings.key_failures_per_min
        if limit and hashed not in self._known_keys and not is_local(address):
            allowance = self._windows.look("key", network_of(address), limit, now)
            _checked("wrong keys", allowance, "too many wrong keys from this address")

    def note_failure(self, settings: Settings, address: str, hashed: str, now: datetime) -> None:
        """Counts a wrong key, which may have worked until now."""
        self._known_keys.pop(hashed, None)
        if settings.key_failures_per_min:
            self._windows.count("key", network_of(address), settings.key_failures_per_min, now)

    def note_success(self, hashed: str) -> None:
        """Remembers a key that works."""
        self._known_keys[hashed] = None
        self._known_keys.move_to_end(hashed)
        if len(self._known_keys) > MAX_KNOWN_KEYS:
            self._known_keys.popitem(last=False)

    def is_known(self, hashed: str) -> bool:
        """Whether a key worked when it was last asked; it may have been revoked since."""
        return hashed in self._known_keys

    def check_request(self, settings: Settings, principal: Principal, request: Request) -> Allowance | None:
        """Counts a request against all limits it falls under; the one with the least left. Raises RateLimited.

        Requests count for each key, work for models and sharing for the tenant, who can make keys as he likes.
        """
        tenant = principal.tenant_id
        allowances = [
            _checked(what, self._windows.count(what, who, limit, request.now), f"too many {what} by this {owner}")
            for what, who, owner, limit in (
                ("requests", principal.key_id, "key", settings.requests_per_min),
                ("texts for the language model", tenant, "tenant", _llm_limit(settings, request.line)),
                ("shares", tenant, "tenant", settings.share_rate_per_min if SHARING.fullmatch(request.line) else 0),
            )
            if limit
        ]
        return min(allowances, key=lambda allowance: allowance.remaining, default=None)


def is_counted(settings: Settings, line: str) -> bool:
    """Whether requests of such a line have a limit, for each key or for the work of a language model."""
    return bool(settings.requests_per_min or _llm_limit(settings, line))


def _llm_limit(settings: Settings, line: str) -> int:
    has_model = settings.llm_provider or settings.llm_base_url
    return settings.llm_requests_per_min if has_model and LLM_WORK.fullmatch(line) else 0


def _checked(limit: str, allowance: Allowance, problem: str) -> Allowance:
    if allowance.is_exceeded:
        metrics.count_refusal(limit)
        raise RateLimited(f"{problem}; try again in {allowance.reset_seconds} s", allowance=allowance)
    return allowance


def is_local(address: str) -> bool:
    """Whether a client is on this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service that listens there."""
    return host == "localhost" or is_local(host)


def network_of(address: str) -> str:
    """What addresses of one client have in common: all of IPv4, the network of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> (128 - IPV6_NETWORK_BITS) << (128 - IPV6_NETWORK_BITS)))
    return str(parsed)

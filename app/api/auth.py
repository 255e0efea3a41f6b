"""API key → Principal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from litestar.di import NamedDependency

from app.api.context import note_allowance
from app.api.reading import AnyRequest, read_header
from app.domain.errors import OurmemError, Unauthorized
from app.domain.principal import Principal, Scope, key_hash
from app.services import quotas
from app.services.limits import Request, is_counted
from app.services.parts import Parts
from app.services.tenants import agent_name
from app.storage import system

# Methods that change nothing; the search by POST reads as well.
READING = ("GET", "HEAD")
READING_PATHS = ("/v1/memories/search",)


async def provide_principal(request: AnyRequest, parts: NamedDependency[Parts]) -> Principal:
    """Who asks. Raises Unauthorized without a working key, InsufficientScope when it may not do this, RateLimited."""
    key = request.headers.get("x-api-key", "")
    if not key:
        raise Unauthorized("the header X-API-Key is missing")
    principal = await find_principal(request, parts, key)
    counted = Request(_line(request), parts.clock())
    note_allowance(parts.limits.check_request(parts.settings, principal, counted))
    principal.require(Scope.READ if _only_reads(request) else Scope.WRITE)
    return principal.acting_as(agent_name(read_header(request, "x-agent-id")))


def embedding_ahead(
    begin: Callable[[AnyRequest, Parts], Awaitable[None]],
) -> Callable[[AnyRequest, Parts], Awaitable[Principal]]:
    """Tells who asks, as `provide_principal` does; where a key worked before, its text is embedded meanwhile."""

    async def provide(request: AnyRequest, parts: NamedDependency[Parts]) -> Principal:
        if _may_begin(request, parts):
            # What is wrong with the request is said when it is known that the caller may send it.
            with suppress(OurmemError):
                await begin(request, parts)
        return await provide_principal(request, parts)

    return provide


def _may_begin(request: AnyRequest, parts: Parts) -> bool:
    """Whether work may begin while the key is looked up: it worked when it was last asked, and such requests are not
    counted. Where they are, those beyond the limit shall cost nothing.
    """
    hashed = key_hash(request.headers.get("x-api-key", ""))
    return parts.limits.is_known(hashed) and not is_counted(parts.settings, _line(request))


async def find_principal(request: AnyRequest, parts: Parts, key: str) -> Principal:
    """Whose key it is, as nobody's agent yet. Raises Unauthorized, and RateLimited after too many wrong keys."""
    principal = await _find(request, parts, key_hash(key))
    parts.accesses.note_key(principal.key_id, parts.clock())
    return principal


async def _find(request: AnyRequest, parts: Parts, hashed: str) -> Principal:
    """The principal of a key. Raises Unauthorized, and RateLimited when too many wrong keys came from the address."""
    address, now = request.client.host if request.client else "", parts.clock()
    parts.limits.check_key(parts.settings, address, hashed, now)
    principal = await parts.graph.read(system.get_principal, hashed, now)
    if principal is None:
        parts.limits.note_failure(parts.settings, address, hashed, now)
        raise Unauthorized("the API key is unknown, revoked or expired")
    parts.limits.note_success(hashed)
    return quotas.limited(parts.settings, principal)


def _line(request: AnyRequest) -> str:
    return f"{request.method} {request.scope['path']}"


def _only_reads(request: AnyRequest) -> bool:
    return request.method in READING or request.scope["path"].rstrip("/") in READING_PATHS

"""API key → Principal."""

from __future__ import annotations

from litestar.di import NamedDependency

from app.api.reading import AnyRequest, read_header
from app.domain.errors import Unauthorized
from app.domain.principal import Principal, Scope, key_hash
from app.services.parts import Parts
from app.services.tenants import agent_name
from app.storage import system

# Methods that change nothing; the search by POST reads as well.
READING = ("GET", "HEAD")
READING_PATHS = ("/v1/memories/search",)


async def provide_principal(request: AnyRequest, parts: NamedDependency[Parts]) -> Principal:
    """Who asks. Raises Unauthorized without a working key, and InsufficientScope when the key may not do this."""
    key = request.headers.get("x-api-key", "")
    if not key:
        raise Unauthorized("the header X-API-Key is missing")
    now = parts.clock()
    principal = await parts.graph.read(system.get_principal, key_hash(key), now)
    if principal is None:
        raise Unauthorized("the API key is unknown, revoked or expired")
    parts.accesses.note_key(principal.key_id, now)
    principal.require(Scope.READ if _only_reads(request) else Scope.WRITE)
    return principal.acting_as(agent_name(read_header(request, "x-agent-id")))


def _only_reads(request: AnyRequest) -> bool:
    return request.method in READING or request.scope["path"].rstrip("/") in READING_PATHS

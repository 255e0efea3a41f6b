"""Everything that a tenant takes away, as it is read."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Stream

from app.api.documents import documented
from app.domain.principal import Principal
from app.services import exports
from app.services.parts import Parts

# One JSON object a line.
JSON_LINES = "application/x-ndjson"


@get("/v1/export", operation_class=documented())
async def export(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> Stream:
    """The personal space of the tenant as JSON lines. Needs the scope admin."""
    return Stream(await exports.stream(parts, principal), media_type=JSON_LINES)


router = Router(path="/", tags=["tenants"], route_handlers=[export])

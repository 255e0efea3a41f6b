"""Everything that a tenant takes away, as it is read, and the way back."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.response import Stream

from app.api.documents import documented
from app.api.reading import AnyRequest
from app.domain.account_lines import AccountImported
from app.domain.errors import TooLong
from app.domain.principal import Principal
from app.services import account_imports, exports
from app.services.parts import Parts

# One JSON object a line.
JSON_LINES = "application/x-ndjson"


@get("/v1/export", operation_class=documented())
async def export(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> Stream:
    """All that the tenant owns as JSON lines. Needs the scope admin."""
    return Stream(await exports.stream(parts, principal), media_type=JSON_LINES)


@post(
    "/v1/imports/export",
    status_code=200,
    operation_class=documented(),
    request_max_body_size=account_imports.MAX_FILE_BYTES,
)
async def import_export(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> AccountImported:
    """Take in what an export holds; the body is the file. Needs the scope admin."""
    try:
        return await account_imports.create(parts, principal, request.stream())
    except HTTPException as error:
        raise TooLong(f"at most {account_imports.MAX_FILE_BYTES} bytes are accepted") from error


router = Router(path="/", tags=["tenants"], route_handlers=[export, import_export])

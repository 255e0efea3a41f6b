"""What ingest would do."""

from __future__ import annotations

from litestar import Router, post
from litestar.di import NamedDependency

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.domain.messages import NewMessages
from app.domain.previews import Preview
from app.domain.principal import Principal
from app.services import previews
from app.services.parts import Parts


@post("/v1/ingest/preview", status_code=200, operation_class=documented(body=NewMessages))
async def preview_ingest(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Preview:
    """What would be extracted from messages and decided about each fact; nothing is written."""
    return await previews.preview(parts, principal, await read_body(request, NewMessages))


router = Router(path="/", route_handlers=[preview_ingest])

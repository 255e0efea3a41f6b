"""What changed, for clients that follow their spaces."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.events import EventPage, EventQuery
from app.domain.principal import Principal
from app.services import events
from app.services.parts import Parts


@get("/v1/events", operation_class=documented(query=EventQuery))
async def list_events(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> EventPage:
    """What changed in the caller's spaces after a cursor, in order and without gaps; waits for news when asked to."""
    query = read_query(request, EventQuery)
    return await events.wait_for_page(parts, principal, query, request.app.state.closing)


router = Router(path="/", tags=["events"], route_handlers=[list_events])

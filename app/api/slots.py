"""What memories give values for."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.entities import Timeline, TimelineQuery
from app.domain.principal import Principal
from app.domain.slots import SlotList, SlotQuery, SlotView
from app.services import slots
from app.services.parts import Parts


@get("/v1/slots", operation_class=documented(query=SlotQuery))
async def list_slots(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SlotList:
    """Which attributes are known of whom, with the values that hold now."""
    return await parts.graph.read(slots.list_page, principal, read_query(request, SlotQuery))


@get("/v1/slots/{slot_id:str}", operation_class=documented())
async def get_slot(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], slot_id: FromPath[str]
) -> SlotView:
    """One slot with the values that hold now."""
    return await parts.graph.read(slots.get, principal, slot_id)


@get("/v1/slots/{slot_id:str}/timeline", operation_class=documented(query=TimelineQuery))
async def get_slot_timeline(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], slot_id: FromPath[str]
) -> Timeline:
    """All values that were given, in the order in which they were true."""
    query = read_query(request, TimelineQuery)
    return await parts.graph.read(slots.get_timeline, principal, slot_id, query)


router = Router(path="/", tags=["slots"], route_handlers=[list_slots, get_slot, get_slot_timeline])

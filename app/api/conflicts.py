"""Memories that contradict each other."""

from __future__ import annotations

from uuid import uuid4

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.domain.conflicts import ConflictList, ConflictQuery, ConflictView, ResolveRequest
from app.domain.principal import Principal
from app.services import conflicts
from app.services.conflicts import Given
from app.services.parts import Parts


@get("/v1/conflicts", operation_class=documented(query=ConflictQuery))
async def list_conflicts(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> ConflictList:
    """The open conflicts, newest first, each with both memories and the messages behind them."""
    return await parts.graph.read(conflicts.list_page, principal, read_query(request, ConflictQuery))


@get("/v1/conflicts/{conflict_id:str}", operation_class=documented())
async def get_conflict(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], conflict_id: FromPath[str]
) -> ConflictView:
    """One conflict, open or resolved."""
    return await parts.graph.read(conflicts.get, principal, conflict_id)


@post("/v1/conflicts/{conflict_id:str}/resolve", status_code=200, operation_class=documented(body=ResolveRequest))
async def resolve_conflict(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    conflict_id: FromPath[str],
) -> ConflictView:
    """Keep one side, both in their context, or none; kept as a decision that can be undone."""
    wanted = await read_body(request, ResolveRequest)
    given = Given(decision_id=str(uuid4()), now=parts.clock())
    return await parts.graph.write(conflicts.resolve, principal, conflict_id, wanted, given)


router = Router(path="/", tags=["conflicts"], route_handlers=[list_conflicts, get_conflict, resolve_conflict])

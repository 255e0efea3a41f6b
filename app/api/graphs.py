"""Why a memory is there, how two things are connected, and what lies around some."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.graphs import Excerpt, PathAnswer, PathQuery, SubgraphQuery
from app.domain.principal import Principal
from app.domain.why import WhyAnswer
from app.services import graphs, why
from app.services.parts import Parts


@get("/v1/memories/{memory_id:str}/why", operation_class=documented())
async def get_why(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> WhyAnswer:
    """What a memory comes from, back to the words that were said, and what was decided about it."""
    return await parts.graph.read(why.get, principal, memory_id)


@get("/v1/graph/path", operation_class=documented(query=PathQuery))
async def get_path(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> PathAnswer:
    """The shortest paths between two memories, messages, entities or slots, each step in words."""
    return await parts.graph.read(graphs.find_paths, principal, read_query(request, PathQuery))


@get(
    "/v1/graph/subgraph",
    operation_class=documented(query=SubgraphQuery),
    responses={200: ResponseSpec(Excerpt, generate_examples=False, description="As JSON; or GraphML, or Cytoscape.")},
)
async def get_subgraph(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """What lies around some ids, or around what answers a query, as JSON, GraphML or Cytoscape elements."""
    written = await graphs.find_subgraph(parts, principal, read_query(request, SubgraphQuery))
    return Response(written.content, media_type=written.media_type)


router = Router(path="/", tags=["graph"], route_handlers=[get_why, get_path, get_subgraph])

"""Search, by query string and by JSON."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide

from app.api.auth import embedding_ahead
from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.domain.principal import Principal
from app.domain.search import SearchAnswer, SearchRequest
from app.services import search
from app.services.parts import Parts


async def _embed_ahead(request: AnyRequest, parts: Parts) -> None:
    search.embed_ahead(parts, (await _read(request)).q)


async def _read(request: AnyRequest) -> SearchRequest:
    if request.method == "POST":
        return await read_body(request, SearchRequest)
    return read_query(request, SearchRequest)


@get("/v1/memories/search", operation_class=documented(query=SearchRequest))
async def search_memories(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SearchAnswer:
    """Memories and messages that answer a query, best first. An empty query or `*` answers the newest."""
    return await search.search_memories(parts, principal, await _read(request))


@post("/v1/memories/search", status_code=200, operation_class=documented(body=SearchRequest))
async def search_by_json(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SearchAnswer:
    """The same as JSON, for queries that are too long for a URL."""
    return await search.search_memories(parts, principal, await _read(request))


router = Router(
    path="/",
    tags=["memories"],
    route_handlers=[search_memories, search_by_json],
    dependencies={"principal": Provide(embedding_ahead(_embed_ahead))},
)

"""Search, by query string and by JSON."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide

from app.api.auth import may_begin, provide_principal
from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.domain.errors import OurmemError
from app.domain.principal import Principal
from app.domain.search import SearchAnswer, SearchRequest
from app.services import search
from app.services.parts import Parts


async def provide_asker(request: AnyRequest, parts: NamedDependency[Parts]) -> Principal:
    """Who asks, as for every route; the question of a key that worked before is embedded while the key is looked up."""
    if may_begin(request, parts):
        await _embed_ahead(request, parts)
    return await provide_principal(request, parts)


async def _embed_ahead(request: AnyRequest, parts: Parts) -> None:
    try:
        search.embed_ahead(parts, (await _read(request)).q)
    except OurmemError:
        # What is wrong with the request is said when it is known that the caller may ask.
        return


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
    dependencies={"principal": Provide(provide_asker)},
)

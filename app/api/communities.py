"""Groups of memories that belong together."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.communities import CommunityDetail, CommunityList, CommunityQuery
from app.domain.principal import Principal
from app.services import communities
from app.services.parts import Parts


@get("/v1/communities", operation_class=documented(query=CommunityQuery))
async def list_communities(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> CommunityList:
    """The groups of memories that belong together, largest first."""
    return await parts.graph.read(communities.list_page, principal, read_query(request, CommunityQuery))


@get("/v1/communities/{community_id:str}", operation_class=documented())
async def get_community(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], community_id: FromPath[str]
) -> CommunityDetail:
    """One group with its most central memories."""
    return await parts.graph.read(communities.get, principal, community_id)


router = Router(path="/", tags=["graph"], route_handlers=[list_communities, get_community])

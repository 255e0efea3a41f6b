"""Statistics: how much there is of what, and how it hangs together."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.decay import Decay, DecayQuery
from app.domain.principal import Principal
from app.domain.relation_stats import RelationStats, RelationStatsQuery
from app.domain.sharing_stats import SharingQuery, SharingStats
from app.domain.stats import AgentStatsList, SpaceStatsList, Stats, StatsQuery
from app.domain.stats_config import CONFIG, StatsConfig
from app.domain.tag_stats import TagQuery, TagStats
from app.services import stats
from app.services.parts import Parts


@get("/v1/stats", operation_class=documented(query=StatsQuery))
async def get_stats(request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> Stats:
    """How many memories there are of which kind."""
    return await stats.count(parts, principal, read_query(request, StatsQuery))


@get("/v1/stats/config", operation_class=documented())
async def get_config(principal: NamedDependency[Principal]) -> StatsConfig:
    """The constants that clients of omem ask for."""
    return CONFIG


@get("/v1/stats/tags", operation_class=documented(query=TagQuery))
async def get_tags(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> TagStats:
    """How often tags are used, the most frequent first."""
    return await stats.count_tags(parts, principal, read_query(request, TagQuery))


@get("/v1/stats/decay", operation_class=documented(query=DecayQuery))
async def get_decay(request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> Decay:
    """How strong a memory is, and how that falls when nobody reads it."""
    query = read_query(request, DecayQuery)
    return await parts.graph.read(stats.get_decay, principal, query, parts.clock())


@get("/v1/stats/relations", operation_class=documented(query=RelationStatsQuery))
async def get_relations(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> RelationStats:
    """The most important memories that relate to each other, as a graph."""
    return await stats.get_relations(parts, principal, read_query(request, RelationStatsQuery))


@get("/v1/stats/spaces", operation_class=documented())
async def get_spaces(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> SpaceStatsList:
    """What lies in each space and who is in it."""
    return await stats.count_spaces(parts, principal)


@get("/v1/stats/sharing", operation_class=documented(query=SharingQuery))
async def get_sharing(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SharingStats:
    """What was shared into the caller's spaces and out of them."""
    return await stats.count_sharing(parts, principal, read_query(request, SharingQuery))


@get("/v1/stats/agents", operation_class=documented())
async def get_agents(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> AgentStatsList:
    """What each agent stored."""
    return await stats.count_agents(parts, principal)


router = Router(
    path="/",
    tags=["stats"],
    route_handlers=[
        get_stats,
        get_config,
        get_tags,
        get_decay,
        get_relations,
        get_spaces,
        get_sharing,
        get_agents,
    ],
)

"""Statistics over what the caller sees, counted in the graph and remembered until one of his spaces moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar, cast

from app.domain.decay import Decay, DecayQuery, decay_of
from app.domain.errors import Invalid, NotFound
from app.domain.principal import Principal
from app.domain.relation_stats import RelationStats, RelationStatsQuery, most_important
from app.domain.sharing_stats import SharingQuery, SharingStats, sharing_stats
from app.domain.stats import (
    AgentStatsList,
    Counts,
    MemoryGroup,
    SpaceStatsList,
    Stats,
    StatsQuery,
    add_up,
    agent_stats,
    since,
    space_stats,
)
from app.domain.tag_stats import MAX_ROWS, TagQuery, TagStats
from app.services.parts import Parts
from app.storage import memories, spaces, stats
from app.storage.graph import Transaction

Answer = TypeVar("Answer")
P = ParamSpec("P")
NOTHING = TagStats(tags=[], total_unique_tags=0, total_tag_usages=0, cross_space_tags=[])


async def count(parts: Parts, principal: Principal, query: StatsQuery) -> Stats:
    """How many memories there are of which kind. Raises NotFound for a space that is not the caller's."""
    begin = since(parts.clock(), query.days)
    return await _remembered(parts, principal, named_spaces(principal, query.space), _count, begin)


async def count_tags(parts: Parts, principal: Principal, query: TagQuery) -> TagStats:
    """The most frequent tags. Raises NotFound for a space that is not the caller's."""
    return await _remembered(parts, principal, named_spaces(principal, query.space), _count_tags, query)


async def get_decay(tx: Transaction, principal: Principal, query: DecayQuery, now: datetime) -> Decay:
    """How strong a memory is. Raises Invalid without an id, NotFound."""
    if not query.memory_id.strip():
        raise Invalid("memory_id must name a memory")
    memory = await memories.get(tx, principal, query.memory_id)
    if memory is None:
        raise NotFound("no such memory")
    return decay_of(memory, query.points, now)


async def get_relations(parts: Parts, principal: Principal, query: RelationStatsQuery) -> RelationStats:
    """The most important memories that relate to each other, and how."""
    return await _remembered(parts, principal, principal.space_keys, _get_relations, query)


async def count_spaces(parts: Parts, principal: Principal) -> SpaceStatsList:
    """What lies in each space of the caller."""
    return await _remembered(parts, principal, principal.space_keys, _count_spaces)


async def count_sharing(parts: Parts, principal: Principal, query: SharingQuery) -> SharingStats:
    """What was shared into the caller's spaces and out of them."""
    begin = since(parts.clock(), query.days)
    return await _remembered(parts, principal, principal.space_keys, _count_sharing, begin)


async def count_agents(parts: Parts, principal: Principal) -> AgentStatsList:
    """What each agent stored in the caller's spaces."""
    return await _remembered(parts, principal, principal.space_keys, _count_agents)


def named_spaces(principal: Principal, given: str | None) -> list[str]:
    """The keys of the spaces of a comma list, all without one. Raises NotFound if one is not the caller's."""
    if not given or given.strip() == "all":
        return principal.space_keys
    return list(dict.fromkeys(principal.space(name.strip()).space_key for name in given.split(",")))


async def _remembered(
    parts: Parts,
    principal: Principal,
    space_keys: list[str],
    work: Callable[Concatenate[Transaction, Principal, list[str], P], Awaitable[Answer]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Answer:
    """The answer of a unit of work, made anew when one of the spaces was written to since.

    The revisions are read first: a write in between makes the answer newer than they say, and it is made once more.
    """
    place = (work.__name__, principal.tenant_id, *principal.visible, *sorted(space_keys), *args)
    revs, now = await parts.graph.read(stats.list_revs, space_keys), parts.clock()
    known = parts.answers.get(place, revs, now)
    if known is not None:
        return cast("Answer", known)
    answer = await parts.graph.read(work, principal, space_keys, *args, **kwargs)
    parts.answers.put(place, revs, now, answer)
    return answer


async def _count(tx: Transaction, principal: Principal, space_keys: list[str], begin: datetime) -> Stats:
    counts = Counts(
        groups=await stats.count_groups(tx, principal, space_keys),
        days=await stats.count_days(tx, principal, space_keys, begin),
        messages=await stats.count_messages(tx, principal, space_keys),
        accesses=await stats.count_accesses(tx, principal, space_keys),
    )
    return add_up(counts, _ids(principal))


async def _count_tags(tx: Transaction, principal: Principal, space_keys: list[str], query: TagQuery) -> TagStats:
    return await stats.count_tags(tx, principal, space_keys, query) or NOTHING


async def _get_relations(
    tx: Transaction, principal: Principal, _: list[str], query: RelationStatsQuery
) -> RelationStats:
    limit = min(query.limit, MAX_ROWS)
    pairs = await stats.list_related_pairs(tx, principal, query, limit)
    graph = await stats.get_relation_graph(tx, principal, most_important(pairs, limit))
    nodes, edges = (graph.nodes, graph.edges) if graph else ([], [])
    return RelationStats(nodes=nodes, edges=edges, total_nodes=len(nodes), total_edges=len(edges))


async def _count_spaces(tx: Transaction, principal: Principal, space_keys: list[str]) -> SpaceStatsList:
    by_space: dict[str, list[MemoryGroup]] = {}
    for group in await stats.count_groups(tx, principal, space_keys):
        by_space.setdefault(group.space_key, []).append(group)
    copies = await stats.count_copies(tx, principal, space_keys)
    found = [
        space_stats(space, by_space.get(space.space_key, []), copies.get(space.space_key, 0))
        for space in await spaces.list_all(tx, principal)
    ]
    return SpaceStatsList(found, len(found))


async def _count_sharing(tx: Transaction, principal: Principal, _: list[str], begin: datetime) -> SharingStats:
    groups = await stats.count_events(tx, principal, begin)
    return sharing_stats(groups, await stats.list_events(tx, principal, begin))


async def _count_agents(tx: Transaction, principal: Principal, space_keys: list[str]) -> AgentStatsList:
    by_agent: dict[str, list[MemoryGroup]] = {}
    for group in await stats.count_groups(tx, principal, space_keys):
        by_agent.setdefault(group.agent_id, []).append(group)
    shares, ids = await stats.count_shares_by_agent(tx, principal), _ids(principal)
    agents = [agent_stats(name, groups, ids, shares.get(name, 0)) for name, groups in by_agent.items()]
    agents.sort(key=lambda agent: (-agent.total_memories, agent.agent_id))
    return AgentStatsList(agents, len(agents))


def _ids(principal: Principal) -> dict[str, str]:
    return {space.space_key: space.id for space in principal.spaces}

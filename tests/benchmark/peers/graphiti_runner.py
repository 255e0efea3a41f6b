"""Graphiti without an LLM: each turn is an episode, and a fact between who spoke and the session.

They are written by the call with which it writes what its own extraction found, a session at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from answering import Precomputed, read_job, serve
from graphiti_core import Graphiti
from graphiti_core.cross_encoder.client import CrossEncoderClient
from graphiti_core.edges import EntityEdge, EpisodicEdge
from graphiti_core.embedder import EmbedderClient
from graphiti_core.llm_client import LLMClient
from graphiti_core.nodes import EntityNode, EpisodeType, EpisodicNode
from graphiti_core.search.search_config import EpisodeSearchConfig, EpisodeSearchMethod, SearchConfig
from graphiti_core.search.search_config_recipes import EDGE_HYBRID_SEARCH_MMR, EDGE_HYBRID_SEARCH_RRF
from graphiti_core.utils.bulk_utils import add_nodes_and_edges_bulk

# Its own recipes; for episodes the part of its combined recipes that is about them. With its usual weights the recipe
# with MMR drops nearly everything, as it keeps what scores 0 or more; -2 is what its function has by default.
WAYS = {
    "facts, RRF": EDGE_HYBRID_SEARCH_RRF,
    "facts, MMR": EDGE_HYBRID_SEARCH_MMR.model_copy(update={"reranker_min_score": -2.0}),
    "episodes, BM25": SearchConfig(episode_config=EpisodeSearchConfig(search_methods=[EpisodeSearchMethod.bm25])),
}


class Vectors(EmbedderClient):
    """Hands out what was computed before."""

    def __init__(self, known: Precomputed) -> None:
        self._known = known

    async def create(self, input_data: Any) -> list[float]:
        return self._known.get(input_data if isinstance(input_data, str) else input_data[0])

    async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
        return [self._known.get(text) for text in input_data_list]


class NoModel(LLMClient):
    """There is no LLM, so nothing may ask for one."""

    async def _generate_response(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise AssertionError("an LLM was called")


class NoReranker(CrossEncoderClient):
    """The recipes with a cross encoder need a model that is not on the package index."""

    async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
        raise AssertionError("a cross encoder was called")


class GraphitiPeer:
    """One group of its graph for each conversation."""

    ways = tuple(WAYS)
    packages = ("graphiti-core",)

    def __init__(self, job: dict[str, Any]) -> None:
        self._job, self._vectors = job, Precomputed(job)
        self._turns: dict[str, str] = {}

    async def open(self) -> None:
        graph = self._job["neo4j"]
        self._graphiti = Graphiti(
            graph["uri"],
            graph["user"],
            graph["password"],
            llm_client=NoModel(None),
            embedder=Vectors(self._vectors),
            cross_encoder=NoReranker(),
        )
        await self._graphiti.build_indices_and_constraints()

    async def store(self) -> None:
        for group, items in self._job["conversations"].items():
            for session in dict.fromkeys(item["session"] for item in items):
                await self._store_session(group, session, [item for item in items if item["session"] == session])

    async def _store_session(self, group: str, session: str, items: list[dict[str, Any]]) -> None:
        names = [*dict.fromkeys(item["speaker"] for item in items), f"Session {session}"]
        moment = datetime.fromisoformat(items[0]["said_at"])
        nodes = {name: self._node(group, name, moment) for name in names}
        facts = [self._fact(group, item, nodes) for item in items]
        episodes = [self._episode(group, item, fact) for item, fact in zip(items, facts, strict=True)]
        mentions = [
            EpisodicEdge(
                source_node_uuid=episode.uuid,
                target_node_uuid=nodes[item["speaker"]].uuid,
                group_id=group,
                created_at=episode.created_at,
            )
            for item, episode in zip(items, episodes, strict=True)
        ]
        await add_nodes_and_edges_bulk(
            self._graphiti.driver, episodes, mentions, list(nodes.values()), facts, self._graphiti.embedder
        )

    def _node(self, group: str, name: str, moment: datetime) -> EntityNode:
        vector = self._vectors.get(name)
        uuid = self._uuid(group, name)
        return EntityNode(uuid=uuid, name=name, group_id=group, created_at=moment, name_embedding=vector)

    def _fact(self, group: str, item: dict[str, Any], nodes: dict[str, EntityNode]) -> EntityEdge:
        moment = datetime.fromisoformat(item["said_at"])
        fact = EntityEdge(
            uuid=self._uuid(group, f"fact {item['id']}"),
            group_id=group,
            source_node_uuid=nodes[item["speaker"]].uuid,
            target_node_uuid=nodes[f"Session {item['session']}"].uuid,
            name="SAID",
            fact=item["text"],
            fact_embedding=self._vectors.get(item["text"]),
            episodes=[self._uuid(group, f"episode {item['id']}")],
            created_at=moment,
            valid_at=moment,
        )
        self._turns[fact.uuid] = self._turns[fact.episodes[0]] = item["id"]
        return fact

    def _episode(self, group: str, item: dict[str, Any], fact: EntityEdge) -> EpisodicNode:
        return EpisodicNode(
            uuid=fact.episodes[0],
            name=item["id"],
            group_id=group,
            source=EpisodeType.message,
            source_description="conversation",
            content=item["text"],
            created_at=fact.created_at,
            valid_at=fact.created_at,
            entity_edges=[fact.uuid],
        )

    def _uuid(self, group: str, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{group}/{name}"))

    async def enter(self, conversation: str) -> None:
        """All conversations lie in one graph."""

    async def search(self, way: str, conversation: str, question: str, limit: int) -> list[str]:
        config = WAYS[way].model_copy(update={"limit": limit})
        found = await self._graphiti.search_(question, config=config, group_ids=[conversation])
        return [self._turns[hit.uuid] for hit in [*found.edges, *found.episodes]]

    async def close(self) -> None:
        await self._graphiti.close()


if __name__ == "__main__":
    work = read_job()
    serve(GraphitiPeer(work), work["questions"])

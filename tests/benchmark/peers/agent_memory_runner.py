"""neo4j-agent-memory without extraction: each turn is a message of its short-term memory, which searches them.

Its search takes a session but does not use it: it returns the nearest messages of the whole database. So it is asked in
two setups, which the job names: `alone`, where only one conversation is in the database at a time, as if each user had
a database; and `shared`, where all are in it and hits are filtered by the metadata that messages carry.
"""

from __future__ import annotations

from typing import Any

from answering import Precomputed, read_job, serve
from neo4j_agent_memory import (
    ExtractionConfig,
    ExtractorType,
    MemoryClient,
    MemorySettings,
    Neo4jConfig,
    ResolutionConfig,
    ResolverStrategy,
)
from pydantic import SecretStr


class Vectors:
    """Hands out what was computed before."""

    def __init__(self, known: Precomputed) -> None:
        self._known = known
        self.dimensions = known.dimension

    async def embed(self, text: str) -> list[float]:
        return self._known.get(text)

    async def embed_batch(self, texts: list[str]) -> list[list[float]]:
        return [self._known.get(text) for text in texts]


class AgentMemoryPeer:
    """One of its conversations for each of ours."""

    packages = ("neo4j-agent-memory",)

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._is_alone = job["setup"] == "alone"
        self._present = ""
        self.ways = ("a database each" if self._is_alone else "one database, filtered",)

    async def open(self) -> None:
        graph = self._job["neo4j"]
        address = Neo4jConfig(uri=graph["uri"], username=graph["user"], password=SecretStr(graph["password"]))
        settings = MemorySettings(
            backend="bolt",
            neo4j=address,
            extraction=ExtractionConfig(extractor_type=ExtractorType.NONE),
            resolution=ResolutionConfig(strategy=ResolverStrategy.NONE),
        )
        self._client = MemoryClient(settings, embedder=Vectors(Precomputed(self._job)))
        await self._client.connect()

    async def store(self) -> None:
        if not self._is_alone:
            for conversation in self._job["conversations"]:
                await self._add(conversation)

    async def _add(self, conversation: str) -> None:
        messages = [
            {
                "role": "user",
                "content": item["text"],
                "timestamp": item["said_at"],
                "metadata": {"conversation": conversation, "turn": item["id"]},
            }
            for item in self._job["conversations"][conversation]
        ]
        await self._client.short_term.add_messages_batch(conversation, messages)

    async def enter(self, conversation: str) -> None:
        if self._is_alone and self._present != conversation:
            if self._present:
                await self._client.short_term.clear_session(self._present)
            await self._add(conversation)
            self._present = conversation

    async def search(self, way: str, conversation: str, question: str, limit: int) -> list[str]:
        # Its usual threshold of 0.7 would drop most of what is right.
        filters = None if self._is_alone else {"conversation": conversation}
        found = await self._client.short_term.search_messages(
            question, limit=limit, threshold=0.0, metadata_filters=filters
        )
        return [message.metadata["turn"] for message in found]

    async def close(self) -> None:
        await self._client.close()


if __name__ == "__main__":
    work = read_job()
    serve(AgentMemoryPeer(work), work["questions"])

"""mem0 with `infer=False`: each turn is a memory of a user, in its default store (Qdrant in a local folder).

It has no store in Neo4j. Its keyword leg is an extra of it whose list of stop words lies on Hugging Face; it gets
another one here, so that it needs no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answering import Precomputed, read_job, serve
from fastembed import SparseTextEmbedding
from mem0 import Memory

# As `pip install mem0ai` brings it, and with its extra for keywords.
PLAIN, HYBRID = "vectors", "vectors and keywords"
UNUSED_KEY = {"api_key": "unused"}


class Vectors:
    """Hands out what was computed before."""

    def __init__(self, known: Precomputed) -> None:
        self._known = known

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        return self._known.get(text)

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        return [self._known.get(text) for text in texts]


class NoModel:
    """There is no LLM, so nothing may ask for one."""

    def generate_response(self, *_: Any, **__: Any) -> str:
        raise AssertionError("an LLM was called")


class Mem0Peer:
    """One of its users for each conversation."""

    ways = (PLAIN, HYBRID)
    packages = ("mem0ai", "qdrant-client", "fastembed")

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job

    async def open(self) -> None:
        folder = Path(self._job["folder"])
        store = {"path": str(folder / "qdrant"), "embedding_model_dims": self._job["dimension"], "on_disk": True}
        # Both clients are made with a key that nobody uses, and replaced before anything is asked.
        self._memory = Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": store},
                "embedder": {"provider": "openai", "config": UNUSED_KEY},
                "llm": {"provider": "openai", "config": UNUSED_KEY},
                "history_db_path": str(folder / "history.db"),
            }
        )
        self._memory.embedding_model = Vectors(Precomputed(self._job))
        self._memory.llm = NoModel()
        model = folder / "bm25"
        model.mkdir()
        words = set(self._job["stop_words"])
        self._keywords = SparseTextEmbedding("Qdrant/bm25", specific_model_path=str(model), stopwords=words)
        self._choose(HYBRID)

    def _choose(self, way: str) -> None:
        """Its own mark for an installation without the extra is False."""
        self._memory.vector_store._bm25_encoder = self._keywords if way == HYBRID else False

    async def store(self) -> None:
        for conversation, items in self._job["conversations"].items():
            for item in items:
                message = {"role": "user", "content": item["text"]}
                self._memory.add([message], user_id=conversation, metadata={"turn": item["id"]}, infer=False)

    async def enter(self, conversation: str) -> None:
        """All users lie in one store."""

    async def search(self, way: str, conversation: str, question: str, limit: int) -> list[str]:
        self._choose(way)
        found = self._memory.search(question, top_k=limit, filters={"user_id": conversation}, threshold=0.0)
        return [hit["metadata"]["turn"] for hit in found["results"]]

    async def close(self) -> None:
        self._memory.close()


if __name__ == "__main__":
    work = read_job()
    serve(Mem0Peer(work), work["questions"])

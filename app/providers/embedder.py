"""Texts in, unit vectors out: the protocol the service sees, and the cache in front of whichever model is set."""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from app import metrics
from app.config import Settings
from app.providers.embeddings import ROLES, EmbeddingFailed, Encoder, Role
from app.providers.local_embedder import LocalEncoder
from app.providers.openai_embedder import OpenAIEncoder

__all__ = ["CachingEmbedder", "Embedder", "EmbeddingFailed", "make_embedder"]

# For each role: 3 MB with 384 dimensions, since the cache holds 32-bit arrays and not 12 kB of Python floats a text.
CACHED_TEXTS = 2_048

# In quotes: in Python 3.11 `array` takes a parameter only where nothing evaluates it.
Embedded: TypeAlias = "dict[str, array[float]]"


class Embedder(Protocol):
    """Unit vectors of `dimension` numbers; every failure, timeouts included, is an EmbeddingFailed."""

    @property
    def model(self) -> str:
        """The name recorded in the graph: vectors of two models are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """Known after `load`."""
        ...

    async def load(self) -> None:
        """Loads the model or asks the endpoint; the first use does the same."""
        ...

    async def embed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        """For short texts that somebody waits for."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """For texts to be stored, any number of them; queries overtake them."""
        ...

    def begin(self, text: str, role: Role) -> None:
        """Begins with a text that is about to be asked for, if the model has nothing else to do."""
        ...

    async def close(self) -> None: ...


def make_embedder(settings: Settings) -> Embedder:
    """The embedder of the settings; nothing is loaded or connected yet."""
    if settings.embed_provider == "openai-compatible":
        return CachingEmbedder(OpenAIEncoder(settings))
    return CachingEmbedder(LocalEncoder(settings.embed_model, settings.embed_dim))


class CachingEmbedder:
    """An encoder whose recent answers are kept; texts that are equal and asked for at the same time are made once."""

    def __init__(self, encoder: Encoder, cached_texts: int = CACHED_TEXTS) -> None:
        self._encoder = encoder
        # One shelf a role, so that an import does not push out what people search for.
        self._shelves = {role: Shelf(encoder, role, cached_texts) for role in ROLES}

    @property
    def model(self) -> str:
        return self._encoder.model

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    async def load(self) -> None:
        await self._encoder.load()

    async def embed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._shelves["query"].get(texts)

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._shelves["document"].get(texts)

    def begin(self, text: str, role: Role) -> None:
        if not any(shelf.is_busy for shelf in self._shelves.values()):
            self._shelves[role].begin(text)

    async def close(self) -> None:
        await self._encoder.close()


class Shelf:
    """The embeddings of one role: those made lately, and those being made."""

    def __init__(self, encoder: Encoder, role: Role, capacity: int) -> None:
        self._encoder = encoder
        self._role: Role = role
        self._capacity = capacity
        self._made: OrderedDict[str, array[float]] = OrderedDict()
        self._coming: dict[str, asyncio.Task[Embedded]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether texts are being embedded."""
        return bool(self._coming)

    def begin(self, text: str) -> None:
        """Begins with a text that somebody will get."""
        self._start([] if text in self._made else [text])

    async def get(self, texts: Sequence[str]) -> list[list[float]]:
        """Embeddings in the order of the texts."""
        found = {text: self._made[text] for text in texts if text in self._made}
        missing = dict.fromkeys(text for text in texts if text not in found)
        for text in found:
            self._made.move_to_end(text)
        self._start([text for text in missing if text not in self._coming])
        for coming in {self._coming[text] for text in missing}:
            # Others may wait for the same texts, so a caller that leaves does not cancel the work.
            found |= await asyncio.shield(coming)
        return [found[text].tolist() for text in texts]

    def _start(self, texts: list[str]) -> None:
        if not texts:
            return
        task = asyncio.create_task(self._encode(texts))
        self._coming |= dict.fromkeys(texts, task)
        # A failure that nobody waits for any more counts as seen.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _encode(self, texts: list[str]) -> Embedded:
        try:
            with metrics.embedding(self._role, len(texts)):
                made = dict(zip(texts, await self._encoder.encode(texts, self._role), strict=True))
        finally:
            for text in texts:
                del self._coming[text]
        self._keep(made)
        return made

    def _keep(self, made: Embedded) -> None:
        self._made |= made
        while len(self._made) > self._capacity:
            self._made.popitem(last=False)

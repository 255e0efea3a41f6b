"""Embeddings from an OpenAI-compatible endpoint: checked answers, few retries, and a quick no while it is down."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from operator import attrgetter

import msgspec
from openai import AsyncOpenAI, OpenAIError, omit

from app.config import Settings
from app.providers.breaker import CircuitBreaker
from app.providers.embeddings import PROBE, EmbeddingFailed, Role, to_unit
from app.providers.endpoints import explain, is_outage, normalize_base_url

# What small local servers take in one request.
BATCH_TEXTS = 64
# Documents are patient; the timeout of a query covers its retry as well.
RETRIES: dict[Role, int] = {"query": 1, "document": 3}
# Requests at a time; an import leaves room for queries.
REQUESTS: dict[Role, int] = {"query": 32, "document": 4}


class Item(msgspec.Struct):
    """One embedding of an answer; `index` is the position of its text, and items come in any order."""

    index: int
    embedding: list[float]


class Answer(msgspec.Struct):
    """What we read of an answer to POST /v1/embeddings."""

    data: list[Item]


class OpenAIEncoder:
    """The embeddings route of an endpoint; with a dimension set nothing is asked of it before the first text."""

    def __init__(self, settings: Settings) -> None:
        self.model = settings.embed_model
        self.dimension = settings.embed_dim
        # Only a dimension that was asked for is sent: models that cannot shorten their vectors refuse it.
        self._dimensions = settings.embed_dim or omit
        self._timeout_seconds = settings.embed_timeout_secs
        self._client = AsyncOpenAI(
            base_url=normalize_base_url(settings.embed_base_url),
            # The client insists on a key, local servers have none.
            api_key=settings.embed_api_key or "none",
            timeout=settings.embed_timeout_secs,
        )
        self._breaker = CircuitBreaker()
        self._slots = {role: asyncio.Semaphore(limit) for role, limit in REQUESTS.items()}

    async def load(self) -> None:
        if not self.dimension:
            self.dimension = len((await self._ask([PROBE], "query"))[0])

    async def encode(self, texts: Sequence[str], role: Role) -> list[array[float]]:
        """Embeddings in the order of the texts, up to 64 a request."""
        await self.load()
        batches = [texts[start : start + BATCH_TEXTS] for start in range(0, len(texts), BATCH_TEXTS)]
        made = await asyncio.gather(*(self._embed(batch, role) for batch in batches))
        return [embedding for embeddings in made for embedding in embeddings]

    async def close(self) -> None:
        await self._client.close()

    async def _embed(self, texts: Sequence[str], role: Role) -> list[array[float]]:
        async with self._slots[role]:
            return [to_unit(row, self.dimension) for row in await self._ask(texts, role)]

    async def _ask(self, texts: Sequence[str], role: Role) -> list[list[float]]:
        clock = asyncio.get_running_loop().time
        if not self._breaker.may_call(clock()):
            raise EmbeddingFailed("the embedding endpoint failed several times in a row and is left alone for seconds")
        try:
            rows = _parse(await self._post(texts, role), len(texts))
        except (OpenAIError, TimeoutError) as error:
            if is_outage(error):
                self._breaker.record_failure(clock())
            raise EmbeddingFailed(explain(error, "embedding endpoint", "OMEM_EMBED")) from error
        self._breaker.record_success()
        return rows

    async def _post(self, texts: Sequence[str], role: Role) -> bytes:
        """The body of the answer; the client itself retries 429, 5xx and timeouts, with jitter."""
        attempts = 1 if role == "query" else 1 + RETRIES[role]
        async with asyncio.timeout(self._timeout_seconds * attempts):
            answer = await self._client.with_options(max_retries=RETRIES[role]).embeddings.with_raw_response.create(
                input=list(texts), model=self.model, dimensions=self._dimensions, encoding_format="float"
            )
        return answer.content


def _parse(body: bytes, count: int) -> list[list[float]]:
    try:
        items = sorted(msgspec.json.decode(body, type=Answer).data, key=attrgetter("index"))
    except msgspec.DecodeError as error:
        raise EmbeddingFailed(f"the answer of the embedding endpoint cannot be read: {error}") from error
    if [item.index for item in items] != list(range(count)):
        raise EmbeddingFailed(f"the embedding endpoint answered with {len(items)} embeddings for {count} texts")
    return [item.embedding for item in items]

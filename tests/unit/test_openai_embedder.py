"""Embeddings over HTTP, against a local server that is right, wrong, slow, failing and down."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from app.config import Settings
from app.providers.breaker import MAX_FAILURES, PAUSE_SECONDS, CircuitBreaker
from app.providers.embedder import Embedder, EmbeddingFailed, make_embedder
from app.providers.endpoints import normalize_base_url
from tests.fakes import embed
from tests.servers.openai_api import (
    DIMENSION,
    Answer,
    OpenAIServer,
    embeddings_like,
    malformed,
    slow,
    status,
    too_few_embeddings,
)

BASIC = Settings(home=Path("unused"), embed_provider="openai-compatible", embed_model="test-model")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@asynccontextmanager
async def embedder_at(
    url: str, dimension: int = DIMENSION, seconds: int = 10, key: str = ""
) -> AsyncGenerator[Embedder]:
    settings = msgspec.structs.replace(
        BASIC, embed_base_url=url, embed_dim=dimension, embed_timeout_secs=seconds, embed_api_key=key
    )
    embedder = make_embedder(settings)
    yield embedder
    await embedder.close()


async def test_vectors_have_length_one_and_the_order_of_the_texts(server: OpenAIServer) -> None:
    texts = ["tea in the garden", "the keys of the lake house", "绿茶"]

    async with embedder_at(server.url) as embedder:
        vectors = await embedder.embed_queries(texts)

    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1, 1, 1])
    assert vectors == [pytest.approx(embed(text, DIMENSION), abs=1e-6) for text in texts]


async def test_a_request_names_model_dimension_and_key(server: OpenAIServer) -> None:
    async with embedder_at(server.url, dimension=64, key="secret") as embedder:
        [vector] = await embedder.embed_queries(["tea"])

    [request] = server.requests
    assert len(vector) == embedder.dimension == 64
    assert request.path == "/v1/embeddings"
    assert request.body == {"input": ["tea"], "model": "test-model", "dimensions": 64, "encoding_format": "float"}
    assert request.headers["authorization"] == "Bearer secret"


async def test_without_a_dimension_load_asks_once_and_learns_it(server: OpenAIServer) -> None:
    async with embedder_at(server.url, dimension=0) as embedder:
        await embedder.load()
        await embedder.load()

    assert embedder.dimension == DIMENSION
    assert ["dimensions" in request.body for request in server.requests] == [False]


async def test_with_a_dimension_load_asks_nothing(server: OpenAIServer) -> None:
    async with embedder_at(server.url) as embedder:
        await embedder.load()

    assert server.requests == []


async def test_many_documents_travel_in_requests_of_64(server: OpenAIServer) -> None:
    texts = [f"document {number}" for number in range(200)]

    async with embedder_at(server.url) as embedder:
        vectors = await embedder.embed_documents(texts)

    assert sorted(map(len, server.inputs())) == [8, 64, 64, 64]
    assert vectors[150] == pytest.approx(embed("document 150", DIMENSION), abs=1e-6)


@pytest.mark.parametrize("failure", [status(429, ("Retry-After", "0.1")), status(500), status(503)])
async def test_a_passing_failure_is_tried_again(server: OpenAIServer, failure: Answer) -> None:
    server.script(failure)

    async with embedder_at(server.url) as embedder:
        vectors = await embedder.embed_queries(["tea"])

    assert len(vectors) == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (embeddings_like(1.0, 2.0, 3.0), "3 numbers instead of 384"),
        (embeddings_like(*[0.0] * DIMENSION), "no direction"),
        (embeddings_like(*[math.nan] * DIMENSION), "cannot be read"),
        (too_few_embeddings, "0 embeddings for 1 texts"),
        (malformed, "cannot be read"),
        (status(401), "status 401"),
    ],
)
async def test_a_wrong_answer_is_a_failure_with_its_reason(server: OpenAIServer, answer: Answer, reason: str) -> None:
    server.always(answer)

    async with embedder_at(server.url) as embedder:
        with pytest.raises(EmbeddingFailed, match=reason):
            await embedder.embed_queries(["tea"])

    assert len(server.requests) == 1


async def test_a_query_waits_no_longer_than_the_timeout(server: OpenAIServer) -> None:
    server.always(slow(30))
    started = time.monotonic()

    async with embedder_at(server.url, seconds=1) as embedder:
        with pytest.raises(EmbeddingFailed, match="in time"):
            await embedder.embed_queries(["tea"])

    assert time.monotonic() - started < 10


async def test_an_endpoint_that_is_down_is_named_at_load(server: OpenAIServer) -> None:
    server.stop()

    async with embedder_at(server.url, dimension=0) as embedder:
        with pytest.raises(EmbeddingFailed, match="cannot be reached; check OMEM_EMBED_BASE_URL"):
            await embedder.load()


async def test_after_failures_in_a_row_the_endpoint_is_left_alone(server: OpenAIServer) -> None:
    server.always(status(500, ("x-should-retry", "false")))

    async with embedder_at(server.url) as embedder:
        for number in range(MAX_FAILURES):
            with pytest.raises(EmbeddingFailed, match="status 500"):
                await embedder.embed_queries([f"tea {number}"])
        with pytest.raises(EmbeddingFailed, match="left alone"):
            await embedder.embed_queries(["more tea"])

    assert len(server.requests) == MAX_FAILURES


def test_an_open_breaker_lets_one_call_a_pause_through() -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        assert breaker.may_call(100)
        breaker.record_failure(100)

    later = 100 + PAUSE_SECONDS
    assert [breaker.may_call(now) for now in (100, later - 1, later, later + 1)] == [False, False, True, False]


def test_a_success_closes_the_breaker() -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        breaker.record_failure(100)

    breaker.record_success()

    assert breaker.may_call(100)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("http://host:8000/v1", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http://host:8000/v1"),
        ("http://host/proxy", "http://host/proxy/v1"),
        ("http://host/api/v3", "http://host/api/v3"),
    ],
)
def test_an_address_is_taken_with_and_without_its_version(given: str, used: str) -> None:
    assert normalize_base_url(given) == used

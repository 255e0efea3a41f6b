"""Liveness, readiness and versions over HTTP."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from importlib.metadata import version

import msgspec
import pytest

from app.main import create_app
from app.providers.embedder import EmbeddingFailed
from app.services.parts import Parts
from app.storage.graph import Graph
from tests.clients import Client
from tests.conftest import client_of
from tests.fakes import FixedEmbedder


class SilentEmbedder(FixedEmbedder):
    """An endpoint that is down."""

    async def embed_queries(self, texts: object) -> list[list[float]]:
        raise EmbeddingFailed("the embedding endpoint does not answer")


@pytest.fixture
async def nowhere() -> AsyncGenerator[Graph]:
    """A database at an address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        graph = Graph.connect(f"bolt://127.0.0.1:{probe.getsockname()[1]}", "neo4j", "x", "neo4j")
        yield graph
        await graph.close()


@pytest.mark.parametrize("path", ["/health", "/health/live"])
async def test_health_is_a_constant(anonymous: Client, path: str) -> None:
    answer = await anonymous.get(path)

    assert answer.text == '{"status":"ok"}'
    assert answer.headers["content-type"] == "application/json"


async def test_health_touches_no_storage(parts: Parts, nowhere: Graph) -> None:
    async with client_of(create_app(lambda: msgspec.structs.replace(parts, graph=nowhere))) as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/health/live")).status_code == 200


async def test_service_is_ready_with_database_and_model(anonymous: Client) -> None:
    answer = await anonymous.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "embedding_model": "ok"}}


async def test_service_without_its_model_is_degraded_and_still_takes_requests(parts: Parts) -> None:
    async with client_of(create_app(lambda: msgspec.structs.replace(parts, embedder=SilentEmbedder()))) as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["embedding_model"] == "the embedding endpoint does not answer"


async def test_service_without_its_database_is_not_ready(parts: Parts, nowhere: Graph) -> None:
    async with client_of(create_app(lambda: msgspec.structs.replace(parts, graph=nowhere))) as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"


async def test_request_without_the_database_says_to_try_again(parts: Parts, nowhere: Graph) -> None:
    async with client_of(create_app(lambda: msgspec.structs.replace(parts, graph=nowhere))) as client:
        answer = await client.get("/v1/memories", headers={"X-API-Key": "omk_1"})

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "unavailable"
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in answer.text


async def test_versions_are_those_that_run(anonymous: Client, parts: Parts) -> None:
    versions = (await anonymous.get("/version")).json()

    assert versions["version"] == version("ourmem")
    assert versions["neo4j"].startswith("20")
    assert versions["embedding_model"] == parts.embedder.model
    assert versions["schema"] >= 3

"""Liveness, readiness, versions."""

from __future__ import annotations

from importlib.metadata import version

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from app.api.documents import documented
from app.api.tenants import Status
from app.domain.errors import OurmemError
from app.services import embedding, reranking
from app.services.parts import Parts
from app.storage import system


class Readiness(msgspec.Struct, frozen=True):
    """Whether the service can work, and the state of each part: `ok` or what is wrong."""

    status: str
    checks: dict[str, str]


class Versions(msgspec.Struct, frozen=True):
    """What runs."""

    version: str
    neo4j: str
    embedding_model: str
    schema: int


@get("/health", operation_class=documented(is_public=True))
async def get_health() -> Status:
    """Constant; touches nothing (contract 4.1)."""
    return Status("ok")


@get("/health/live", operation_class=documented(is_public=True))
async def get_liveness() -> Status:
    """Whether the process answers."""
    return Status("ok")


@get(
    "/health/ready",
    operation_class=documented(is_public=True),
    responses={503: ResponseSpec(Readiness, generate_examples=False, description="The database does not answer.")},
)
async def get_readiness(parts: NamedDependency[Parts]) -> Response[Readiness]:
    """Whether database and models answer; 503 when the database does not.

    Without its models the service still stores and finds by words, so traffic need not go elsewhere.
    """
    database, model = await _check_database(parts), await embedding.check_model(parts)
    models = {"embedding_model": model} | await reranking.check_model(parts)
    is_ready = database == "ok"
    status = ("ok" if set(models.values()) == {"ok"} else "degraded") if is_ready else "unavailable"
    body = Readiness(status, {"database": database, **models})
    return Response(body, status_code=200 if is_ready else 503)


async def _check_database(parts: Parts) -> str:
    try:
        await parts.graph.read(system.ping)
    except OurmemError as error:
        return error.message
    return "ok"


@get("/version", operation_class=documented(is_public=True))
async def get_versions(parts: NamedDependency[Parts]) -> Versions:
    """The versions of the service, the database, the schema and the embedding model."""
    return Versions(
        version=version("ourmem"),
        neo4j=await parts.graph.read(system.get_server_version),
        embedding_model=parts.embedder.model,
        schema=max(await parts.graph.read(system.list_schema_versions), default=0),
    )


router = Router(path="/", tags=["health"], route_handlers=[get_health, get_liveness, get_readiness, get_versions])

"""Builds the application from its parts; the only module that knows all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]

from app.api import (
    communities,
    conflicts,
    connectors,
    decisions,
    discovery,
    entities,
    events,
    exports,
    files,
    graphs,
    health,
    imports,
    ingest,
    invitations,
    lifecycle,
    memories,
    metrics,
    noise_examples,
    organizations,
    profile,
    quotas,
    relations,
    search,
    sharing,
    sharing_rules,
    slots,
    space_settings,
    spaces,
    stats,
    tasks,
    tenants,
)
from app.api.auth import provide_principal
from app.api.bookmarks import carry_bookmarks
from app.api.context import identify
from app.api.cors import guard_browsers
from app.api.errors import answer_domain, answer_http, answer_unexpected
from app.api.interruption import answer_interrupted
from app.api.mcp import mcp_route, serving_tools
from app.api.reading import AnyRequest
from app.api.space_paths import two_segments
from app.config import Settings
from app.domain.errors import OurmemError
from app.providers.embedder import Embedder, EmbeddingFailed
from app.providers.entailment import make_entailer
from app.providers.llm import make_llm
from app.providers.reranker import make_reranker
from app.services.accesses import AccessRecorder
from app.services.parts import Parts
from app.services.schedule import Scheduler
from app.storage import schema, system
from app.storage.graph import Graph
from app.worker import Worker
from ingest.redaction import redact

ROUTERS = [
    health.router,
    metrics.router,
    tenants.router,
    exports.router,
    quotas.router,
    memories.router,
    search.router,
    relations.router,
    spaces.router,
    invitations.router,
    sharing.router,
    sharing_rules.router,
    organizations.router,
    tasks.router,
    lifecycle.router,
    ingest.router,
    noise_examples.router,
    imports.router,
    discovery.router,
    connectors.router,
    files.router,
    space_settings.router,
    decisions.router,
    events.router,
    conflicts.router,
    graphs.router,
    communities.router,
    entities.router,
    slots.router,
    stats.router,
    profile.router,
]
# The limit of JSON bodies (contract 16).
MAX_BODY_BYTES = 2 * 1024 * 1024
SWAGGER = "/docs/static"


def utc_now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


def make_parts(settings: Settings, graph: Graph, embedder: Embedder) -> Parts:
    """The parts of a service on a graph; nothing is started yet."""
    return Parts(
        settings=settings,
        graph=graph,
        embedder=embedder,
        accesses=AccessRecorder(graph, system.touch_keys),
        clock=utc_now,
        llm=make_llm(settings),
        entailer=make_entailer(settings),
        reranker=make_reranker(settings),
    )


async def prepare(parts: Parts) -> None:
    """Brings the schema up to date and checks whose vectors are in the graph. Raises SetupError, EmbeddingFailed."""
    model = await parts.graph.read(system.get_embedding_model) if await _has_schema(parts.graph) else None
    try:
        await parts.embedder.load()
        dimension = parts.embedder.dimension
    except EmbeddingFailed:
        # A graph that has vectors can be served by words while the endpoint is down; an empty one cannot be set up.
        if model is None or model.name != parts.embedder.model:
            raise
        dimension = model.dimension
    await schema.apply(parts.graph, dimension)
    await schema.check_model(parts.graph, parts.embedder.model, dimension)


async def _has_schema(graph: Graph) -> bool:
    return bool(await graph.read(system.list_schema_versions))


async def close_parts(parts: Parts) -> None:
    """Ends models and connections."""
    await parts.embedder.close()
    if parts.llm:
        await parts.llm.close()
    if parts.entailer:
        await parts.entailer.close()
    if parts.reranker:
        await parts.reranker.close()
    await parts.graph.close()


@asynccontextmanager
async def running(parts: Parts, *, with_worker: bool = True) -> AsyncGenerator[Worker]:
    """Runs what works in the background, and on leaving ends it in order: tasks, counts, model, connections."""
    worker, scheduler = Worker(parts), Scheduler(parts)
    parts.accesses.start()
    # What the first text and the first search read: the library of secrets and the vectors of words.
    redact("")
    await asyncio.to_thread(parts.thesaurus.load)
    if with_worker:
        worker.start()
        scheduler.start()
    try:
        yield worker
    finally:
        await scheduler.stop()
        await worker.stop()
        await parts.accesses.stop()
        await close_parts(parts)


def create_app(parts: Callable[[], Parts]) -> Litestar:
    """The application; `parts` is asked once for each request, so a document of the routes needs none."""
    app = Litestar(
        route_handlers=[*ROUTERS, mcp_route(parts), get_openapi, _swagger_files()],
        dependencies={
            "parts": Provide(parts, sync_to_thread=False),
            "principal": Provide(provide_principal),
        },
        exception_handlers={OurmemError: answer_domain, HTTPException: answer_http, Exception: answer_unexpected},
        openapi_config=_openapi(),
        request_max_body_size=MAX_BODY_BYTES,
        # Set when the service is about to end, so that open streams end by themselves.
        state=State({"closing": asyncio.Event()}),
        logging_config=None,
        lifespan=[serving_tools],
    )
    # Outside the routing, so that unknown paths and OPTIONS get the headers as well.
    routed = carry_bookmarks(two_segments(app.asgi_handler), lambda: parts().graph)
    answered = answer_interrupted(routed, app.state.closing.is_set)
    app.asgi_handler = identify(guard_browsers(answered, lambda: parts().settings.cors_origins))
    return app


@get("/openapi.json", include_in_schema=False)
async def get_openapi(request: AnyRequest) -> dict[str, Any]:
    """The OpenAPI document."""
    return request.app.openapi_schema.to_schema()


def _openapi() -> OpenAPIConfig:
    key = SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header")
    return OpenAPIConfig(
        title="ourmem",
        version=version("ourmem"),
        description="A shared memory for AI agents, kept as a graph in Neo4j.",
        path="/docs",
        components=Components(security_schemes={"key": key}),
        security=[{"key": []}],
        use_handler_docstrings=True,
        render_plugins=[
            SwaggerRenderPlugin(
                path="/",
                js_url=f"{SWAGGER}/swagger-ui-bundle.js",
                css_url=f"{SWAGGER}/swagger-ui.css",
                standalone_preset_js_url=f"{SWAGGER}/swagger-ui-standalone-preset.js",
                favicon=f"<link rel='icon' href='{SWAGGER}/favicon-32x32.png'>",
            ),
        ],
    )


def _swagger_files() -> Router:
    # The page must work without the internet, so its script comes from a package and not from elsewhere.
    folder = str(resources.files("swagger_ui") / "static")
    return create_static_files_router(path=SWAGGER, directories=[folder], include_in_schema=False)

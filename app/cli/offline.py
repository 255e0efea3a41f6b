"""Work on the graph itself, whether a service runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.cli import logs
from app.cli.databases import Use, check_connection, connect, open_database
from app.cli.failures import Failure
from app.cli.terminal import echo
from app.config import load_settings
from app.main import close_parts, make_parts, prepare
from app.providers.embedder import make_embedder
from app.services.parts import Parts
from app.storage.schema import SetupError, get_applied

Outcome = TypeVar("Outcome")


def on_graph(work: Callable[[Parts], Awaitable[Outcome]], use: Use = Use.EITHER) -> Outcome:
    """The outcome of some work; where no server runs, an embedded one is started for the moment."""
    settings = load_settings()
    logs.set_up(settings.log_level, settings.log_format)
    with open_database(settings, use) as database:
        if database.server:
            echo("Starting Neo4j for the moment …")
            database.server.wait()

        async def run() -> Outcome:
            parts = make_parts(settings, connect(database), make_embedder(settings))
            try:
                await check_connection(parts.graph, database)
                await _check_age(parts)
                return await work(parts)
            finally:
                await close_parts(parts)

        return asyncio.run(run())


async def _check_age(parts: Parts) -> None:
    """Leaves a graph alone that a newer program has written. Raises Failure."""
    try:
        await get_applied(parts.graph)
    except SetupError as error:
        raise Failure(str(error)) from error


async def set_up(parts: Parts) -> None:
    """Brings schema and embedding model of the graph to what this program needs. Raises Failure."""
    try:
        await prepare(parts)
    except SetupError as error:
        raise Failure(str(error)) from error

"""The commands that run until they are told to stop: up, serve, worker."""

from __future__ import annotations

import socket

from app.cli import logs, program
from app.cli.databases import Database, Use, open_database
from app.cli.program import Ending
from app.cli.terminal import echo
from app.client import address
from app.config import Settings, load_settings
from app.main import running


def up() -> None:
    """Service and worker, with a Neo4j of its own or the one of NEO4J_URI."""
    _serve(Use.START, with_worker=True)


def serve(with_worker: bool) -> None:
    """The service on a Neo4j that is there already."""
    _serve(Use.JOIN, with_worker=with_worker)


def _serve(use: Use, *, with_worker: bool) -> None:
    settings = load_settings()
    logs.set_up(settings.log_level, settings.log_format)
    with program.bind(settings) as listener, open_database(settings, use) as database:

        async def serve_until(ending: Ending) -> None:
            async with (
                program.prepared(settings, database, ending) as parts,
                running(parts, with_worker=with_worker) as worker,
                program.serving(parts, listener),
            ):
                announce(settings, database, listener)
                await ending.wait()
                # Its grace period runs while open requests are answered.
                worker.drain()

        echo("Starting …")
        program.run(serve_until)
    echo("Stopped.")


def announce(settings: Settings, database: Database, listener: socket.socket) -> None:
    """Says where everything is."""
    url = address(settings.host, listener.getsockname()[1])
    echo(f"ourmem answers at {url}, its API is described at {url}/docs.")
    if database.connection.browser_url:
        echo("Neo4j Browser: `ourmem browser` says where it is and how to log in.")
    echo("Ctrl-C stops it.")


def work() -> None:
    """A worker without a service."""
    settings = load_settings()
    logs.set_up(settings.log_level, settings.log_format)
    with open_database(settings, Use.JOIN) as database, program.counting(settings):

        async def work_until(ending: Ending) -> None:
            async with program.prepared(settings, database, ending) as parts, running(parts):
                echo("Working on tasks. Ctrl-C stops it.")
                await ending.wait()

        program.run(work_until)
    echo("Stopped.")

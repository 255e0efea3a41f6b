"""The Neo4j that a command works on: the server that NEO4J_URI names, else the embedded one in OMEM_HOME."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app.cli.failures import Failure
from app.cli.terminal import echo
from app.config import Settings
from app.domain.errors import Unavailable
from app.storage import embedded, system
from app.storage.embedded import Connection, EmbeddedServer, Report
from app.storage.graph import Graph, QueryFailed

MEGABYTE = 10**6
# A server that is there answers much sooner; the driver tries one that is not for 15 s.
PATIENCE_SECONDS = 4.0


class Use(Enum):
    """What a command may do with the embedded server."""

    # Start one, and be the only one on its data.
    START = "start"
    # Use one that another process runs.
    JOIN = "join"
    # Use one that runs, else start one for the moment.
    EITHER = "either"


class Database(msgspec.Struct, frozen=True):
    """A Neo4j to connect to; `server` is set where this process has launched it, and it may still be starting."""

    connection: Connection
    server: EmbeddedServer | None = None

    @property
    def is_external(self) -> bool:
        """Whether NEO4J_URI named it."""
        return self.server is None and not self.connection.browser_url


def external(settings: Settings) -> Database | None:
    """The server that NEO4J_URI names."""
    if not settings.neo4j_uri:
        return None
    given = (settings.neo4j_uri, settings.neo4j_user, settings.neo4j_password, settings.neo4j_database)
    return Database(Connection(*given))


def joined(settings: Settings) -> Database | None:
    """The embedded server that another process runs in OMEM_HOME."""
    connection = embedded.running(settings.home)
    return Database(connection) if connection else None


@contextmanager
def open_database(settings: Settings, use: Use) -> Generator[Database]:
    """The Neo4j of the settings; what was launched for it is stopped at the end. Raises Failure, EmbeddedError."""
    found = external(settings) or (joined(settings) if use is not Use.START else None)
    if found:
        yield found
        return
    if use is Use.JOIN:
        raise Failure(
            f"no Neo4j runs on the data in {settings.home}; start `ourmem up` first, or set NEO4J_URI to a server"
        )
    with launch(settings) as server:
        yield Database(server.connection, server)


def launch(settings: Settings) -> EmbeddedServer:
    """An embedded server that is still starting; a first start says how much it downloads, and shows how far it is."""
    if coming := embedded.download_bytes():
        megabytes = coming // MEGABYTE
        echo(f"Downloading Neo4j, once for this user: about {megabytes} MB. Later starts need no network.")
    with Progress(
        TextColumn("Downloading"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} files"),
        TextColumn("{task.fields[megabytes]} MB"),
        console=Console(stderr=True),
        disable=not coming,
    ) as bar:
        return embedded.launch(settings.home, reporter(bar))


def reporter(bar: Progress) -> Report:
    """Moves the bar as the download goes on."""
    task = bar.add_task("", total=None, megabytes=0)

    def report(progress: embedded.Progress) -> None:
        megabytes = progress.bytes // MEGABYTE
        bar.update(task, completed=progress.files, total=progress.of_files, megabytes=megabytes)

    return report


def connect(database: Database) -> Graph:
    """The graph of the database; nothing is asked yet."""
    connection = database.connection
    return Graph.connect(connection.uri, connection.user, connection.password, connection.database)


async def check_connection(graph: Graph, database: Database) -> None:
    """Raises Failure when the database does not answer, or not to this user; one that is slow is waited for."""
    uri = database.connection.uri
    patience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, echo, f"Waiting for Neo4j at {uri} …")
    try:
        await graph.read(system.ping)
    except (Unavailable, QueryFailed) as error:
        names = "NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD and NEO4J_DATABASE"
        way_out = f"check {names}" if database.is_external else "run `ourmem doctor`"
        raise Failure(f"{error} ({uri}); {way_out}") from error
    finally:
        patience.cancel()

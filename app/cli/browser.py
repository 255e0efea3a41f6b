"""The command `browser`: where Neo4j Browser is, how to log in, and what to paste."""

from __future__ import annotations

import webbrowser
from urllib.parse import urlsplit

import msgspec

from app.cli.databases import Database, external, joined
from app.cli.failures import Failure
from app.cli.terminal import output
from app.config import Settings, load_settings
from app.storage.queries import load

QUERIES = load("browser/tenant")
# Where a Neo4j server has its Browser unless it was told otherwise.
USUAL_PORT = 7474


def browser(tenant: str, visit: bool) -> None:
    """Prints how to see the graph, and opens it when asked to."""
    settings = load_settings()
    database = external(settings) or joined(settings)
    if database is None:
        raise Failure(f"no Neo4j runs on the data in {settings.home}; start `ourmem up` first, or set NEO4J_URI")
    console = output()
    for line in directions(settings, database, tenant):
        console.print(line, soft_wrap=True, markup=False)
    if visit:
        webbrowser.open(browser_url(database))


def directions(settings: Settings, database: Database, tenant: str) -> list[str]:
    """How to log in, and a query for the graph of one tenant, or of all when none is named."""
    password = "in NEO4J_PASSWORD" if database.is_external else f"in the file {settings.home / 'neo4j' / 'password'}"
    return [
        f"Neo4j Browser   {browser_url(database)}",
        f"User            {database.connection.user}",
        f"Password        {password}",
        "Query to paste:",
        graph_query(tenant),
    ]


def browser_url(database: Database) -> str:
    """The address of Neo4j Browser; of a server elsewhere the usual one."""
    connection = database.connection
    return connection.browser_url or f"http://{urlsplit(connection.uri).hostname}:{USUAL_PORT}/browser/"


def graph_query(tenant: str) -> str:
    """The saved query as one can paste it, with the tenant written out."""
    if not tenant:
        return QUERIES["recent_memories"].text
    return QUERIES["tenant_graph"].text.replace("$tenant_id", msgspec.json.encode(tenant).decode())

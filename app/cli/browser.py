"""The command `browser`: where Neo4j Browser is, how to log in, and what to paste or drag into it."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from urllib.parse import urlsplit

from app.cli import browser_queries
from app.cli.browser_queries import SavedQuery
from app.cli.databases import Database, external, joined
from app.cli.failures import Failure
from app.cli.terminal import output
from app.config import Settings, load_settings

# Where a Neo4j server has its Browser unless it was told otherwise.
USUAL_PORT = 7474


def browser(name: str, tenant: str, given: Sequence[str], visit: bool) -> None:
    """Prints how to see the graph and opens it unless told not to, or prints one saved query with its parameters."""
    settings = load_settings()
    known = parameters(tenant, given)
    query = browser_queries.get(name) if name else None
    database = external(settings) or joined(settings)
    if database is None:
        raise Failure(f"no Neo4j runs on the data in {settings.home}; start `ourmem up` first, or set NEO4J_URI")
    console = output()
    lines = [browser_queries.pasteable(query, known)] if query else guide(settings, database, known)
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    # Nobody looks at a window that a script opens.
    if visit and not query and console.is_terminal:
        webbrowser.open(browser_url(database))


def parameters(tenant: str, given: Sequence[str]) -> dict[str, str]:
    """What is known for the parameters of queries. Raises Failure for what is not `name=value`."""
    known = {"space": f"personal/{tenant}"} if tenant else {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise Failure(f"--param {one} must be name=value")
        known[name] = value
    return known


def guide(settings: Settings, database: Database, known: dict[str, str]) -> list[str]:
    """How to log in, the style, all saved queries, and one to begin with."""
    queries = browser_queries.list_all()
    width = max(len(query.name) for query in queries)
    return [
        *access(settings, database),
        f"Style           drag {browser_queries.STYLE} into the window",
        f"Saved queries   drag the files of {browser_queries.BROWSER_FOLDER} into its favorites, or paste what prints",
        *(f"  ourmem browser {query.name.ljust(width)}  {query.title}" for query in queries),
        "Query to paste:",
        browser_queries.pasteable(_first(known), known),
    ]


def directions(settings: Settings, database: Database, tenant: str) -> list[str]:
    """How to log in, and a query for what a tenant has."""
    known = parameters(tenant, [])
    return [*access(settings, database), "Query to paste:", browser_queries.pasteable(_first(known), known)]


def _first(known: dict[str, str]) -> SavedQuery:
    """The graph of one space, or of all when none is named."""
    return browser_queries.get("space" if "space" in known else "recent")


def access(settings: Settings, database: Database) -> list[str]:
    """Address, user, and where the password lies."""
    password = "in NEO4J_PASSWORD" if database.is_external else f"in the file {settings.home / 'neo4j' / 'password'}"
    return [
        f"Neo4j Browser   {browser_url(database)}",
        f"User            {database.connection.user}",
        f"Password        {password}",
    ]


def browser_url(database: Database) -> str:
    """The address of Neo4j Browser; of a server elsewhere the usual one."""
    connection = database.connection
    return connection.browser_url or f"http://{urlsplit(connection.uri).hostname}:{USUAL_PORT}/browser/"

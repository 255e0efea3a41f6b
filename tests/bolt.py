"""Statements straight to Neo4j, for the limits that the service is compared with and for what its API does not show."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from neo4j import GraphDatabase

from app.storage.embedded import Connection
from app.storage.queries import NAME, Query, parse


def load(path: Path) -> dict[str, Query]:
    """The named queries of a file, in the form of those in `cypher/`."""
    _, *parts = NAME.split(path.read_text(encoding="utf-8"))
    return {name: parse(name, body) for name, body in zip(parts[::2], parts[1::2], strict=True)}


class Bolt:
    """One connection that runs one statement at a time, with as little around it as the driver allows."""

    def __init__(self, graph: Connection) -> None:
        # The driver's own annotations leave its keyword arguments open.
        self._driver = GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]
            graph.uri, auth=(graph.user, graph.password), notifications_min_severity="OFF"
        )
        self._session = self._driver.session(database=graph.database)  # pyright: ignore[reportUnknownMemberType]

    def run(self, query: Query, **parameters: object) -> list[Any]:
        """The first value of each row of one statement in a transaction of its own."""
        return self._session.run(query.text, parameters).value()

    def write(self, query: Query, **parameters: object) -> list[Any]:
        """The same in an explicit write transaction, as a service writes."""
        return self._session.execute_write(lambda tx: tx.run(query.text, parameters).value())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        self._driver.close()

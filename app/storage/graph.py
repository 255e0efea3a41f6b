"""The only module that talks to the Neo4j driver: units of work in, records out, driver errors as domain errors."""

# The driver leaves the types of its settings open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import re
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC
from typing import Any, Concatenate, LiteralString, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

import msgspec
from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncResult,
    AsyncSession,
    Bookmarks,
    NotificationMinimumSeverity,
)
from neo4j.api import AsyncBookmarkManager
from neo4j.exceptions import AuthError, ConfigurationError, ConstraintError, DriverError, Neo4jError
from neo4j.time import DateTime
from neo4j.vector import Vector

from app import metrics
from app.domain.errors import Invalid, Unavailable
from app.storage.queries import Query


class Transaction(Protocol):
    """Where a unit of work runs its statements, one after the other."""

    async def run(self, query: LiteralString, parameters: dict[str, Any] | None = None, **named: Any) -> AsyncResult:
        """The rows of a statement."""
        ...


Record = TypeVar("Record")
Result = TypeVar("Result")
P = ParamSpec("P")
Work = Callable[Concatenate[Transaction, P], Awaitable[Result]]
Ending = Callable[[Transaction], Awaitable[None]]
# What write transactions that are open still have to do at their end.
_ENDINGS: WeakKeyDictionary[Transaction, list[Ending]] = WeakKeyDictionary()

# Units of work are tried again for this long after a deadlock or a lost connection, reads after such a pause.
RETRY_SECONDS = 15.0
RETRY_PAUSE_SECONDS = 0.5
CONNECT_SECONDS = 5.0
# After some wrong passwords in a row, be they another program's, Neo4j lets nobody of that name in for 5 s.
LOCKED_OUT = "Neo.ClientError.Security.AuthenticationRateLimit"
# Addresses of a cluster, and of Aura, begin so; its servers do not see a commit all at once.
ROUTED = "neo4j"
# What the caller at hand has seen by his own word, in other processes too.
_SEEN: ContextVar[Bookmarks | None] = ContextVar("bookmarks", default=None)
# How Neo4j 2026.08 (Lucene's `scoreIterator`) fails when fewer texts pass the filter of a vector search than it asks
# for and nodes were removed from a small segment of the index, until the next writes: with little, as after an erasure.
_INDEX_FAULT = re.compile(r"Index \d+ out of bounds for length")
# Whether the unit of work at hand runs once more, since the vector index failed so.
_INDEX_FAILED: ContextVar[bool] = ContextVar("index_failed", default=False)
# Types in which no time can hide.
_PLAIN = frozenset((str, int, float, bool, type(None)))


class AlreadyThere(Exception):
    """A uniqueness constraint refused the write."""


class QueryFailed(Exception):
    """The server answered that it cannot run the query."""


class Graph:
    """One Neo4j database through one driver; shared by the whole process.

    In a cluster every transaction sees at least what this process has seen before it, by the bookmarks that are `kept`.
    """

    def __init__(self, driver: AsyncDriver, database: str, kept: AsyncBookmarkManager | None = None) -> None:
        self._driver = driver
        self._database = database
        self._kept = kept

    @classmethod
    def connect(cls, uri: str, user: str, password: str, database: str) -> Graph:
        """A graph that connects on first use. Raises Unavailable when the address cannot be one of a Neo4j server."""
        try:
            driver = AsyncGraphDatabase.driver(
                uri,
                auth=(user, password),
                max_transaction_retry_time=RETRY_SECONDS,
                connection_timeout=CONNECT_SECONDS,
                connection_acquisition_timeout=CONNECT_SECONDS * 2,
                # Else each session tells the server which functions of the driver it uses.
                telemetry_disabled=True,
                # What the server remarks about a query is tested in CI; at run time it costs bytes in every answer.
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        except (ConfigurationError, ValueError) as error:
            raise Unavailable(f"NEO4J_URI is not an address of a Neo4j server: {error}") from error
        return cls(driver, database, AsyncGraphDatabase.bookmark_manager() if uri.startswith(ROUTED) else None)

    async def list_bookmarks(self) -> list[str]:
        """All that this process has seen; nothing on a single server, where a commit is seen by everybody at once."""
        return sorted(await self._kept.get_bookmarks()) if self._kept else []

    @contextmanager
    def seeing(self, bookmarks: Iterable[str]) -> Generator[None]:
        """Within it each transaction waits until its server has seen this, too. Bookmarks that are none: Invalid."""
        token = _SEEN.set(Bookmarks.from_raw_values(bookmarks) if self._kept else None)
        try:
            yield
        finally:
            _SEEN.reset(token)

    def _session(self, access: str = WRITE_ACCESS) -> AsyncSession:
        return self._driver.session(
            database=self._database, default_access_mode=access, bookmark_manager=self._kept, bookmarks=_SEEN.get()
        )

    async def read(self, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Runs a unit of work that only reads; it may run twice.

        Each statement is a transaction of its own: one for all of them costs two more round trips and shows no more of
        one moment, since Neo4j lets a transaction see what others commit meanwhile.
        """
        with _told("read"):
            return await _coping(lambda: self._read(work, *args, **kwargs))

    async def _read(self, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        async with self._session(READ_ACCESS) as session:
            return await work(_Statements(session), *args, **kwargs)

    async def write(self, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Runs a unit of work in one write transaction; deadlocks and lost connections are tried again."""
        with _told("write"):
            return await _coping(lambda: self._write(work, *args, **kwargs))

    async def _write(self, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        async with self._session() as session:
            return await session.execute_write(_to_the_end, work, *args, **kwargs)

    async def run_alone(self, statement: LiteralString, **parameters: object) -> list[dict[str, Any]]:
        """Runs one statement in a transaction of its own, as schema changes need it; rows as maps."""
        with _told("alone"):
            async with self._session() as session:
                result = await session.run(statement, parameters)
                return [cast("dict[str, Any]", native(row.data())) async for row in result]

    async def close(self) -> None:
        """Closes all connections."""
        await self._driver.close()


class _Statements:
    """Statements of a session, each in a transaction of its own."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def run(self, query: LiteralString, parameters: dict[str, Any] | None = None, **named: Any) -> AsyncResult:
        return await self._session.run(query, parameters, **named)


async def _coping(run: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a unit of work, and once more where the vector index fails it: then `has_index_failed`."""
    try:
        return await _patiently(run)
    except Neo4jError as error:
        if not _INDEX_FAULT.search(error.message or ""):
            raise
    token = _INDEX_FAILED.set(True)
    try:
        return await _patiently(run)
    finally:
        _INDEX_FAILED.reset(token)


async def _patiently(run: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a unit of work again while what fails it passes by itself."""
    give_up = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return await run()
        except (DriverError, Neo4jError) as error:
            if not (error.is_retryable() or _is_locked_out(error)) or time.monotonic() > give_up:
                raise
        await asyncio.sleep(RETRY_PAUSE_SECONDS)


def _is_locked_out(error: DriverError | Neo4jError) -> bool:
    return isinstance(error, Neo4jError) and error.code == LOCKED_OUT


def has_index_failed() -> bool:
    """Whether the vector index failed the unit of work at hand, so that what is little is to be compared one by one."""
    return _INDEX_FAILED.get()


@contextmanager
def _told(mode: str) -> Generator[None]:
    """Measures a transaction and turns what the driver raises into errors of the domain."""
    try:
        with metrics.graph_transaction(mode):
            yield
    except (DriverError, Neo4jError) as error:
        known = domain_error(error)
        if not isinstance(known, AlreadyThere):
            metrics.count_graph_failure(mode, "unavailable" if isinstance(known, Unavailable) else "query")
        raise known from error


class TakenBack(Exception):
    """Ends a transaction whose outcome is known and not wanted in the graph."""


class Rehearsal(Graph):
    """The same graph, but every write is taken back; `prelude` makes in each what the write needs to be there."""

    def __init__(self, graph: Graph, prelude: Callable[[Transaction], Awaitable[None]]) -> None:
        super().__init__(graph._driver, graph._database, graph._kept)
        self._prelude = prelude

    async def write(self, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """The outcome of a unit of work, nothing of which is written."""
        outcomes: list[Result] = []

        async def rehearse(tx: Transaction) -> None:
            await self._prelude(tx)
            outcomes.append(await _to_the_end(tx, work, *args, **kwargs))
            raise TakenBack

        with suppress(TakenBack):
            await super().write(rehearse)
        return outcomes[-1]


async def _to_the_end(tx: Transaction, work: Work[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    result = await work(tx, *args, **kwargs)
    for ending in _ENDINGS.pop(tx, []):
        await ending(tx)
    return result


def before_commit(tx: Transaction, ending: Ending) -> None:
    """Has something done once the unit of work that `graph.write` runs in this transaction has returned."""
    _ENDINGS.setdefault(tx, []).append(ending)


async def many(tx: Transaction, query: Query, record: type[Record], **parameters: object) -> list[Record]:
    """All rows of a query whose rows are one map (or value) each, as records."""
    missing = query.parameters.symmetric_difference(parameters)
    if missing:
        raise TypeError(f"query {query.name} and its caller disagree on {sorted(missing)}")
    # A statement that is read leaves most kinds of rows empty, and each kind would be a round trip.
    if query.each and parameters[query.each] == []:
        return []
    result = await tx.run(query.text, parameters)
    return [msgspec.convert(native(value), record) for value in await result.value()]


async def one(tx: Transaction, query: Query, record: type[Record], **parameters: object) -> Record | None:
    """The first row of a query, or None."""
    rows = await many(tx, query, record, **parameters)
    return rows[0] if rows else None


def packed(embedding: Sequence[float] | None) -> Vector | None:
    """An embedding as a parameter: bytes, since a list takes the driver 0.2 ms to send.

    Stored it is a list all the same: the format of the community edition keeps no vectors.
    """
    return None if embedding is None else Vector(array("f", embedding).tobytes(), "f32", byteorder=sys.byteorder)


def native(value: object) -> object:
    """A value of the driver with its times as `datetime` in UTC."""
    if isinstance(value, DateTime):
        return value.to_native().astimezone(UTC)
    if isinstance(value, dict):
        # Most values are plain, and a call for each of them took longer than all that is made of a search's rows.
        items = cast("dict[str, object]", value).items()
        return {key: item if type(item) in _PLAIN else native(item) for key, item in items}
    if isinstance(value, list):
        items = cast("list[object]", value)
        # Embeddings are long lists of floats; there is nothing to convert in them.
        if items and isinstance(items[0], float):
            return items
        return [item if type(item) in _PLAIN else native(item) for item in items]
    return value


def domain_error(error: DriverError | Neo4jError) -> Exception:
    """What services and routes may know of a failure of the driver or the server."""
    if isinstance(error, ConstraintError) or (isinstance(error, Neo4jError) and "AlreadyExists" in str(error.code)):
        return AlreadyThere(str(error))
    if isinstance(error, Neo4jError) and "InvalidBookmark" in str(error.code):
        return Invalid("X-Bookmark is none that this graph has given")
    if isinstance(error, AuthError):
        return Unavailable("Neo4j refuses the user name or password it was given")
    if _is_locked_out(error):
        return Unavailable("Neo4j lets this user in again some seconds after too many wrong passwords; try again later")
    if isinstance(error, DriverError) or error.is_retryable():
        return Unavailable("Neo4j does not answer; try again later")
    return QueryFailed(f"{error.code}: {error.message}")

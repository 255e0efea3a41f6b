"""Runs the parts of the service in one asyncio program, from the first wait for Neo4j to a clean end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from app import metrics
from app.cli.databases import Database, check_connection, connect
from app.cli.failures import Failure
from app.cli.offline import set_up
from app.cli.terminal import echo
from app.config import Settings
from app.main import close_parts, create_app, make_parts
from app.providers.embedder import EmbeddingFailed, make_embedder
from app.services.parts import Parts
from app.warming import warm_up

Outcome = TypeVar("Outcome")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# How the shell names the end by a signal.
INTERRUPTED = 130
# Open requests may take this long after the signal; a container is killed 10 s after it.
DRAIN_SECONDS = 8
ALIVE_SECONDS = 1.0
# As many callers may wait to be accepted, as uvicorn has it by default.
BACKLOG = 2048


class Stopped(Exception):
    """A signal came before the work was done."""


class Ending:
    """Knows when the program shall end: after a signal, or when Neo4j has ended by itself."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._failure: Failure | None = None
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        is_first = not self._event.is_set()
        # Before it is said: a terminal or pipe that is gone must not keep the program from ending.
        self._event.set()
        if is_first:
            echo("Stopping …")

    async def wait(self) -> None:
        """Returns after a signal; raises Failure when the program cannot go on."""
        await self._event.wait()
        if self._failure:
            raise self._failure

    async def unless(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """The outcome of the work. Raises Stopped when the end comes first; the work is cancelled then."""
        task, end = asyncio.ensure_future(work), asyncio.ensure_future(self.wait())
        await asyncio.wait((task, end), return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            task.cancel()
            await asyncio.wait((task,))
            end.result()
            raise Stopped
        end.cancel()
        return task.result()

    @asynccontextmanager
    async def watching(self, database: Database) -> AsyncGenerator[None]:
        """Ends the program when the server it has launched is gone."""
        watch = asyncio.create_task(self._watch(database))
        try:
            yield
        finally:
            watch.cancel()

    async def _watch(self, database: Database) -> None:
        # A process tells nobody that it has ended, so it is asked.
        while database.server is None or database.server.is_alive():  # noqa: ASYNC110
            await asyncio.sleep(ALIVE_SECONDS)
        self._failure = Failure("Neo4j has ended by itself; run `ourmem doctor`, or start again with the same command")
        self._event.set()


class Server(uvicorn.Server):
    """Uvicorn that leaves signals to `Ending`: it would end the process before tasks and Neo4j have ended."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def run(program: Callable[[Ending], Awaitable[None]]) -> None:
    """Runs a program until it returns; one that was stopped in the middle ends with the exit code for that."""

    async def begin() -> None:
        await program(Ending())

    with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
        try:
            runner.run(begin())
        except Stopped as stopped:
            raise SystemExit(INTERRUPTED) from stopped


@asynccontextmanager
async def prepared(settings: Settings, database: Database, ending: Ending) -> AsyncGenerator[Parts]:
    """The parts, once the model is loaded, Neo4j answers quickly and the schema fits. Raises Failure."""
    parts = make_parts(settings, connect(database), make_embedder(settings))
    try:
        await ending.unless(_prepare(parts, database))
    except Stopped:
        await close(parts, database)
        echo("Stopped.")
        # A model that is being loaded in its thread cannot be interrupted; everything else is closed by now.
        os._exit(INTERRUPTED)
    except BaseException:
        await close(parts, database)
        raise
    async with ending.watching(database):
        yield parts


async def close(parts: Parts, database: Database) -> None:
    """Ends what has no background work yet; a server that is still starting would hold up the end of the loop."""
    await close_parts(parts)
    if database.server:
        await asyncio.to_thread(database.server.stop)


async def _prepare(parts: Parts, database: Database) -> None:
    if database.server:
        await asyncio.gather(asyncio.to_thread(database.server.wait), _load_model(parts))
    await check_connection(parts.graph, database)
    await set_up(parts)
    await warm_up(parts)


async def _load_model(parts: Parts) -> None:
    # Whether the service can do without the model for now is decided by `prepare`, which tries again.
    with suppress(EmbeddingFailed):
        await parts.embedder.load()


@asynccontextmanager
async def serving(parts: Parts, listener: socket.socket) -> AsyncGenerator[None]:
    """Answers requests; at the end those that are open are answered first."""
    app = create_app(lambda: parts)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # Of these alone it is believed from where and over which protocol a request came.
        forwarded_allow_ips=proxies(parts.settings),
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        app.state.closing.set()
        server.should_exit = True
        await task


def proxies(settings: Settings) -> str:
    """The addresses of proxies as the server takes them."""
    return "" if settings.trusted_proxies.lower() == "none" else settings.trusted_proxies


@contextmanager
def counting(settings: Settings) -> Generator[None]:
    """Answers Prometheus from a worker, which has no other port; without OMEM_WORKER_METRICS_PORT it does not."""
    if not settings.worker_metrics_port:
        yield
        return
    try:
        close = metrics.serve(settings.host, settings.worker_metrics_port)
    except OSError as error:
        problem = f"port {settings.worker_metrics_port} on {settings.host} is taken; set OMEM_WORKER_METRICS_PORT"
        raise Failure(problem) from error
    try:
        yield
    finally:
        close()


def bind(settings: Settings) -> socket.socket:
    """The port, taken before anything slow begins. Raises Failure."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"port {settings.port} on {settings.host} is taken; end the program that uses it or set OMEM_PORT"
        elif error.errno == errno.EACCES:
            problem = f"port {settings.port} is reserved for the system; set OMEM_PORT to one above 1023"
        else:
            problem = f"{settings.host} is no address of this machine; set OMEM_HOST to one, such as 127.0.0.1"
        raise Failure(problem) from error

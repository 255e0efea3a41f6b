"""A service to measure: the one at an address, or one started here in a process of its own; and a tenant of it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, NamedTuple, ParamSpec, Self, TypeVar, cast

import click
import httpx

from app.cli.failures import sentence
from app.client import OPEN, Client, ServiceError
from app.config import Settings, load_settings
from app.storage import embedded
from app.storage.embedded import Connection

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from app.cli import main; main()"]
# A machine that is busy with other things took 95 s.
START_SECONDS = 300
# Background work that takes longer than this for one conversation has stopped.
TASK_SECONDS = 300
NOTHING: Mapping[str, str] = {}


class Service(NamedTuple):
    """A service that answers; what is not known of a service elsewhere is None."""

    url: str
    graph: Connection | None
    pid: int | None = None
    start_seconds: float | None = None
    # Whether the graph was made for this run and goes with it.
    has_own_graph: bool = False


@contextmanager
def serving(url: str | None) -> Generator[Service]:
    """The service at `url`; without one a service of this checkout on the Neo4j of NEO4J_URI, else on an empty one."""
    settings = load_settings()
    if url:
        yield Service(url.rstrip("/"), _named(settings) or embedded.running(settings.home))
        return
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with launched(["up"], Path(folder)) as (address, process):
            wait_until_ready(address, process)
            seconds = time.perf_counter() - started
            graph = _named(settings)
            own = None if graph else embedded.running(Path(folder))
            yield Service(address, graph or own, process.pid, seconds, graph is None)


def _named(settings: Settings) -> Connection | None:
    """The server of NEO4J_URI."""
    if not settings.neo4j_uri:
        return None
    return Connection(settings.neo4j_uri, settings.neo4j_user, settings.neo4j_password, settings.neo4j_database)


@contextmanager
def launched(
    arguments: Sequence[str], home: Path, variables: Mapping[str, str] = NOTHING
) -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    """`ourmem` with these arguments on a data folder of its own, so that measuring touches nobody's data."""
    port = str(free_port())
    own = {"OMEM_HOME": str(home), "OMEM_HOST": "127.0.0.1", "OMEM_PORT": port, "OMEM_SIGNUP": "open"}
    environ = {**os.environ, **own, **variables}
    process = subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the service answers that it is ready. Raises ClickException when it ends before, or never is."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", timeout=START_SECONDS).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise click.ClickException("the service to measure did not start; what it said is above")


class Tenant:
    """A tenant of the service, for programs that wait for each answer; one that is no success ends the run."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self._runner, self._client = asyncio.Runner(), Client(url)
        self.key: str = key or self.call(Client.create_tenant, "measured").api_key
        self._client = self._client.with_key(self.key)

    def call(
        self,
        method: Callable[Concatenate[Client, Given], Coroutine[Any, Any, Answer]],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Answer:
        """What a method of the typed client answers: `call(Client.get_memory, memory_id)`."""
        try:
            return self._runner.run(method(self._client, *given, **named))
        except ServiceError as refused:
            raise click.ClickException(sentence(refused)) from refused

    def wait_for(self, task_ids: Sequence[str]) -> None:
        """Returns when all these tasks have ended."""
        for task in self.call(Client.wait_for, task_ids, TASK_SECONDS):
            if task.status in OPEN:
                raise click.ClickException(f"task {task.id} has not ended within {TASK_SECONDS} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends its connections."""
        self.call(Client.close)
        self._runner.close()

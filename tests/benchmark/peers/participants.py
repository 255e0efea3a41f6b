"""Whom we compare with, and ourselves: what stores the turns of a job and answers its questions."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, cast

import click
import msgspec

from app.client import Client
from app.storage import embedded
from app.storage.embedded import Connection, Ports
from tests.benchmark.peers.comparison import Answer
from tests.benchmark.peers.job import Job
from tests.evaluation.conversations import Conversation
from tests.evaluation.locomo import SEARCH_LIMIT, asking, store, turns_by_text, turns_found
from tests.serving import Service, Tenant

Decoded = TypeVar("Decoded")


class Candidate(NamedTuple):
    """A peer: its name, its script beside this module, and in which setup it is asked."""

    name: str
    script: str
    needs_neo4j: bool = True
    setup: str = ""


PEERS = (
    Candidate("Graphiti", "graphiti_runner.py"),
    Candidate("neo4j-agent-memory", "agent_memory_runner.py", setup="alone"),
    Candidate("neo4j-agent-memory", "agent_memory_runner.py", setup="shared"),
    Candidate("mem0", "mem0_runner.py", needs_neo4j=False),
)


class Ready(msgspec.Struct, frozen=True):
    """What a peer says of itself at its start."""

    ways: list[str]
    versions: dict[str, str]


class Done(msgspec.Struct, frozen=True):
    """How long an order took."""

    seconds: float


class Peer:
    """A peer in its process, which does one order after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        ready = self._answer(Ready)
        self.ways, self.versions = ready.ways, ready.versions

    def store(self) -> float:
        """Fills it; the seconds that took."""
        return self._order({"do": "store"}, Done).seconds

    def enter(self, conversation: str) -> float:
        """Before questions about a conversation; the seconds that took."""
        return self._order({"do": "enter", "conversation": conversation}, Done).seconds

    def ask(self, way: str, places: Sequence[int]) -> list[Answer]:
        """Its answers to these questions of the job, in one of its ways."""
        return self._order({"do": "ask", "way": way, "places": places, "limit": SEARCH_LIMIT}, list[Answer])

    def _order(self, order: dict[str, object], kind: type[Decoded]) -> Decoded:
        pipe = cast("IO[bytes]", self._process.stdin)
        pipe.write(msgspec.json.encode(order) + b"\n")
        pipe.flush()
        return self._answer(kind)

    def _answer(self, kind: type[Decoded]) -> Decoded:
        line = cast("IO[bytes]", self._process.stdout).readline()
        if not line:
            raise click.ClickException("a peer ended; what it said is above")
        return msgspec.json.decode(line, type=kind)


@contextmanager
def running(candidate: Candidate, job: Job, python: Path) -> Generator[Peer]:
    """A peer with nothing in it, on an empty Neo4j of the version and settings that ours has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not candidate.needs_neo4j:
            with _process(candidate, job, python, folder, None) as peer:
                yield peer
            return
        with (
            embedded.start(folder / "graph", lambda _: None, Ports(0, 0)) as server,
            _process(candidate, job, python, folder, server.connection) as peer,
        ):
            yield peer


@contextmanager
def _process(candidate: Candidate, job: Job, python: Path, folder: Path, graph: Connection | None) -> Generator[Peer]:
    path = folder / "job.json"
    described = cast("dict[str, Any]", msgspec.to_builtins(job))
    path.write_bytes(msgspec.json.encode(described | {"neo4j": graph, "folder": str(folder), "setup": candidate.setup}))
    process = subprocess.Popen(
        [python, Path(__file__).with_name(candidate.script), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=_environment(folder, job),
    )
    try:
        yield Peer(process)
    finally:
        cast("IO[bytes]", process.stdin).close()
        process.wait()


def _environment(folder: Path, job: Job) -> dict[str, str]:
    """Nothing of the user's own settings and keys, no telemetry, no model hub."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "GRAPHITI_TELEMETRY_ENABLED": "false",
        "MEM0_TELEMETRY": "False",
        "MEM0_DIR": str(folder / "mem0"),
        "HF_HUB_OFFLINE": "1",
        "EMBEDDING_DIM": str(job.dimension),
    }


class Ours:
    """The service over HTTP, one tenant for each conversation."""

    def __init__(self, service: Service, chosen: Sequence[Conversation], job: Job) -> None:
        self._service, self._chosen, self._job = service, chosen, job
        self._open = ExitStack()
        self._tenants = {one.name: self._open.enter_context(Tenant(service.url)) for one in chosen}
        self._turns = {one.name: turns_by_text(one) for one in chosen}

    def store(self) -> float:
        """Stores all turns; the seconds that took, with embedding."""
        return sum(_timed(self._tenants[one.name], one) for one in self._chosen)

    def store_known(self) -> float:
        """The seconds that took for other tenants, where the service had every vector in its cache."""
        seconds = 0.0
        for one in self._chosen:
            with Tenant(self._service.url) as first, Tenant(self._service.url) as second:
                _timed(first, one)
                seconds += _timed(second, one)
        return seconds

    def close(self) -> None:
        """Ends its connections."""
        self._open.close()

    def ask(self, places: Sequence[int]) -> list[Answer]:
        """The answers to these questions of the job."""
        return [self._ask(place) for place in places]

    def _ask(self, place: int) -> Answer:
        asked = self._job.questions[place]
        started = time.perf_counter()
        answer = self._tenants[asked.conversation].call(Client.search, asking(asked.text))
        spent = (time.perf_counter() - started) * 1000
        return Answer(turns_found(answer, self._turns[asked.conversation]), spent)


def _timed(tenant: Tenant, conversation: Conversation) -> float:
    started = time.perf_counter()
    store(tenant, conversation)
    return time.perf_counter() - started

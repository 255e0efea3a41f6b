"""Several processes of the service on one Neo4j of their own: APIs that take no tasks, and workers beside them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from app.storage import embedded
from app.storage.embedded import Connection, Ports
from tests.benchmark.processes import listener
from tests.serving import free_port, launched, wait_until_ready


class Fleet(NamedTuple):
    """Where everything is: the addresses and processes of the APIs, and where each worker tells its counts."""

    graph: Connection
    folder: Path
    urls: list[str]
    pids: list[int]
    worker_metrics: list[str]

    @property
    def graph_pid(self) -> int | None:
        """The process that is the Neo4j server."""
        return listener(self.graph.uri)


@contextmanager
def fleet(apis: int, workers: int) -> Generator[Fleet]:
    """So many of each on an empty embedded Neo4j, which goes with them."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        graph = stack.enter_context(embedded.start(folder / "graph", lambda _: None, Ports(0, 0))).connection
        variables = {"NEO4J_URI": graph.uri, "NEO4J_USER": graph.user, "NEO4J_PASSWORD": graph.password}
        started: list[tuple[str, subprocess.Popen[bytes]]] = []
        for place in range(apis):
            command = launched(["serve", "--no-worker"], folder / f"api{place}", variables)
            started.append(stack.enter_context(command))
        ports = [str(free_port()) for _ in range(workers)]
        for place, port in enumerate(ports):
            own = variables | {"OMEM_WORKER_METRICS_PORT": port}
            stack.enter_context(launched(["worker"], folder / f"worker{place}", own))
        for url, process in started:
            wait_until_ready(url, process)
        yield Fleet(
            graph=graph,
            folder=folder / "graph",
            urls=[url for url, _ in started],
            pids=[process.pid for _, process in started],
            worker_metrics=[f"http://127.0.0.1:{port}/metrics" for port in ports],
        )

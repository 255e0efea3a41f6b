"""The embedded Neo4j as its parent sees it: one server process for a data folder, started, found and stopped.

Below the data folder: `lock`, and `neo4j/` with the store, the logs, `password` and `connection.json`.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import msgspec

from app.storage import backups
from app.storage.embedded_archive import archive_of
from app.storage.embedded_error import EmbeddedError
from app.storage.embedded_folder import (
    LOOPBACK,
    USUAL_PORTS,
    Ports,
    check_space,
    configure,
    is_lockable,
    password_of,
    take_lock,
)
from app.storage.embedded_jars import Progress, Report, cache_folder, download_bytes, provide
from app.storage.embedded_java import Java, find_java, machine_memory, memory_for, options
from app.storage.embedded_process import READY, SHUTDOWN_SECONDS, Connection, Launch

__all__ = ["Connection", "EmbeddedError", "EmbeddedServer", "Ports", "Progress", "Report", "download_bytes"]

USER = "neo4j"
# Without one, Java cannot open a path with letters beyond English.
UTF8_LOCALE = "C.UTF-8"
CHECKOUT = Path(__file__).resolve().parents[2]

# A start takes 4 to 15 s; recovery after a crash replays the transaction log since the last checkpoint.
START_SECONDS = 300
# The process ends itself after SHUTDOWN_SECONDS; only then is it ended from here.
STOP_SECONDS = SHUTDOWN_SECONDS + 5
CONNECT_SECONDS = 1.0

LOG_TAIL_BYTES = 20_000

ANOTHER_STORE = "{data} is damaged or of another Neo4j; restore a copy, or move the folder away and begin anew"
# What the end of the log contains → why the start failed and what to do, tried in this order.
REASONS = (
    ("No space left on device", "the disk is full; free some space and start again"),
    ("Address already in use", "another program took its port meanwhile; start again"),
    ("BindException", "another program took its port meanwhile; start again"),
    ("Could not reserve enough space", "the machine has too little free memory; end other programs and start again"),
    ("store version", ANOTHER_STORE),
    ("UnableToMigrate", ANOTHER_STORE),
    ("OutOfMemoryError", "the machine has too little free memory; end other programs and start again"),
)


class EmbeddedServer:
    """A Neo4j process that this process has launched; it ends when this process ends, however that happens."""

    def __init__(self, connection: Connection, process: subprocess.Popen[bytes], log: Path) -> None:
        self.connection = connection
        self._process = process
        self._log = log
        self._log_start = log.stat().st_size

    def wait(self) -> None:
        """Returns when the server takes connections; raises EmbeddedError, with the process gone, when it does not."""
        try:
            line = _first_line(cast("IO[bytes]", self._process.stdout), START_SECONDS)
        except BaseException:
            self.stop()
            raise
        if line != READY.encode() or not _answers(self.connection):
            self.stop()
            raise EmbeddedError(f"Neo4j did not start: {self._reason()}")

    def is_alive(self) -> bool:
        """False once the process has ended, be it by `stop` or by itself."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Shuts the server down and waits for it; a second call does nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            cast("IO[bytes]", pipe).close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _reason(self) -> str:
        with self._log.open("rb") as file:
            file.seek(max(self._log_start, self._log.stat().st_size - LOG_TAIL_BYTES))
            tail = file.read().decode(errors="replace")
        known = next((reason for mark, reason in REASONS if mark in tail), "the end of {log} says why")
        return known.format(log=self._log, data=self._log.parents[1] / "data")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(home: Path, report: Report, ports: Ports = USUAL_PORTS) -> EmbeddedServer:
    """A running server on the data in `home`. Raises EmbeddedError when there cannot be one."""
    server = launch(home, report, ports)
    server.wait()
    return server


def launch(home: Path, report: Report, ports: Ports = USUAL_PORTS) -> EmbeddedServer:
    """The first half of `start`: a server that is still starting, so that other things can be loaded meanwhile."""
    try:
        return _launch(home, report, ports)
    except OSError as error:
        raise EmbeddedError(
            f"{error.filename or home} cannot be used ({error.strerror});"
            " make it accessible or set OMEM_HOME to another folder"
        ) from error


def _launch(home: Path, report: Report, ports: Ports) -> EmbeddedServer:
    folder = home / "neo4j"
    for private in (home, folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        private.chmod(0o700)
    lock = take_lock(home)
    try:
        if not (folder / "data").exists():
            # A restore was cut off between its two steps.
            backups.take_back(folder)
        check_space(folder)
        java, jars = find_java(), provide(report)
        return _spawn(folder, java, jars, _free_ports(ports), lock)
    finally:
        # From now on only the server holds the lock: it is free exactly when the server is gone.
        os.close(lock)


def _spawn(folder: Path, java: Java, jars: list[Path], ports: Ports, lock: int) -> EmbeddedServer:
    memory = memory_for(machine_memory())
    configure(folder, ports, memory)
    connection = Connection(
        uri=f"bolt://{LOOPBACK}:{ports.bolt}",
        user=USER,
        password=password_of(folder),
        browser_url=f"http://{LOOPBACK}:{ports.http}/browser/?dbms=bolt://{USER}@{LOOPBACK}:{ports.bolt}",
    )
    log = folder / "logs" / "process.log"
    order = Launch(
        folder=str(folder),
        library=str(java.library),
        options=[*options(java, memory.heap), f"-XX:ErrorFile={folder}/logs/crash-%p.log"],
        classpath=[str(jar) for jar in jars],
        archive=archive_of(java, jars, cache_folder(), log.parent),
        connection=connection,
    )
    line = msgspec.json.encode(order) + b"\n"
    process = _process(log, lock)
    pipe = cast("IO[bytes]", process.stdin)
    pipe.write(line)
    pipe.flush()
    return EmbeddedServer(connection, process, log)


def _process(log: Path, lock: int) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "app.storage.embedded_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=CHECKOUT,
            env={**os.environ, "LC_ALL": UTF8_LOCALE},
            pass_fds=(lock,),
            # Ctrl-C in the terminal goes to a whole process group, and the server must be the last to go.
            start_new_session=True,
        )


def _free_ports(preferred: Ports) -> Ports:
    with _bound(preferred.bolt) as bolt, _bound(preferred.http) as http:
        return Ports(bolt.getsockname()[1], http.getsockname()[1])


def _bound(port: int) -> socket.socket:
    """A socket on this port, or on any free one when it is taken."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError:
        return socket.create_server((LOOPBACK, 0))


def _first_line(pipe: IO[bytes], seconds: float) -> bytes:
    """What the process says first; empty when it ends, or says nothing for so long."""
    readable, _, _ = select.select([pipe], [], [], seconds)
    return pipe.readline().strip() if readable else b""


def running(home: Path) -> Connection | None:
    """The server that some process of this user runs on this data, once it takes connections."""
    try:
        with (home / "lock").open("rb") as lock:
            if is_lockable(lock.fileno(), fcntl.LOCK_SH):
                return None
        connection = msgspec.json.decode((home / "neo4j" / "connection.json").read_bytes(), type=Connection)
    except FileNotFoundError:
        return None
    return connection if _answers(connection) else None


def _answers(connection: Connection) -> bool:
    host, _, port = connection.uri.removeprefix("bolt://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True

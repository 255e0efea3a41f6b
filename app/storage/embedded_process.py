"""The process that is the Neo4j server: `python -m app.storage.embedded_process`, which learns what to run from stdin.

It never outlives its parent: stdin ends when the parent ends, however that happens, and then the server shuts down.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import msgspec

from app.storage.embedded_archive import Archive, write_later
from app.storage.embedded_hold import Hold

# The line on stdout that says the server takes connections.
READY = "ready"
# A shutdown begins with a checkpoint, which takes seconds. After it an index may still be merged, at full length for
# minutes: nothing is lost when that is ended.
SHUTDOWN_SECONDS = 25
# How often the parent is looked for, besides the end of stdin, which a forked sibling could keep open.
PARENT_SECONDS = 1.0

# A command to the system database about the server itself, not a query about memories.
SET_PASSWORD = "ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED"  # noqa: S105


class Connection(msgspec.Struct, frozen=True):
    """What a client needs to reach a Neo4j server, and what a person needs to look at it."""

    uri: str
    user: str
    password: str
    database: str = "neo4j"
    browser_url: str = ""
    pid: int = 0


class Launch(msgspec.Struct, frozen=True):
    """What to run: the folder of the server, the virtual machine, its options, its class path and their archive."""

    folder: str
    library: str
    options: list[str]
    classpath: list[str]
    archive: Archive
    connection: Connection

    def file(self, name: str) -> Path:
        """A file in the server's folder."""
        return Path(self.folder) / name


def main() -> None:
    """Runs the server until the parent, or SIGTERM, ends it."""
    sys.excepthook = exit_at_once
    launch = msgspec.json.decode(sys.stdin.buffer.readline(), type=Launch)
    status, parent, ended = keep_status_pipe(), os.getppid(), threading.Event()
    obey_signals(ended)
    threading.Thread(target=wait_for_parent, args=(ended,), daemon=True).start()
    service = start_service(launch)
    set_password(service, launch)
    publish(launch, status)
    archiver = threading.Thread(target=write_archive, args=(launch, ended), daemon=True)
    archiver.start()
    hold = Hold(service.database(launch.connection.database), Path(launch.folder))
    while not ended.wait(PARENT_SECONDS) and os.getppid() == parent:
        hold.obey()
    hold.release()
    threading.Thread(target=give_up_later, daemon=True).start()
    # A parent that is gone was noticed here alone, where a forked sibling keeps its pipe open.
    ended.set()
    service.shutdown()
    archiver.join()
    launch.file("connection.json").unlink(missing_ok=True)
    # What Java still has running is not waited for: the store is closed.
    os._exit(0)


def write_archive(launch: Launch, ended: threading.Event) -> None:
    """Makes the next start faster."""
    write_later(launch.archive, launch.options, launch.classpath, ended)


def keep_status_pipe() -> int:
    """Keeps the pipe to the parent for our own line; what Java prints goes to the log from here on, as stderr does."""
    status = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return status


def exit_at_once(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """After an error Java's threads would keep the process; the store is as safe as after a crash."""
    traceback.print_exception(kind, error, trace)
    os._exit(1)


def obey_signals(ended: threading.Event) -> None:
    """SIGTERM ends the server; Ctrl-C is the parent's business, which first answers the requests it has taken."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())


def wait_for_parent(ended: threading.Event) -> None:
    """Nothing is sent after the first line, so a read returns when the pipe ends: on stop, or with the parent."""
    os.read(sys.stdin.fileno(), 1)
    ended.set()
    give_up_later()


def give_up_later() -> None:
    """Ends the process hard when the clean way hangs, be it in the start or in the shutdown."""
    threading.Event().wait(SHUTDOWN_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def start_service(launch: Launch) -> Any:
    """Neo4j's own management service, with its database open. Whatever Java throws ends the process and is logged."""
    # Here, since only this process may have Java inside, and its import loads native code.
    import jpype  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    java = cast("Any", jpype)
    java.startJVM(launch.library, *launch.options, *launch.archive.options(), classpath=launch.classpath)
    path_of = java.JClass("java.nio.file.Path").of
    builder = java.JClass("org.neo4j.dbms.api.DatabaseManagementServiceBuilder")(path_of(launch.folder))
    service = builder.loadPropertiesFromFile(path_of(str(launch.file("conf/neo4j.conf")))).build()
    # Neo4j starts, without it, when a database cannot be opened; a transaction says why.
    service.database(launch.connection.database).beginTx().close()
    return service


def set_password(service: Any, launch: Launch) -> None:
    """Sets a new password once; the rename comes last, so a start that was cut off in between is done again."""
    fresh = launch.file("password.new")
    if fresh.exists():
        service.database("system").executeTransactionally(SET_PASSWORD, {"password": launch.connection.password})
        fresh.replace(launch.file("password"))


def publish(launch: Launch, status: int) -> None:
    """Leaves the connection for other processes of this user, then tells the parent."""
    connection = msgspec.structs.replace(launch.connection, pid=os.getpid())
    fresh = launch.file("connection.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.json.encode(connection))
    fresh.replace(launch.file("connection.json"))
    # A parent that is gone by now is noticed in `main`.
    with suppress(BrokenPipeError):
        os.write(status, f"{READY}\n".encode())


if __name__ == "__main__":
    main()

"""Holds the files of a running store still enough to be copied: no checkpoint while somebody has the lock of a request.

Between two checkpoints the files plus the transaction log are what a crash would leave, at whatever moment each of them
is read, as long as the log is read last. A checkpoint in between would reuse what an earlier part of a copy refers to.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from app.storage.embedded_error import EmbeddedError

# Whoever copies holds a lock on the one, which ends with its process; the server answers in the other.
REQUEST, ANSWER = "hold", "held"
# A hold begins with a checkpoint, which on a slow disk takes as long as a large store has been changed.
HOLD_SECONDS = 300.0
# The server looks at a request for an instant, and once a second.
TRY_SECONDS = 3.0
POLL_SECONDS = 0.05
TOKEN_BYTES = 8

MUTEX = "org.neo4j.kernel.impl.transaction.log.checkpoint.StoreCopyCheckPointMutex"
CHECKPOINTER = "org.neo4j.kernel.impl.transaction.log.checkpoint.CheckPointer"
TRIGGER = "org.neo4j.kernel.impl.transaction.log.checkpoint.SimpleTriggerInfo"
ACTION = "org.neo4j.function.ThrowingAction"


class Hold:
    """The server's side: looks now and then whether somebody wants the files held."""

    def __init__(self, database: Any, folder: Path) -> None:
        self._database = database
        self._request = folder / REQUEST
        self._answer = folder / ANSWER
        self._held: Any = None
        self._answer.unlink(missing_ok=True)

    def obey(self) -> None:
        """Begins or ends a hold, as the request says; always to be called by the same thread, which owns the hold."""
        token = _token_of(self._request)
        if token and self._held is None:
            self._held = self._begin()
            self._answer.touch(mode=0o600)
            self._answer.write_text(token, encoding="ascii")
        elif not token and self._held is not None:
            self.release()

    def release(self) -> None:
        """Ends a hold if there is one, as before a shutdown, which makes a checkpoint."""
        if self._held is not None:
            self._held.close()
            self._held = None
            self._answer.unlink(missing_ok=True)

    def _begin(self) -> Any:
        # As in the process of the server, which alone has Java inside.
        import jpype  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

        java = cast("Any", jpype)
        resolve = self._database.getDependencyResolver().resolveDependency
        checkpointer = resolve(java.JClass(CHECKPOINTER))
        trigger = java.JClass(TRIGGER)("backup")
        action = java.JProxy(ACTION, dict={"apply": lambda: checkpointer.forceCheckPoint(trigger)})
        return resolve(java.JClass(MUTEX)).storeCopy(action)


def _token_of(request: Path) -> str:
    """What a request says while somebody holds its lock; '' when nobody does."""
    try:
        with request.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().decode()
    except FileNotFoundError:
        pass
    return ""


@contextmanager
def held(folder: Path) -> Generator[None]:
    """The store below the folder of a running server, held still. Raises EmbeddedError when the server does not."""
    token = secrets.token_hex(TOKEN_BYTES)
    request = os.open(folder / REQUEST, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(request)
        os.ftruncate(request, 0)
        os.pwrite(request, token.encode(), 0)
        _await_answer(folder / ANSWER, token)
        yield
    finally:
        os.close(request)


def _lock(request: int) -> None:
    end = time.monotonic() + TRY_SECONDS
    while True:
        try:
            fcntl.flock(request, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise EmbeddedError("another backup of this data is being made; wait for it") from None
            time.sleep(POLL_SECONDS)
        else:
            return


def _await_answer(answer: Path, token: str) -> None:
    end = time.monotonic() + HOLD_SECONDS
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            if answer.read_text(encoding="ascii") == token:
                return
        time.sleep(POLL_SECONDS)
    raise EmbeddedError("the running Neo4j does not hold its files for a backup; stop the service and try again")

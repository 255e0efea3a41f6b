"""What lies in the data folder beside the store: the lock, the server's configuration and its password."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from app.storage.embedded_error import EmbeddedError
from app.storage.embedded_java import MIB, Memory
from app.storage.embedded_process import SHUTDOWN_SECONDS

LOOPBACK = "127.0.0.1"
PASSWORD_BYTES = 24

# A server whose parent is gone needs a moment to shut down; a new start on its data waits for that.
LOCK_SECONDS = SHUTDOWN_SECONDS + 5
POLL_SECONDS = 0.1
PID_BYTES = 20

# An empty store with its indexes, and what a running one may write before somebody has to look.
NEW_STORE_BYTES = 600 * 10**6
GROWTH_BYTES = 100 * 10**6

CONFIGURATION = """\
server.default_listen_address={host}
server.bolt.enabled=true
server.bolt.listen_address={host}:{bolt}
server.bolt.advertised_address={host}:{bolt}
server.http.enabled=true
server.http.listen_address={host}:{http}
server.http.advertised_address={host}:{http}
server.http_enabled_modules=BROWSER
server.https.enabled=false
server.memory.pagecache.size={page_cache}m
server.logs.gc.enabled=false
db.logs.query.enabled=OFF
db.tx_log.preallocate=false
db.tx_log.rotation.retention_policy=256M size
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
client.allow_telemetry=false
server.bolt.telemetry.enabled=false
server.fleet_discovery.enabled=false
dbms.fleet_manager.enabled=false
server.http.x_forward.enabled=false
internal.dbms.bolt.netty_server_shutdown_quiet_period_duration=0s
"""


class Ports(NamedTuple):
    """The ports to take when they are free; 0, or one that is taken, stands for any free one."""

    bolt: int
    http: int


USUAL_PORTS = Ports(7687, 7474)


def take_lock(home: Path) -> int:
    """An open, locked file, which says who locked it. Raises EmbeddedError when another process uses the data."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + LOCK_SECONDS
    while not is_lockable(lock, fcntl.LOCK_EX):
        owner = os.pread(lock, PID_BYTES, 0).decode()
        if _is_running(owner) or time.monotonic() > end:
            os.close(lock)
            raise EmbeddedError(
                f"{home} is in use by process {owner}; end that one first or set OMEM_HOME to another folder"
            )
        time.sleep(POLL_SECONDS)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def is_lockable(lock: int, kind: int) -> bool:
    """True when nobody holds the file in a way that excludes this kind; it is locked then."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def check_space(folder: Path) -> None:
    """Raises EmbeddedError when the disk has no room for the store."""
    needed = GROWTH_BYTES if (folder / "data").exists() else NEW_STORE_BYTES
    if shutil.disk_usage(folder).free < needed:
        raise EmbeddedError(
            f"{folder} needs {needed // 10**6} MB of free disk for the database;"
            " free some space or set OMEM_HOME to a folder on another disk"
        )


def configure(folder: Path, ports: Ports, memory: Memory) -> None:
    """Writes the server's configuration; it is ours and is written anew at each start."""
    for part in ("conf", "logs"):
        (folder / part).mkdir(exist_ok=True)
    text = CONFIGURATION.format(host=LOOPBACK, bolt=ports.bolt, http=ports.http, page_cache=memory.page_cache // MIB)
    (folder / "conf" / "neo4j.conf").write_text(text, encoding="utf-8")


def password_of(folder: Path) -> str:
    """The password of this data; a new one waits in `password.new` until the server has taken it."""
    known = folder / "password"
    if known.exists() and (folder / "data").exists():
        return known.read_text(encoding="ascii")
    fresh = folder / "password.new"
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(PASSWORD_BYTES), encoding="ascii")
    return fresh.read_text(encoding="ascii")

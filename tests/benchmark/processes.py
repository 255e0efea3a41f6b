"""What processes of this machine take of it, read from `/proc`; elsewhere nothing is known."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

PROC = Path("/proc")
LISTENING = "0A"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def resident_megabytes(pid: int | None) -> float | None:
    """The resident memory of a process, or None."""
    try:
        found = re.search(r"^VmRSS:\s+(\d+) kB$", (PROC / str(pid) / "status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) / 1024 if found else None


def cpu_seconds(pid: int | None) -> float | None:
    """The processor time that a process has used since its start, or None."""
    try:
        # The name in parentheses may hold blanks; what follows it are fields 3 and on, of which 14 and 15 are meant.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listener(uri: str) -> int | None:
    """The process of this machine that takes connections at an address such as `bolt://127.0.0.1:7687`, or None."""
    place = urlsplit(uri)
    if place.hostname not in LOOPBACK or place.port is None:
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening(place.port)}
    return next((pid for pid in _pids() if sockets & _open_files(pid)), None)


def _listening(port: int) -> list[str]:
    rows = [line.split() for table in ("tcp", "tcp6") for line in _lines(PROC / "net" / table)[1:]]
    return [row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _pids() -> list[int]:
    return sorted(int(path.name) for path in PROC.glob("[0-9]*"))


def _open_files(pid: int) -> set[str]:
    """What a process has open; nothing of processes that are gone or somebody else's."""
    try:
        return {_target(path) for path in (PROC / str(pid) / "fd").iterdir()}
    except OSError:
        return set()


def _target(path: Path) -> str:
    """Where a link leads; nowhere when the file was closed meanwhile."""
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""

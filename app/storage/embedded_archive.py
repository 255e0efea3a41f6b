"""An archive of the classes Neo4j loads, which Java maps instead of reading jars: a start takes 3 s instead of 6.

A server that starts without one notes the classes; when it has been up for a while it writes the archive, once for the
user, this Java and these jars. Java ignores an archive that does not fit, so nothing depends on it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from pathlib import Path

import msgspec

from app.storage.embedded_java import Java

# By then the queries of an ordinary session have been run, so their classes are in it too.
DELAY_SECONDS = 60.0
POLL_SECONDS = 0.5
# It takes a core for 20 s, which should go to whoever else wants it.
LOWEST_PRIORITY = 19
# About 150 MB each.
KEPT = 3
# From this version on, classes can lie in the archive with their references resolved.
LINKING_JAVA = 24


class Archive(msgspec.Struct, frozen=True):
    """Where the archive lies or will lie, where the classes for it are noted, and the Java that writes it."""

    file: str
    classes: str
    program: str
    links: bool

    def options(self) -> list[str]:
        """What Java is told at the start of the server."""
        if Path(self.file).exists():
            return [f"-XX:SharedArchiveFile={self.file}", *self.linking()]
        return [f"-XX:DumpLoadedClassList={self.classes}"]

    def linking(self) -> list[str]:
        """The option that must be the same when the archive is written and when it is used."""
        return ["-XX:+AOTClassLinking"] if self.links else []


def archive_of(java: Java, jars: list[Path], cache: Path, logs: Path) -> Archive:
    """The archive of this Java and these jars in the user's cache."""
    key = hashlib.sha256("\n".join(map(str, (java.home, java.version, *jars))).encode()).hexdigest()[:16]
    return Archive(
        file=str(cache / f"neo4j-{key}.jsa"),
        classes=str(logs / "classes.txt"),
        program=str(java.home / "bin" / "java"),
        links=java.version >= LINKING_JAVA,
    )


def write_later(archive: Archive, options: list[str], classpath: list[str], ended: threading.Event) -> None:
    """Writes the archive if there is none, unless the server ends before; a failure leaves everything as it was."""
    file = Path(archive.file)
    if file.exists() or ended.wait(DELAY_SECONDS):
        return
    part = file.with_suffix(f".{os.getpid()}")
    command = [
        *(archive.program, "-Xshare:dump", *archive.linking(), *options),
        *(f"-XX:SharedClassListFile={archive.classes}", f"-XX:SharedArchiveFile={part}"),
        *("-cp", os.pathsep.join(classpath)),
    ]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if _succeeds(command, ended):
            part.replace(file)
            _tidy(file.parent)
    except OSError:
        return
    finally:
        part.unlink(missing_ok=True)


def _tidy(cache: Path) -> None:
    """Each environment's Java has an archive of its own; those of environments that are gone must not pile up."""
    for old in sorted(cache.glob("*.jsa"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
        old.unlink()


def _succeeds(command: list[str], ended: threading.Event) -> bool:
    # The command is Java's own, with options and paths of ours.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writer:  # noqa: S603
        os.setpriority(os.PRIO_PROCESS, writer.pid, LOWEST_PRIORITY)
        while writer.poll() is None:
            if ended.wait(POLL_SECONDS):
                writer.kill()
        return writer.returncode == 0

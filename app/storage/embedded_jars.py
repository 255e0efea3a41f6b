"""The jars of Neo4j: named with their checksums in `jgo.lock.toml`, kept in the user's Maven repository, fetched once.

jgo resolves, locks and knows where jars lie and come from; its own download is serial and trusts what it finds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext
from jgo.util import http

from app.storage.embedded_error import EmbeddedError

LOCK_FILE = Path(__file__).resolve().parents[2] / "jgo.lock.toml"

# The sum of the locked jars; a test compares it with what lies in the repository.
DOWNLOAD_BYTES = 190_865_041
# Most jars are small, so the time goes into round trips; more at once gains nothing on an ordinary line.
PARALLEL_DOWNLOADS = 8
# A line that drops now and then should not cost the whole start.
ATTEMPTS = 3
# Without a byte for so long, an address counts as down.
SILENCE_SECONDS = 30
BLOCK_BYTES = 1 << 16
MEGABYTE = 10**6


class Jar(NamedTuple):
    """One locked jar: where it lies, what it must contain, and where it can be had."""

    path: Path
    sha256: str
    addresses: tuple[str, ...]


class Progress(NamedTuple):
    """How far the download is; how many bytes are still to come is not known, how many files is."""

    files: int
    of_files: int
    bytes: int


Report = Callable[[Progress], None]


def locked() -> list[Jar]:
    """Every jar of the lock file, in the order of the class path."""
    settings = GlobalSettings.load()
    remotes = {"central": MAVEN_CENTRAL_URL, **settings.repositories}
    context = MavenContext(repo_cache=settings.repo_cache, remote_repos=remotes)
    return [_located(context, dependency) for dependency in LockFile.load(LOCK_FILE).dependencies]


def _located(context: MavenContext, dependency: LockedDependency) -> Jar:
    component = context.project(dependency.groupId, dependency.artifactId).at_version(dependency.version)
    artifact = Artifact(component, dependency.classifier or "", dependency.packaging)
    place = (component.path_prefix / artifact.filename).as_posix()
    addresses = tuple(f"{remote.rstrip('/')}/{place}" for remote in context.remote_repos.values())
    return Jar(context.repo_cache.expanduser() / place, dependency.sha256 or "", addresses)


def neo4j_version() -> str:
    """The version of the locked server."""
    return next(jar.version for jar in LockFile.load(LOCK_FILE).dependencies if jar.artifactId == "neo4j")


def cache_folder() -> Path:
    """Where this user keeps what can be made again."""
    return GlobalSettings.load().cache_dir.expanduser() / "ourmem"


def unusable(jars: Sequence[Jar]) -> list[Jar]:
    """The jars that are not there or not what was locked: cut off, damaged or replaced."""
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        return [jar for jar, is_intact in zip(jars, pool.map(_is_intact, jars), strict=True) if not is_intact]


def _is_intact(jar: Jar) -> bool:
    if not jar.path.is_file():
        return False
    with jar.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def provide(report: Report) -> list[Path]:
    """The class path, with every jar checked and what is missing or damaged fetched. Raises EmbeddedError."""
    jars = locked()
    try:
        if wanted := unusable(jars):
            _check_space(_repository(jars), _share(wanted, jars))
            fetch(wanted, report)
    except OSError as error:
        raise EmbeddedError(
            f"the jars of Neo4j cannot be kept in {_repository(jars)} ({error.strerror});"
            " make it writable or set M2_REPO to another folder"
        ) from error
    return [jar.path for jar in jars]


def _repository(jars: Sequence[Jar]) -> Path:
    return Path(os.path.commonpath([jar.path for jar in jars]))


def _share(some: Sequence[Jar], jars: Sequence[Jar]) -> int:
    return DOWNLOAD_BYTES * len(some) // len(jars)


def download_bytes() -> int:
    """About how much `provide` will download, as far as milliseconds can tell; 0 when everything is there."""
    jars = locked()
    return _share([jar for jar in jars if not jar.path.is_file()], jars)


def _check_space(folder: Path, needed: int) -> None:
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    if shutil.disk_usage(existing).free < needed:
        raise EmbeddedError(
            f"{folder} needs {needed // MEGABYTE} MB for the jars of Neo4j and the disk has less;"
            " free some space or set M2_REPO to a folder on another disk"
        )


def fetch(wanted: Sequence[Jar], report: Report) -> None:
    """Fetches in parallel; each finished jar stays, so that a download which was cut off goes on where it was."""
    report(Progress(0, len(wanted), 0))
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        futures = [pool.submit(_fetch_one, jar) for jar in wanted]
        done = 0
        try:
            for files, future in enumerate(as_completed(futures), 1):
                done += future.result()
                report(Progress(files, len(wanted), done))
        except BaseException:
            # Without this, Ctrl-C would wait until the last jar has come.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(jar: Jar) -> int:
    jar.path.parent.mkdir(parents=True, exist_ok=True)
    reason = "nobody has it"
    for address in jar.addresses * ATTEMPTS:
        try:
            return _download(jar, address)
        except _Refused as refusal:
            reason = str(refusal)
    raise EmbeddedError(
        f"{jar.path.name}, a part of Neo4j, cannot be downloaded ({reason});"
        " check the network and run the same command again, which goes on with what is already there"
    )


class _Refused(Exception):
    """One address did not give the jar."""


def _download(jar: Jar, address: str) -> int:
    """Writes beside the jar and renames at the end: at the jar's own place there is never half a jar."""
    handle, name = tempfile.mkstemp(dir=jar.path.parent, prefix=jar.path.name, suffix=".part")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for block in _blocks(address):
                size += file.write(block)
                digest.update(block)
        if digest.hexdigest() != jar.sha256:
            raise _Refused("what arrived is not what was locked")
        Path(name).replace(jar.path)
    finally:
        Path(name).unlink(missing_ok=True)
    return size


def _blocks(address: str) -> Iterator[bytes]:
    # The errors of requests are OSErrors too; here they are told apart from those of the disk.
    try:
        with http.get(address, stream=True, timeout=SILENCE_SECONDS) as answer:
            answer.raise_for_status()
            yield from answer.iter_content(BLOCK_BYTES)
    except OSError as error:
        raise _Refused(type(error).__name__) from error

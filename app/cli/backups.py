"""The commands `backup` and `restore`: the whole embedded store as one file, whether a service runs or not."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.cli.databases import Database, connect, external
from app.cli.failures import Failure
from app.cli.terminal import echo
from app.config import load_settings
from app.storage import backups, embedded, schema, system
from app.storage.backups import Header
from app.storage.embedded import Connection, Ports
from app.storage.embedded_folder import take_lock
from app.storage.embedded_hold import held
from app.storage.embedded_jars import neo4j_version

MEGABYTE = 10**6
ANY_PORTS = Ports(0, 0)
# The indexes of a large store are made anew where the backup was taken while they were being built.
INDEX_SECONDS = 600
ELSEWHERE = (
    "{command} is for the embedded Neo4j; NEO4J_URI names another server, whose own tools do this, see docs/backup.md"
)


def backup(output: Path) -> None:
    """Writes the store of OMEM_HOME into a file. Raises Failure."""
    home = _home("backup")
    folder = home / "neo4j"
    if not backups.exists(folder):
        raise Failure(f"there is no store in {home}; set OMEM_HOME to the folder of the data")
    try:
        size = _write_running(folder, output) if embedded.running(home) else _write_stopped(home, output)
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror or error}") from error
    echo(f"Wrote {output}: {size / MEGABYTE:.1f} MB. It holds all texts and hashes of keys; only you may read it.")


def _home(command: str) -> Path:
    settings = load_settings()
    if external(settings):
        raise Failure(ELSEWHERE.format(command=command))
    return settings.home


def _write_running(folder: Path, output: Path) -> int:
    with held(folder):
        return backups.write(folder / "data", output, _header())


def _write_stopped(home: Path, output: Path) -> int:
    lock = take_lock(home)
    try:
        return backups.write(home / "neo4j" / "data", output, _header())
    finally:
        os.close(lock)


def _header() -> Header:
    return Header(
        kind=backups.KIND,
        format=backups.FORMAT,
        program=version("ourmem"),
        neo4j=neo4j_version(),
        schema=schema.newest(),
        created_at=datetime.now(UTC),
    )


def restore(file: Path, force: bool) -> None:
    """Puts the store of a file into OMEM_HOME, where none is, or in the place of the one there. Raises Failure."""
    home = _home("restore")
    folder = home / "neo4j"
    header = _check(file)
    try:
        _swap(home, file, force)
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {error.strerror or error}; nothing was changed") from error
    echo("Starting Neo4j for the moment …")
    try:
        with embedded.start(home, lambda _: None, ANY_PORTS) as server:
            texts = asyncio.run(_look(server.connection))
    except BaseException as error:
        _undo(home)
        if isinstance(error, Exception):
            raise Failure(f"the store in {file} does not open ({error}); nothing was changed") from error
        raise
    backups.keep(folder)
    echo(f"Restored {texts} texts as of {header.created_at:%Y-%m-%d %H:%M:%S} UTC into {home}.")


def _check(file: Path) -> Header:
    header = backups.check(file)
    if _numbers(header.neo4j) > _numbers(neo4j_version()) or header.schema > schema.newest():
        raise Failure(f"{file} was written by a newer ourmem ({header.program}); upgrade the program")
    return header


def _numbers(dotted: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", dotted)]


def _swap(home: Path, file: Path, force: bool) -> None:
    folder = home / "neo4j"
    fresh = folder / "restoring"
    for private in (home, folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = take_lock(home)
    try:
        if backups.exists(folder) and not force:
            raise Failure(f"{home} has a store already; --force replaces it, or set OMEM_HOME to another folder")
        shutil.rmtree(fresh, ignore_errors=True)
        backups.unpack(file, fresh)
        backups.swap_in(folder, fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        os.close(lock)


def _undo(home: Path) -> None:
    lock = take_lock(home)
    try:
        backups.give_up(home / "neo4j")
    finally:
        os.close(lock)


async def _look(connection: Connection) -> int:
    """How many memories, messages and pieces of long texts are there, once every index is online."""
    graph = connect(Database(connection))
    try:
        await graph.read(system.await_indexes, INDEX_SECONDS)
        return await graph.read(system.count_embeddable, "")
    finally:
        await graph.close()

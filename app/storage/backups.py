"""Backups of the embedded store: one file with a header, the compressed files of the store, and a checksum.

A line of JSON says what it is, then comes a gzipped tar of `databases/neo4j` and `transactions/neo4j`, then SHA-256 of
all before. Opened again, Neo4j recovers from it as after a crash: it replays the log since the last checkpoint.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, cast

import msgspec

from app.storage.embedded_error import EmbeddedError

KIND, FORMAT = "ourmem-backup", 1
# The transaction log comes last: it must know all that the files before it hold.
PARTS = ("databases/neo4j", "transactions/neo4j")
# What a running server has for itself.
LEFT_OUT = ("database_lock", "id-buffer.tmp.")
# More compression costs twice the time and saves a tenth.
COMPRESSION = 1
BLOCK_BYTES = 1 << 20
DIGEST_BYTES = hashlib.sha256().digest_size
MAX_HEADER_BYTES = 4096
DAMAGED = "{file} is damaged or cut off; use another copy of the backup"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is: its format, the program, the server and the schema that wrote it, and when."""

    kind: str
    format: int
    program: str
    neo4j: str
    schema: int
    created_at: datetime


class _Summed(io.RawIOBase):
    """A file for writing that sums up what went into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self.sum.update(data)
        return self._file.write(data)


class _Padded:
    """A file as long as it was when it was looked at: zeros stand for what was cut off since."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        return data + bytes(size - len(data))


class _Body:
    """What lies between the header and the checksum of a backup."""

    def __init__(self, file: IO[bytes], end: int) -> None:
        self._file = file
        self._end = end

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._end - self._file.tell()))


def write(data: Path, output: Path, header: Header) -> int:
    """Copies the store below a folder into a file, whole or not at all; how many bytes the file has.

    Nobody else may read the file. Raises OSError when it cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            summed = _Summed(file)
            summed.write(msgspec.json.encode(header) + b"\n")
            _write_files(data, summed)
            file.write(summed.sum.digest())
            file.flush()
            os.fsync(file.fileno())
        size = Path(name).stat().st_size
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size


def _write_files(data: Path, output: _Summed) -> None:
    with (
        gzip.GzipFile(fileobj=output, mode="wb", compresslevel=COMPRESSION, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for path in _files(data):
            try:
                with path.open("rb") as file:
                    entry = archive.gettarinfo(arcname=str(path.relative_to(data)), fileobj=file)
                    archive.addfile(entry, _Padded(file))  # type: ignore[arg-type]
            except FileNotFoundError:
                # An index merged some of its files meanwhile; those of its last commit stay until the next one.
                continue


def _files(data: Path) -> Iterator[Path]:
    """The files of the store, each part listed only when the one before it is done."""
    for part in PARTS:
        for folder, _, names in os.walk(data / part):
            yield from (Path(folder) / name for name in sorted(names) if not name.startswith(LEFT_OUT))


def check(file: Path) -> Header:
    """The header of a backup that is whole. Raises EmbeddedError for anything else."""
    with file.open("rb") as opened:
        header = _header(file, opened.readline(MAX_HEADER_BYTES))
        opened.seek(0)
        summed, left = hashlib.sha256(), file.stat().st_size - DIGEST_BYTES
        while left > 0 and (block := opened.read(min(BLOCK_BYTES, left))):
            summed.update(block)
            left -= len(block)
        if left or opened.read() != summed.digest():
            raise EmbeddedError(DAMAGED.format(file=file))
    return header


def _header(file: Path, line: bytes) -> Header:
    try:
        known = msgspec.json.decode(line)
        if known["kind"] != KIND:
            raise EmbeddedError(f"{file} is no backup of ourmem; `ourmem import` reads exports")
        if known["format"] > FORMAT:
            raise EmbeddedError(f"{file} was written by a newer ourmem ({known['program']}); upgrade the program")
        return msgspec.convert(known, Header)
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise EmbeddedError(f"{file} is no backup of ourmem, or its beginning is damaged") from error


def unpack(file: Path, folder: Path) -> None:
    """Lays the files of a backup that was checked below a new folder. Raises EmbeddedError, OSError."""
    folder.mkdir(mode=0o700, parents=True)
    with file.open("rb") as opened:
        opened.readline(MAX_HEADER_BYTES)
        body = _Body(opened, file.stat().st_size - DIGEST_BYTES)
        try:
            # It reads only, though the annotation asks for more.
            with (
                gzip.GzipFile(fileobj=cast("IO[bytes]", body)) as packed,
                tarfile.open(fileobj=packed, mode="r|") as archive,
            ):
                for entry in archive:
                    if not entry.name.startswith(tuple(f"{part}/" for part in PARTS)):
                        raise EmbeddedError(DAMAGED.format(file=file))
                    archive.extract(entry, folder, filter="data")
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise EmbeddedError(DAMAGED.format(file=file)) from error


def exists(folder: Path) -> bool:
    """Whether there is a store below the folder of a server."""
    return (folder / "data" / PARTS[0]).is_dir()


def swap_in(folder: Path, fresh: Path) -> None:
    """Puts a new store in the place of the one that is there, which waits as `replaced` for `keep` or `take_back`.

    The database of users, which holds the password of this folder, moves over to the new store.
    """
    data, replaced = folder / "data", folder / "replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    for part in ("databases/system", "transactions/system"):
        if (data / part).is_dir():
            shutil.copytree(data / part, fresh / part)
    if data.exists():
        data.rename(replaced)
    fresh.rename(data)


def keep(folder: Path) -> None:
    """Removes the store that was replaced."""
    shutil.rmtree(folder / "replaced", ignore_errors=True)


def give_up(folder: Path) -> None:
    """Removes the new store, and puts the one back that it replaced."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    take_back(folder)


def take_back(folder: Path) -> None:
    """Puts a store back that was replaced and has no successor, as after a restore that was cut off."""
    if (folder / "replaced").exists() and not (folder / "data").exists():
        (folder / "replaced").rename(folder / "data")

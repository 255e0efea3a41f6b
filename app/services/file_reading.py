"""Runs what reads files in processes of their own, with time limits: our parsers, and tools that are there."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.domain.errors import RateLimited, TooLong, Unprocessable, UnsupportedMedia
from app.domain.files import MAX_TEXT_BYTES, Detected, FileKind, Piece, Reading

ROOT = Path(__file__).parents[2]
# Above the child's own limit of computing time, for a machine that is busy.
MAX_SECONDS = 60
# Pieces are JSON; text in it is at most some times as long as it is.
MAX_ANSWER_BYTES = 4 * MAX_TEXT_BYTES
# Files are read side by side up to this number; each may take a gigabyte.
MAX_READERS = 2
# So many more may wait their turn before a caller is sent away.
MAX_WAITING = 8
LANGUAGES = "eng+chi_sim"


class Readers:
    """How many files are being read, and how many wait."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(MAX_READERS)
        self._waiting = 0

    async def run(self, command: Sequence[str], content: bytes) -> tuple[int, bytes]:
        """The exit status of a command and what it wrote. Raises RateLimited when too many wait already."""
        if self._waiting >= MAX_WAITING:
            raise RateLimited("too many files are being read; try again in a minute")
        self._waiting += 1
        try:
            async with self._slots:
                return await _run(command, content)
        finally:
            self._waiting -= 1


READERS = Readers()


async def read_file(detected: Detected, content: bytes) -> list[Piece]:
    """The pieces of a PDF, of code without private text, or of an image.

    Raises Unprocessable for what cannot be read, UnsupportedMedia where a tool is missing, TooLong, RateLimited.
    """
    match detected.kind:
        case FileKind.VIDEO:
            raise UnsupportedMedia("audio and video are not transcribed here; send the transcript as text")
        case FileKind.IMAGE:
            return await _read_image(content)
        case _:
            command = [sys.executable, "-m", "app.services.file_child", detected.kind.value, detected.language]
    status, answer = await READERS.run(command, content)
    if status != 0:
        raise Unprocessable("file cannot be read within the limits of memory and time")
    reading = msgspec.json.decode(answer, type=Reading)
    if reading.problem:
        raise Unprocessable(reading.problem)
    return reading.pieces


async def _read_image(content: bytes) -> list[Piece]:
    tool = shutil.which("tesseract")
    if tool is None:
        raise UnsupportedMedia("images are not read here, since tesseract is not installed; send the text")
    status, answer = await READERS.run([tool, "stdin", "stdout", "-l", LANGUAGES], content)
    text = answer.decode(errors="replace").strip()
    if status != 0 or not text:
        raise Unprocessable("no text was recognised in the image")
    return [Piece(text=text)]


async def _run(command: Sequence[str], content: bytes) -> tuple[int, bytes]:
    # Nothing of our own environment: it holds keys.
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TESSDATA_PREFIX") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )
    try:
        async with asyncio.timeout(MAX_SECONDS):
            answer, _ = await asyncio.gather(_answer(process), _give(process, content))
            return await process.wait(), answer
    except TimeoutError as error:
        raise Unprocessable(f"file cannot be read within {MAX_SECONDS} seconds") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _give(process: asyncio.subprocess.Process, content: bytes) -> None:
    stdin = process.stdin
    if stdin is None:
        return
    try:
        stdin.write(content)
        await stdin.drain()
        stdin.close()
    except ConnectionError:
        # It ended before it had read all; its status says why.
        return


async def _answer(process: asyncio.subprocess.Process) -> bytes:
    stdout, pieces, size = process.stdout, list[bytes](), 0
    while stdout is not None and (piece := await stdout.read(1024 * 1024)):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise TooLong("file holds more text than is kept", "split it")
    return b"".join(pieces)

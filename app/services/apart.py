"""Runs long arithmetic in a process of its own, so that neither requests nor other tasks wait for it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

Given = TypeVar("Given")
Result = TypeVar("Result")

# What takes most of a second to import, and every work in a process of its own needs.
IMPORTED = ["networkx", "ingest.communities"]


class Broken(Exception):
    """The process ended without a result."""


async def run_apart(work: Callable[[Given], Result], given: Given) -> Result:
    """The result of a function of a module; the process goes when its caller is cancelled.

    Raises Broken when it fails, is killed, or runs out of memory.
    """
    # Not a copy of this process, which would have its locks and connections, but of one that has only imported.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, work, given), daemon=True)
    try:
        await asyncio.to_thread(process.start)
        theirs.close()
        return cast("Result", await asyncio.to_thread(_receive, ours))
    finally:
        # Also ends the thread that waits for the process when nobody wants the result any more.
        if process.pid:
            process.kill()
            process.join()
        ours.close()


def _receive(ours: Connection[Any, Any]) -> object:
    try:
        return ours.recv()
    except EOFError as error:
        raise Broken("the process for it ended without a result") from error


def _work(theirs: Connection[Any, Any], work: Callable[[Given], Result], given: Given) -> None:
    theirs.send(work(given))
    theirs.close()

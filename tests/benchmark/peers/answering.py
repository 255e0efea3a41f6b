"""The part of a peer's process that is the same for all: it reads orders from its input and answers with JSON lines.

Runs in the peers' environment, so it knows nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol


class Peer(Protocol):
    """A memory that is filled once and asked in one or more of the ways that it offers."""

    # The names of the ways; `search` takes one of them.
    ways: tuple[str, ...]
    packages: tuple[str, ...]

    async def open(self) -> None: ...

    async def store(self) -> None: ...

    async def enter(self, conversation: str) -> None:
        """Told before questions about a conversation are asked."""
        ...

    async def search(self, way: str, conversation: str, question: str, limit: int) -> list[str]:
        """The ids of the turns found, best first."""
        ...

    async def close(self) -> None: ...


class Precomputed:
    """The vectors of the job by their text."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._vectors: dict[str, list[float]] = {_key(text): vector for text, vector in job["vectors"].items()}
        self.dimension: int = job["dimension"]

    def get(self, text: str) -> list[float]:
        """The vector of a text; a peer that asks for another text ends with an error."""
        return self._vectors[_key(text)]


def _key(text: str) -> str:
    """Peers put blanks in place of line breaks before they embed."""
    return " ".join(text.split())


def read_job() -> dict[str, Any]:
    """The work, from the file that the command line names."""
    return json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))


def serve(peer: Peer, questions: list[dict[str, Any]]) -> None:
    """Does what is ordered until the input ends. What packages print goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    asyncio.run(_serve(peer, questions, answers))


async def _serve(peer: Peer, questions: list[dict[str, Any]], answers: Any) -> None:
    await peer.open()
    try:
        _say(answers, {"ways": peer.ways, "versions": {name: version(name) for name in peer.packages}})
        for line in sys.stdin:
            _say(answers, await _obey(peer, questions, json.loads(line)))
    finally:
        await peer.close()


def _say(answers: Any, answer: object) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


async def _obey(peer: Peer, questions: list[dict[str, Any]], order: dict[str, Any]) -> object:
    started = time.perf_counter()
    if order["do"] == "ask":
        places: list[int] = order["places"]
        return [await _ask(peer, order["way"], questions[place], order["limit"]) for place in places]
    await (peer.store() if order["do"] == "store" else peer.enter(order["conversation"]))
    return {"seconds": time.perf_counter() - started}


async def _ask(peer: Peer, way: str, question: dict[str, Any], limit: int) -> dict[str, Any]:
    started = time.perf_counter()
    found = await peer.search(way, question["conversation"], question["text"], limit)
    return {"found": [[turn] for turn in found], "ms": (time.perf_counter() - started) * 1000}

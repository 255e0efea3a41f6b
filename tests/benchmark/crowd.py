"""Many clients at a time, each of which asks one question after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from tests.benchmark.timing import p50, percentile

TIMEOUT_SECONDS = 120


class Client(NamedTuple):
    """Whom one client asks, with which key, and what."""

    url: str
    key: str
    questions: Sequence[str]


class Crowd(NamedTuple):
    """The milliseconds of all searches, and how long the crowd was there."""

    spent: list[float]
    seconds: float

    @property
    def p50(self) -> float:
        return p50(self.spent)

    @property
    def p95(self) -> float:
        return percentile(self.spent, 95)

    @property
    def a_second(self) -> float:
        return len(self.spent) / self.seconds


def ask(clients: Sequence[Client], limit: int) -> Crowd:
    """Lets all clients ask at once; an answer that is no success ends the run."""
    return asyncio.run(_ask_all(clients, limit))


async def _ask_all(clients: Sequence[Client], limit: int) -> Crowd:
    connections = httpx.Limits(max_connections=len(clients), max_keepalive_connections=len(clients))
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=connections, trust_env=False) as http:
        started = time.perf_counter()
        spent = await asyncio.gather(*(_ask(http, client, limit) for client in clients))
        return Crowd([one for own in spent for one in own], time.perf_counter() - started)


async def _ask(http: httpx.AsyncClient, client: Client, limit: int) -> list[float]:
    spent: list[float] = []
    for question in client.questions:
        started = time.perf_counter()
        answer = await http.get(
            f"{client.url}/v1/memories/search",
            params={"q": question, "limit": limit},
            headers={"X-API-Key": client.key},
        )
        answer.raise_for_status()
        spent.append((time.perf_counter() - started) * 1000)
    return spent

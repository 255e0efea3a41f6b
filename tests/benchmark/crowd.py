"""Many clients at a time, each of which asks one question after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from app.client import Client
from app.domain.search import SearchRequest
from tests.benchmark.timing import p50, percentile


class Visitor(NamedTuple):
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


def ask(visitors: Sequence[Visitor], limit: int) -> Crowd:
    """Lets all clients ask at once, each over a connection of its own; one that is no success ends the run."""
    return asyncio.run(_ask_all(visitors, limit))


async def _ask_all(visitors: Sequence[Visitor], limit: int) -> Crowd:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(one.url, one.key)) for one in visitors]
        started = time.perf_counter()
        asking = (_ask(client, one.questions, limit) for client, one in zip(clients, visitors, strict=True))
        spent = await asyncio.gather(*asking)
        return Crowd([one for own in spent for one in own], time.perf_counter() - started)


async def _ask(client: Client, questions: Sequence[str], limit: int) -> list[float]:
    spent: list[float] = []
    for question in questions:
        started = time.perf_counter()
        await client.search(SearchRequest(q=question, limit=limit))
        spent.append((time.perf_counter() - started) * 1000)
    return spent

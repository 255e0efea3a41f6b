"""Counts what was read, off the read path: answers are noted in memory and written in batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from app.domain.errors import OurmemError
from app.domain.principal import Principal
from app.domain.recalls import Access, recalls_of
from app.domain.tenants import KeyUse
from app.storage import recalls
from app.storage.graph import Graph, QueryFailed, Transaction

TouchKeys = Callable[[Transaction, list[KeyUse]], Awaitable[None]]

LOG = logging.getLogger(__name__)
# How long a count may lie in memory, and how many memories may wait for one write (pipelines 5.2).
FLUSH_SECONDS = 2.0
BATCH = 500
# While Neo4j is away no more than this waits; what comes later is not counted, and no answer depends on it.
MOST_NOTED = 20_000


class AccessRecorder:
    """Collects reads and writes them to the graph every two seconds, and once more when it stops."""

    def __init__(self, graph: Graph, touch_keys: TouchKeys) -> None:
        self._graph = graph
        self._touch_keys = touch_keys
        self._keys: dict[str, datetime] = {}
        self._noted: dict[tuple[str, str], Access] = {}
        self._runner: asyncio.Task[None] | None = None

    def note(self, principal: Principal, found: Iterable[tuple[str, str]], now: datetime) -> None:
        """Notes that these (space key, memory id) were part of an answer to the principal.

        For answers to callers only: what the service reads for itself is no use of a memory.
        """
        reader = (principal.tenant_id, principal.agent_id)
        self._add(
            Access(space_key=space_key, id=memory_id, count=1, at=now, readers=frozenset({reader}))
            for space_key, memory_id in found
        )

    def note_key(self, key_id: str, now: datetime) -> None:
        """Notes that a key was used."""
        self._keys[key_id] = now

    async def flush(self) -> None:
        """Writes what was noted; what cannot be written now is kept for the next time."""
        await self._flush_keys()
        while self._noted:
            # In order of their ids, so that two flushing processes do not wait for each other.
            batch = [self._noted.pop(place) for place in sorted(self._noted)[:BATCH]]
            try:
                await self._graph.write(_add, batch)
            except (OurmemError, QueryFailed) as error:
                LOG.warning("access counts wait: %s", error)
                self._add(batch)
                return

    async def _flush_keys(self) -> None:
        uses, self._keys = [KeyUse(key_id, at) for key_id, at in sorted(self._keys.items())], {}
        if not uses:
            return
        try:
            await self._graph.write(self._touch_keys, uses)
        except (OurmemError, QueryFailed) as error:
            LOG.warning("times of key use wait: %s", error)
            self._keys = {use.key_id: use.at for use in uses} | self._keys

    def _add(self, accesses: Iterable[Access]) -> None:
        for access in accesses:
            place = (access.space_key, access.id)
            known = self._noted.get(place)
            if known:
                self._noted[place] = known.followed_by(access)
            elif len(self._noted) < MOST_NOTED:
                self._noted[place] = access

    def start(self) -> None:
        """Begins to write in the background of the running event loop."""
        self._runner = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Writes the rest and ends."""
        if self._runner:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()


async def _add(tx: Transaction, accesses: list[Access]) -> None:
    await recalls.add_accesses(tx, accesses)
    await recalls.create_many(tx, recalls_of(accesses))

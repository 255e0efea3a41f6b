"""Processes that are killed while they store and work: nothing acknowledged is lost, and nothing is there twice.

`OMEM_TEST_KILL_ROUNDS=20` kills more often than the few times of a normal run.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from app.storage.embedded import Connection
from app.worker import Worker
from tests.clients import Client
from tests.conftest import MODEL, SignUp
from tests.servers.openai_api import DIMENSION, OpenAIServer, slow

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("OMEM_TEST_KILL_ROUNDS", "3"))
# A machine that is busy with other things takes long to start a process.
START_SECONDS = 300
# Kills come while the first requests are stored as well as when tasks are being worked on.
LATEST_KILL_SECONDS = 2.5
WRITERS = 3
COMMAND = [sys.executable, "-c", "from app.cli import main; main()"]

# What other tests left behind is none of this test's business.
FORGET = "MATCH (task:Task) WHERE task.phase IS NOT NULL SET task.phase = null, task.status = 'cancelled'"
LATER = """
MATCH (task:Task {tenant_id: $tenant_id}) WHERE task.phase IN ['running', 'waiting']
SET task.due_at = datetime() - duration({seconds: 1})
"""
LEFT = "MATCH (task:Task {tenant_id: $tenant_id}) WHERE task.phase IS NOT NULL RETURN count(task) AS left"
FOUND = """
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space)
RETURN {
  messages: COLLECT { MATCH (space)<-[:IN_SPACE]-(message:Episode) RETURN message.content ORDER BY message.position },
  stored: COLLECT { MATCH (space)<-[:IN_SPACE]-(memory:Memory) RETURN memory.id },
  current: COLLECT { MATCH (space)<-[:IN_SPACE]-(memory:Memory {state: 'active'}) RETURN memory.content },
  waiting: COUNT {
    MATCH (space)<-[:IN_SPACE]-(node) WHERE node.embed_task IS NOT NULL OR node.ingest_task IS NOT NULL
  },
  close: COLLECT {
    MATCH (space)<-[:IN_SPACE]-(one:Memory)-[close:SIMILAR_TO]->(other:Memory) RETURN one.id + ' ' + other.id
  },
  states: COLLECT { MATCH (task:Task {tenant_id: $tenant_id}) RETURN DISTINCT task.status }
} AS found
"""


class Write(NamedTuple):
    """A request that is sent with its Idempotency-Key until it is acknowledged."""

    key: str
    body: dict[str, Any]


class Writer:
    """A client that writes one thing after the other, and goes on where it was when the service is back."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._next = 0
        self._open: Write | None = None
        self.messages: list[str] = []
        self.memory_ids: list[str] = []

    async def write(self, http: httpx.AsyncClient) -> None:
        """Writes until the service is gone."""
        while True:
            self._open = self._open or self._make()
            try:
                answer = await http.post(
                    "/v1/memories", json=self._open.body, headers={"Idempotency-Key": self._open.key}
                )
            except httpx.TransportError:
                return
            if answer.is_success:
                self._note(self._open, answer.json())
                self._open = None

    def _make(self) -> Write:
        self._next += 1
        name = f"{self._number}-{self._next}"
        if self._next % 3 == 0:
            return Write(name, {"content": f"Hive {name} stands at the harbour of Lisbon.", "tags": ["蜂蜜"]})
        text = f"I keep the bees of hive {name}." if self._next % 2 else f"我在里斯本养蜜蜂，编号 {name}。"
        return Write(name, {"messages": [{"role": "user", "content": text}], "session_id": f"s{self._number}"})

    def _note(self, write: Write, answer: dict[str, Any]) -> None:
        if "messages" in write.body:
            self.messages += [message["content"] for message in write.body["messages"]]
        else:
            self.memory_ids.append(answer["id"])


@asynccontextmanager
async def processes(neo4j: Connection, embedder: OpenAIServer, home: Path) -> AsyncGenerator[tuple[str, list[Process]]]:
    """A service that is ready, with its worker, and a second worker; they are killed at the end."""
    settings = {
        "NEO4J_URI": neo4j.uri,
        "NEO4J_USER": neo4j.user,
        "NEO4J_PASSWORD": neo4j.password,
        "OMEM_HOME": str(home),
        # A port that was free a moment ago may be taken by the time the service has loaded.
        "OMEM_PORT": "0",
        "OMEM_HOST": "127.0.0.1",
        "OMEM_EMBED_MODEL": MODEL,
        "OMEM_EMBED_PROVIDER": "openai-compatible",
        "OMEM_EMBED_BASE_URL": embedder.url,
        "OMEM_EMBED_DIM": str(DIMENSION),
    }
    started = [
        await asyncio.create_subprocess_exec(
            *COMMAND, name, cwd=ROOT, env=os.environ | settings, stdout=DEVNULL, stderr=stderr
        )
        for name, stderr in (("serve", PIPE), ("worker", DEVNULL))
    ]
    try:
        url, log = await find_address(started[0]), started[0].stderr
        assert log is not None
        # A full pipe would stop the service.
        drain = asyncio.create_task(log.read())
        yield url, started
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
            await process.wait()
    await drain


async def find_address(service: Process) -> str:
    """Where the service answers, once it is ready; fails with what it said when it never is."""
    said: list[str] = []
    assert service.stderr is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            async for line in service.stderr:
                said.append(line.decode())
                if found := re.search(r"answers at (http://[\d.:]+),", said[-1]):
                    return found[1]
    except TimeoutError:
        said.append(f"nothing more within {START_SECONDS} s")
    pytest.fail("the service did not start:\n" + "".join(said))


async def end_all(parts: Parts, driver: AsyncDriver, tenant_id: str) -> None:
    """Works until nothing is left, as if the leases of the dead and the pauses before retries were over."""
    async with asyncio.timeout(START_SECONDS):
        while (await driver.execute_query(LEFT, tenant_id=tenant_id)).records[0]["left"]:
            await driver.execute_query(LATER, tenant_id=tenant_id)
            await Worker(parts).run_pending()


@pytest.fixture
async def tenant(sign_up: SignUp, remote_parts: Parts, driver: AsyncDriver) -> Client:
    await driver.execute_query(FORGET)
    return await sign_up(parts=remote_parts)


async def test_kills_lose_and_double_nothing(
    neo4j: Connection,
    tenant: Client,
    remote_parts: Parts,
    embedding_server: OpenAIServer,
    driver: AsyncDriver,
    tmp_path: Path,
) -> None:
    embedding_server.always(slow(0.03))
    writers = [Writer(number) for number in range(WRITERS)]
    for _ in range(ROUNDS):
        async with (
            processes(neo4j, embedding_server, tmp_path) as (url, started),
            httpx.AsyncClient(base_url=url, headers={"X-API-Key": tenant.key}, timeout=60) as http,
        ):
            writing = [asyncio.create_task(writer.write(http)) for writer in writers]
            for process in random.sample(started, 2):
                await asyncio.sleep(random.uniform(0.2, LATEST_KILL_SECONDS))
                process.kill()
            await asyncio.gather(*writing)
    await end_all(remote_parts, driver, tenant.user_id)

    found = (await driver.execute_query(FOUND, tenant_id=tenant.user_id)).records[0]["found"]

    said = [text for writer in writers for text in writer.messages]
    kept = [memory_id for writer in writers for memory_id in writer.memory_ids]
    # What was stored and not acknowledged, one request of each writer at most, is there too, and once.
    assert len(said) > 0
    assert set(said) <= set(found["messages"])
    assert set(kept) <= set(found["stored"])
    assert len(found["messages"]) - len(said) <= WRITERS
    for name in ("messages", "stored", "current", "close"):
        assert len(found[name]) == len(set(found[name])), name
    assert (found["states"], found["waiting"]) == (["completed"], 0)

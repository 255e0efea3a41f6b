"""What one process has written the next one shows, also where the servers of a cluster lag behind each other."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import AsyncGenerator

import httpx
import msgspec
import pytest

from app import client
from app.domain.memories import NewMemory
from app.main import create_app
from app.services.parts import Parts
from app.storage.embedded import Connection
from app.storage.graph import Graph
from tests.clients import Client
from tests.conftest import SignUp

HEADER = "X-Bookmark"
# In a bookmark the number of the transaction follows on these, and one byte on the number.
PREFIX_BYTES, INT_64 = 19, b"\xcb"
WAIT_SECONDS = 0.3


@pytest.fixture
async def two_parts(parts: Parts, neo4j: Connection) -> AsyncGenerator[list[Parts]]:
    """Two processes, as far as their connections go, which take the one server for a cluster."""
    uri = neo4j.uri.replace("bolt://", "neo4j://")
    graphs = [Graph.connect(uri, neo4j.user, neo4j.password, "neo4j") for _ in range(2)]
    yield [msgspec.structs.replace(parts, graph=graph) for graph in graphs]
    for graph in graphs:
        await graph.close()


@pytest.fixture
async def writer(two_parts: list[Parts], sign_up: SignUp) -> Client:
    return await sign_up(parts=two_parts[0])


@pytest.fixture
async def reader(two_parts: list[Parts], writer: Client) -> AsyncGenerator[Client]:
    """The same tenant at the other process."""
    transport = httpx.ASGITransport(app=create_app(lambda: two_parts[1]))  # type: ignore[arg-type]
    async with Client(transport=transport, base_url="http://other.test", headers=writer.headers) as found:
        yield found


def following(bookmark: str) -> str:
    """The bookmark of the transaction after this one."""
    kind, _, text = bookmark.partition(":")
    parts = base64.b64decode(text + "==")
    body = parts[PREFIX_BYTES:-1]
    number = body[0] if len(body) == 1 else int.from_bytes(body[1:], "big", signed=True)
    made = parts[:PREFIX_BYTES] + INT_64 + struct.pack(">q", number + 1) + parts[-1:]
    return f"{kind}:{base64.b64encode(made).decode()}"


async def test_a_read_waits_for_what_its_bookmark_is_of(writer: Client, reader: Client) -> None:
    seen = (await writer.post("/v1/memories", json={"content": "The harbour opens at nine."})).headers[HEADER]

    read = asyncio.create_task(reader.get("/v1/memories", headers={HEADER: following(seen.split(",")[-1])}))
    ended, _ = await asyncio.wait({read}, timeout=WAIT_SECONDS)
    written = await writer.store("It closes at ten.")

    assert not ended
    assert written["id"] in [memory["id"] for memory in (await read).json()["memories"]]


async def test_an_answer_knows_no_less_than_the_request_did(writer: Client, reader: Client) -> None:
    seen = (await writer.post("/v1/memories", json={"content": "The harbour opens at nine."})).headers[HEADER]

    answer = await reader.get("/v1/memories", headers={HEADER: seen})

    assert answer.status_code == 200
    assert seen in answer.headers[HEADER]


async def test_what_is_no_bookmark_is_refused(reader: Client) -> None:
    answer = await reader.get("/v1/memories", headers={HEADER: "FB:nonsense"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    assert HEADER in answer.json()["error"]["message"]


async def test_one_server_needs_no_bookmarks(alice: Client) -> None:
    answer = await alice.get("/v1/memories", headers={HEADER: "FB:nonsense"})

    assert answer.status_code == 200
    assert HEADER not in answer.headers


async def test_the_client_brings_what_it_has_seen(writer: Client, two_parts: list[Parts]) -> None:
    sent: list[str] = []
    app = create_app(lambda: two_parts[0])

    async def note(request: httpx.Request) -> None:
        sent.append(request.headers.get(HEADER, ""))

    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    http = httpx.AsyncClient(transport=transport, base_url="http://ourmem.test", event_hooks={"request": [note]})
    async with client.Client("http://ourmem.test", writer.headers["X-API-Key"], http) as caller:
        await caller.create_memory(NewMemory(content="The harbour opens at nine."))
        await caller.list_memories()

    assert sent[0] == ""
    assert sent[1].startswith("FB:")

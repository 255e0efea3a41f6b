"""One real Neo4j a run, its schema, and clients that talk HTTP to the whole application."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import httpx
import msgspec
import pytest
from litestar import Litestar
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncTransaction

from app.cli import program
from app.config import Settings, load_settings
from app.main import create_app, make_parts, prepare
from app.providers.embedder import Embedder, make_embedder
from app.services.parts import Parts
from app.storage import embedded
from app.storage.embedded import Connection, Ports
from app.storage.graph import Graph
from app.worker import Worker
from tests.clients import Client
from tests.fakes import FixedClock, FixedEmbedder
from tests.servers.github_api import GitHubServer
from tests.servers.openai_api import DIMENSION, OpenAIServer

# Vectors of the fixed embedder and of the bundled model lie in one graph, so both must claim to be the same model;
# no test mixes them within a tenant.
MODEL = "all-MiniLM-L6-v2"
# As many processes may start at the same time (architecture §2).
STARTERS = 10

FORGET_TASKS = """
MATCH (task:Task)
WHERE task.phase IN ['ready', 'behind', 'waiting', 'running'] AND task.due_at IS NOT NULL AND NOT task:Sample
SET task.phase = null, task.status = 'cancelled'
"""

SignUp = Callable[..., Awaitable[Client]]


@pytest.fixture(scope="session")
def neo4j(tmp_path_factory: pytest.TempPathFactory) -> Generator[Connection]:
    """The server of this run: the one that NEO4J_URI names, else an embedded one of its own."""
    if uri := os.environ.get("NEO4J_URI"):
        yield Connection(uri, os.environ.get("NEO4J_USER", "neo4j"), os.environ.get("NEO4J_PASSWORD", ""))
        return
    with embedded.start(tmp_path_factory.mktemp("home"), lambda _: None, Ports(0, 0)) as server:
        yield server.connection


@pytest.fixture(scope="session")
async def driver(neo4j: Connection) -> AsyncGenerator[AsyncDriver]:
    """The driver itself, for what a test must see beneath our own code."""
    async with AsyncGraphDatabase.driver(
        neo4j.uri, auth=(neo4j.user, neo4j.password), notifications_min_severity="OFF"
    ) as driver:
        yield driver


@pytest.fixture(scope="session")
async def graph(neo4j: Connection, settings: Settings) -> AsyncGenerator[Graph]:
    """The graph with its schema, which several starters at once made out of nothing where the server is new."""
    graphs = [Graph.connect(neo4j.uri, neo4j.user, neo4j.password, "neo4j") for _ in range(STARTERS)]
    await asyncio.gather(*(prepare(make_parts(settings, graph, FixedEmbedder(model=MODEL))) for graph in graphs))
    yield graphs[0]
    await asyncio.gather(*(graph.close() for graph in graphs))


@pytest.fixture
async def tx(driver: AsyncDriver, graph: Graph) -> AsyncGenerator[AsyncTransaction]:
    """A transaction that is rolled back; the vector index does not see what is written in it."""
    async with driver.session() as session, await session.begin_transaction() as tx:
        yield tx
        await tx.rollback()


@pytest.fixture(scope="session")
def github_server() -> Generator[GitHubServer]:
    """The GitHub of services with the settings below; it has one repository, in which there is nothing."""
    with GitHubServer() as server:
        yield server


@pytest.fixture(scope="session")
def settings(github_server: GitHubServer) -> Settings:
    """The defaults, but for the address of GitHub."""
    return load_settings({"OMEM_GITHUB_API_URL": github_server.url})


@pytest.fixture
async def idle_graph(driver: AsyncDriver, graph: Graph) -> Graph:
    """The graph without what other tests have left to do: it would be done in this one, which took it minutes."""
    await driver.execute_query(FORGET_TASKS)
    return graph


@pytest.fixture
def parts(idle_graph: Graph, settings: Settings) -> Parts:
    """A service with the fixed embedder and the real clock."""
    return make_parts(settings, idle_graph, FixedEmbedder(model=MODEL))


@pytest.fixture(scope="session")
async def bundled() -> AsyncGenerator[Embedder]:
    """The embedding model that users get by default."""
    embedder = make_embedder(load_settings({}))
    await embedder.load()
    yield embedder
    await embedder.close()


@pytest.fixture
def bundled_parts(parts: Parts, bundled: Embedder) -> Parts:
    """A service as users get it by default."""
    return msgspec.structs.replace(parts, embedder=bundled)


@pytest.fixture
def embedding_server() -> Generator[OpenAIServer]:
    """An endpoint for embeddings that does what it is told."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture
async def remote_parts(parts: Parts, embedding_server: OpenAIServer) -> AsyncGenerator[Parts]:
    """A service that gets its vectors from the embedding server and waits four seconds for them.

    A busy machine takes more than one; tests of slow answers have them come after five.
    """
    settings = msgspec.structs.replace(
        parts.settings,
        embed_provider="openai-compatible",
        embed_model=MODEL,
        embed_base_url=embedding_server.url,
        embed_dim=DIMENSION,
        embed_timeout_secs=4,
    )
    embedder = make_embedder(settings)
    yield msgspec.structs.replace(parts, embedder=embedder)
    await embedder.close()


@pytest.fixture
def clock(parts: Parts) -> FixedClock:
    """A clock that a test can move; give it to parts with `msgspec.structs.replace`."""
    return FixedClock(parts.clock())


class Applications:
    """Applications that one test after the other gives parts of its own, since making one takes a fifth of a second."""

    def __init__(self) -> None:
        self._made: list[tuple[Litestar, list[Parts]]] = []
        self._taken = 0

    def with_parts(self, parts: Parts) -> Litestar:
        """The whole application with these parts, until the test ends."""
        if self._taken == len(self._made):
            holder = [parts]
            self._made.append((create_app(lambda: holder[0]), holder))
        application, holder = self._made[self._taken]
        holder[0] = parts
        self._taken += 1
        return application

    def take_back(self) -> None:
        """Lets the next test have all of them."""
        self._taken = 0


@pytest.fixture(scope="session")
def made_applications() -> Applications:
    """The applications of this process."""
    return Applications()


@pytest.fixture
def applications(made_applications: Applications) -> Generator[Applications]:
    """Where a test gets applications from."""
    yield made_applications
    made_applications.take_back()


@pytest.fixture
def app(applications: Applications, parts: Parts) -> Litestar:
    """The whole application."""
    return applications.with_parts(parts)


@pytest.fixture
async def url(parts: Parts) -> AsyncGenerator[str]:
    """The address of a real server with the whole application, for clients that are processes of their own."""
    with program.bind(load_settings({"OMEM_PORT": "0"})) as listener:
        async with program.serving(parts, listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
async def anonymous(app: Litestar) -> AsyncGenerator[Client]:
    """Somebody without a key."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def sign_up(applications: Applications, app: Litestar) -> AsyncGenerator[SignUp]:
    """Makes tenants; each comes as a client with its key. With `parts`, of a service made of these."""
    clients: list[Client] = []

    async def make(name: str = "", agent: str = "", parts: Parts | None = None) -> Client:
        client = client_of(applications.with_parts(parts) if parts else app)
        clients.append(client)
        await client.sign_up(name, agent)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def alice(sign_up: SignUp) -> Client:
    """A tenant."""
    return await sign_up("Alice")


@pytest.fixture
async def stranger(sign_up: SignUp) -> Client:
    """Another tenant, who must see nothing of the first one's."""
    return await sign_up("Stranger")


@pytest.fixture
async def work(parts: Parts) -> Callable[[], Awaitable[int]]:
    """Does all background work that is due."""
    return Worker(parts).run_pending


def client_of(app: Litestar) -> Client:
    """A client of an application in this event loop."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return Client(transport=transport, base_url="http://ourmem.test")

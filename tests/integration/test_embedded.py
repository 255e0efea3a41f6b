"""The embedded Neo4j for real: it starts, is private, ends with its parent, and loses nothing when it is killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, ClientError

from app.storage import embedded, schema, system
from app.storage.embedded import Connection, EmbeddedError, EmbeddedServer, Ports, Progress
from app.storage.embedded_jars import DOWNLOAD_BYTES, Jar, fetch, locked, unusable
from app.storage.graph import LOCKED_OUT, Graph, domain_error

ANY = Ports(0, 0)
# After so many in a row Neo4j lets nobody of that name in for some seconds.
WRONG_LOGINS = 3
PARENT = """
import sys
from pathlib import Path
from app.storage import embedded
server = embedded.start(Path(sys.argv[1]), lambda progress: None, embedded.Ports(0, 0))
print("up", flush=True)
sys.stdin.read()
"""


# The last schema file of the version whose store is brought up to date.
OLDER = 5
DIMENSION = 4
OLD_STORE = """
CREATE (:Tenant {id: 'old-tenant', status: 'active'})-[:MEMBER_OF {role: 'admin'}]->(space:Space {
  id: 'personal/old-tenant', space_key: 'sold0', kind: 'personal', owner_id: 'old-tenant'
})
CREATE (:SpaceState {space_key: 'sold0', rev: 7})
CREATE (:Memory {
  id: 'old', kind: 'memory', state: 'active', tier: 'peripheral', space_key: 'sold0', visible_to: 'all0',
  content: 'Ming drinks tea.', updated_at: datetime('2026-01-01T00:00:00Z')
})-[:IN_SPACE]->(space)
CREATE (:Memory {id: 'gone', state: 'deleted', space_key: 'sold0', content: 'Gone.'})-[:IN_SPACE]->(space)
CREATE (:Episode {
  id: 'said', kind: 'message', state: 'active', space_key: 'sold0', visible_to: 'all0', content: '我住在上海。'
})-[:IN_SPACE]->(space)
RETURN space.id
"""


def ignore(_: Progress) -> None:
    """The jars are there, or their download needs no bar."""


def run(connection: Connection, query: str, password: str | None = None) -> list[object]:
    auth = (connection.user, password or connection.password)
    with GraphDatabase.driver(connection.uri, auth=auth) as driver:
        return [record[0] for record in driver.execute_query(query).records]


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    assert condition()


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "记忆 库"


@pytest.fixture(scope="module")
def server(home: Path, taken: int) -> Iterator[EmbeddedServer]:
    with embedded.start(home, ignore, Ports(taken, 0)) as server:
        yield server


@pytest.fixture
def data(server: EmbeddedServer, home: Path) -> Path:
    """The data of a server that has ended, for tests that start one of their own."""
    server.stop()
    return home


def test_a_busy_port_leads_to_another_one(server: EmbeddedServer, taken: int) -> None:
    assert not server.connection.uri.endswith(f":{taken}")
    assert run(server.connection, "CYPHER 25 RETURN 1 AS one") == [1]


def test_the_password_is_for_this_user_only(server: EmbeddedServer, home: Path) -> None:
    folder = home / "neo4j"

    assert [mode(home), mode(folder)] == [0o700, 0o700]
    assert [mode(folder / "password"), mode(folder / "connection.json")] == [0o600, 0o600]
    assert (folder / "password").read_text() == server.connection.password
    assert len(server.connection.password) >= 24


@pytest.mark.parametrize("password", ["neo4j", "wrong"])
def test_a_wrong_password_is_refused(server: EmbeddedServer, password: str) -> None:
    with pytest.raises(AuthError):
        run(server.connection, "RETURN 1", password)


async def test_a_user_whom_others_locked_out_gets_in_when_that_is_over(server: EmbeddedServer) -> None:
    here = server.connection
    for _ in range(WRONG_LOGINS):
        with pytest.raises(ClientError):
            run(here, "RETURN 1", "wrong")
    with pytest.raises(ClientError) as locked_out:
        run(here, "RETURN 1")

    graph = Graph.connect(here.uri, here.user, here.password, here.database)
    await graph.read(system.ping)
    await graph.close()

    assert locked_out.value.code == LOCKED_OUT
    assert domain_error(locked_out.value).args[0].startswith("Neo4j lets this user in again some seconds after")


def test_the_browser_answers(server: EmbeddedServer) -> None:
    with urllib.request.urlopen(server.connection.browser_url) as answer:
        assert (answer.status, b"Neo4j Browser" in answer.read()) == (200, True)


def test_it_listens_on_loopback_alone(server: EmbeddedServer) -> None:
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", server.connection.browser_url)]

    # What listens on every interface answers here too.
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), 5)
    assert len(ports) == 2


def test_another_process_finds_the_running_server(server: EmbeddedServer, home: Path) -> None:
    found = embedded.running(home)

    assert found == msgspec.structs.replace(server.connection, pid=found.pid if found else 0)
    assert embedded.running(home / "elsewhere") is None


def test_a_second_start_on_the_same_data_is_refused(server: EmbeddedServer, home: Path) -> None:
    with pytest.raises(
        EmbeddedError, match=rf"is in use by process {os.getpid()}; end that one first or set OMEM_HOME"
    ):
        embedded.launch(home, ignore, ANY)

    assert server.is_alive()


def test_the_jars_weigh_what_is_announced(server: EmbeddedServer) -> None:
    assert server.is_alive()
    assert sum(jar.path.stat().st_size for jar in locked()) == DOWNLOAD_BYTES
    assert embedded.download_bytes() == 0


async def test_a_store_of_an_older_version_is_brought_up_to_date(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = server.connection
    graph = Graph.connect(here.uri, here.user, here.password, here.database)
    with monkeypatch.context() as older:
        first = [path for path in schema.FILES if schema.number_of(path) <= OLDER]
        older.setattr(schema, "FILES", first)
        older.setattr(schema, "SCRIPTS", {path: schema.SCRIPTS[path] for path in first})
        await schema.apply(graph, DIMENSION)
    run(here, OLD_STORE)

    for _ in range(2):
        await schema.apply(graph, DIMENSION)

    assert run(here, "MATCH (v:SchemaVersion) WHERE v.number > 0 RETURN v.number ORDER BY v.number") == [
        schema.number_of(path) for path in schema.FILES
    ]
    assert run(here, "MATCH (s:SpaceState {space_key: 'sold0'}) RETURN [s.rev, s.memory_count, s.text_bytes]") == [
        [7, 2, len("Ming drinks tea.我住在上海。".encode())]
    ]
    assert run(here, "MATCH (m:Memory {id: 'old'}) RETURN [m.content, m.review_at IS NOT NULL]") == [
        ["Ming drinks tea.", True]
    ]
    await graph.close()


def test_after_a_kill_the_next_start_finds_what_was_written(server: EmbeddedServer, home: Path) -> None:
    run(server.connection, "CREATE (:Kept {name: '記憶'})")
    found = embedded.running(home)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_alive(), 5)
    assert embedded.running(home) is None
    server.stop()

    with embedded.start(home, ignore, ANY) as again:
        assert again.connection.password == server.connection.password
        assert run(again.connection, "MATCH (k:Kept) RETURN k.name") == ["記憶"]
        # SIGTERM ends it in good order, Ctrl-C does not: that is for the parent to answer.
        pid = (embedded.running(home) or found).pid
        os.kill(pid, signal.SIGINT)
        time.sleep(1.5)
        assert again.is_alive()
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not again.is_alive(), 20)

    assert not (home / "neo4j" / "connection.json").exists()
    assert "Shutdown started" in (home / "neo4j" / "logs" / "debug.log").read_text(encoding="utf-8")


def test_the_server_ends_when_its_parent_is_killed(data: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        found = embedded.running(data)
        assert found is not None
        parent.kill()

    wait_for(lambda: is_gone(found.pid), 15)
    assert not (data / "neo4j" / "connection.json").exists()


def test_a_store_that_cannot_be_read_is_answered_with_what_to_do(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "home")
    for file in (tmp_path / "home" / "neo4j" / "data" / "databases" / "neo4j").rglob("*"):
        if file.is_file():
            file.write_bytes(b"not a store")

    with pytest.raises(EmbeddedError, match=r"neo4j/data is damaged or of another Neo4j; restore a copy, or move the"):
        embedded.start(tmp_path / "home", ignore, ANY)

    assert embedded.running(tmp_path / "home") is None


def test_a_process_that_dies_in_its_start_is_answered_with_the_log(server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "data").touch()

    with pytest.raises(EmbeddedError, match=r"did not start: the end of .*neo4j/logs/process\.log says why"):
        embedded.start(tmp_path, ignore, ANY)

    assert "Traceback" in (tmp_path / "neo4j" / "logs" / "process.log").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedError, match=r"file.* cannot be used .* set OMEM_HOME to another folder"):
        embedded.launch(tmp_path / "file", ignore, ANY)


class Repository(BaseHTTPRequestHandler):
    """Gives the jars of the user's cache: under `/whole/` as they are, under `/half/` cut off, elsewhere not at all."""

    def do_GET(self) -> None:
        _, kind, name = self.path.split("/")
        content = next(jar.path.read_bytes() for jar in locked() if jar.path.name == name)
        self.send_response(200 if kind in ("whole", "half") else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if kind == "half" else content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def repository() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Repository) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def copies(folder: Path, *addresses: str) -> list[Jar]:
    """Copies of four jars of the cache, one cut off, one changed, one missing and one as it should be."""
    chosen = sorted(locked(), key=lambda jar: jar.path.stat().st_size)[40:44]
    for jar in chosen:
        shutil.copy(jar.path, folder)
    places = [folder / jar.path.name for jar in chosen]
    os.truncate(places[0], 100)
    places[1].write_bytes(b"x" + places[1].read_bytes()[1:])
    places[2].unlink()
    return [
        Jar(place, jar.sha256, tuple(f"{address}/{place.name}" for address in addresses))
        for jar, place in zip(chosen, places, strict=True)
    ]


def test_damaged_jars_are_noticed_and_fetched_again(server: EmbeddedServer, tmp_path: Path) -> None:
    seen: list[Progress] = []
    with repository() as url:
        jars = copies(tmp_path, f"{url}/missing", f"{url}/whole")
        assert unusable(jars) == jars[:3]

        fetch(unusable(jars), seen.append)

    assert unusable(jars) == []
    assert (seen[0], seen[-1].files, seen[-1].of_files) == (Progress(0, 3, 0), 3, 3)
    assert seen[-1].bytes == sum(jar.path.stat().st_size for jar in jars[:3])


def test_a_download_that_breaks_leaves_no_half_jar(server: EmbeddedServer, tmp_path: Path) -> None:
    with repository() as url:
        _, _, missing, _ = copies(tmp_path, f"{url}/half")

        with pytest.raises(EmbeddedError, match=r"cannot be downloaded \(.+\); check the network and run the same"):
            fetch([missing], ignore)

    assert not missing.path.exists()
    assert not list(tmp_path.glob("*.part"))

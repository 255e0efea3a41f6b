"""A backup that is taken while many write restores to the same graph: all that was acknowledged, nothing by half."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.config import load_settings
from app.main import create_app, make_parts, prepare
from app.storage import embedded
from app.storage.embedded import Connection, EmbeddedServer, Ports
from app.storage.graph import Graph
from app.worker import Worker
from tests.bolt import Bolt, load
from tests.clients import Client
from tests.conftest import MODEL, client_of
from tests.fakes import FixedEmbedder

ANY = Ports(0, 0)
WRITERS = 4
# So much is stored before the backup begins.
BEFORE = 60
QUERIES = load(Path(__file__).parent / "backups.cypher")


def ourmem(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"OMEM_HOME": str(home), "NEO4J_URI": ""})


def ask(connection: Connection, query: str, **parameters: object) -> list[Any]:
    with Bolt(connection) as bolt:
        return bolt.run(QUERIES[query], **parameters)


def whole_graph(connection: Connection) -> list[str]:
    return sorted(
        repr((kind, sorted(names), sorted(had.items()), ends)) for kind, names, had, ends in ask(connection, "graph")
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    with embedded.start(home, lambda _: None, ANY) as server:
        yield server


async def write(
    client: Client, number: int, enough: asyncio.Event, until: asyncio.Event, acknowledged: list[str]
) -> None:
    index = 0
    while not until.is_set():
        index += 1
        text = f"Writer {number} notes fact {index} about the tea garden. 第{index}条"
        made = await client.store(text, source="writer", tags=[f"w{number}", "tea"])
        acknowledged.append(made["id"])
        if len(acknowledged) == BEFORE:
            enough.set()
        if index % 7 == 0:
            await client.put(f"/v1/memories/{made['id']}", json={"content": f"{text} Edited."})
        if index % 11 == 0:
            await client.space(f"team {number} {index}")


async def under_load(server: EmbeddedServer, home: Path, file: Path) -> tuple[list[str], Result]:
    """What was acknowledged before the backup began, and how the backup went, which others wrote through."""
    connection = server.connection
    graph = Graph.connect(connection.uri, connection.user, connection.password, "neo4j")
    parts = make_parts(load_settings({}), graph, FixedEmbedder(model=MODEL))
    await prepare(parts)
    enough, over, acknowledged = asyncio.Event(), asyncio.Event(), list[str]()
    clients = [client_of(create_app(lambda: parts)) for _ in range(WRITERS)]
    await asyncio.gather(*(client.sign_up() for client in clients))
    writing = [asyncio.create_task(write(client, n, enough, over, acknowledged)) for n, client in enumerate(clients)]
    await enough.wait()
    before = list(acknowledged)
    result = await asyncio.to_thread(ourmem, home, "backup", str(file))
    over.set()
    await asyncio.gather(*writing)
    assert len(acknowledged) >= len(before) + WRITERS
    while await Worker(parts).run_pending():
        pass
    for client in clients:
        await client.aclose()
    await graph.close()
    return before, result


@pytest.fixture(scope="module")
def taken(server: EmbeddedServer, home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A backup that was taken under load, and what it must hold."""
    file = tmp_path_factory.mktemp("backups") / "under load"
    before, result = asyncio.run(under_load(server, home, file))
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    return file, before


def test_a_backup_under_load_holds_what_was_acknowledged_and_nothing_by_half(
    taken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    file, before = taken
    assert len(before) > WRITERS
    home = tmp_path / "second"
    restored = ourmem(home, "restore", str(file))
    assert restored.exit_code == 0, restored.output
    with embedded.start(home, lambda _: None, ANY) as second:
        there = set(ask(second.connection, "memories"))
        assert set(before) <= there
        assert ask(second.connection, "halves") == []
        # Vectors and words are found, so the indexes hold what the graph holds.
        assert ask(second.connection, "unfinished_indexes") == []
        assert before[0] in ask(second.connection, "nearest", id=before[0])
        assert ask(second.connection, "with_word")[0] >= len(there)


def test_a_backup_of_a_store_at_rest_restores_to_the_same_graph(
    server: EmbeddedServer, home: Path, taken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    graph, file = whole_graph(server.connection), tmp_path / "at rest"
    assert ourmem(home, "backup", str(file)).exit_code == 0
    server.stop()
    offline = tmp_path / "offline"
    assert ourmem(home, "backup", str(offline)).exit_code == 0
    # Over the store of the other backup, which is not the same: only when forced, and whole.
    refused = ourmem(home, "restore", str(taken[0]))
    assert (refused.exit_code, "--force" in refused.output) == (1, True)
    assert ourmem(home, "restore", "--force", str(taken[0])).exit_code == 0
    for whole in (file, offline):
        restored = ourmem(home, "restore", "--force", str(whole))
        assert restored.exit_code == 0, restored.output
    with embedded.start(home, lambda _: None, ANY) as again:
        assert whole_graph(again.connection) == graph


def test_what_is_no_whole_backup_of_this_program_is_refused_and_changes_nothing(
    taken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    whole = taken[0].read_bytes()
    header, _, body = whole.partition(b"\n")
    middle = len(whole) // 2
    newer = msgspec.json.decode(header)
    bad = {
        "cut": whole[:middle],
        "empty": b"",
        "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "longer": whole + b"\0",
        "export": b'{"kind": "memory", "content": "x"}\n',
        "binary": bytes(range(256)) * 20,
        "newer": msgspec.json.encode({**newer, "format": 2}) + b"\n" + body,
    }
    home = tmp_path / "home"
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        refused = ourmem(home, "restore", str(tmp_path / name))
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1), (name, refused.output)
        assert ("newer" in refused.output) is (name == "newer"), refused.output
    assert not (home / "neo4j").exists()
    assert ourmem(home, "backup", str(tmp_path / "none")).exit_code == 1
    elsewhere = CliRunner().invoke(main, ["backup", "x"], env={"NEO4J_URI": "bolt://db:7687", "OMEM_HOME": str(home)})
    assert (elsewhere.exit_code, "docs/backup.md" in elsewhere.output) == (1, True)

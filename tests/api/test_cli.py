"""The command line against a real Neo4j: demo, tenants and keys, import and export, new vectors, doctor."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from neo4j import AsyncDriver
from rich.console import Console

from app.cli import doctor_graph
from app.cli.exporting import write_all
from app.cli.failures import Failure
from app.cli.files import is_account, read_file
from app.cli.findings import Finding
from app.cli.importing import Importer, chunks_of
from app.cli.reembedding import renew
from app.cli.uploading import Choices, check_uploads, report, upload_all
from app.services.parts import Parts
from app.storage import system
from app.storage.embedded import Connection
from app.worker import Worker
from tests.api.test_search_degraded import remove_one
from tests.clients import Client, service_of
from tests.conftest import MODEL
from tests.fakes import FixedEmbedder

Work = Callable[[], Awaitable[int]]

# It takes about 15 s; a machine that runs other things too may take much longer, and a hang is none.
DEMO_SECONDS = 240
ROOT = Path(__file__).parents[2]
CHAT = """\
{"role": "user", "content": "We deploy on Fridays.", "speaker": "Lena", "said_at": "2026-03-02T09:00:00Z"}
{"role": "user", "content": "<private>my pin is 4711</private>", "speaker": "Lena"}
{"role": "assistant", "content": "好的，周五发布。"}
"""


async def ourmem(neo4j: Connection, *arguments: str, **environ: str) -> tuple[int, str]:
    """The exit code and all output of a command in a process of its own, on the Neo4j of this run."""
    settings = {
        "NEO4J_URI": neo4j.uri,
        "NEO4J_USER": neo4j.user,
        "NEO4J_PASSWORD": neo4j.password,
        "OMEM_PORT": "0",
        **environ,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from app.cli import main; main()", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env=os.environ | settings,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, output.decode()


async def test_demo_shows_a_conversation_as_memory_and_leaves(neo4j: Connection, parts: Parts) -> None:
    del parts  # The schema is there by then, with the vectors of the model that the demo loads.

    async with asyncio.timeout(DEMO_SECONDS):
        code, output = await ourmem(neo4j, "demo", "--exit")

    assert code == 0, output
    assert re.search(r"messages +│ +30 │ in 3 sessions", output)
    assert re.search(r"0\.\d\d +│ memory +│ Harbor is deployed on Tuesdays", output)
    assert "我每天早上喝龙井" in output
    assert "the search abstains" in output
    assert "supersedes" in output
    assert "contextualizes" in output
    assert re.search(r"http://127.0.0.1:\d+/docs", output)
    assert "MATCH (space:Space {id: 'personal/" in output
    assert "\x1b[" not in output


async def test_tenants_and_keys_are_made_without_a_service(neo4j: Connection, anonymous: Client) -> None:
    made = await ourmem(neo4j, "tenant", "create", "Ming")
    tenant, key = re.search(r"tenant (\S+)\nkey +(omk_\w+)", made[1]).groups()  # type: ignore[union-attr]

    created = await ourmem(neo4j, "key", "create", "--tenant", tenant, "--agent", "coder", "--days", "3")
    listed = await ourmem(neo4j, "key", "list", OMEM_API_KEY=key)

    answer = await anonymous.get("/v1/keys", headers={"X-API-Key": key})
    key_id = re.search(r"id  (\S+)", created[1])[1]  # type: ignore[index]
    assert [one["agent_id"] for one in answer.json()["keys"]] == [None, "coder"]
    assert key_id in listed[1]
    assert key not in listed[1]


async def test_an_operator_gives_one_account_quotas_of_its_own(neo4j: Connection, alice: Client) -> None:
    given = await ourmem(neo4j, "tenant", "quota", alice.user_id, "--memories", "1", OMEM_QUOTA_TEXT_BYTES="500")
    await alice.store("Ming drinks tea.")
    refused = await alice.post("/v1/memories", json={"content": "Ming sails."})
    taken_back = await ourmem(neo4j, "tenant", "quota", alice.user_id, "--reset", "--text-bytes", "0")
    unknown = await ourmem(neo4j, "tenant", "quota", "nobody")

    assert re.search(r"memories +│ +0 │ +1 ", given[1])
    assert re.search(r"text_bytes +│ +0 │ +500 ", given[1])
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "quota_exceeded")
    assert re.search(r"memories +│ +1 │ +none ", taken_back[1])
    assert (await alice.post("/v1/memories", json={"content": "Ming sails."})).status_code == 201
    assert (unknown[0], "there is no tenant nobody" in unknown[1]) == (1, True)


async def test_a_user_whom_neo4j_refuses_is_one_sentence(neo4j: Connection) -> None:
    code, output = await ourmem(neo4j, "serve", NEO4J_USER="stranger")

    assert code == 1
    assert "Neo4j refuses the user name or password" in output
    assert "check NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD" in output
    assert "Traceback" not in output


async def test_another_embedding_model_is_refused_with_the_way_out(
    neo4j: Connection, parts: Parts, embedding_server: object
) -> None:
    del parts
    model = {"OMEM_EMBED_PROVIDER": "openai-compatible", "OMEM_EMBED_MODEL": "another"}

    code, output = await ourmem(neo4j, "worker", **model, OMEM_EMBED_BASE_URL=embedding_server.url)  # type: ignore[attr-defined]

    assert code == 1
    assert re.search(r"^Error: the vectors .* not by another .* run `ourmem reembed`", output, re.MULTILINE)


@pytest.fixture
async def newer_graph(driver: AsyncDriver, parts: Parts) -> AsyncGenerator[None]:
    """The graph as a program of the future would leave it."""
    del parts  # The schema is there by then.
    await driver.execute_query("CREATE (:SchemaVersion {number: 999, file: '999_future.cypher'})")
    yield
    await driver.execute_query("MATCH (version:SchemaVersion {number: 999}) DELETE version")


@pytest.mark.usefixtures("newer_graph")
@pytest.mark.parametrize("command", [("serve",), ("up",), ("worker",), ("doctor",), ("tenant", "create")], ids=" ".join)
async def test_a_graph_of_a_newer_program_is_left_alone(
    neo4j: Connection, embedding_server: object, driver: AsyncDriver, command: tuple[str, ...]
) -> None:
    model = {"OMEM_EMBED_PROVIDER": "openai-compatible", "OMEM_EMBED_MODEL": MODEL, "OMEM_EMBED_DIM": "384"}
    count = "MATCH (tenant:Tenant) RETURN count(tenant) AS tenants"
    before = (await driver.execute_query(count)).records

    code, output = await ourmem(neo4j, *command, **model, OMEM_EMBED_BASE_URL=embedding_server.url)  # type: ignore[attr-defined]

    assert code == 1
    assert re.search(r"written by a newer ourmem \(schema 999, .*upgrade the program, or restore a backup", output)
    assert (await driver.execute_query(count)).records == before


async def test_a_file_may_be_imported_again_and_again(alice: Client, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(CHAT, encoding="utf-8")

    for _ in range(2):
        await Importer(service_of(alice), lambda _: None).send(read_file(file))

    listed = (await alice.get("/v1/memories", params={"memory_type": "session"})).json()
    assert sorted(memory["content"] for memory in listed["memories"]) == ["We deploy on Fridays.", "好的，周五发布。"]


async def test_a_file_that_grew_adds_what_is_new(alice: Client, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    for text in (CHAT, CHAT + '{"role": "user", "content": "Thanks!"}\n'):
        file.write_text(text, encoding="utf-8")
        await Importer(service_of(alice), lambda _: None).send(read_file(file))

    listed = (await alice.get("/v1/memories", params={"memory_type": "session"})).json()
    assert listed["total_count"] == 3


async def test_files_of_any_make_are_uploaded_side_by_side_and_reported(
    alice: Client, parts: Parts, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("# Me\n\nI live in Lisbon.\n", encoding="utf-8")
    (tmp_path / "chat.jsonl").write_text(CHAT, encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes("你好".encode("gb18030"))
    worker = Worker(parts)
    worker.start()
    paths = [tmp_path / name for name in ("bad.txt", "chat.jsonl", "notes.md")]

    async with asyncio.timeout(DEMO_SECONDS):
        first = await upload_all(service_of(alice), paths, Choices(), Console(file=io.StringIO()))
        again = await upload_all(service_of(alice), paths[1:], Choices(), Console(file=io.StringIO()))
    await worker.stop()

    shown = io.StringIO()
    Console(file=shown, width=200).print(report([*first, *again]))
    assert [one.state.status if one.state else "" for one in first] == ["", "completed", "completed"]
    assert [one.is_duplicate for one in again] == [True, True]
    assert "Lisbon" in str(await alice.found("where do I live?"))
    assert "1 create" in shown.getvalue()
    assert "there already" in shown.getvalue()
    with pytest.raises(Failure, match="1 of 3 files"):
        check_uploads(first)
    check_uploads(again)


LINES = """\
{"kind": "group", "name": "coders", "agents": ["codex"]}
{"kind": "message", "role": "user", "content": "We deploy on Fridays.", "speaker": "Lena", "session_id": "planning"}
{"kind": "memory", "id": "1", "content": "Harbor is deployed on Fridays.", "state": "superseded"}
{"kind": "memory", "id": "2", "content": "Harbor is deployed on Tuesdays.", "replaces": ["1"]}
{"kind": "memory", "id": "3", "content": "周五发布会毁掉周末。", "agent_id": "codex", "visibility": "shared:coders"}
{"kind": "relation", "type": "supports", "source_id": "3", "target_id": "2"}
"""


async def test_lines_of_other_programs_are_restored_once(stranger: Client, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text(LINES)

    for _ in range(2):
        await Importer(service_of(stranger), lambda _: None).send(read_file(tmp_path / "lines.jsonl"))

    codex = {"X-Agent-Id": "codex"}
    listed = (await stranger.get("/v1/memories", headers=codex)).json()["memories"]
    assert {one["content"] for one in listed} == {"Harbor is deployed on Tuesdays.", "周五发布会毁掉周末。"}
    told = {relation["relation_type"] for one in listed for relation in one["relations"]}
    assert told == {"supports", "supersedes"}


async def test_an_exported_account_is_imported_by_the_command_line(
    alice: Client, stranger: Client, parts: Parts, work: Work, tmp_path: Path
) -> None:
    await alice.store("莉娜 lives in Oslo.")
    await alice.store("In a team.", space=(await alice.space("red"))["id"])
    principal = await parts.graph.read(system.get_tenant_principal, alice.user_id)
    assert principal is not None
    with (tmp_path / "account.jsonl").open("wb") as file:
        counts = await write_all(file, parts, principal)

    imported = await service_of(stranger).import_account(chunks_of(tmp_path / "account.jsonl"))
    await work()

    assert is_account(tmp_path / "account.jsonl")
    assert counts["memory"] == imported.stored["memory"] == 2
    assert len(imported.spaces) == 2
    assert await stranger.found("Lena in Oslo", min_score=0) != []


async def embeddings(driver: AsyncDriver, tenant: Client) -> list[list[float]]:
    """The vectors of the tenant's memories."""
    query = "MATCH (memory:Memory {tenant_id: $id}) RETURN memory.embedding AS embedding ORDER BY memory.content"
    found = await driver.execute_query(query, id=tenant.user_id)
    return [record["embedding"] for record in found.records]


async def test_vectors_of_another_model_take_the_place_of_all_old_ones(
    alice: Client, parts: Parts, driver: AsyncDriver
) -> None:
    await alice.store("Ming drinks oolong tea")
    before = await embeddings(driver, alice)
    shorter = FixedEmbedder(dimension=parts.embedder.dimension // 2, model="shorter")
    steps: list[tuple[int, int]] = []

    assert await renew(parts.graph, shorter, lambda done, total: steps.append((done, total)))

    during = await embeddings(driver, alice)
    assert await renew(parts.graph, FixedEmbedder(model=MODEL), lambda _, __: None)
    assert [len(embedding) for embedding in during] == [shorter.dimension]
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    assert await embeddings(driver, alice) == before
    assert await alice.found("what tea does Ming drink?") == ["Ming drinks oolong tea"]


class CutOff(Exception):
    """The plug was pulled."""


async def test_new_vectors_go_on_where_they_were_cut_off(alice: Client, parts: Parts) -> None:
    await alice.store("Ming drinks oolong tea")
    other = FixedEmbedder(model="other")
    steps: list[int] = []

    def pull_the_plug(done: int, _: int) -> None:
        if done:
            raise CutOff

    try:
        await renew(parts.graph, other, pull_the_plug)
    except CutOff:
        interrupted = await parts.graph.read(system.get_embedding_model)
    await renew(parts.graph, other, lambda done, _: steps.append(done))
    await renew(parts.graph, FixedEmbedder(model=MODEL), lambda _, __: None)

    assert interrupted is not None
    assert interrupted.next_name == "other"
    assert steps[0] > 0


async def test_vectors_of_the_configured_model_are_left_alone(parts: Parts) -> None:
    assert not await renew(parts.graph, parts.embedder, lambda _, __: None)


async def findings(parts: Parts) -> dict[str, Finding]:
    """What the doctor says of the graph, by subject."""
    return {finding.subject: finding async for finding in doctor_graph.examine(parts)}


@pytest.fixture
async def empty_graph(parts: Parts, driver: AsyncDriver) -> None:
    """A graph without what other tests left, since the doctor looks at all of it."""
    del parts  # The schema is there by then.
    kept = "node:SchemaVersion OR node:EmbeddingModel"
    await driver.execute_query(f"MATCH (node) WHERE NOT ({kept}) DETACH DELETE node")  # type: ignore[arg-type]


@pytest.mark.usefixtures("empty_graph")
async def test_doctor_finds_a_graph_in_order_and_leaves_nothing_behind(parts: Parts, driver: AsyncDriver) -> None:
    found = await findings(parts)

    left = await driver.execute_query("MATCH (tenant:Tenant {name: 'doctor'}) RETURN tenant")
    assert [finding.text for finding in found.values() if finding.status not in ("ok", "warning")] == []
    assert found["round trip"].text == "what was stored is found"
    assert left.records == []


@pytest.mark.usefixtures("empty_graph")
async def test_doctor_asks_the_index_also_right_after_something_was_erased(
    alice: Client, stranger: Client, parts: Parts, driver: AsyncDriver
) -> None:
    for client in (stranger, alice):
        await client.say(*(f"The harbour office number {number} is on the pier." for number in range(9)))
    await remove_one(driver, alice)

    assert (await findings(parts))["vectors"].text == "17 texts, all vectors can be found"


@pytest.mark.usefixtures("empty_graph")
async def test_doctor_counts_vectors_that_no_search_finds(alice: Client, parts: Parts, driver: AsyncDriver) -> None:
    await alice.store("Ming drinks oolong tea")
    breaking = "MATCH (memory:Memory {tenant_id: $id}) SET memory.embedding = [1.0, 0.0]"
    await driver.execute_query(breaking, id=alice.user_id)

    found = await findings(parts)

    await renew(parts.graph, FixedEmbedder(model=MODEL), lambda _, __: None, again=True)
    assert "1 have a wrong length or are zero" in found["vectors"].text
    assert "run `ourmem reembed --again`" in found["vectors"].text
    assert (await findings(parts))["vectors"].status == "ok"

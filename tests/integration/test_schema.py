"""The schema on the real server: applied by many at once, compared with the files, refused with the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from neo4j import AsyncDriver, AsyncTransaction

from app.config import Settings
from app.storage import schema, system
from app.storage.embedded import Connection
from app.storage.graph import Graph
from app.storage.schema import SetupError
from tests.fakes import NOON, FixedEmbedder

DIMENSION = FixedEmbedder().dimension
STARTERS = 10


class RolledBack:
    """A graph whose units of work run in one transaction that is rolled back."""

    def __init__(self, tx: AsyncTransaction) -> None:
        self._tx = tx

    async def read(self, work: Callable[..., Awaitable[Any]], *args: object) -> Any:
        return await work(self._tx, *args)

    write = read


@pytest.fixture
def rolled_back(tx: AsyncTransaction) -> Graph:
    return RolledBack(tx)  # type: ignore[return-value]


async def indexes(driver: AsyncDriver) -> dict[str, dict[str, Any]]:
    rows = await driver.execute_query("SHOW INDEXES YIELD name, type, state, properties, labelsOrTypes, options")
    return {row["name"]: row.data() for row in rows.records}


async def versions(driver: AsyncDriver) -> list[dict[str, Any]]:
    rows = await driver.execute_query("MATCH (v:SchemaVersion) WHERE v.number > 0 RETURN v {.*} AS v ORDER BY v.number")
    return [row["v"] for row in rows.records]


async def test_ten_at_once_change_nothing_that_is_there(neo4j: Connection, driver: AsyncDriver, graph: Graph) -> None:
    before = await versions(driver)
    graphs = [Graph.connect(neo4j.uri, neo4j.user, neo4j.password, "neo4j") for _ in range(STARTERS)]

    await asyncio.gather(*(schema.apply(each, DIMENSION) for each in graphs))

    assert await versions(driver) == before
    assert [version["number"] for version in before] == [schema.number_of(path) for path in schema.FILES]
    await asyncio.gather(*(each.close() for each in graphs))


async def test_ten_at_once_apply_a_file_again(driver: AsyncDriver, graph: Graph) -> None:
    before = await indexes(driver)
    scripts = [schema.statements(script) for script in schema.SCRIPTS.values()]

    await asyncio.gather(
        *(
            graph.run_alone(statement, dimension=DIMENSION)
            for script in scripts
            for statement in script
            for _ in range(STARTERS)
        )
    )

    assert await indexes(driver) == before


async def test_database_has_what_the_files_say(driver: AsyncDriver, graph: Graph) -> None:
    present = await indexes(driver)

    wanted = {name for script in schema.SCRIPTS.values() for name in schema.NAMED.findall(script)}
    # Others move the data of older graphs, or drop what they no longer need.
    made = [text for script in schema.SCRIPTS.values() for text in schema.statements(script) if "CREATE " in text]
    assert len(wanted) == len(made)
    assert {name: present[name]["state"] for name in wanted} == dict.fromkeys(wanted, "ONLINE")


async def test_text_indexes_differ_in_analyzer_and_cover_the_same(driver: AsyncDriver, graph: Graph) -> None:
    present = await indexes(driver)
    english, cjk = present["memory_text"], present["memory_text_cjk"]

    assert english["options"]["indexConfig"]["fulltext.analyzer"] == "english"
    assert cjk["options"]["indexConfig"]["fulltext.analyzer"] == "cjk"
    assert set(english["properties"]) == set(cjk["properties"])
    assert english["labelsOrTypes"] == cjk["labelsOrTypes"] == ["Memory", "Episode"]


async def test_vector_index_compares_by_cosine(driver: AsyncDriver, graph: Graph) -> None:
    config = (await indexes(driver))["memory_embedding"]["options"]["indexConfig"]

    assert config["vector.dimensions"] == DIMENSION
    assert config["vector.similarity_function"].lower() == "cosine"


async def test_index_that_the_database_lacks_is_refused(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.SCRIPTS, Path("999_never.cypher"), "CREATE INDEX never_made IF NOT EXISTS")

    with pytest.raises(SetupError, match="lacks never_made; delete the SchemaVersion nodes"):
        await schema.apply(graph, DIMENSION)


async def test_vectors_of_another_length_are_refused_with_the_way_out(graph: Graph, driver: AsyncDriver) -> None:
    before = await indexes(driver)

    with pytest.raises(SetupError, match=r"have 384 numbers.*have 1024; run `ourmem reembed`"):
        await schema.apply(graph, 1024)

    assert await indexes(driver) == before


async def test_another_model_of_the_same_length_is_refused_with_the_way_out(graph: Graph, settings: Settings) -> None:
    with pytest.raises(SetupError, match=f"made by {settings.embed_model} .*not by another.*run `ourmem reembed`"):
        await schema.check_model(graph, "another", DIMENSION)


async def test_interrupted_change_of_model_is_refused_with_the_way_out(
    rolled_back: Graph, tx: AsyncTransaction, settings: Settings
) -> None:
    await tx.run("MATCH (model:EmbeddingModel {key: 'current'}) SET model.next_name = 'bge'")

    with pytest.raises(SetupError, match="bge was interrupted; run `ourmem reembed`"):
        await schema.check_model(rolled_back, settings.embed_model, DIMENSION)


async def test_first_model_is_recorded(rolled_back: Graph, tx: AsyncTransaction) -> None:
    await tx.run("MATCH (model:EmbeddingModel {key: 'current'}) DELETE model")

    await schema.check_model(rolled_back, "first", 7)

    model = await system.get_embedding_model(tx)  # type: ignore[arg-type]
    assert model
    assert (model.name, model.dimension) == ("first", 7)


async def test_graph_of_a_newer_program_is_refused(rolled_back: Graph, tx: AsyncTransaction) -> None:
    await system.create_schema_version(tx, 999, "999_future.cypher", NOON)  # type: ignore[arg-type]

    with pytest.raises(
        SetupError, match=r"written by a newer ourmem \(schema 999, .*\); upgrade the program, or restore"
    ):
        await schema.apply(rolled_back, DIMENSION)


@pytest.mark.parametrize("version", ["2026.08.1", "2026.09.0", "2026.12", "2027.01.0", "2026.08.1-aura"])
def test_new_enough_server_is_supported(version: str) -> None:
    assert schema.is_supported(version)


@pytest.mark.parametrize("version", ["2026.07.9", "2025.12.1", "5.26.0", "4.4.48", ""])
def test_too_old_server_is_not_supported(version: str) -> None:
    assert not schema.is_supported(version)

"""Getting ready for the first request: it reads what agents read, and nothing of it is left in the graph."""

from __future__ import annotations

import logging

import msgspec
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from app.storage.embedded import Connection
from app.storage.graph import Graph
from app.warming import STATEMENT, warm_up
from tests.conftest import SignUp

# Everything in the graph: nodes and relationships with all their properties.
EVERYTHING = """
MATCH (node) RETURN labels(node) AS labels, properties(node) AS properties, elementId(node) AS id
UNION ALL MATCH ()-[edge]->() RETURN [type(edge)] AS labels, properties(edge) AS properties, elementId(edge) AS id
"""


async def test_warming_up_leaves_the_graph_as_it_was(
    parts: Parts, sign_up: SignUp, driver: AsyncDriver, caplog: pytest.LogCaptureFixture
) -> None:
    client = await sign_up("Anna")
    await client.store("I live in Bonn now.")
    await client.store("我现在住在柏林。")
    await parts.accesses.flush()
    before = await _everything(driver)

    with caplog.at_level(logging.INFO, "app.warming"):
        await warm_up(parts)
    await parts.accesses.flush()

    assert await _everything(driver) == before
    assert [record.levelname for record in caplog.records if record.name == "app.warming"] == ["INFO"]
    found = (await client.get("/v1/memories/search", params={"q": STATEMENT})).json()
    assert STATEMENT not in {result["memory"]["content"] for result in found["results"]}


async def test_database_that_cannot_be_warmed_up_stops_nobody(
    parts: Parts, neo4j: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    refusing = Graph.connect(neo4j.uri, "stranger", neo4j.password, neo4j.database)

    await warm_up(msgspec.structs.replace(parts, graph=refusing))
    await refusing.close()

    assert "the first requests may be slow" in caplog.text


async def _everything(driver: AsyncDriver) -> list[str]:
    records, _, _ = await driver.execute_query(EVERYTHING)
    return sorted(repr(record.data()) for record in records)

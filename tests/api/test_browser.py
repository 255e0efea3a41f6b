"""The saved queries and the style for Neo4j Browser, on a graph that was filled over HTTP."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import LiteralString, cast

import pytest
from neo4j import AsyncDriver
from neo4j.graph import Node, Relationship
from neo4j.graph import Path as GraphPath

from app.cli import browser_queries
from app.cli.browser_queries import BROWSER_FOLDER, STYLE, SavedQuery
from tests.clients import Client

GUIDES = Path(__file__).parents[2] / "docs"
TALK = ("I live in Paris.", "I work at Northwind.", "Harbor's budget is 40,000 euros.", "I like latte.")
# What a person who reads the graph would put in.
GIVEN = {"topic": "harbor", "fact": "moved to", "subject": ""}
# What the picture of a query must have; of the others the first column.
SHOWN = {
    "contradictions": {"left", "conflict", "right"},
    "entities": {"entity", "shared"},
    "origin": {"memory", "source", "said", "decided"},
    "profile": {"head", "before"},
}
RULE = re.compile(r"^(node|relationship)(?:\.(\w+))? \{(.*?)\}$", re.MULTILINE | re.DOTALL)


async def fill(client: Client, reader: Client, work: Callable[[], Awaitable[int]]) -> str:
    """One of each thing that the queries show; the id of the space."""
    for number, text in enumerate((*TALK, "I moved to Rome.")):
        await client.say(text, session_id=f"talk {number}", agent_id="helper")
        await work()
    one, other = [
        await client.store(f"Harbor is {what}.", category="entities") for what in ("a booking app", "a music app")
    ]
    await client.relate(one["id"], other["id"], "contradicts")
    team = await client.space("crew", reader=reader)
    shared = await client.post(f"/v1/memories/{one['id']}/share", json={"target_space": team["id"], "note": "look"})
    assert shared.status_code == 201, shared.text
    return f"personal/{client.user_id}"


def shown(value: object) -> bool:
    """Whether the Browser has something to draw or to write for a value."""
    return value not in (None, "", [])


async def test_every_saved_query_shows_something(
    driver: AsyncDriver, alice: Client, stranger: Client, work: Callable[[], Awaitable[int]]
) -> None:
    space = await fill(alice, stranger, work)

    for query in browser_queries.list_all():
        wanted = {one.name: GIVEN.get(one.name, one.example) for one in query.parameters} | {"space": space}
        rows = await driver.execute_query(cast("LiteralString", query.text), wanted)

        assert rows.records, query.name
        told = {name for name in rows.keys for row in rows.records if shown(row[name])}
        assert told >= SHOWN.get(query.name, {rows.keys[0]}), query.name


async def test_pictures_are_drawn_and_tables_are_written(driver: AsyncDriver, alice: Client) -> None:
    memory = await alice.store("Ann keeps bees.")
    assert memory["id"]

    rows = await driver.execute_query(
        cast("LiteralString", browser_queries.get("space").text), space=memory["space_id"]
    )

    assert isinstance(rows.records[0]["thing"], Node)
    assert all(isinstance(row["path"], GraphPath | Relationship | None) for row in rows.records)


@pytest.mark.parametrize("query", browser_queries.list_all(), ids=lambda query: query.name)
def test_a_saved_query_explains_itself_and_its_parameters(query: SavedQuery) -> None:
    assert 3 < len(query.title) < 40
    assert query.summary.endswith(".")
    assert {one.name for one in query.parameters} == set(re.findall(r"\$(\w+)", query.text))
    assert f"`{query.name}`" in (GUIDES / "browser.md").read_text(encoding="utf-8")
    assert " MERGE " not in query.text
    assert not re.search(r"\b(CREATE|SET|DELETE|MERGE|REMOVE)\b", query.text)


def test_the_style_knows_only_labels_and_types_of_the_graph() -> None:
    known = set(re.findall(r"`(\w+)`", (GUIDES / "graph.md").read_text(encoding="utf-8")))
    rules = RULE.findall(STYLE.read_text(encoding="utf-8"))

    assert len(rules) > 20
    for _, name, body in rules:
        assert not name or name in known, name
        assert re.search(r"\bcolor: #[0-9A-F]{6};", body), name
        assert re.search(r'\bcaption: "([{<]\w+[>}](: )?)+";', body), name
    assert {"Memory", "Episode", "Entity", "Slot", "Decision", "Space"} <= {name for _, name, _ in rules}
    assert {path.suffix for path in BROWSER_FOLDER.iterdir()} == {".cypher", ".grass"}

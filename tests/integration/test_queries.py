"""Every query on the real server: it compiles, starts from an index and knows its labels, types and properties."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, LiteralString

import pytest
from neo4j import AsyncDriver, NotificationMinimumSeverity, ResultSummary

from app.domain.account_lines import MemoryLine, MessageLine
from app.storage.graph import Graph
from app.storage.queries import FOLDER, Query, load, parse, statements
from tests.clients import Client
from tests.fakes import FixedEmbedder

SAMPLE = Path(__file__).parents[1] / "sample.cypher"
GUIDE = Path(__file__).parents[2] / "docs" / "graph.md"
QUERIES = [query for path in sorted(FOLDER.glob("*.cypher")) for query in load(path.stem).values()]
# GQL status of a label, a relationship type and a property that the database has never seen: misspelt, most likely.
UNRECOGNISED = ("01N50", "01N51", "01N52")
NAMES = """
MATCH (node) WHERE node.space_key IN $space_keys OR node.tenant_id = $tenant_id OR node.id = $tenant_id
OPTIONAL MATCH (node)-[relation]-()
UNWIND [label IN labels(node) WHERE label <> 'Sample' | [label, node]]
  + CASE WHEN relation IS NULL THEN [] ELSE [[type(relation), relation]] END AS named
UNWIND keys(named[1]) AS key
RETURN collect(DISTINCT named[0] + '.' + key) AS names
"""

SAMPLE_SPACES = ["ssample0", "steam0"]

# What an import makes anew: from the text, from the space and the audience, and vectors.
FOLLOWS = {
    "kind", "facets", "text_hash", "text_bytes", "hash", "dedup_key", "space_id", "space_key", "visible_to",
    "embedding", "embed_task",
}  # fmt: skip
# What the lines of an export say in other words: `author_id`, `is_unread`, `is_current`, and lines of kind `share`.
AS_OTHER_FIELDS = {"tenant_id", "ingest_task", "current_key", "share_key", "origin_id"}
Plan = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
async def _sample(driver: AsyncDriver, graph: Graph) -> AsyncGenerator[None]:
    """The sample graph, committed, since names are recognised only then; it is gone after the module."""
    remove, create = statements(SAMPLE.read_text(encoding="utf-8"))
    await driver.execute_query(remove)
    await driver.execute_query(create, dimension=FixedEmbedder().dimension)
    # With counts of this very moment: a planner that takes the graph for empty, or for large, hides a bad plan.
    await driver.execute_query("CALL db.prepareForReplanning($seconds)", seconds=60)
    yield
    await driver.execute_query(remove)


def operators(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("children", ()):
        yield from operators(child)


def name_of(operator: Plan) -> str:
    return operator["operatorType"].partition("@")[0]


def starts(plan: Plan) -> list[str]:
    return [name_of(operator) for operator in operators(plan) if not operator.get("children")]


def is_bad(operator: Plan) -> bool:
    """Whether it reads more than an index entry names: a scan, or all pairs of what is not one node each."""
    if name_of(operator) == "CartesianProduct":
        return not all(start.startswith("NodeUniqueIndexSeek") for start in starts(operator))
    return "Scan" in name_of(operator)


async def explain(driver: AsyncDriver, query: Query) -> ResultSummary:
    """What the server says about a query that it does not run: its plan, and its notes."""
    async with driver.session(notifications_min_severity=NotificationMinimumSeverity.INFORMATION) as session:
        return await (await session.run("EXPLAIN " + query.text, dict.fromkeys(query.parameters))).consume()


def unrecognised(summary: ResultSummary) -> list[str]:
    return [note.status_description for note in summary.gql_status_objects if note.gql_status in UNRECOGNISED]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
async def test_query_compiles_starts_from_an_index_and_knows_its_names(driver: AsyncDriver, query: Query) -> None:
    summary = await explain(driver, query)

    assert [operator["args"] for operator in operators(summary.plan or {}) if is_bad(operator)] == []
    assert unrecognised(summary) == []


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (memory:Memory) RETURN memory.content",
        "MATCH (memory {id: $id}) RETURN memory.content",
        "MATCH (memory:Memory|Episode) RETURN memory.content",
        "MATCH (memory:Memory {id: $id}), (tag:Tag {space_key: $id}) RETURN memory.content, tag.name",
        "MATCH ()-[relation:SUPPORTS]->() RETURN relation.id",
    ],
)
async def test_query_that_reads_too_much_is_noticed(driver: AsyncDriver, text: LiteralString) -> None:
    summary = await explain(driver, parse("bad", text))

    assert [operator for operator in operators(summary.plan or {}) if is_bad(operator)]


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (memory:Memry {id: $id}) RETURN memory.id",
        "MATCH (:Memory {id: $id})-[:SUPORTS]->(other) RETURN other.id",
        "MATCH (memory:Memory {id: $id}) RETURN memory.contnet",
    ],
)
async def test_misspelt_name_is_noticed(driver: AsyncDriver, text: LiteralString) -> None:
    summary = await explain(driver, parse("bad", text))

    assert unrecognised(summary)


async def test_sample_has_every_name_that_the_service_writes(
    driver: AsyncDriver, alice: Client, stranger: Client
) -> None:
    await use_everything(alice)
    await use_spaces(alice, stranger)

    written = await names(driver, await space_keys_of(driver, alice), alice.user_id)
    assert len(written) > 100
    assert written - await names(driver, SAMPLE_SPACES, "sample-tenant") == set()


@pytest.mark.parametrize("text", re.findall(r"```cypher\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
async def test_query_of_the_guide_answers_on_the_sample(driver: AsyncDriver, text: LiteralString) -> None:
    rows = await driver.execute_query(text, space="personal/sample-tenant")

    assert rows.records


async def test_an_export_has_every_property_of_memories_but_what_follows_from_others(driver: AsyncDriver) -> None:
    present = await names(driver, SAMPLE_SPACES, "sample-tenant")

    # In the sample each has what belongs to the other, too.
    stored = {name.partition(".")[2] for name in present if name.startswith(("Memory.", "Episode."))}
    exported = {*MemoryLine.__struct_fields__, *MessageLine.__struct_fields__}
    assert stored - exported - FOLLOWS - AS_OTHER_FIELDS == set()


async def test_guide_names_every_label_and_type(driver: AsyncDriver) -> None:
    named = set(re.findall(r"`(\w+)`", GUIDE.read_text(encoding="utf-8")))

    present = await names(driver, SAMPLE_SPACES, "sample-tenant")
    assert {name.partition(".")[0] for name in present} - named == set()


async def test_guide_explains_every_property_of_memories(driver: AsyncDriver) -> None:
    explained = set(re.findall(r"`(\w+)`", GUIDE.read_text(encoding="utf-8")))

    present = await names(driver, SAMPLE_SPACES, "sample-tenant")
    shown = {name.partition(".")[2] for name in present if name.startswith(("Memory.", "Episode."))}
    assert shown - explained - {"id"} == set()


async def use_everything(client: Client) -> None:
    """Calls every route that writes."""
    await client.put("/v1/agent-groups/coders", json={"agents": ["mcp"]})
    key = (await client.post("/v1/keys", json={"expires_at": "2099-01-01T00:00:00Z"})).json()
    await client.delete(f"/v1/keys/{key['id']}")
    await client.say("Where do you live?", "我住在上海。", session_id="s", tags=["home"], source="mcp")
    old = await client.store("Ann lives in Paris.", tags=["home"])
    new = await client.store("Ann lives in Rome.", replaces=[old["id"]])
    await client.store("Ann lives in Rome.")
    await client.put(f"/v1/memories/{new['id']}", json={"content": "Ann moved. " * 300})
    for name, text in (("a.md", "# Home\n\nAnn lives here."), ("b.txt", "Long ago. " * 40_000)):
        await client.post("/v1/imports", files={"file": (name, text)})
    said = b'{"role": "user", "content": "Bye.", "session_id": "s"}'
    await client.post("/v1/imports", files={"file": ("c.jsonl", said)})
    for kind in ("supports", "contradicts", "contextualizes"):
        await client.post(f"/v1/memories/{new['id']}/relations", json={"type": kind, "target_id": old["id"]})
    for verdict in ("wrong", "useful", "noise"):
        await client.post(f"/v1/memories/{new['id']}/feedback", json={"verdict": verdict})


async def use_spaces(client: Client, other: Client) -> None:
    """Calls every route that writes to spaces."""
    space = f"/v1/spaces/{(await client.space('red', other=other))['id']}"
    await client.put(space, json={"name": "blue"})
    await client.put(f"{space}/members/{other.user_id}", json={"role": "admin"})
    await client.put(f"{space}/owner", json={"user_id": other.user_id})
    await other.put(f"{space}/owner", json={"user_id": client.user_id})
    shared = f"/v1/memories/{(await client.store('Ann moved. ' * 300))['id']}"
    copy = (await client.post(f"{shared}/share", json={"target_space": space[11:], "note": "x", "mode": "live"})).json()
    await other.post(f"/v1/memories/{copy['id']}/pull", json={"source_space": space[11:]})
    await client.put(shared, json={"content": "Ann moved to Rome."})
    await client.post(f"/v1/memories/{copy['id']}/reshare", json={})
    await client.post(f"{shared}/unshare", json={"target_space": space[11:]})
    await client.post(f"{space}/auto-share-rules", json={"source_space": f"personal/{client.user_id}"})
    body = {"source_space": f"personal/{client.user_id}", "require_approval": True}
    await client.post(f"{space}/auto-share-rules", json=body)
    await client.store("Ann plays chess.")
    [pending] = (await client.get("/v1/shares/pending")).json()
    await client.post(f"/v1/shares/pending/{pending['id']}/reject")
    await other.post(f"{space}/leave")


async def space_keys_of(driver: AsyncDriver, client: Client) -> list[str]:
    rows = await driver.execute_query("MATCH (space:Space {owner_id: $id}) RETURN space.space_key", id=client.user_id)
    return [record.value() for record in rows.records]


async def names(driver: AsyncDriver, space_keys: list[str], tenant_id: str) -> set[str]:
    """`Label.property` and `TYPE.property` of everything a tenant has."""
    rows = await driver.execute_query(NAMES, space_keys=space_keys, tenant_id=tenant_id)
    return set(rows.records[0].value())

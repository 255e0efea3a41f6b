"""The legs of search on the real indexes: what they find, where they look, and that strangers' texts change nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from neo4j import AsyncDriver, AsyncTransaction

from app.domain.memories import OPEN_END, Category, Memory, MemoryType, State, text_hash
from app.domain.principal import Principal, Role, SpaceAccess
from app.domain.search import SearchRequest
from app.services.understanding import parse_scope, text_queries
from app.storage import memories, search
from app.storage.graph import Graph
from app.storage.search import QUERIES, VECTOR_LIMIT, Hit, Nearest
from tests.clients import Client
from tests.fakes import NOON, embed

DIMENSION = 384
FOREIGN_TEXTS = 2_000
TAGGED = 2_005

Write = Callable[..., Any]


def principal(*space_keys: str) -> Principal:
    """Somebody who may read these spaces."""
    spaces = [SpaceAccess(f"team/{key}", key, "team", Role.MEMBER) for key in space_keys]
    return Principal("tenant", "key", [], [], spaces, [])


def memory(space_key: str, content: str, **fields: Any) -> dict[str, Any]:
    """A memory as node properties, with a vector of its words."""
    record = Memory(
        id=str(uuid4()),
        content=content,
        category=Category.EVENTS,
        memory_type=MemoryType.INSIGHT,
        tenant_id="tenant",
        space_id=f"team/{space_key}",
        space_key=space_key,
        visible_to="all0",
        valid_from=NOON,
        recorded_at=NOON,
        created_at=NOON,
        updated_at=NOON,
        text_hash=text_hash(content),
        **fields,
    )
    return {**memories.properties(record), "embedding": embed(content, DIMENSION)}


async def write(runner: Any, *rows: dict[str, Any]) -> None:
    await runner.run("UNWIND $rows AS row CREATE (memory:Memory) SET memory = row", rows=list(rows))


@pytest.fixture
async def committed(driver: AsyncDriver, graph: Graph) -> AsyncGenerator[Write]:
    """Writes memories that the vector index sees, and takes them away afterwards."""
    del graph
    keys: set[str] = set()

    async def commit(*rows: dict[str, Any]) -> None:
        keys.update(row["space_key"] for row in rows)
        async with driver.session() as session:
            for start in range(0, len(rows), 500):
                await session.execute_write(write, *rows[start : start + 500])

    yield commit
    await driver.execute_query(
        "MATCH (memory:Memory) WHERE memory.space_key IN $keys DETACH DELETE memory", keys=list(keys)
    )


async def texts(tx: Any, who: Principal, query: str, **asked: Any) -> list[tuple[str, str]]:
    """What the text legs find, as (leg, text)."""
    request = SearchRequest(q=query, **asked)
    scope = parse_scope(who, request, datetime.now(UTC))
    hits = await search.search_texts(tx, who, scope, text_queries(request, scope, who, []))
    return sorted((hit.leg, hit.text) for hit in hits)


def key() -> str:
    return f"t{uuid4().hex}0"


async def test_each_script_has_an_index_of_its_own(driver: AsyncDriver, graph: Graph) -> None:
    del graph
    query = "SHOW FULLTEXT INDEXES YIELD name, properties, options RETURN name, properties, options"

    rows = {row["name"]: row for row in (await driver.execute_query(query)).records}

    analyzers = {name: rows[name]["options"]["indexConfig"]["fulltext.analyzer"] for name in rows}
    assert (analyzers["memory_text"], analyzers["memory_text_cjk"]) == ("english", "cjk")
    assert sorted(rows["memory_text"]["properties"]) == sorted(rows["memory_text_cjk"]["properties"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("deploying", [("english", "She deploys on Tuesdays")]),
        ("支付网关", [("cjk", "支付网关超时了"), ("english", "支付网关超时了")]),
        ("网", [("cjk", "支付网关超时了"), ("english", "支付网关超时了")]),
        (
            "deploy 超时",
            [("cjk", "支付网关超时了"), ("english", "She deploys on Tuesdays"), ("english", "支付网关超时了")],
        ),
        ("zebra", []),
    ],
)
async def test_words_are_found_in_any_form_and_script(
    tx: AsyncTransaction, query: str, expected: list[tuple[str, str]]
) -> None:
    own = key()
    await write(tx, memory(own, "She deploys on Tuesdays"), memory(own, "支付网关超时了"))

    assert await texts(tx, principal(own), query) == expected


@pytest.mark.parametrize(
    ("own", "foreign"),
    [
        # The analyzer stems what does not end in a digit, and both are one term to it.
        ("team12ab", "team12abed"),
        ("running", "runs"),
        ("teamcafe0", "teamcafes0"),
        ("t1ing0", "t1ed0"),
    ],
)
async def test_keys_that_share_a_stem_are_kept_apart(tx: AsyncTransaction, own: str, foreign: str) -> None:
    await write(tx, memory(own, "harbour office 港口"), memory(foreign, "harbour pier 港口"))

    found = await texts(tx, principal(own), "harbour 港口")

    assert {text for _, text in found} == {"harbour office 港口"}


async def test_real_keys_filter_within_the_index(tx: AsyncTransaction) -> None:
    own, foreign = key(), key()
    await write(tx, memory(own, "harbour office"), *(memory(foreign, "harbour harbour") for _ in range(300)))

    assert await texts(tx, principal(own), "harbour") == [("english", "harbour office")]


async def test_what_another_agent_or_a_closed_state_hides_is_not_found(tx: AsyncTransaction) -> None:
    own = key()
    hidden = {**memory(own, "harbour secret"), "visible_to": "a0123456789abcdef0"}
    closed = memory(own, "harbour of old", state=State.ARCHIVED)
    # What has a successor is found, so that it leads there.
    followed = memory(own, "harbour of yore", state=State.SUPERSEDED)
    await write(tx, memory(own, "harbour office"), hidden, closed, followed)

    found = await texts(tx, principal(own), "harbour")

    assert sorted(found) == [("english", "harbour of yore"), ("english", "harbour office")]


async def test_the_text_legs_answer_in_one_statement(tx: AsyncTransaction) -> None:
    own = key()
    await write(tx, memory(own, "the harbour 港口办公室"))

    found = await texts(tx, principal(own), "harbour 港口")

    assert found == [("cjk", "the harbour 港口办公室"), ("english", "the harbour 港口办公室")]


async def test_what_the_words_have_found_is_the_same_when_it_lies_near(graph: Graph, committed: Write) -> None:
    own = key()
    await committed(memory(own, "the harbour"), memory(own, "the pier"))
    who, request = principal(own), SearchRequest(q="harbour")
    scope, embedding = parse_scope(who, request, datetime.now(UTC)), embed(request.q, DIMENSION)
    by_words = await graph.read(search.search_texts, who, scope, text_queries(request, scope, who, []))

    alone = await graph.read(search.search_vector, who, scope, Nearest(embedding))
    after = await graph.read(search.search_vector, who, scope, Nearest(embedding, by_words))

    assert [hit.text for hit in by_words] == ["the harbour"]
    assert len(alone) == 2
    assert after == alone
    assert all(hit.leg == "vector" and hit.score is not None for hit in after)


async def test_a_score_of_the_index_becomes_a_true_cosine(graph: Graph, committed: Write) -> None:
    own = key()
    row = memory(own, "the harbour office")
    opposite = {**memory(own, "the contrary"), "embedding": [-value for value in row["embedding"]]}
    await committed(row, opposite)

    hits = await vector_hits(graph, own, row["embedding"])

    cosines = {hit.text: search.cosine_of(hit.score or 0) for hit in hits}
    assert cosines == pytest.approx({"the harbour office": 1.0, "the contrary": -1.0}, abs=1e-3)


async def test_nearer_vectors_of_others_take_no_place(graph: Graph, committed: Write) -> None:
    own, foreign = key(), key()
    near = [memory(foreign, f"harbour office {number}") for number in range(2 * VECTOR_LIMIT)]
    await committed(memory(own, "zebras sleep"), *near)

    hits = await vector_hits(graph, own, embed("harbour office", DIMENSION))

    assert [hit.text for hit in hits] == ["zebras sleep"]


async def test_the_newest_are_read_from_the_end_of_the_index(driver: AsyncDriver, committed: Write) -> None:
    own = key()
    await committed(*(memory(own, f"note {number}") for number in range(1_000)))
    scope = parse_scope(principal(own), SearchRequest(q=""), datetime.now(UTC))
    given = {**msgspec.structs.asdict(scope), "visible": ["all0"], "tags": [], "limit": 3, "latest": OPEN_END}

    profile = (await driver.execute_query(f"PROFILE {QUERIES['list_recent'].text}", given)).summary.profile

    assert profile
    assert max(rows_of(profile)) < 10


async def test_scores_do_not_change_while_another_tenant_stores_much(alice: Client, committed: Write) -> None:
    for text in (
        "The harbour office is on the pier",
        "The office party is in May",
        "港口办公室在二楼",
        "办公室聚会在五月",
    ):
        await alice.store(text)
    before = {query: await scores(alice, query) for query in ("harbour office", "港口办公室在哪里？")}
    await committed(*(memory(key(), f"harbour office pier 港口办公室 {number}") for number in range(FOREIGN_TEXTS)))

    after = {query: await scores(alice, query) for query in before}

    for query, expected in before.items():
        assert [text for text, _ in after[query]] == [text for text, _ in expected]
        assert [score for _, score in after[query]] == pytest.approx([score for _, score in expected], abs=1e-4)


async def test_more_tagged_memories_than_are_compared_one_by_one_are_filtered(
    alice: Client, driver: AsyncDriver, committed: Write
) -> None:
    stored = await alice.store("The harbour office is on the pier", tags=["infra"])
    own = await space_key_of(driver, stored["id"])
    await committed(*(memory(own, f"note {number}", tags=["infra"]) for number in range(TAGGED)))
    tagged = (
        "MATCH (tag:Tag {space_key: $key, name: 'infra'}), (memory:Memory {space_key: $key}) "
        "MERGE (memory)-[:TAGGED]->(tag)"
    )
    await driver.execute_query(tagged, key=own)

    answer = await alice.search("harbour office", tags="infra", include_trace="true")

    assert [result["memory"]["id"] for result in answer["results"]] == [stored["id"]]
    assert answer["trace"]["stages"][2]["name"] == "leg:vector, filtered afterwards"


async def space_key_of(driver: AsyncDriver, memory_id: str) -> str:
    query = "MATCH (memory:Memory {id: $id}) RETURN memory.space_key AS key"
    return (await driver.execute_query(query, id=memory_id)).records[0]["key"]


async def vector_hits(graph: Graph, space_key: str, embedding: list[float]) -> list[Hit]:
    who = principal(space_key)
    scope = parse_scope(who, SearchRequest(q="x"), datetime.now(UTC))
    return await graph.read(search.search_vector, who, scope, Nearest(embedding))


async def scores(client: Client, query: str) -> list[tuple[str, float]]:
    results = (await client.search(query, min_score=0))["results"]
    return [(result["memory"]["content"], result["score"]) for result in results]


def rows_of(plan: dict[str, Any]) -> list[int]:
    """How many rows each step of a plan had."""
    return [plan["args"]["Rows"], *(rows for child in plan.get("children", []) for rows in rows_of(child))]

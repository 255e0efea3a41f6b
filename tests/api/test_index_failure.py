"""Where the vector index fails, as Neo4j 2026.08 does right after an erasure, what is little is compared one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from neo4j import AsyncDriver

from app.domain.principal import Principal
from app.services.parts import Parts
from app.storage import decisions, memories, search, system
from app.storage.decisions import CandidateQuery, FactQuery
from app.storage.graph import QueryFailed, Transaction, has_index_failed
from app.storage.search import MOST_COMPARED
from tests.clients import Client
from tests.fakes import embed

Work = Callable[[], Awaitable[int]]
# Which memory is how near, and whether the index failed before that was known.
Near = tuple[dict[str, float | None], bool]

OFFICE = "The harbour office number {} is on the pier."
COUNT = 3
# More than there are.
LIMIT = 20


@pytest.fixture
async def ids(alice: Client, work: Work) -> list[str]:
    """The memories of a conversation, of which the index got to know at once."""
    await alice.say(*(OFFICE.format(number) for number in range(COUNT)))
    await work()
    return [memory["id"] for memory in (await alice.get("/v1/memories")).json()["memories"]]


@pytest.fixture
async def principal(alice: Client, parts: Parts) -> Principal:
    found = await parts.graph.read(system.get_tenant_principal, alice.user_id)
    assert found is not None
    return found


async def erase(driver: AsyncDriver, memory_id: str) -> None:
    """Takes a node out of the index, as an erasure does; from then on it fails."""
    await driver.execute_query("MATCH (memory:Memory {id: $id}) DETACH DELETE memory", id=memory_id)


async def list_neighbours(tx: Transaction, principal: Principal, memory_id: str) -> Near:
    """What is near to a memory."""
    memory = await memories.get(tx, principal, memory_id)
    assert memory is not None
    found = await search.list_neighbours(tx, principal, memory, LIMIT)
    return {one.id: one.score for one in found}, has_index_failed()


async def list_candidates(tx: Transaction, principal: Principal, memory_id: str) -> Near:
    """What a fact may be about that has nothing in common with a memory but its vector."""
    memory = await memories.get(tx, principal, memory_id)
    assert memory is not None
    fact = FactQuery(
        index=0,
        text_hash="another",
        visible_to=memory.visible_to,
        slot_ids=[],
        value="",
        embedding=embed(memory.content, 384),
        english_query="",
        cjk_query="",
        entities=[],
    )
    wanted = CandidateQuery(space_key=memory.space_key, facts=[fact], except_ids=[], limit=LIMIT)
    return {one.id: one.score for one in await decisions.list_candidates(tx, principal, wanted)}, has_index_failed()


@pytest.mark.parametrize("listing", [list_neighbours, list_candidates])
async def test_the_same_is_found_as_by_the_index(
    parts: Parts,
    principal: Principal,
    ids: list[str],
    driver: AsyncDriver,
    listing: Callable[[Transaction, Principal, str], Awaitable[Near]],
) -> None:
    before, had_failed = await parts.graph.read(listing, principal, ids[0])
    await erase(driver, ids[-1])

    after, has_failed = await parts.graph.read(listing, principal, ids[0])
    written = await parts.graph.write(listing, principal, ids[0])

    assert (had_failed, has_failed) == (False, True)
    assert after == {memory_id: pytest.approx(score) for memory_id, score in before.items() if memory_id != ids[-1]}
    assert after
    assert written == (after, True)
    assert not has_index_failed()


async def test_memories_are_compared_with_each_other(alice: Client, ids: list[str], driver: AsyncDriver) -> None:
    await erase(driver, ids[-1])

    answer = await alice.post("/v1/imports/cross-reconcile")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["memories_scanned"], answer.json()["pairs_judged"]) == (COUNT - 1, 1)


async def test_what_is_said_is_compared_with_what_is_known(alice: Client, ids: list[str], driver: AsyncDriver) -> None:
    await erase(driver, ids[-1])

    answer = await alice.post("/v1/ingest/preview", json={"messages": [{"role": "user", "content": "We are closed."}]})

    assert answer.status_code == 200, answer.text


async def test_much_is_not_compared_one_by_one(
    parts: Parts, principal: Principal, ids: list[str], driver: AsyncDriver
) -> None:
    more = (
        "MATCH (memory:Memory {id: $id}) UNWIND range(1, $count) AS number "
        "CREATE (:Memory {id: randomUUID(), tenant_id: memory.tenant_id, space_key: memory.space_key, "
        "state: 'active', visible_to: memory.visible_to})"
    )
    await driver.execute_query(more, id=ids[0], count=MOST_COMPARED)
    await erase(driver, ids[-1])

    with pytest.raises(QueryFailed, match="out of bounds"):
        await parts.graph.read(list_neighbours, principal, ids[0])

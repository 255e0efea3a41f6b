"""A part of a search that fails is named in the answer, and the others still find."""

from __future__ import annotations

from typing import Any

import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.openai_api import Answer, OpenAIServer, malformed, slow, status

# More than Lucene takes in one query, so the text leg fails and nothing else does.
TOO_MANY_SPACES = 1_100


@pytest.mark.parametrize(
    "failure", [status(400), status(500), malformed, slow(5)], ids=["400", "500", "broken", "slow"]
)
async def test_words_find_while_no_embedding_can_be_made(
    sign_up: SignUp, remote_parts: Parts, embedding_server: OpenAIServer, failure: Answer
) -> None:
    client = await sign_up(parts=remote_parts)
    await client.store("The harbour office is on the pier")
    await client.store("港口办公室在二楼")
    embedding_server.always(failure)

    english = await client.search("where is the harbour office?")
    chinese = await client.search("办公室在几楼？")

    assert contents(english) == ["The harbour office is on the pier"]
    assert contents(chinese) == ["港口办公室在二楼"]
    assert english["degraded"] == chinese["degraded"] == ["vector"]


async def test_an_irrelevant_question_is_still_not_answered_without_vectors(
    sign_up: SignUp, remote_parts: Parts, embedding_server: OpenAIServer
) -> None:
    client = await sign_up(parts=remote_parts)
    await client.store("The harbour office is on the pier")
    embedding_server.stop()

    answer = await client.search("what is the capital of Mongolia?")

    assert (answer["results"], answer["abstained"], answer["degraded"]) == ([], True, ["vector"])


async def test_what_has_no_vector_yet_is_not_ranked_by_one(
    sign_up: SignUp, remote_parts: Parts, embedding_server: OpenAIServer
) -> None:
    client = await sign_up(parts=remote_parts)
    embedding_server.always(status(400))
    await client.store("The harbour office is on the pier")
    embedding_server.always(None)

    [result] = (await client.search("harbour office", include="why"))["results"]

    assert result["why"]["p_vector"] == 0
    assert "vector" not in result["why"]["legs"]


@pytest.mark.parametrize(("query", "failed"), [("harbour office", ["english"]), ("港口办公室", ["english", "cjk"])])
async def test_a_text_leg_that_fails_is_named_and_vectors_still_find(
    alice: Client, driver: AsyncDriver, query: str, failed: list[str]
) -> None:
    await alice.store(f"{query} 42")
    await join_many_spaces(driver, alice.user_id)

    answer = await alice.search(query, include_trace="true")

    assert answer["degraded"] == failed
    assert contents(answer) == [f"{query} 42"]
    assert answer["trace"]["final_count"] == 1


async def remove_one(driver: AsyncDriver, client: Client) -> None:
    """Takes a node out of the vector index, as an erasure does; Neo4j 2026.08 fails in small spaces then."""
    removed = "MATCH (node:Episode {tenant_id: $id}) WITH node ORDER BY node.id LIMIT 1 DETACH DELETE node"
    await driver.execute_query(removed, id=client.user_id)


async def test_a_small_space_is_searched_by_its_vectors_also_after_something_was_erased(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    await alice.say(*(f"The harbour office number {number} is on the pier." for number in range(9)))
    await remove_one(driver, alice)

    mine = await alice.search("harbour office", include="why", limit=20)
    others = await stranger.search("harbour office")

    assert (mine["degraded"], others["degraded"], others["results"]) == ([], [], [])
    assert len(contents(mine)) == 8
    assert all(result["why"]["p_vector"] > 0 for result in mine["results"])


async def test_when_every_leg_fails_the_answer_says_so_instead_of_being_empty(
    sign_up: SignUp, remote_parts: Parts, driver: AsyncDriver, embedding_server: OpenAIServer
) -> None:
    client = await sign_up(parts=remote_parts)
    await join_many_spaces(driver, client.user_id)
    embedding_server.always(status(400))

    answer = await client.get("/v1/memories/search", params={"q": "harbour"})

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "unavailable"
    assert answer.headers["Retry-After"]


async def join_many_spaces(driver: AsyncDriver, user_id: str) -> None:
    await driver.execute_query(
        "MATCH (tenant:Tenant {id: $user_id}) UNWIND range(1, $count) AS number "
        "CREATE (tenant)-[:MEMBER_OF {role: 'member'}]->(:Space {id: 'team/' + randomUUID(), kind: 'team', "
        "space_key: 't' + replace(randomUUID(), '-', '') + '0'})",
        user_id=user_id,
        count=TOO_MANY_SPACES,
    )


def contents(answer: dict[str, Any]) -> list[str]:
    return [result["memory"]["content"] for result in answer["results"]]

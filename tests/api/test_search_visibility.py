"""Who finds what: agents of a tenant, members of a space, strangers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from neo4j import AsyncDriver

from tests.clients import Client

OFFICE = "The harbour office is on the pier"
SECRET = "The harbour office safe opens with 4711"


def agent(name: str) -> dict[str, Any]:
    return {"headers": {"X-Agent-Id": name}}


async def found_by(client: Client, name: str, query: str) -> set[str]:
    answer = await client.get("/v1/memories/search", params={"q": query, "min_score": 0}, **agent(name))
    return {result["memory"]["content"] for result in answer.json()["results"]}


@pytest.fixture
async def agents(alice: Client) -> Client:
    """A tenant whose agent `coder` stored one memory for all and one for itself."""
    await alice.post("/v1/memories", json={"content": OFFICE}, **agent("coder"))
    await alice.post("/v1/memories", json={"content": SECRET, "visibility": "private"}, **agent("coder"))
    return alice


@pytest.mark.parametrize("query", ["harbour office", "safe 4711", ""])
async def test_what_is_private_is_found_by_its_agent_only(agents: Client, query: str) -> None:
    assert SECRET in await found_by(agents, "coder", query)
    assert SECRET not in await found_by(agents, "tester", query)
    assert SECRET not in await found_by(agents, "", query)


async def test_what_is_private_is_nowhere_for_another_agent(agents: Client) -> None:
    secret = await id_of(agents, "coder", SECRET)
    office = await id_of(agents, "coder", OFFICE)
    await agents.post(
        f"/v1/memories/{secret}/relations", json={"type": "supports", "target_id": office}, **agent("coder")
    )

    by_id = await agents.get(f"/v1/memories/{secret}", **agent("tester"))
    listed = (await agents.get("/v1/memories", **agent("tester"))).json()
    related = (await agents.get(f"/v1/memories/{office}/relations", **agent("tester"))).json()
    seen = (await agents.get(f"/v1/memories/{office}", **agent("tester"))).json()

    assert by_id.status_code == 404
    assert ([memory["id"] for memory in listed["memories"]], listed["total_count"]) == ([office], 1)
    assert related["relations"] == seen["relations"] == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_another_agent_can_neither_change_nor_delete_what_is_private(agents: Client, method: str) -> None:
    secret = await id_of(agents, "coder", SECRET)

    answer = await agents.request(method, f"/v1/memories/{secret}", json={"content": "x"}, **agent("tester"))

    assert answer.status_code == 404
    assert await found_by(agents, "coder", "safe 4711") == {SECRET, OFFICE}


async def test_an_agent_without_a_name_has_secrets_of_its_own(alice: Client) -> None:
    await alice.store(SECRET, visibility="private")

    assert await found_by(alice, "", "safe") == {SECRET}
    assert await found_by(alice, "coder", "safe") == set()


async def test_what_is_shared_with_a_group_is_found_by_its_agents(agents: Client) -> None:
    await agents.put("/v1/agent-groups/builders", json={"agents": ["coder", "tester"]})
    shared = {"content": "The crane key is in locker 9", "visibility": "shared:builders"}
    await agents.post("/v1/memories", json=shared, **agent("coder"))

    for name, sees in (("coder", True), ("tester", True), ("writer", False), ("", False)):
        assert (shared["content"] in await found_by(agents, name, "crane key locker")) is sees, name


async def test_who_leaves_a_group_finds_its_memories_no_more(agents: Client) -> None:
    await agents.put("/v1/agent-groups/builders", json={"agents": ["coder", "tester"]})
    shared = {"content": "The crane key is in locker 9", "visibility": "shared:builders"}
    await agents.post("/v1/memories", json=shared, **agent("coder"))
    await agents.put("/v1/agent-groups/builders", json={"agents": ["coder"]})

    assert await found_by(agents, "tester", "crane key locker") == {OFFICE}


async def test_private_messages_of_a_conversation_are_found_by_its_agent_only(alice: Client) -> None:
    await alice.say("My locker code is 4711", agent_id="coder", visibility="private")

    assert await found_by(alice, "coder", "locker code") == {"My locker code is 4711"}
    assert await found_by(alice, "tester", "locker code") == set()


async def test_pieces_of_a_long_private_message_are_private(alice: Client) -> None:
    talk = "We talked about the harbour for hours. " * 100 + "The locker code is 4711."
    await alice.say(talk, agent_id="coder", visibility="private")

    assert await found_by(alice, "coder", "locker code") == {talk}
    assert await found_by(alice, "tester", "locker code") == set()


async def test_a_member_finds_what_is_in_the_space_of_a_team(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    team = await make_team(driver, alice, stranger)
    await alice.store("The team meets on the pier", space=team)

    assert await stranger.found("where does the team meet?") == ["The team meets on the pier"]
    assert await stranger.found("where does the team meet?", space=team) == ["The team meets on the pier"]
    assert await stranger.found("where does the team meet?", space=f"personal/{stranger.user_id}") == []


async def test_who_left_a_team_finds_nothing_of_it_at_the_next_request(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    team = await make_team(driver, alice, stranger)
    await alice.store("The team meets on the pier", space=team)
    await driver.execute_query(
        "MATCH (:Tenant {id: $id})-[member:MEMBER_OF]->(:Space {id: $team}) DELETE member",
        id=stranger.user_id,
        team=team,
    )

    assert await stranger.found("where does the team meet?", min_score=0) == []
    assert await stranger.found("", space=team) == []


async def test_results_of_a_nearly_empty_team_are_not_inflated(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    team = await make_team(driver, alice, stranger)
    await alice.store("Lunch was late on Monday", space=team)
    await alice.store(OFFICE)
    for number in range(20):
        await alice.store(f"The harbour has {number + 2} cranes")

    results = (await alice.search("where is the harbour office?", min_score=0, limit=50))["results"]
    alone = await alice.search("where is the harbour office?", space=team)

    assert results[0]["memory"]["content"] == OFFICE
    assert results[-1]["memory"]["content"] == "Lunch was late on Monday"
    assert (alone["results"], alone["abstained"]) == ([], True)


async def test_an_answer_of_a_team_scores_the_same_alone_and_among_others(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    team = await make_team(driver, alice, stranger)
    await alice.store(OFFICE, space=team)
    alone = (await alice.search("harbour office pier", space=team))["results"][0]["score"]
    for number in range(20):
        await alice.store(f"Zebra number {number} sleeps while standing")

    among = (await alice.search("harbour office pier"))["results"][0]["score"]

    assert among == pytest.approx(alone, abs=0.05)


async def id_of(client: Client, name: str, content: str) -> str:
    listed = (await client.get("/v1/memories", **agent(name))).json()["memories"]
    return next(memory["id"] for memory in listed if memory["content"] == content)


async def make_team(driver: AsyncDriver, owner: Client, member: Client) -> str:
    """A team of two tenants, made beneath the API until it has routes for spaces."""
    name = uuid4().hex
    await driver.execute_query(
        "CREATE (space:Space {id: 'team/' + $name, space_key: 't' + $name + '0', kind: 'team', name: 'Team', "
        "owner_id: $owner}) "
        "CREATE (:SpaceState {space_key: space.space_key, rev: 0}) WITH space "
        "UNWIND [[$owner, 'admin'], [$member, 'member']] AS row "
        "MATCH (tenant:Tenant {id: row[0]}) CREATE (tenant)-[:MEMBER_OF {role: row[1]}]->(space)",
        name=name,
        owner=owner.user_id,
        member=member.user_id,
    )
    return f"team/{name}"

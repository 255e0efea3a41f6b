"""What is refused when relations are stated, listed or deleted, and whom they are shown."""

from __future__ import annotations

from uuid import uuid4

import pytest
from neo4j import AsyncDriver

from tests.clients import Client


@pytest.fixture
async def pair(alice: Client) -> tuple[str, str]:
    """Two memories of a tenant that have nothing in common."""
    first = await alice.store("Deploys go through Argo")
    second = await alice.store("张伟喜欢喝绿茶")
    return first["id"], second["id"]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"type": "likes"}, "type"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "WyJ4Il0"}, "cursor"),
    ],
)
async def test_a_bad_parameter_is_refused_by_its_name(
    alice: Client, pair: tuple[str, str], parameters: dict[str, str], field: str
) -> None:
    answer = await alice.get(f"/v1/memories/{pair[0]}/relations", params=parameters)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["likes", "", "similar_to", "merged_from"])
async def test_what_cannot_be_stated_by_hand_is_refused(alice: Client, pair: tuple[str, str], kind: str) -> None:
    answer = await alice.relate(*pair, kind)

    assert answer.status_code == 400
    assert "type must be one of supports, contradicts, supersedes, contextualizes, derived_from" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "supports"},
        {"target_id": "x"},
        {"type": None, "target_id": "x"},
        {"type": "supports", "target_id": 5},
    ],
)
async def test_a_body_without_its_fields_is_refused(
    alice: Client, pair: tuple[str, str], body: dict[str, object]
) -> None:
    answer = await alice.post(f"/v1/memories/{pair[0]}/relations", json=body)

    assert answer.status_code == 422


async def test_a_label_has_a_limit(alice: Client, pair: tuple[str, str]) -> None:
    answer = await alice.relate(*pair, label="茶" * 257)

    assert answer.status_code == 422
    assert "label" in answer.json()["error"]["message"]


async def test_nothing_is_related_to_itself(alice: Client, pair: tuple[str, str]) -> None:
    answer = await alice.relate(pair[0], pair[0])

    assert answer.status_code == 400
    assert "target_id" in answer.json()["error"]["message"]


async def test_a_message_is_no_end_of_a_relation(alice: Client, pair: tuple[str, str]) -> None:
    await alice.say("I moved to Lisbon")
    message = (await alice.search("Lisbon"))["results"][0]["memory"]["id"]

    assert (await alice.relate(message, pair[0])).status_code == 400
    assert (await alice.relate(pair[0], message)).status_code == 400
    assert await alice.related(message) == []


async def test_nothing_supersedes_what_is_pinned(alice: Client, pair: tuple[str, str]) -> None:
    pinned = (await alice.store("Always answer in French", memory_type="pinned"))["id"]

    refused = await alice.relate(pair[0], pinned, "supersedes")
    allowed = await alice.relate(pair[0], pinned, "contradicts")

    assert (refused.status_code, allowed.status_code) == (400, 201)
    assert "pinned" in refused.json()["error"]["message"]


async def test_memories_do_not_supersede_each_other_in_a_circle(alice: Client, pair: tuple[str, str]) -> None:
    first, second = pair
    third = (await alice.store("Emma likes dinosaurs"))["id"]
    await alice.relate(first, second, "supersedes")
    await alice.relate(second, third, "supersedes")

    for older in (second, third):
        answer = await alice.relate(older, first, "supersedes")

        assert answer.status_code == 400
        assert "supersedes this one" in answer.json()["error"]["message"]
    assert (await alice.get(f"/v1/memories/{first}")).json()["state"] == "active"


async def test_foreign_and_unknown_ids_answer_alike(alice: Client, stranger: Client, pair: tuple[str, str]) -> None:
    own = (await stranger.store("My own note"))["id"]
    relation = (await alice.relate(*pair)).json()["id"]
    nowhere = str(uuid4())

    for answer in (
        await stranger.relate(own, pair[0]),
        await stranger.relate(pair[0], own),
        await stranger.relate(own, nowhere),
        await stranger.relate(nowhere, own),
        await stranger.get(f"/v1/memories/{pair[0]}/relations"),
        await stranger.get(f"/v1/memories/{nowhere}/relations"),
        await stranger.delete(f"/v1/memories/{pair[0]}/relations/{relation}"),
        await stranger.delete(f"/v1/memories/{own}/relations/{relation}"),
        await alice.delete(f"/v1/memories/{pair[0]}/relations/{nowhere}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert len(await alice.related(pair[0])) == 1


async def test_the_answers_to_a_foreign_and_an_unknown_target_are_equal(
    alice: Client, stranger: Client, pair: tuple[str, str]
) -> None:
    own = (await stranger.store("My own note"))["id"]

    assert (await stranger.relate(own, pair[0])).json() == (await stranger.relate(own, str(uuid4()))).json()


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", "/x")])
async def test_relations_need_a_key(anonymous: Client, pair: tuple[str, str], method: str, path: str) -> None:
    answer = await anonymous.request(method, f"/v1/memories/{pair[0]}/relations{path}", json={})

    assert answer.status_code == 401


async def test_a_reader_of_a_space_states_and_deletes_nothing_there(
    alice: Client, stranger: Client, driver: AsyncDriver, pair: tuple[str, str]
) -> None:
    relation = (await alice.relate(*pair)).json()["id"]
    await driver.execute_query(
        "MATCH (tenant:Tenant {id: $reader}), (space:Space {id: 'personal/' + $owner}) "
        "CREATE (tenant)-[:MEMBER_OF {role: 'reader'}]->(space)",
        reader=stranger.user_id,
        owner=alice.user_id,
    )

    assert len(await stranger.related(pair[0])) == 1
    for answer in (
        await stranger.relate(pair[1], pair[0]),
        await stranger.delete(f"/v1/memories/{pair[0]}/relations/{relation}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")

"""Sharing much at once, with one user, and in an organization."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.conftest import SignUp


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


async def share_all(client: Client, space: str, **fields: object) -> httpx.Response:
    return await client.post("/v1/memories/share-all", json={"target_space": space, **fields})


async def share_to(client: Client, memory: dict[str, Any], user: str, **fields: object) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory['id']}/share-to-user", json={"target_user": user, **fields})


async def organization(client: Client, *members: dict[str, str]) -> str:
    answer = await client.post("/v1/org/setup", json={"name": "Acme", "members": members})
    assert answer.status_code == 201, answer.text
    return answer.json()["space_id"]


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        (None, 3),
        ({}, 3),
        ({"categories": [], "tags": []}, 3),
        ({"tags": ["infra", "茶"]}, 2),
        ({"categories": ["Events"]}, 1),
        ({"min_importance": 0.7}, 1),
    ],
)
async def test_all_that_matches_is_shared(alice: Client, bob: Client, filters: object, total: int) -> None:
    team = (await alice.space("red", bob=bob))["id"]
    await alice.store("Argo", tags=["infra"], importance=0.9)
    await alice.store("绿茶", tags=["茶"], category="events")
    await alice.store("Other")
    await alice.store("mine alone", visibility="private")
    await alice.say("a message")

    answer = await share_all(alice, team.replace("/", ":"), filters=filters)
    again = await share_all(alice, team, filters=filters)

    assert answer.json() == {"total": total, "shared": total, "skipped_existing": 0, "failed": 0}
    assert again.json() == {"total": total, "shared": 0, "skipped_existing": total, "failed": 0}
    assert (await bob.get("/v1/memories", params={"space": team})).json()["total_count"] == total


async def test_bulk_share_refuses_what_it_cannot_do(alice: Client, bob: Client, stranger: Client) -> None:
    team = (await alice.space("red", bob=bob, role="reader"))["id"]

    codes = [
        (await share_all(alice, "")).status_code,
        (await share_all(alice, team, filters={"categories": ["preference"]})).status_code,
        (await share_all(alice, f"personal/{alice.user_id}")).status_code,
        (await share_all(bob, team)).status_code,
        (await share_all(stranger, team)).status_code,
    ]

    assert codes == [400, 400, 400, 401, 404]


async def test_too_many_matches_are_refused(alice: Client, driver: AsyncDriver) -> None:
    team = (await alice.space("red"))["id"]
    await alice.store("one")
    query = """
    MATCH (memory:Memory {tenant_id: $tenant}) UNWIND range(1, 5000) AS number
    CREATE (another:Memory) SET another = memory {.*, id: randomUUID(), current_key: null, embedding: null}
    """
    await driver.execute_query(query, tenant=alice.user_id)

    answer = await share_all(alice, team)

    assert answer.status_code == 400
    assert "5000" in answer.json()["error"]["message"]


async def test_memory_is_shared_with_a_user_in_a_team_of_the_two(alice: Client, bob: Client) -> None:
    first, second = await alice.store("Argo"), await alice.store("绿茶")

    made = await share_to(alice, first, bob.key, note="look")
    further = await share_to(alice, second, bob.user_id)
    again = await share_to(alice, first, bob.user_id)

    space = made.json()["space_id"]
    assert (made.status_code, made.json()["space_created"]) == (201, True)
    assert (further.status_code, further.json()["space_id"]) == (201, space)
    assert further.json()["space_created"] is False
    assert (again.status_code, again.json()) == (200, {**made.json(), "space_created": False})
    seen = (await bob.get(f"/v1/memories/{made.json()['shared_copy_id']}")).json()
    assert (seen["content"], seen["provenance"]["note"]) == ("Argo", "look")
    team = (await bob.get(f"/v1/spaces/{space}")).json()
    assert team["name"] == f"shared-{alice.user_id[:8]}-{bob.user_id[:8]}"
    assert [(m["user_id"], m["role"]) for m in team["members"]] == [(alice.user_id, "admin"), (bob.user_id, "member")]


@pytest.mark.parametrize(("user", "code"), [("", 400), ("{me}", 400), ("{key}", 400), ("nobody", 400)])
async def test_bad_user_is_refused(alice: Client, user: str, code: int) -> None:
    memory = await alice.store("Argo")

    answer = await share_to(alice, memory, user.format(me=alice.user_id, key=alice.key))

    assert answer.status_code == code
    assert alice.key not in answer.text
    assert len((await alice.get("/v1/spaces")).json()) == 1


async def test_memory_out_of_sight_makes_no_team(alice: Client, bob: Client) -> None:
    assert (await share_to(alice, {"id": str(uuid4())}, bob.user_id)).status_code == 404
    assert len((await bob.get("/v1/spaces")).json()) == 1


async def test_what_is_for_one_does_not_land_in_a_larger_team_or_where_one_may_only_read(
    alice: Client, bob: Client, stranger: Client
) -> None:
    large = (await alice.space("large", bob=bob, stranger=stranger))["id"]
    readonly = (await bob.space("readonly", role="reader", alice=alice))["id"]

    answer = await share_to(alice, await alice.store("Argo"), bob.user_id)

    assert answer.json()["space_created"] is True
    assert answer.json()["space_id"] not in (large, readonly)
    assert await stranger.found("Argo") == []


async def test_two_who_share_with_each_other_at_once_meet_in_one_team(alice: Client, bob: Client) -> None:
    mine, theirs = await alice.store("Argo"), await bob.store("绿茶")

    answers = await asyncio.gather(
        *(share_to(alice, mine, bob.user_id) for _ in range(4)),
        *(share_to(bob, theirs, alice.user_id) for _ in range(4)),
    )

    assert len({answer.json()["space_id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [201] * 2


async def test_everything_is_shared_with_a_user(alice: Client, bob: Client) -> None:
    await alice.store("Argo", tags=["infra"])
    await alice.store("绿茶")
    body = {"target_user": bob.key, "filters": {"tags": ["infra"]}}

    answer = (await alice.post("/v1/memories/share-all-to-user", json=body)).json()
    again = (await alice.post("/v1/memories/share-all-to-user", json={"target_user": bob.user_id})).json()

    space = {"space_id": answer["space_id"]}
    assert answer == {**space, "space_created": True, "total": 1, "shared": 1, "skipped_existing": 0, "failed": 0}
    assert again == {**space, "space_created": False, "total": 2, "shared": 1, "skipped_existing": 1, "failed": 0}
    # What came out of the team is not brought back there.
    [copy] = (await bob.get("/v1/memories", params={"space": answer["space_id"], "tags": "infra"})).json()["memories"]
    await bob.post(f"/v1/memories/{copy['id']}/pull", json={"source_space": answer["space_id"], "visibility": "global"})
    back = (await bob.post("/v1/memories/share-all-to-user", json={"target_user": alice.user_id})).json()
    assert (back["space_id"], back["total"]) == (answer["space_id"], 0)


async def test_organization_is_set_up_and_names_who_could_not_be_added(alice: Client, bob: Client) -> None:
    members = [
        {"user_id": bob.key, "role": "member"},
        {"user_id": alice.user_id, "role": "reader"},
        {"user_id": "nobody", "role": "member"},
        {"user_id": bob.user_id + "x", "role": "boss"},
        {"user_id": "omk_0123456789abcdef", "role": "member"},
    ]

    answer = await alice.post("/v1/org/setup", json={"name": "Acme", "members": members})
    empty = await alice.post("/v1/org/setup", json={"name": "空", "members": []})

    made = answer.json()
    assert (answer.status_code, made["name"], made["members_added"]) == (201, "Acme", 1)
    assert made["failed_members"] == ["nobody", f"{bob.user_id}x", "omk_012345…"]
    assert made["space_id"].startswith("org/")
    assert (empty.status_code, empty.json()["failed_members"]) == (201, [])
    assert (await alice.post("/v1/org/setup", json={"name": "Acme"})).status_code == 422
    assert (await alice.post("/v1/org/setup", json={"name": "", "members": []})).status_code == 400


async def test_admin_publishes_memories_and_a_rule(alice: Client, bob: Client) -> None:
    org = await organization(alice, {"user_id": bob.user_id, "role": "reader"})
    ids = [(await alice.store(text))["id"] for text in ("Argo", "绿茶")]
    body = {"memory_ids": [*ids, "unknown"], "auto_share_rule": {"categories": ["events"], "min_importance": 0.4}}

    answer = (await alice.post(f"/v1/{org.replace('org/', 'org/org:')}/publish", json=body)).json()
    again = (await alice.post(f"/v1/org/{org.replace('/', '%2F')}/publish", json={"memory_ids": ids})).json()
    await alice.store("all hands on Friday", category="events")

    [rule] = (await bob.get(f"/v1/spaces/{org}/auto-share-rules")).json()
    assert answer == {"published": 2, "skipped_existing": 0, "failed": 1, "auto_share_rule_id": rule["id"]}
    assert again == {"published": 0, "skipped_existing": 2, "failed": 0, "auto_share_rule_id": None}
    assert (rule["source_space"], rule["tags"]) == (f"personal/{alice.user_id}", [])
    listed = (await bob.get("/v1/memories", params={"space": org})).json()["memories"]
    assert sorted(memory["content"] for memory in listed) == ["Argo", "all hands on Friday", "绿茶"]
    nothing = {"published": 0, "skipped_existing": 0, "failed": 0, "auto_share_rule_id": None}
    assert (await alice.post(f"/v1/org/{org}/publish", json={})).json() == nothing


async def test_only_admins_publish_and_only_in_an_organization(alice: Client, bob: Client, stranger: Client) -> None:
    org = await organization(alice, {"user_id": bob.user_id, "role": "member"})
    team = (await alice.space("red"))["id"]

    codes = [
        (await bob.post(f"/v1/org/{org}/publish", json={})).status_code,
        (await stranger.post(f"/v1/org/{org}/publish", json={})).status_code,
        (await alice.post(f"/v1/org/{team}/publish", json={})).status_code,
        (await alice.post(f"/v1/org/{org}/publish", json={"memory_ids": ["x"] * 501})).status_code,
    ]

    assert codes == [401, 404, 400, 400]

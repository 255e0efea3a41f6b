"""Memories that belong together, over HTTP: made in the background, kept under their ids, and seen by who sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from neo4j import AsyncDriver

from app.services import communities
from app.services.parts import Parts
from app.storage import tasks
from tests.api.test_imports import bring
from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]
ENGLISH = [
    "Ada Byron lives in Lisbon.",
    "Ada Byron works at Acme in Lisbon.",
    "Lisbon is where Ada Byron keeps her boat.",
    "The harbour of Lisbon was painted by Ada Byron.",
]
CHINESE = ["小明在厦门开了茶馆。", "厦门的图书馆请小明讲过课。", "小明的弟弟是厦门大学的学生。", "乌龙茶是小明的最爱。"]
TOLD = [*ENGLISH, *CHINESE]
PLACED = """
MATCH (memory:Memory {tenant_id: $tenant_id})-[:IN_COMMUNITY]->(community:Community)
RETURN count(*) AS placed, collect(DISTINCT community.label) AS labels, min(memory.centrality) AS least
"""


async def listed(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/communities", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["communities"]


async def told(client: Client, **fields: object) -> list[str]:
    return [(await client.store(text, **fields))["id"] for text in TOLD]


async def make(client: Client, parts: Parts, work: Work, space_id: str) -> None:
    """Does what periodic work does for a space that has moved."""
    answer = await client.get(f"/v1/spaces/{space_id}")
    assert answer.status_code == 200
    key = await parts.graph.read(_space_key, space_id)
    task = communities.new_task(key, client.user_id, f"{client.user_id}-{key}-{parts.clock()}", parts.clock())
    await parts.graph.write(tasks.create, task, None)
    await work()


async def _space_key(tx: Any, space_id: str) -> str:
    found = await (await tx.run("MATCH (space:Space {id: $id}) RETURN space.space_key AS key", id=space_id)).single()
    return found["key"]


async def test_an_import_makes_communities_that_stay_while_they_grow(
    alice: Client, stranger: Client, work: Work, parts: Parts, driver: AsyncDriver
) -> None:
    assert await listed(alice) == []
    await bring(alice, "\n\n".join(TOLD))
    await work()

    first = await listed(alice)
    again = await told_once_more(alice, work, parts)
    detail = (await alice.get(f"/v1/communities/{first[0]['id']}")).json()
    placed = (await driver.execute_query(PLACED, tenant_id=alice.user_id)).records[0]

    labels = " ".join(one["label"] for one in first)
    assert "Lisbon" in labels
    assert "小明" in labels
    assert sum(one["memory_count"] for one in first) >= 6
    assert {one["id"] for one in first} <= {one["id"] for one in again}
    assert len(detail["memories"]) == detail["memory_count"]
    assert (await alice.get("/v1/communities", params={"limit": "1"})).json()["next_cursor"]
    assert placed["least"] >= 0
    assert all(placed["labels"])
    assert await listed(stranger) == []
    assert (await stranger.get(f"/v1/communities/{first[0]['id']}")).status_code == 404


async def told_once_more(client: Client, work: Work, parts: Parts) -> list[dict[str, Any]]:
    await client.store("Argo runs in Lisbon.")
    await work()
    await make(client, parts, work, f"personal/{client.user_id}")
    return await listed(client)


async def test_who_leaves_a_space_sees_its_communities_no_more_and_private_memories_are_in_none(
    alice: Client, sign_up: SignUp, work: Work, parts: Parts, driver: AsyncDriver
) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    ids = await told(alice, space=team)
    await alice.store("Ada Byron has a secret in Lisbon with Argo.", space=team, visibility="private")
    await work()
    await make(alice, parts, work, team)
    seen = await listed(bob, space=team)
    details = [(await bob.get(f"/v1/communities/{one['id']}")).json() for one in seen]

    assert (await alice.delete(f"/v1/spaces/{team}/members/{bob.user_id}")).status_code == 200
    for memory_id in ids[: len(ENGLISH)]:
        await alice.delete(f"/v1/memories/{memory_id}")
    left = await listed(alice, space=team)

    assert {memory["id"] for one in details for memory in one["memories"]} <= set(ids)
    assert "Lisbon" in str(details)
    assert "secret" not in str(details)
    assert await listed(bob, space=team) == []
    assert (await bob.get(f"/v1/communities/{seen[0]['id']}")).status_code == 404
    assert "小明" in str(left)
    assert "Lisbon" not in str(left)


async def test_a_space_that_has_not_moved_is_not_worked_on_again(
    alice: Client, parts: Parts, work: Work, driver: AsyncDriver
) -> None:
    await told(alice)
    await work()
    space = f"personal/{alice.user_id}"
    await make(alice, parts, work, space)
    first = (await alice.get("/v1/tasks", params={"kind": "communities"})).json()["tasks"][0]
    await make(alice, parts, work, space)
    second = (await alice.get("/v1/tasks", params={"kind": "communities"})).json()["tasks"][0]

    assert first["status"] == "completed"
    assert first["counts"]["communities"] >= 1
    assert (second["status"], second["counts"].get("communities")) == ("completed", None)


@pytest.mark.parametrize("query", [{"cursor": "nothing"}, {"limit": "-1"}])
async def test_what_cannot_be_read_is_named(alice: Client, query: dict[str, str]) -> None:
    answer = await alice.get("/v1/communities", params=query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error"]["message"]

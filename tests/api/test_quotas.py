"""What an account may keep and spend: every way in obeys, nothing accepted is lost, and the counts are right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.imports import PORTION_ITEMS
from app.main import create_app
from app.services.parts import Parts
from app.storage import schema
from app.storage.graph import Graph
from app.storage.queries import statements
from tests.api.test_connectors import Hook, connect
from tests.clients import Client
from tests.conftest import client_of
from tests.servers.github_api import GitHubServer, comment, event

Open = Callable[..., Awaitable[Client]]
MATCH_SPACES = "MATCH (:Tenant {id: $id})-[:MEMBER_OF]->(space:Space {owner_id: $id}) "
COUNTED = (
    MATCH_SPACES
    + """
    MATCH (state:SpaceState {space_key: space.space_key})
    RETURN space.id AS id, coalesce(state.memory_count, 0) AS memories, coalesce(state.text_bytes, 0) AS text_bytes
    ORDER BY id"""
)
THERE = (
    MATCH_SPACES
    + """
    CALL (space) {
      MATCH (node:Memory|Episode)-[:IN_SPACE]->(space) WHERE node.state <> 'deleted' RETURN node.content AS text
    }
    RETURN space.id AS id, collect(text) AS texts"""
)


@pytest.fixture
async def opened(parts: Parts) -> AsyncGenerator[Open]:
    """Makes tenants of services with other settings."""
    clients: list[Client] = []

    async def make(name: str = "Alice", **settings: object) -> Client:
        changed = msgspec.structs.replace(parts.settings, **settings)
        client = client_of(create_app(lambda: msgspec.structs.replace(parts, settings=changed)))
        clients.append(client)
        await client.sign_up(name)
        return client

    yield make
    for client in clients:
        await client.aclose()


async def quotas(client: Client) -> dict[str, Any]:
    answer = await client.get("/v1/quotas")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def used(client: Client) -> int:
    return (await quotas(client))["memories"]["used"]


async def check_counts(client: Client, driver: AsyncDriver) -> None:
    """What the spaces of a tenant count is what lies in them."""
    counted = [row.data() for row in (await driver.execute_query(COUNTED, id=client.user_id)).records]
    there = {row["id"]: row["texts"] for row in (await driver.execute_query(THERE, id=client.user_id)).records}
    assert counted == [
        {
            "id": row["id"],
            "memories": len(there.get(row["id"], [])),
            "text_bytes": sum(len(text.encode()) for text in there.get(row["id"], [])),
        }
        for row in counted
    ]


def refused(answer: httpx.Response, quota: str = "memories") -> None:
    assert answer.status_code == 429, answer.text
    error = answer.json()["error"]
    assert error["code"] == "quota_exceeded"
    assert error["message"].startswith(f"quota exceeded: {quota}: ")


async def test_a_full_account_is_told_which_quota_and_the_way_out(opened: Open, driver: AsyncDriver) -> None:
    client = await opened(quota_memories=2)
    first = await client.store("Ming drinks oolong tea.")
    await client.store("Ming plays chess.")
    before = (await client.get("/metrics")).text

    answer = await client.post("/v1/memories", json={"content": "Ming sails."})

    refused(answer)
    assert "this account may keep 2 memories and messages" in answer.json()["error"]["message"]
    assert "delete some, or ask the operator" in answer.json()["error"]["hint"]
    assert await quotas(client) == {
        "memories": {"used": 2, "limit": 2},
        "text_bytes": {"used": len("Ming drinks oolong tea.Ming plays chess."), "limit": None},
        "llm_tokens_today": {"used": 0, "limit": None},
    }
    line = 'ourmem_refusals_total{limit="memories"}'
    after = (await client.get("/metrics")).text
    assert line in after
    assert [text for text in after.splitlines() if text.startswith(line)] != [
        text for text in before.splitlines() if text.startswith(line)
    ]
    # What is there can be read, found, stated again, changed and deleted; then there is room.
    assert await client.found("what does Ming drink?")
    assert (await client.post("/v1/memories", json={"content": "Ming plays chess."})).status_code == 200
    assert (await client.put(f"/v1/memories/{first['id']}", json={"content": "明喝茶。"})).status_code == 200
    assert (await client.delete(f"/v1/memories/{first['id']}")).status_code == 200
    await client.store("Ming sails.")
    await check_counts(client, driver)


async def test_bytes_of_text_are_counted_as_utf8_and_only_growth_is_refused(opened: Open, driver: AsyncDriver) -> None:
    client = await opened(quota_text_bytes=30)
    memory = await client.store("明喜欢乌龙茶。")
    assert (await quotas(client))["text_bytes"] == {"used": 21, "limit": 30}

    refused(await client.post("/v1/memories", json={"content": "明喝咖啡"}), "text_bytes")
    longer = await client.put(f"/v1/memories/{memory['id']}", json={"content": "明喜欢乌龙茶和绿茶，也下棋。"})
    refused(longer, "text_bytes")
    shorter = await client.put(f"/v1/memories/{memory['id']}", json={"content": "明喝茶"})
    assert shorter.status_code == 200
    assert (await quotas(client))["text_bytes"]["used"] == 9
    await check_counts(client, driver)


async def store(client: Client, _: str) -> httpx.Response:
    return await client.post("/v1/memories", json={"content": "One more."})


async def say(client: Client, _: str) -> httpx.Response:
    return await client.post("/v1/memories", json={"messages": [{"role": "user", "content": "One more."}]})


async def bring(client: Client, _: str) -> httpx.Response:
    return await client.post("/v1/imports", files={"file": ("notes.md", "# Tea\n\nOne more.")})


async def bring_much(client: Client, name: str) -> httpx.Response:
    """More than is stored at once, so that all of it waits for a worker, which makes no facts of it."""
    rows = [f"Note {number} of the keeper {name[:8]}." for number in range(PORTION_ITEMS + 1)]
    content = "\n".join(json.dumps({"content": row}) for row in rows)
    form = {"post_process": "false"}
    return await client.post("/v1/imports", files={"file": ("notes.jsonl", content)}, data=form)


async def give_file(client: Client, _: str) -> httpx.Response:
    return await client.post("/v1/files", files={"file": ("tea.py", "def tea():\n    return 'One more'\n")})


async def share(client: Client, foreign: str) -> httpx.Response:
    team = await client.space("own")
    return await client.post(f"/v1/memories/{foreign}/share", json={"target_space": team["id"]})


async def pull(client: Client, foreign: str) -> httpx.Response:
    found = (await client.get(f"/v1/memories/{foreign}")).json()
    return await client.post(f"/v1/memories/{foreign}/pull", json={"source_space": found["space_id"]})


async def share_many(client: Client, foreign: str) -> httpx.Response:
    team = await client.space("own")
    body = {"memory_ids": [foreign], "target_space": team["id"]}
    return await client.post("/v1/memories/batch-share", json=body)


async def share_all(client: Client, _: str) -> httpx.Response:
    team = await client.space("own")
    return await client.post("/v1/memories/share-all", json={"target_space": team["id"]})


WAYS_IN = [store, say, bring, bring_much, give_file, share, pull, share_many, share_all]


@pytest.mark.parametrize("way_in", WAYS_IN, ids=lambda way_in: way_in.__name__)
async def test_every_way_in_obeys(opened: Open, stranger: Client, driver: AsyncDriver, way_in: Any) -> None:
    client = await opened(quota_memories=1)
    await client.store("Kept.")
    theirs = await stranger.space("theirs", client=client)
    foreign = (await stranger.store("Of somebody else.", space=theirs["id"]))["id"]

    refused(await way_in(client, foreign))

    assert await used(client) == 1
    await check_counts(client, driver)


async def test_an_export_is_taken_in_as_far_as_there_is_room(opened: Open, alice: Client, driver: AsyncDriver) -> None:
    for number in range(3):
        await alice.store(f"Fact number {number}.")
    lines = (await alice.get("/v1/export")).content
    client = await opened(quota_memories=2)
    headers = {"content-type": "application/x-ndjson"}

    refused(await client.post("/v1/imports/export", content=lines, headers=headers))

    await check_counts(client, driver)
    assert await used(client) <= 2


async def test_a_webhook_is_refused_so_that_its_sender_can_send_it_again(
    opened: Open, github_server: GitHubServer, driver: AsyncDriver
) -> None:
    client = await opened(quota_memories=1)
    await client.store("Kept.")
    assert (await connect(client)).status_code == 200
    hook: Hook = github_server.hooks[-1]

    refused(await client.post(**event(hook, "issue_comment", **comment_on_an_issue())))

    await check_counts(client, driver)


def comment_on_an_issue() -> dict[str, Any]:
    said = comment(1, "The kettle leaks.")
    return {"action": "created", "comment": said, "issue": {"number": 1, "title": "Kettle"}}


async def test_many_at_once_into_several_spaces_come_to_the_limit(opened: Open, driver: AsyncDriver) -> None:
    client = await opened(quota_memories=5)
    spaces = [f"personal/{client.user_id}", *[(await client.space(name))["id"] for name in ("red", "blue")]]

    answers = await asyncio.gather(
        *(
            client.post("/v1/memories", json={"content": f"Fact number {number}.", "space": spaces[number % 3]})
            for number in range(12)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 7
    assert await used(client) == 5
    await check_counts(client, driver)


async def test_what_was_accepted_is_worked_on_to_the_end(
    opened: Open, work: Callable[[], Awaitable[int]], driver: AsyncDriver
) -> None:
    client = await opened(quota_memories=2)
    said = await client.say("I live in Havelberg.", "My boat is called Sturgeon.")

    await work()

    task = (await client.get(f"/v1/tasks/{said['task_id']}")).json()
    facts = (await client.get("/v1/memories")).json()["memories"]
    assert task["status"] == "completed"
    assert len(facts) == 2
    # Facts go beyond the quota; nothing else is taken then.
    assert await used(client) == 4
    refused(await store(client, ""))
    await check_counts(client, driver)


async def test_a_long_file_counts_from_when_it_is_accepted(
    opened: Open, work: Callable[[], Awaitable[int]], driver: AsyncDriver
) -> None:
    client = await opened(quota_memories=PORTION_ITEMS + 2)
    made = (await bring_much(client, "first")).json()
    waiting = await quotas(client)
    refused(await bring_much(client, "second"))

    await work()

    stored = await quotas(client)
    state = (await client.get(f"/v1/imports/{made['id']}")).json()
    assert waiting["memories"]["used"] == state["storage_total"] == PORTION_ITEMS + 1
    assert stored == waiting
    await check_counts(client, driver)
    assert (await client.post(f"/v1/imports/{made['id']}/rollback")).status_code == 200
    await work()
    await check_counts(client, driver)
    assert await used(client) == 0


async def test_who_writes_into_a_space_of_others_does_not_learn_what_they_may_keep(
    opened: Open, driver: AsyncDriver
) -> None:
    owner, member = await opened(quota_memories=1), await opened("Bob", quota_memories=1)
    team = await owner.space("red", member=member)
    await owner.store("Kept.")

    answer = await member.post("/v1/memories", json={"content": "One more.", "space": team["id"]})

    refused(answer)
    assert "whoever owns the space may keep no more" in answer.json()["error"]["message"]
    # It is not the member's account that is full.
    await member.store("Of my own.")
    await check_counts(owner, driver)


async def test_a_rule_into_a_full_account_waits_and_does_not_refuse_what_it_is_about(
    opened: Open, driver: AsyncDriver
) -> None:
    owner, member = await opened(quota_memories=2), await opened("Bob", quota_memories=2)
    team = await owner.space("red", role="admin", member=member)
    await owner.store("Kept.")
    rule = {"source_space": f"personal/{member.user_id}"}
    assert (await member.post(f"/v1/spaces/{team['id']}/auto-share-rules", json=rule)).status_code == 201

    await member.store("It fits in.")
    await member.store("It does not.")

    shared = (await owner.get("/v1/memories", params={"space": team["id"]})).json()["memories"]
    [pending] = (await member.get("/v1/shares/pending")).json()
    assert [memory["content"] for memory in shared] == ["It fits in."]
    refused(await member.post(f"/v1/shares/pending/{pending['id']}/approve"))
    await owner.delete(f"/v1/memories/{shared[0]['id']}")
    assert (await member.post(f"/v1/shares/pending/{pending['id']}/approve")).status_code == 200
    await check_counts(owner, driver)
    await check_counts(member, driver)


async def test_a_copy_that_is_too_long_for_the_account_waits(opened: Open, driver: AsyncDriver) -> None:
    owner, member = await opened(quota_text_bytes=60), await opened("Bob", quota_text_bytes=60)
    kept = (await owner.store("The owner has kept something."))["content"]
    team = await owner.space("red", role="admin", member=member)
    rule = {"source_space": f"personal/{member.user_id}"}
    assert (await member.post(f"/v1/spaces/{team['id']}/auto-share-rules", json=rule)).status_code == 201

    await member.store("It fits in.")
    await member.store("It does not, as it is too long.")

    [pending] = (await member.get("/v1/shares/pending")).json()
    assert (await quotas(owner))["text_bytes"]["used"] == len(kept + "It fits in.")
    refused(await member.post(f"/v1/shares/pending/{pending['id']}/approve"), "text_bytes")
    await check_counts(owner, driver)


async def test_a_rule_between_own_spaces_does_not_refuse_what_fits_in_without_its_copy(
    opened: Open, driver: AsyncDriver
) -> None:
    client = await opened(quota_memories=3)
    team = await client.space("red")
    rule = {"source_space": f"personal/{client.user_id}"}
    assert (await client.post(f"/v1/spaces/{team['id']}/auto-share-rules", json=rule)).status_code == 201

    await client.store("It fits in, and so does its copy.")
    await client.store("Its copy does not.")

    assert await used(client) == 3
    assert len((await client.get("/v1/shares/pending")).json()) == 1
    refused(await store(client, ""))
    await check_counts(client, driver)


async def test_a_live_copy_that_grows_beyond_the_quota_counts_and_refuses_what_its_owner_writes_next(
    opened: Open, driver: AsyncDriver
) -> None:
    owner, member = await opened(quota_text_bytes=20), await opened("Bob")
    team = await owner.space("red", member=member)
    origin = f"/v1/memories/{(await member.store('It rains.'))['id']}"
    await member.post(f"{origin}/share", json={"target_space": team["id"], "mode": "live"})
    longer = "It rains, and the harbour is closed until noon."

    edited = await member.put(origin, json={"content": longer})

    assert edited.status_code == 200
    assert (await quotas(owner))["text_bytes"] == {"used": len(longer), "limit": 20}
    refused(await store(owner, ""), "text_bytes")
    assert (await member.put(origin, json={"content": "Rain."})).status_code == 200
    await owner.store("One more.")
    await check_counts(owner, driver)


async def test_counts_follow_whatever_is_done(
    opened: Open, work: Callable[[], Awaitable[int]], driver: AsyncDriver
) -> None:
    client, other = await opened(), await opened("Bob")
    team = await client.space("red", role="admin", other=other)
    origin = await client.store("Lena lives in Oslo.")
    live = {"target_space": team["id"], "mode": "live"}
    await client.post(f"/v1/memories/{origin['id']}/share", json=live)
    await client.put(f"/v1/memories/{origin['id']}", json={"content": "莉娜住在奥斯陆。"})
    snapshot = await client.store("The lab is in Lima.")
    await client.post(f"/v1/memories/{snapshot['id']}/share", json={"target_space": team["id"]})
    await client.post(f"/v1/memories/{snapshot['id']}/unshare", json={"target_space": team["id"]})
    await client.say("I live in Rome.", "I drink tea.", session_id="one")
    await work()
    await client.say("I moved to Paris.", session_id="two")
    await work()
    await check_counts(client, driver)
    for decision in (await client.get("/v1/decisions")).json()["decisions"][:2]:
        await client.post(f"/v1/decisions/{decision['id']}/undo")
    rule = {"source_space": f"personal/{client.user_id}"}
    made = (await client.post(f"/v1/spaces/{team['id']}/auto-share-rules", json=rule)).json()
    await client.store("The ferry leaves at noon.")
    await client.delete(f"/v1/spaces/{team['id']}/auto-share-rules/{made['id']}")
    await client.delete(f"/v1/memories/{origin['id']}")
    await check_counts(client, driver)
    erased = await client.request("DELETE", "/v1/memories/all", headers={"X-Confirm": "delete-all"})
    assert erased.status_code == 200, erased.text
    await work()
    await check_counts(client, driver)
    assert (await client.delete(f"/v1/spaces/{team['id']}")).status_code in (200, 202)
    await work()
    await check_counts(client, driver)
    assert await used(client) == 0


async def test_stores_from_before_are_counted_once_and_for_all(
    alice: Client, graph: Graph, driver: AsyncDriver
) -> None:
    await alice.store("Ming drinks tea 🍵 — naïve, 明喝茶。")
    await alice.say("I live in Havelberg.")
    forget = (
        MATCH_SPACES
        + "MATCH (state:SpaceState {space_key: space.space_key}) REMOVE state.memory_count, state.text_bytes"
    )
    await driver.execute_query(forget, id=alice.user_id)
    forget = "MATCH (node:Memory|Episode {tenant_id: $id}) REMOVE node.text_bytes"
    await driver.execute_query(forget, id=alice.user_id)
    [path] = [path for path in schema.FILES if path.stem == "024_quotas"]

    for _ in range(2):
        for statement in statements(schema.SCRIPTS[path]):
            await graph.run_alone(statement)

    await check_counts(alice, driver)
    assert await used(alice) == 2

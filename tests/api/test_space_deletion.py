"""Deleted spaces and accounts: nobody reads them from the answer on, and nothing that was said there is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from neo4j import AsyncDriver

from app.services import erasure
from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.secret_search import places
from tests.servers.github_api import TOKEN, GitHubServer, event, issue

# In all that is said, so that one search of the whole store finds what must not be there.
SECRET = "zebra8152"
CONFIRM = {"X-Confirm": "delete-all"}
Work = Callable[[], Awaitable[int]]

LEFT = """
MATCH (node) WHERE node.space_key = $key OR node.erased_key = $key OR node.id = $space_id
RETURN labels(node)[0] AS label, count(*) AS nodes
"""
LATER = """
MATCH (task:Task {id: $id}) WHERE task.phase = 'running'
SET task.due_at = datetime() - duration({seconds: 1})
"""
DELIVERIES = "MATCH (delivery:Delivery) RETURN count(*) AS deliveries"
# What a space in use has of its own, besides its members.
EVERY_KIND = {
    "Space", "SpaceState", "Memory", "Episode", "Chunk", "Session", "Tag", "Entity", "Decision", "Task", "Document",
    "Import", "NoiseExample", "Connection", "ExternalObject", "RecallEvent", "AuditEvent", "PendingShare", "Invitation",
}  # fmt: skip
KEY = "MATCH (space:Space {id: $id}) RETURN space.space_key AS key"


# The GitHub of this run, whose last webhook is that of the connection made last.
SERVERS: list[GitHubServer] = []


@pytest.fixture(autouse=True)
def _github(github_server: GitHubServer) -> None:
    SERVERS[:] = [github_server]


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


async def key_of(driver: AsyncDriver, space_id: str) -> str:
    return (await driver.execute_query(KEY, id=space_id)).records[0]["key"]


async def left(driver: AsyncDriver, key: str, space_id: str) -> list[str]:
    found = await driver.execute_query(LEFT, key=key, space_id=space_id)
    return [record["label"] for record in found.records]


async def tell(client: Client, space_id: str) -> None:
    """A connected repository whose webhook told of something."""
    asked = {"access_token": TOKEN, "repo": "acme/tea", "webhook_url": "https://memory.example.org", "space": space_id}
    connected = await client.post("/v1/connectors/github/connect", json=asked)
    assert connected.status_code == 200, connected.text
    opened = {"action": "opened", "issue": issue(1, f"The {SECRET} is out", f"It was {SECRET} who did it.")}
    answer = await client.post(**event(SERVERS[0].hooks[-1], "issues", SECRET, **opened))
    assert answer.status_code == 200, answer.text


async def fill(client: Client, space_id: str, work: Work) -> dict[str, Any]:
    """One of nearly everything in a space; the memory that the rest hangs on."""
    memory = await client.store(f"Ming{SECRET} likes {SECRET} tea.", space=space_id, tags=[SECRET], source=SECRET)
    await client.put(f"/v1/memories/{memory['id']}", json={"content": f"Ming{SECRET} loves {SECRET} tea."})
    other = await client.store(f"斑马 {SECRET} 在跑。" + f" The {SECRET} runs far." * 80, space=space_id)
    await client.relate(memory["id"], other["id"], label=SECRET)
    await client.say(f"I live in Town{SECRET}.", "Thanks!", session_id=f"s{SECRET}", space=space_id, speaker=SECRET)
    file = {"file": (f"{SECRET}.md", f"# {SECRET}\n\nThe {SECRET} eats grass.")}
    imported = await client.post("/v1/imports", files=file, data={"space_id": space_id})
    noise = await client.store(f"Nothing but {SECRET} here", space=space_id)
    await client.post(f"/v1/memories/{noise['id']}/feedback", json={"verdict": "noise"})
    once = {"content": f"Once {SECRET}", "space": space_id}
    await client.post("/v1/memories", json=once, headers={"Idempotency-Key": SECRET})
    await tell(client, space_id)
    deleted = await client.store(f"Gone {SECRET}", space=space_id)
    await client.delete(f"/v1/memories/{deleted['id']}")
    assert imported.status_code == 200, imported.text
    await work()
    await client.store(f"Waits for its {SECRET} vector", space=space_id)
    return memory


async def test_nobody_reads_a_deleted_space_and_nothing_of_it_is_left(
    alice: Client, bob: Client, stranger: Client, driver: AsyncDriver, parts: Parts, work: Work
) -> None:
    space = await alice.space(f"team {SECRET}", bob=bob)
    path, key = f"/v1/spaces/{space['id']}", await key_of(driver, space["id"])
    memory = await fill(alice, space["id"], work)
    rule = {"source_space": f"personal/{alice.user_id}", "require_approval": True}
    await alice.post(f"{path}/auto-share-rules", json=rule)
    waits = await alice.store("Lena has a cat.")
    await alice.found(SECRET, space=space["id"])
    await parts.accesses.flush()
    deliveries = (await driver.execute_query(DELIVERIES)).records[0]["deliveries"]
    await alice.post(f"{path}/invitations", json={"user_id": stranger.user_id, "role": "reader"})
    assert "Memory.content" in await places(driver, SECRET)
    assert set(await left(driver, key, space["id"])) >= EVERY_KIND

    refused = await bob.delete(path)
    foreign = await stranger.delete(path)
    personal = await alice.delete(f"/v1/spaces/personal/{alice.user_id}")
    answer = await alice.delete(path)

    assert (refused.status_code, foreign.status_code, personal.status_code) == (401, 404, 400)
    assert (answer.status_code, answer.json()["status"]) == (200, "deleted")
    for client in (alice, bob):
        assert (await client.get(path)).status_code == 404
        assert (await client.delete(path)).status_code == 404
        assert (await client.get(f"/v1/memories/{memory['id']}")).status_code == 404
        assert [text for text in await client.found(SECRET, min_score=0) if SECRET in text] == []
        assert (await client.post("/v1/memories", json={"content": "x", "space": space["id"]})).status_code == 404
    assert (await alice.get("/v1/shares/pending")).json() == []
    assert (await stranger.get("/v1/invitations")).json()["invitations"] == []
    assert (await alice.post(f"/v1/tasks/{answer.json()['task_id']}/cancel")).status_code == 400

    await work()

    task = (await alice.get(f"/v1/tasks/{answer.json()['task_id']}")).json()
    assert (task["kind"], task["status"]) == ("erase", "completed")
    assert task["counts"]["erased"] >= 10
    assert await places(driver, SECRET) == []
    assert (await driver.execute_query(DELIVERIES)).records[0]["deliveries"] == deliveries - 1
    assert await left(driver, key, space["id"]) == []
    assert (await alice.get(f"/v1/memories/{waits['id']}")).status_code == 200
    [told, *_] = (await alice.get(f"/v1/spaces/personal/{alice.user_id}/audit")).json()["events"]
    assert (told["action"], told["subject"]) == ("space_deleted", space["id"])


async def test_copies_elsewhere_keep_where_they_come_from_and_live_ones_go(
    alice: Client, bob: Client, driver: AsyncDriver, work: Work
) -> None:
    space, other = await alice.space("red", bob=bob), await alice.space("blue")
    kept = await alice.store("Lena lives in Oslo.", space=space["id"])
    followed = await alice.store(f"The {SECRET} lives in Rome.", space=space["id"])
    pulled = (await bob.post(f"/v1/memories/{kept['id']}/pull", json={"source_space": space["id"]})).json()
    live = {"target_space": other["id"], "mode": "live"}
    copy = (await alice.post(f"/v1/memories/{followed['id']}/share", json=live)).json()
    again = {"target_space": f"personal/{alice.user_id}", "mode": "live"}
    second = (await alice.post(f"/v1/memories/{copy['id']}/share", json=again)).json()
    before = (await bob.get(f"/v1/memories/{pulled['id']}")).json()

    await alice.delete(f"/v1/spaces/{space['id']}")
    await work()

    after = (await bob.get(f"/v1/memories/{pulled['id']}", params={"check_stale": "true"})).json()
    assert after["provenance"] == before["provenance"]
    assert (after["content"], after["stale_info"]["source_deleted"]) == ("Lena lives in Oslo.", True)
    assert (await bob.post(f"/v1/memories/{pulled['id']}/reshare", json={})).status_code == 404
    for gone in (copy, second):
        assert (await alice.get(f"/v1/memories/{gone['id']}")).status_code == 404
    assert await places(driver, SECRET) == []

    # The trace goes with its last copy.
    personal = f"personal/{bob.user_id}"
    assert (await bob.delete("/v1/tenants/me", headers=CONFIRM)).status_code == 202
    await work()
    assert await left(driver, "none", kept["id"]) == []
    assert await left(driver, "none", personal) == []


async def test_erasing_goes_on_where_a_worker_died(
    alice: Client, driver: AsyncDriver, parts: Parts, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = await alice.space("red")
    key = await key_of(driver, space["id"])
    for number in range(7):
        await alice.store(f"The {SECRET} number {number} sleeps.", space=space["id"])
    await work()
    monkeypatch.setattr(erasure, "ERASE_BATCH", 2)
    task_id = (await alice.delete(f"/v1/spaces/{space['id']}")).json()["task_id"]

    dying = asyncio.ensure_future(Worker(parts).run_pending())
    while (await alice.get(f"/v1/tasks/{task_id}")).json()["counts"].get("erased", 0) < 2:
        pass
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    was_left = await places(driver, SECRET)
    await driver.execute_query(LATER, id=task_id)
    await work()

    assert was_left != []
    assert (await alice.get(f"/v1/tasks/{task_id}")).json()["status"] == "completed"
    assert await places(driver, SECRET) == []
    assert await left(driver, key, space["id"]) == []


async def test_erasing_is_tried_until_it_is_done(alice: Client, driver: AsyncDriver, work: Work) -> None:
    space = await alice.space("red")
    await alice.store(f"The {SECRET} sleeps.", space=space["id"])
    await work()
    task_id = (await alice.delete(f"/v1/spaces/{space['id']}")).json()["task_id"]
    await driver.execute_query("MATCH (task:Task {id: $id}) SET task.attempts = 40", id=task_id)

    await work()

    task = (await alice.get(f"/v1/tasks/{task_id}")).json()
    assert (task["status"], task["attempts"]) == ("completed", 41)
    assert await places(driver, SECRET) == []


async def test_deleted_account_leaves_no_text_behind(
    alice: Client, bob: Client, sign_up: SignUp, driver: AsyncDriver, work: Work
) -> None:
    leaver = await sign_up(f"Leaver {SECRET}", agent=f"agent-{SECRET}")
    personal = f"personal/{leaver.user_id}"
    key = await key_of(driver, personal)
    await leaver.put(f"/v1/agent-groups/g{SECRET}", json={"agents": [f"agent-{SECRET}"]})
    read = (await leaver.post("/v1/keys", json={"scopes": ["read"]})).json()["api_key"]
    await fill(leaver, personal, work)
    # What is given to others keeps the name of its agent.
    leaver.headers["X-Agent-Id"] = "codex"
    own, shared = await leaver.space(f"own {SECRET}"), await leaver.space("shared", bob=bob)
    await leaver.store(f"The {SECRET} is in a space of mine.", space=own["id"])
    theirs = await alice.space("theirs", leaver=leaver)
    given = await leaver.store("Mara lives in Lima.", space=theirs["id"])
    # Deleted before, and not erased yet.
    earlier = await leaver.space("earlier")
    await leaver.store(f"The {SECRET} was here earlier.", space=earlier["id"])
    await leaver.delete(f"/v1/spaces/{earlier['id']}")

    unsure = await leaver.delete("/v1/tenants/me")
    blocked = await leaver.delete("/v1/tenants/me", headers=CONFIRM)
    await leaver.put(f"/v1/spaces/{shared['id']}/owner", json={"user_id": bob.user_id})
    answer = await leaver.delete("/v1/tenants/me", headers=CONFIRM)

    assert (unsure.status_code, blocked.status_code, answer.status_code) == (400, 409, 202)
    assert shared["id"] in blocked.json()["error"]["message"]
    assert own["id"] not in blocked.json()["error"]["message"]
    for used in (leaver.key, read):
        assert (await leaver.get("/v1/memories", headers={"X-API-Key": used})).status_code == 401
    members = (await alice.get(f"/v1/spaces/{theirs['id']}")).json()["members"]
    assert [member["user_id"] for member in members] == [alice.user_id]
    refused = await alice.post(f"/v1/spaces/{theirs['id']}/members", json={"user_id": leaver.user_id, "role": "reader"})
    assert refused.status_code == 400

    await work()

    assert await places(driver, SECRET) == []
    assert await left(driver, key, personal) == []
    assert await left(driver, "none", leaver.user_id) == []
    # What was given to others is theirs.
    assert (await alice.get(f"/v1/memories/{given['id']}")).json()["content"] == "Mara lives in Lima."
    assert (await bob.get(f"/v1/spaces/{shared['id']}")).json()["owner_id"] == bob.user_id

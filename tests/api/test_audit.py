"""Who did what to a space, as its admins read it."""

from __future__ import annotations

from typing import Any

import pytest
from neo4j import AsyncDriver

from tests.api.test_access import make_key
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.github_api import TOKEN, GitHubServer

SECRET = "zebra4711 斑马"


async def events(client: Client, space_id: str, **parameters: object) -> dict[str, Any]:
    answer = await client.get(f"/v1/spaces/{space_id}/audit", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(client: Client, space_id: str) -> list[tuple[str, str, str, int, str]]:
    """What was done, oldest first: action, who, to what, how many, how."""
    found = (await events(client, space_id, limit=200))["events"]
    return [(e["action"], e["user_id"], e["subject"], e["count"], e["detail"]) for e in found][::-1]


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


async def test_every_change_of_a_space_is_told_to_its_admins(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("red", bob=bob)
    path, me = f"/v1/spaces/{space['id']}", alice.user_id
    await alice.put(path, json={"name": "blue"})
    await alice.put(f"{path}/settings", json={"secrets": "block", "llm_tokens_a_day": 7})
    await alice.post(f"{path}/members", json={"user_id": stranger.key, "role": "reader"})
    await alice.put(f"{path}/members/{bob.user_id}", json={"role": "admin"})
    rule = {"source_space": f"personal/{bob.user_id}", "require_approval": True}
    made = (await bob.post(f"{path}/auto-share-rules", json=rule)).json()
    await bob.delete(f"{path}/auto-share-rules/{made['id']}")
    await bob.delete(f"{path}/members/{stranger.user_id}")
    await alice.put(f"{path}/owner", json={"user_id": bob.user_id})
    await alice.post(f"{path}/leave")
    # What is refused is not told.
    await alice.put(path, json={"name": "green"})
    await bob.put(path, json={"name": ""})

    assert await told(bob, space["id"]) == [
        ("space_created", me, space["id"], 1, ""),
        ("member_added", me, bob.user_id, 1, "member"),
        ("space_renamed", me, space["id"], 1, ""),
        ("settings_changed", me, space["id"], 2, "secrets=block, llm_tokens_a_day=7"),
        ("member_added", me, stranger.user_id, 1, "reader"),
        ("member_changed", me, bob.user_id, 1, "admin"),
        ("rule_created", bob.user_id, made["id"], 1, ""),
        ("rule_deleted", bob.user_id, made["id"], 1, ""),
        ("member_removed", bob.user_id, stranger.user_id, 1, ""),
        ("owner_changed", me, bob.user_id, 1, ""),
        ("member_left", me, me, 1, ""),
    ]
    assert ("rule_created", bob.user_id, made["id"], 1, "") in await told(bob, f"personal/{bob.user_id}")


async def test_what_is_shared_is_told_on_both_sides_without_its_text(
    alice: Client, bob: Client, driver: AsyncDriver
) -> None:
    space = await alice.space("red", bob=bob)
    first, second = [await alice.store(f"{SECRET} {number}", tags=["zoo"]) for number in (1, 2)]
    share = {"target_space": space["id"], "note": SECRET}
    copy = (await alice.post(f"/v1/memories/{first['id']}/share", json=share)).json()
    await alice.post(f"/v1/memories/{first['id']}/share", json=share)
    await alice.post("/v1/memories/share-all", json=share)
    pulled = await bob.post(f"/v1/memories/{copy['id']}/pull", json={"source_space": space["id"]})
    again = (await alice.post(f"/v1/memories/{copy['id']}/reshare", json={})).json()
    await alice.post(f"/v1/memories/{first['id']}/unshare", json=share)

    me, team = alice.user_id, await told(alice, space["id"])
    assert pulled.status_code == 201
    assert [row for row in team if row[0].startswith("memories")][0:1] + team[-3:] == [
        ("memories_shared", me, copy["id"], 1, ""),
        ("memories_pulled", bob.user_id, copy["id"], 1, ""),
        ("memories_reshared", me, again["id"], 1, ""),
        ("memories_unshared", me, again["id"], 1, ""),
    ]
    assert [row[:4] for row in await told(alice, f"personal/{me}")][:2] == [
        ("memories_shared", me, first["id"], 1),
        ("memories_shared", me, second["id"], 1),
    ]
    found = await driver.execute_query(
        "MATCH (e:AuditEvent) WHERE e.user_id IN $users RETURN collect(properties(e)) AS all",
        users=[me, bob.user_id],
    )
    assert not [word for word in SECRET.split() if word in str(found.records[0]["all"])]


async def test_rule_is_named_by_what_it_shares(alice: Client) -> None:
    space = await alice.space("red")
    rule = {"source_space": f"personal/{alice.user_id}"}
    made = (await alice.post(f"/v1/spaces/{space['id']}/auto-share-rules", json=rule)).json()
    await alice.store("Lena lives in Oslo.")

    assert (await told(alice, space["id"]))[-1][::4] == ("memories_shared", f"rule {made['id']}")


async def test_what_is_done_to_an_account_is_told_in_its_personal_space(sign_up: SignUp) -> None:
    alice = await sign_up("Alice", agent="codex")
    key = await make_key(alice, scopes=["read"])
    await alice.delete(f"/v1/keys/{key['id']}")
    await alice.put("/v1/agent-groups/coders", json={"agents": ["codex"]})
    personal = f"personal/{alice.user_id}"

    assert [row[0::2] for row in await told(alice, personal)] == [
        ("key_created", key["id"], "read"),
        ("key_revoked", key["id"], ""),
        ("group_changed", "coders", ""),
    ]
    answer = await events(alice, personal)
    assert {event["agent_id"] for event in answer["events"]} == {"codex"}
    assert key["api_key"] not in str(answer)


async def test_members_are_refused_and_strangers_see_nothing(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("red", bob=bob)
    uid = space["id"].removeprefix("team/")

    for spelled in (f"team/{uid}", f"team%2F{uid}", f"team:{uid}"):
        assert (await alice.get(f"/v1/spaces/{spelled}/audit")).status_code == 200
        assert (await bob.get(f"/v1/spaces/{spelled}/audit")).status_code == 401
        foreign = await stranger.get(f"/v1/spaces/{spelled}/audit")
        assert (foreign.status_code, foreign.json()) == (404, (await stranger.get("/v1/spaces/team/x/audit")).json())


async def test_pages_follow_one_another_and_bad_ones_are_refused(alice: Client) -> None:
    space = await alice.space("red")
    for name in ("a", "b", "c", "d"):
        await alice.put(f"/v1/spaces/{space['id']}", json={"name": name})

    seen, cursor = [], ""
    for size in (2, 2, 1):
        page = await events(alice, space["id"], limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(page["events"]) == size
        seen += [event["id"] for event in page["events"]]
        cursor = page["next_cursor"]

    assert cursor is None
    assert seen == [event["id"] for event in (await events(alice, space["id"]))["events"]]
    for query in ({"cursor": "x"}, {"limit": "-1"}):
        assert (await alice.get(f"/v1/spaces/{space['id']}/audit", params=query)).status_code == 400


async def test_connections_are_told_without_their_secrets(alice: Client, github_server: GitHubServer) -> None:
    body = {"access_token": TOKEN, "repo": "acme/tea", "webhook_url": "https://memory.example.org"}
    connected = [(await alice.post("/v1/connectors/github/connect", json=body)).json() for _ in range(2)]
    hook = github_server.hooks[-1]
    await alice.delete(f"/v1/connectors/{connected[0]['connection_id']}")

    rows = (await told(alice, f"personal/{alice.user_id}"))[-3:]

    assert [row[0] for row in rows] == ["connection_created", "connection_renewed", "connection_deleted"]
    assert {(row[1], row[2], row[4]) for row in rows} == {(alice.user_id, connected[0]["connection_id"], "acme/tea")}
    assert not any(word in str(rows) for word in (hook.secret, hook.token, TOKEN))

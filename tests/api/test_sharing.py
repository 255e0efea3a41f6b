"""Sharing over HTTP: share, pull, take back, make anew, many at once; what a copy tells of its origin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.openai_api import OpenAIServer, status

Work = Callable[[], Awaitable[int]]
TEXT = "Deploys go through Argo"
KEPT = ("content", "l0_abstract", "category", "memory_type", "importance", "tags", "source", "agent_id", "tenant_id")


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


@pytest.fixture
async def team(alice: Client, bob: Client) -> str:
    """The id of a team of Alice, who owns it, and Bob, a member."""
    return (await alice.space("red", bob=bob))["id"]


async def share(client: Client, memory_id: str, space: str, **fields: object) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory_id}/share", json={"target_space": space, **fields})


async def reshare(client: Client, memory_id: str, **fields: object) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory_id}/reshare", json=fields)


async def unshare(client: Client, memory_id: str, space: str) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory_id}/unshare", json={"target_space": space})


async def pull(client: Client, memory_id: str, space: str, **fields: object) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory_id}/pull", json={"source_space": space, **fields})


async def staleness(client: Client, memory_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/memories/{memory_id}", params={"check_stale": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()["stale_info"]


async def test_a_share_is_a_memory_of_its_own_that_says_where_it_is_from(alice: Client, bob: Client, team: str) -> None:
    alice.headers["X-Agent-Id"] = "mcp"
    origin = await alice.store(TEXT, tags=["infra"], source="chat", importance=0.8)

    answer = await share(alice, origin["id"], team, note="for <private>4711</private> all")

    copy = answer.json()
    assert answer.status_code == 201
    assert copy["id"] != origin["id"]
    assert {name: copy[name] for name in KEPT} == {name: origin[name] for name in KEPT}
    assert (copy["space_id"], copy["visibility"], copy["version"], copy["access_count"]) == (team, "global", 1, 0)
    assert copy["provenance"] == {
        "shared_from_space": f"personal/{alice.user_id}",
        "shared_from_memory": origin["id"],
        "shared_by_user": alice.user_id,
        "shared_by_agent": "mcp",
        "shared_at": copy["created_at"],
        "original_created_at": origin["created_at"],
        "source_version": 1,
        "note": "for [REDACTED] all",
        "rule_id": None,
        "mode": "snapshot",
    }
    seen = (await bob.get(f"/v1/memories/{copy['id']}")).json()
    assert {**seen, "access_count": 0, "last_accessed_at": None} == copy
    assert (await bob.get(f"/v1/memories/{origin['id']}")).status_code == 404


@pytest.mark.parametrize("text", [TEXT, "张伟喜欢喝绿茶", "🍵" * 120, "张伟说：" + "今天的部署很顺利。" * 300])
async def test_a_copy_is_found_at_once_by_words_and_by_meaning(
    alice: Client, bob: Client, team: str, text: str
) -> None:
    origin = await alice.store(text)
    await share(alice, origin["id"], team)

    [result] = (await bob.search(text[:60], include="why", space=team))["results"]

    assert result["memory"]["content"] == text
    assert "vector" in result["why"]["legs"]


async def test_sharing_again_answers_the_copy_that_is_there(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT)

    first = await share(alice, origin["id"], team)
    again = await share(alice, origin["id"], team.replace("/", ":"), note="again")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("way", ["share", "pull"])
async def test_many_at_once_make_one_copy(alice: Client, bob: Client, team: str, way: str) -> None:
    origin = await alice.store(TEXT, **({} if way == "share" else {"space": team}))
    ask = share if way == "share" else pull

    answers = await asyncio.gather(*(ask(alice, origin["id"], team) for _ in range(12)))

    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_shares_in_both_directions_at_once_do_not_lock_each_other_out(
    alice: Client, bob: Client, team: str
) -> None:
    blue = (await bob.space("blue", alice=alice))["id"]
    here = [(await alice.store(f"red {n}", space=team))["id"] for n in range(6)]
    there = [(await bob.store(f"blue {n}", space=blue))["id"] for n in range(6)]

    answers = await asyncio.gather(
        *(share(alice, named, blue) for named in here), *(share(bob, named, team) for named in there)
    )

    assert [answer.status_code for answer in answers] == [201] * 12


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 422),
        ({"target_space": ""}, 400),
        ({"target_space": "team/unknown"}, 404),
        ({"target_space": "{team}", "mode": "weekly"}, 400),
        ({"target_space": "{team}", "note": "x" * 2001}, 422),
        ({"target_space": "personal/{user}"}, 400),
    ],
)
async def test_bad_share_is_refused(alice: Client, team: str, body: dict[str, str], code: int) -> None:
    origin = await alice.store(TEXT)
    filled = {name: value.format(team=team, user=alice.user_id) for name, value in body.items()}

    answer = await alice.post(f"/v1/memories/{origin['id']}/share", json=filled)

    assert answer.status_code == code, answer.text
    assert (await alice.get("/v1/memories", params={"space": team})).json()["total_count"] == 0


async def test_a_deleted_memory_is_not_shared(alice: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    await alice.delete(f"/v1/memories/{origin['id']}")

    assert (await share(alice, origin["id"], team)).status_code == 404


async def test_a_shared_message_becomes_a_fact(alice: Client, bob: Client, team: str) -> None:
    await alice.say("我搬到里斯本了。", session_id="s1")
    message = (await alice.get("/v1/memories?memory_type=session")).json()["memories"][0]

    copy = (await share(alice, message["id"], team)).json()

    assert (copy["content"], copy["memory_type"]) == ("我搬到里斯本了。", "insight")
    assert copy["provenance"]["shared_from_memory"] == message["id"]
    listed = (await bob.get("/v1/memories", params={"space": team})).json()["memories"]
    assert [memory["id"] for memory in listed] == [copy["id"]]
    pulled = (await pull(bob, copy["id"], team)).json()
    assert pulled["content"] == "我搬到里斯本了。"


async def test_a_pulled_memory_is_private_to_the_agent_unless_said_otherwise(
    alice: Client, bob: Client, team: str
) -> None:
    origin = await alice.store(TEXT, space=team)
    bob.headers["X-Agent-Id"] = "coder"

    answer = await pull(bob, origin["id"], team)
    other = await bob.get(f"/v1/memories/{answer.json()['id']}", headers={"X-Agent-Id": "writer"})
    for_all = await pull(bob, origin["id"], team, visibility="global")

    copy = answer.json()
    assert (answer.status_code, copy["space_id"]) == (201, f"personal/{bob.user_id}")
    assert (copy["visibility"], copy["owner_agent_id"], copy["tenant_id"]) == ("private", "coder", alice.user_id)
    assert other.status_code == 404
    assert (for_all.status_code, for_all.json()["visibility"]) == (201, "global")
    assert (await pull(bob, origin["id"], team, visibility="secret")).status_code == 400


@pytest.mark.parametrize(("space", "code"), [("", 400), ("team/unknown", 404), ("personal/{user}", 404)])
async def test_bad_pull_is_refused(alice: Client, team: str, space: str, code: int) -> None:
    origin = await alice.store(TEXT, space=team)

    assert (await pull(alice, origin["id"], space.format(user=alice.user_id))).status_code == code


async def test_what_was_shared_is_taken_back_at_once(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()

    answer = await unshare(alice, origin["id"], team)

    assert (answer.status_code, answer.json()) == (200, {"status": "unshared"})
    assert (await unshare(alice, origin["id"], team)).status_code == 404
    assert (await bob.get(f"/v1/memories/{copy['id']}")).status_code == 404
    assert await bob.found("Argo") == []
    assert (await alice.get(f"/v1/memories/{origin['id']}")).status_code == 200
    assert (await share(alice, origin["id"], team)).status_code == 201


async def test_a_copy_is_named_by_its_own_id_as_well(alice: Client, team: str) -> None:
    copy = (await share(alice, (await alice.store(TEXT))["id"], team)).json()

    assert (await unshare(alice, copy["id"], team)).status_code == 200
    assert (await unshare(alice, str(uuid4()), team)).status_code == 404
    assert (await unshare(alice, copy["id"], "")).status_code == 400


async def test_a_copy_keeps_its_text_until_it_is_made_anew(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT, tags=["infra"])
    copy = (await share(alice, origin["id"], team, note="为大家")).json()
    fresh = await staleness(bob, copy["id"])

    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "部署改用 Flux"})
    stale = await staleness(bob, copy["id"])
    [found] = (await bob.search("Argo", check_stale="true"))["results"]
    renewed = await reshare(alice, copy["id"])

    new = renewed.json()
    assert fresh == {
        "is_stale": False,
        "source_version": 1,
        "current_source_version": 1,
        "source_deleted": False,
    }
    assert stale == {**fresh, "is_stale": True, "current_source_version": 2}
    assert (found["memory"]["content"], found["stale_info"]) == (TEXT, stale)
    assert (renewed.status_code, new["content"], new["space_id"]) == (200, "部署改用 Flux", team)
    assert new["id"] not in (copy["id"], origin["id"])
    assert (new["provenance"]["source_version"], new["provenance"]["note"]) == (2, "为大家")
    assert (await bob.get(f"/v1/memories/{copy['id']}")).status_code == 404
    assert (await staleness(bob, new["id"]))["is_stale"] is False


@pytest.mark.parametrize("mode", ["snapshot", "live"])
async def test_what_was_pulled_can_follow_a_copy_that_was_made_anew(
    alice: Client, bob: Client, team: str, mode: str
) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()
    pulled = (await pull(bob, copy["id"], team, mode=mode)).json()
    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "部署改用 Flux"})

    renewed = (await reshare(alice, copy["id"])).json()

    told = await staleness(bob, pulled["id"])
    assert (told["is_stale"], told["source_deleted"]) == (mode == "snapshot", False)
    again = await pull(bob, renewed["id"], team, mode=mode)
    assert (again.status_code, again.json()["id"]) == (200, pulled["id"])
    assert (await reshare(bob, pulled["id"])).json()["content"] == "部署改用 Flux"


async def test_staleness_is_told_only_of_copies_and_only_when_asked(alice: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()

    asked = (await alice.get(f"/v1/memories/{origin['id']}", params={"check_stale": "true"})).json()
    unasked = (await alice.get(f"/v1/memories/{copy['id']}")).json()
    listed = (await alice.get("/v1/memories", params={"check_stale": "true", "space": team})).json()["memories"]

    assert "stale_info" not in asked
    assert "stale_info" not in unasked
    assert listed[0]["stale_info"]["is_stale"] is False
    assert (await alice.get(f"/v1/memories/{copy['id']}", params={"check_stale": "1"})).status_code == 400


async def test_a_copy_outlives_its_origin_and_says_so(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()

    await alice.delete(f"/v1/memories/{origin['id']}")

    gone = {"is_stale": True, "source_version": 1, "current_source_version": None, "source_deleted": True}
    assert await staleness(bob, copy["id"]) == gone
    assert (await reshare(alice, copy["id"])).status_code == 404
    assert await bob.found("Argo") == [TEXT]


async def test_only_a_copy_is_made_anew(alice: Client, bob: Client, team: str) -> None:
    plain = await alice.store(TEXT, space=team)

    assert (await reshare(alice, plain["id"])).status_code == 400
    assert (await reshare(alice, str(uuid4()))).status_code == 404
    assert (await reshare(bob, plain["id"], target_space="team/unknown")).status_code == 404
    assert (await reshare(bob, plain["id"], target_space=f"personal/{bob.user_id}")).status_code == 404


async def test_who_cannot_see_the_origin_brings_out_nothing_new(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()
    unchanged = await reshare(bob, copy["id"], target_space=team)

    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "a secret of mine"})
    changed = await reshare(bob, copy["id"])

    assert (unchanged.status_code, unchanged.json()["content"]) == (200, TEXT)
    assert changed.status_code == 404
    assert "secret" not in changed.text


async def test_a_live_copy_follows_its_origin_and_goes_with_it(alice: Client, bob: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team, mode="live")).json()

    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "部署改用 Flux。" * 100, "tags": ["infra"]})
    followed = (await bob.get(f"/v1/memories/{copy['id']}", params={"check_stale": "true"})).json()
    history = (await bob.get(f"/v1/memories/{copy['id']}/history")).json()["revisions"]
    found = await bob.found("Flux", space=team)
    await alice.delete(f"/v1/memories/{origin['id']}")

    assert (followed["content"][:10], followed["tags"]) == ("部署改用 Flux。", ["infra"])
    assert (followed["version"], followed["stale_info"]["is_stale"]) == (2, False)
    assert [revision["content"] for revision in history] == [TEXT]
    assert found == [followed["content"]]
    assert (await bob.get(f"/v1/memories/{copy['id']}")).status_code == 404


async def test_a_live_copy_of_a_live_copy_follows_too(alice: Client, bob: Client, team: str) -> None:
    blue = (await bob.space("blue"))["id"]
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team, mode="live")).json()
    further = (await share(bob, copy["id"], blue, mode="live")).json()

    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "部署改用 Flux"})

    assert (await bob.get(f"/v1/memories/{further['id']}")).json()["content"] == "部署改用 Flux"


@pytest.mark.parametrize("way", ["leaves", "becomes a reader"])
async def test_a_live_copy_follows_as_long_as_its_sharer_may_write(
    alice: Client, bob: Client, team: str, way: str
) -> None:
    origin = await bob.store(TEXT)
    copy = (await share(bob, origin["id"], team, mode="live")).json()
    member = f"/v1/spaces/{team}/members/{bob.user_id}"
    await (alice.delete(member) if way == "leaves" else alice.put(member, json={"role": "reader"}))

    await bob.put(f"/v1/memories/{origin['id']}", json={"content": "部署改用 Flux"})

    assert (await alice.get(f"/v1/memories/{copy['id']}")).json()["content"] == TEXT
    assert (await staleness(alice, copy["id"]))["is_stale"] is True


async def test_a_copy_and_its_origin_are_one_result(alice: Client, team: str) -> None:
    origin = await alice.store("Argo deploys the shop every Friday")
    await share(alice, origin["id"], team)
    await alice.put(f"/v1/memories/{origin['id']}", json={"content": "Argo deploys the shop every Monday"})

    answer = await alice.search("When does Argo deploy the shop on Friday?", include_trace="true", min_score="0")

    assert [result["memory"]["content"] for result in answer["results"]] == ["Argo deploys the shop every Monday"]
    dropped = [entry["reason"] for stage in answer["trace"]["stages"] for entry in stage["dropped"]]
    assert [reason for reason in dropped if reason.startswith("copy of the same memory")]
    assert await alice.found("Argo deploys the shop", space=team) == ["Argo deploys the shop every Friday"]


async def test_storing_what_a_copy_says_is_a_memory_of_ones_own(alice: Client, team: str) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()
    await alice.put(f"/v1/memories/{copy['id']}", json={"tags": ["infra"]})

    own = await alice.store(TEXT, space=team)

    assert own["id"] != copy["id"]
    assert own["provenance"] is None


async def test_a_batch_names_what_it_could_not_share(alice: Client, stranger: Client, team: str) -> None:
    ids = [(await alice.store(f"Fact {number}"))["id"] for number in range(3)]
    there = await alice.store("In the team", space=team)
    foreign = (await stranger.store("not yours"))["id"]
    first = (await share(alice, ids[0], team)).json()

    named = [*ids, ids[0], foreign, there["id"]]
    answer = await alice.post("/v1/memories/batch-share", json={"memory_ids": named, "target_space": team})

    shared = answer.json()
    assert answer.status_code == 200
    assert sorted(copy["content"] for copy in shared["succeeded"]) == ["Fact 0", "Fact 1", "Fact 2"]
    assert first["id"] in [copy["id"] for copy in shared["succeeded"]]
    assert [failed["memory_id"] for failed in shared["failed"]] == [foreign, there["id"]]
    assert shared["failed"][0]["error"]


@pytest.mark.parametrize(
    ("ids", "space", "code"), [([], "{}", 400), (["x"] * 501, "{}", 400), (["x"], "", 400), (["x"], "team/no", 404)]
)
async def test_bad_batch_is_refused(alice: Client, team: str, ids: list[str], space: str, code: int) -> None:
    body = {"memory_ids": ids, "target_space": space.format(team)}

    assert (await alice.post("/v1/memories/batch-share", json=body)).status_code == code


async def test_a_copy_waits_for_the_vector_of_its_origin(
    sign_up: SignUp, remote_parts: Parts, embedding_server: OpenAIServer, work: Work
) -> None:
    client = await sign_up(parts=remote_parts)
    team = (await client.space("red"))["id"]
    embedding_server.always(status(400))
    origin = await client.store("The harbour office is on the pier")
    await share(client, origin["id"], team)
    embedding_server.always(None)
    await work()

    [result] = (await client.search("harbour office", include="why", space=team))["results"]

    assert set(result["why"]["legs"]) == {"english", "vector"}


async def test_events_hold_no_text(alice: Client, bob: Client, team: str, driver: AsyncDriver) -> None:
    origin = await alice.store(TEXT)
    copy = (await share(alice, origin["id"], team)).json()
    await pull(bob, copy["id"], team)
    await reshare(alice, copy["id"])
    await unshare(alice, origin["id"], team)

    query = """
    MATCH (space:Space {id: $space})
    MATCH (event:SharingEvent) WHERE space.space_key IN [event.space_key, event.from_key]
    RETURN event ORDER BY event.at
    """
    events = [record["event"] for record in (await driver.execute_query(query, space=team)).records]
    assert [event["action"] for event in events] == ["share", "pull", "reshare", "unshare"]
    assert [event["memory_id"] for event in events][::3] == [copy["id"], origin["id"]]
    assert TEXT not in str(events)

"""Statistics: what is counted, for whom, and when an answer is remembered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

ROUTES = [
    "/v1/stats",
    "/v1/stats/tags",
    "/v1/stats/relations",
    "/v1/stats/spaces",
    "/v1/stats/sharing",
    "/v1/stats/agents",
]


async def ask(client: Client, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_new_tenant_has_nothing(alice: Client) -> None:
    counted = await ask(alice, "/v1/stats")
    [space] = (await ask(alice, "/v1/stats/spaces"))["spaces"]

    assert counted == {
        "total": 0, "by_type": {}, "by_category": {}, "by_tier": {}, "by_state": {}, "by_space": {},
        "by_visibility": {}, "by_agent": {}, "timeline": [], "avg_importance": 0, "avg_confidence": 0,
        "total_access_count": 0,
    }  # fmt: skip
    assert (space["memory_count"], space["last_activity"], space["top_categories"]) == (0, None, [])
    assert await ask(alice, "/v1/stats/tags") == {
        "tags": [], "total_unique_tags": 0, "total_tag_usages": 0, "cross_space_tags": [],
    }  # fmt: skip
    assert await ask(alice, "/v1/stats/relations") == {"nodes": [], "edges": [], "total_nodes": 0, "total_edges": 0}
    assert await ask(alice, "/v1/stats/agents") == {"agents": [], "total_agents": 0}
    assert await ask(alice, "/v1/stats/sharing") == {
        "summary": {"total_shares": 0, "total_pulls": 0, "total_unshares": 0, "unique_sharers": 0},
        "recent_activity": [], "flow_graph": {"nodes": [], "edges": []}, "timeline": [],
    }  # fmt: skip


async def test_memories_count_by_all_that_is_known_of_them(parts: Parts, sign_up: SignUp, stranger: Client) -> None:
    clock = FixedClock(parts.clock())
    alice = await sign_up("Alice", parts=msgspec.structs.replace(parts, clock=clock))
    mine, today = f"personal/{alice.user_id}", clock().date().isoformat()
    clock.move(-timedelta(days=40).total_seconds())
    await alice.store("Ann lives in Paris.", tags=["旅行"], category="profile")
    clock.move(timedelta(days=40).total_seconds())
    await alice.store("安住在上海。", tags=["旅行", "home"], category="profile", memory_type="pinned", importance=0.9)
    await alice.store("Ann likes tea.", visibility="private", importance=0.1, tags=["home"])
    gone = await alice.store("Ann is gone.", tags=["gone"])
    await alice.delete(f"/v1/memories/{gone['id']}")
    await alice.say("Hello there, my friend.", tags=["said"])
    team = await alice.space("red", other=stranger)
    await alice.store("The build is green.", space=team["id"], tags=["旅行"], category="events")
    await stranger.store("Not hers.", tags=["旅行"])

    counted = await ask(alice, "/v1/stats")
    assert counted["total"] == 4
    assert counted["by_type"] == {"insight": 3, "pinned": 1, "session": 1}
    assert counted["by_category"] == {"profile": 2, "events": 1, "preferences": 1}
    assert counted["by_space"] == {mine: 3, team["id"]: 1}
    assert counted["by_visibility"] == {"global": 3, "private": 1}
    assert counted["by_state"] == {"active": 4}
    assert counted["by_tier"] == {"peripheral": 4}
    assert counted["timeline"] == [{"date": today, "count": 3, "by_type": {"insight": 2, "pinned": 1}}]
    assert counted["avg_importance"] == pytest.approx(0.5)
    assert [day["count"] for day in (await ask(alice, "/v1/stats", days=41))["timeline"]] == [3, 1]
    assert (await ask(alice, "/v1/stats", space=team["id"].replace("/", ":")))["total"] == 1
    assert (await ask(alice, "/v1/stats", space=f"personal/{alice.key}"))["by_space"] == {mine: 3}
    # Another agent does not see what is private.
    other = {"X-Agent-Id": "other"}
    assert (await alice.get("/v1/stats", headers=other)).json()["total"] == 3

    tags = await ask(alice, "/v1/stats/tags")
    assert tags == {
        "tags": [{"name": "旅行", "count": 3}, {"name": "home", "count": 2}], "total_unique_tags": 2,
        "total_tag_usages": 5, "cross_space_tags": ["旅行"],
    }  # fmt: skip
    assert (await ask(alice, "/v1/stats/tags", min_count=3, limit=1))["total_unique_tags"] == 1
    assert (await ask(alice, "/v1/stats/tags", space=mine))["cross_space_tags"] == []
    assert (await alice.get("/v1/stats/tags", headers=other)).json()["total_tag_usages"] == 4

    spaces = {space["space_id"]: space for space in (await ask(alice, "/v1/stats/spaces"))["spaces"]}
    assert spaces[team["id"]]["member_count"] == 2
    assert spaces[team["id"]]["members"][1] == {"user_id": stranger.user_id, "role": "member"}
    assert spaces[mine]["top_categories"] == [
        {"category": "profile", "count": 2},
        {"category": "preferences", "count": 1},
    ]
    assert spaces[mine]["tier_distribution"] == {"peripheral": 3}
    assert spaces[mine]["space_type"] == "personal"
    assert spaces[mine]["last_activity"].startswith(today)

    [agent] = (await ask(alice, "/v1/stats/agents"))["agents"]
    assert (agent["agent_id"], agent["total_memories"], agent["share_count"]) == ("", 4, 0)
    assert agent["memories_by_space"] == {mine: 3, team["id"]: 1}


async def test_relations_are_a_graph_without_loose_ends(alice: Client, stranger: Client) -> None:
    team = (await alice.space("red", other=stranger))["id"]
    old = await alice.store("Ann lives in Paris.", importance=0.9)
    new = await alice.store("Ann lives in Rome.", replaces=[old["id"]], importance=0.8)
    minor = await alice.store("Ann has a cat.", importance=0.2)
    hidden = await alice.store("Ann has a secret.", visibility="private", importance=1.0)
    await alice.relate(minor["id"], new["id"], "contextualizes", label="home")
    await alice.relate(hidden["id"], new["id"])
    copy = (await alice.post(f"/v1/memories/{new['id']}/share", json={"target_space": team})).json()

    graph = await ask(alice, "/v1/stats/relations")
    seen = (await alice.get("/v1/stats/relations", headers={"X-Agent-Id": "other"})).json()
    of_team = await ask(stranger, "/v1/stats/relations")

    shared = {
        "source": new["id"], "target": copy["id"], "relation_type": "shared_from",
        "context_label": f"personal/{alice.user_id} → {team}", "cross_space": True,
    }  # fmt: skip
    assert [node["id"] for node in graph["nodes"]][:2] == [hidden["id"], old["id"]]
    assert {edge["relation_type"] for edge in graph["edges"]} == {
        "supersedes",
        "contextualizes",
        "supports",
        "shared_from",
    }
    assert shared in graph["edges"]
    assert (graph["total_nodes"], graph["total_edges"]) == (5, 4)
    assert (seen["total_nodes"], seen["total_edges"]) == (4, 3)
    assert of_team["nodes"] == []
    top = await ask(alice, "/v1/stats/relations", limit=2)
    assert (top["total_nodes"], [edge["relation_type"] for edge in top["edges"]]) == (2, ["supports"])
    assert (await ask(alice, "/v1/stats/relations", min_importance=0.85))["nodes"] == []
    assert (await ask(alice, "/v1/stats/relations", limit=0))["nodes"] == []
    assert graph["nodes"][1] == {
        "id": old["id"], "label": "Ann lives in Paris.", "category": "preferences", "tier": "peripheral",
        "importance": 0.9, "access_count": 0, "memory_type": "insight", "space_id": f"personal/{alice.user_id}",
    }  # fmt: skip


async def test_sharing_shows_what_happened_in_spaces_of_the_caller(
    alice: Client, stranger: Client, sign_up: SignUp
) -> None:
    outsider = await sign_up("Outsider")
    team, mine = (await alice.space("red", other=stranger))["id"], f"personal/{alice.user_id}"
    long = await alice.store("茶" * 120)
    agent = {"X-Agent-Id": "writer"}
    share = f"/v1/memories/{long['id']}/share"
    copy = (await alice.post(share, json={"target_space": team}, headers=agent)).json()
    await stranger.post(f"/v1/memories/{copy['id']}/pull", json={"source_space": team})
    other = await alice.store("Tea is ready.")
    await alice.post("/v1/memories/batch-share", json={"memory_ids": [other["id"]], "target_space": team})
    await alice.post(f"/v1/memories/{other['id']}/unshare", json={"target_space": team})

    told = await ask(alice, "/v1/stats/sharing")
    assert told["summary"] == {"total_shares": 2, "total_pulls": 1, "total_unshares": 1, "unique_sharers": 1}
    assert [event["action"] for event in told["recent_activity"]] == ["unshare", "batch_share", "pull", "share"]
    last = told["recent_activity"][-1]
    assert (last["content_preview"], last["agent_id"], last["user_id"]) == ("茶" * 97 + "...", "writer", alice.user_id)
    assert told["flow_graph"] == {"nodes": [mine, team], "edges": [{"from": mine, "to": team, "count": 2}]}
    assert [(day["shares"], day["pulls"]) for day in told["timeline"]] == [(2, 1)]
    # Of what the other one pulled into his own space she sees that it was, not the text of his copy.
    assert told["recent_activity"][2]["content_preview"] == ""
    assert (await ask(stranger, "/v1/stats/sharing"))["summary"]["total_shares"] == 2
    assert (await ask(outsider, "/v1/stats/sharing"))["recent_activity"] == []
    agents = {agent["agent_id"]: agent["share_count"] for agent in (await ask(alice, "/v1/stats/agents"))["agents"]}
    assert agents == {"": 2}


async def test_decay_follows_the_formula_of_the_seed(parts: Parts, sign_up: SignUp, stranger: Client) -> None:
    clock = FixedClock(parts.clock())
    alice = await sign_up("Alice", parts=msgspec.structs.replace(parts, clock=clock))
    memory = await alice.store("Ann likes tea.")
    clock.move(timedelta(hours=6, seconds=30).total_seconds())

    decay = await ask(alice, "/v1/stats/decay", memory_id=memory["id"], points=31)

    assert decay["decay_params"] == {
        "beta": 1.3, "half_life_days": pytest.approx(63.51, abs=0.01), "lambda": pytest.approx(0.010914, abs=1e-6),
        "floor": 0.5, "importance_modulation": 1.5,
    }  # fmt: skip
    assert decay["last_accessed_hours_ago"] == 6
    assert decay["current_strength"] == decay["composite_score"] == 0.5
    assert [point["day"] for point in decay["decay_curve"]] == list(range(31))
    assert decay["decay_curve"][10]["strength"] == pytest.approx(0.8043, abs=1e-4)
    assert decay["promotion_thresholds"] == {
        "to_working": {"access_count": 3, "composite": 0.4},
        "to_core": {"access_count": 10, "composite": 0.7, "importance": 0.8},
    }
    assert decay["demotion_thresholds"]["working_to_peripheral"] == {"composite": 0.15}
    foreign = await stranger.get("/v1/stats/decay", params={"memory_id": memory["id"]})
    unknown = await stranger.get("/v1/stats/decay", params={"memory_id": "nobody"})
    assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json())
    assert foreign.status_code == 404


async def test_config_has_the_constants_of_the_contract(alice: Client) -> None:
    config = await ask(alice, "/v1/stats/config")

    assert config["decay"]["tiers"]["peripheral"] == {"beta": 1.3, "floor": 0.5}
    assert config["promotion"] == {
        "peripheral_to_working": {"min_access_count": 3, "min_composite": 0.4},
        "working_to_core": {"min_access_count": 10, "min_composite": 0.7, "min_importance": 0.8},
    }
    assert config["demotion"]["core_to_working"] == {"max_composite": 0.15}
    assert len(config["retrieval"]["stages"]) == 12
    assert config["admission"]["presets"]["high_recall"] == {"reject": 0.34, "admit": 0.52}
    assert config["spaces"] == {
        "search_weights": {"personal": 1.0, "team": 0.8, "organization": 0.6},
        "max_spaces_per_user": 20,
        "max_members_per_team": 50,
    }
    assert config["relation_types"] == ["supports", "contradicts", "supersedes", "contextualizes"]
    assert {"categories", "tiers", "memory_types", "states"} <= config.keys()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/stats?days=-1",
        "/v1/stats?days=4000000000",
        "/v1/stats?days=abc",
        "/v1/stats/tags?limit=-1",
        "/v1/stats/tags?min_count=x",
        "/v1/stats/decay",
        "/v1/stats/decay?memory_id=",
        "/v1/stats/decay?memory_id=x&points=1000000000",
        "/v1/stats/relations?min_importance=2",
        "/v1/stats/relations?min_importance=nan",
        "/v1/stats/relations?limit=-1",
        "/v1/stats/sharing?days=-1",
    ],
)
async def test_bad_number_is_400_and_named(alice: Client, path: str) -> None:
    answer = await alice.get(path)

    assert answer.status_code == 400, answer.text
    name = path.rpartition("&")[2].rpartition("?")[2].partition("=")[0]
    assert (name if "=" in path else "memory_id") in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/stats", "/v1/stats/tags"])
async def test_space_of_somebody_else_is_one_that_does_not_exist(alice: Client, stranger: Client, path: str) -> None:
    team = (await alice.space("red"))["id"]
    mine = f"personal/{stranger.user_id}"

    answers = [
        await stranger.get(path, params={"space": space})
        for space in (team, f"personal/{alice.key}", "x", f"{mine},{team}")
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.text for answer in answers}) == 1


async def test_answer_is_remembered_until_a_space_of_the_caller_moves(
    parts: Parts, sign_up: SignUp, driver: AsyncDriver
) -> None:
    clock = FixedClock(parts.clock())
    alice = await sign_up("Alice", parts=msgspec.structs.replace(parts, clock=clock))
    memory = await alice.store("Ann likes tea.", tags=["tea"])
    before = [await ask(alice, route) for route in ROUTES]

    # Behind the back of the service, which therefore does not see it.
    change = "MATCH (memory:Memory {id: $id}) SET memory.tier = 'core', memory.access_count = 7"
    await driver.execute_query(change, id=memory["id"])
    kept = [await ask(alice, route) for route in ROUTES]
    # Reads move no space, so what is remembered ends by itself, too.
    clock.move(61)
    later = await ask(alice, "/v1/stats")
    await alice.store("Ann likes coffee.", tags=["tea"])
    after = await ask(alice, "/v1/stats")

    assert kept == before
    assert (later["by_tier"], later["total_access_count"]) == ({"core": 1}, 7)
    assert after["total"] == 2

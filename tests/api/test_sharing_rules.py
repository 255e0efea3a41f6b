"""Rules that share by themselves: they fire for what is new, wait for approval, and end with what they shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.clients import Client
from tests.conftest import SignUp


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


@pytest.fixture
async def team(alice: Client, bob: Client) -> str:
    return (await alice.space("red", bob=bob))["id"]


async def make_rule(client: Client, space: str, **fields: object) -> dict[str, Any]:
    body = {"source_space": f"personal/{client.user_id}", **fields}
    answer = await client.post(f"/v1/spaces/{space}/auto-share-rules", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def contents(client: Client, space: str) -> list[str]:
    listed = (await client.get("/v1/memories", params={"space": space})).json()["memories"]
    return sorted(memory["content"] for memory in listed)


async def test_a_rule_shares_what_is_new_and_passes_it(alice: Client, bob: Client, team: str) -> None:
    await alice.store("before", tags=["infra"])
    rule = await make_rule(alice, team, categories=["events", "CASES"], tags=["infra", "运维"], min_importance=0.4)

    await alice.store("周五部署", category="events", tags=["运维"])
    await alice.store("another category", tags=["infra"])
    await alice.store("another tag", category="events", tags=["tea"])
    await alice.store("not important", category="events", tags=["infra"], importance=0.3)

    [copy] = (await bob.get("/v1/memories", params={"space": team})).json()["memories"]
    assert (rule["categories"], rule["require_approval"], rule["min_importance"]) == (["events", "cases"], False, 0.4)
    assert (copy["content"], copy["provenance"]["rule_id"]) == ("周五部署", rule["id"])
    assert copy["provenance"]["shared_by_user"] == alice.user_id
    assert await bob.found("部署") == ["周五部署"]


async def test_a_rule_fires_once_for_a_text_stated_often(alice: Client, team: str) -> None:
    await make_rule(alice, team)
    await make_rule(alice, team, tags=["infra"])

    await asyncio.gather(*(alice.store("Deploys go through Argo", tags=["infra"]) for _ in range(6)))

    assert await contents(alice, team) == ["Deploys go through Argo"]


async def test_a_rule_shares_what_a_conversation_says(
    alice: Client, bob: Client, team: str, work: Callable[[], Awaitable[int]]
) -> None:
    rule = await make_rule(alice, team)

    await alice.say("I live in Lisbon.", "我喜欢喝绿茶。")
    await work()

    shared = (await bob.get("/v1/memories", params={"space": team})).json()["memories"]
    assert len(shared) == 2
    assert {memory["provenance"]["rule_id"] for memory in shared} == {rule["id"]}
    await alice.delete(f"/v1/spaces/{team}/auto-share-rules/{rule['id']}")
    assert await contents(bob, team) == []


async def test_rules_in_both_directions_neither_loop_nor_lock(alice: Client, bob: Client, team: str) -> None:
    blue = (await alice.space("blue"))["id"]
    await make_rule(alice, team, source_space=blue)
    await make_rule(alice, blue, source_space=team)

    await asyncio.gather(
        *(alice.store(f"red {n}", space=team) for n in range(4)),
        *(alice.store(f"blue {n}", space=blue) for n in range(4)),
    )

    assert await contents(alice, team) == await contents(alice, blue)
    assert len(await contents(alice, team)) == 8


async def test_what_is_not_for_all_agents_is_never_shared_by_a_rule(alice: Client, team: str) -> None:
    await make_rule(alice, team)

    await alice.store("mine alone", visibility="private")

    assert await contents(alice, team) == []


async def test_a_rule_ends_with_what_it_shared(alice: Client, bob: Client, team: str) -> None:
    rule = await make_rule(alice, team, tags=["infra"])
    await alice.store("by the rule", tags=["infra"])
    by_hand = await alice.store("by hand")
    await alice.post(f"/v1/memories/{by_hand['id']}/share", json={"target_space": team})
    path = f"/v1/spaces/{team}/auto-share-rules"

    answer = await alice.delete(f"{path}/{rule['id']}")
    await alice.store("later", tags=["infra"])

    assert (answer.status_code, answer.json()) == (200, {"status": "deleted"})
    assert await contents(bob, team) == ["by hand"]
    assert (await alice.delete(f"{path}/{rule['id']}")).status_code == 404
    assert (await alice.get(path)).json() == []


async def test_what_a_rule_shared_can_be_kept(alice: Client, team: str) -> None:
    rule = await make_rule(alice, team)
    await alice.store("by the rule")

    await alice.delete(f"/v1/spaces/{team}/auto-share-rules/{rule['id']}", params={"keep": "true"})

    assert await contents(alice, team) == ["by the rule"]


async def test_rules_are_listed_for_every_member_and_are_part_of_the_space(
    alice: Client, bob: Client, stranger: Client, team: str
) -> None:
    rule = await make_rule(alice, team)

    assert (await bob.get(f"/v1/spaces/{team}/auto-share-rules")).json() == [rule]
    assert (await bob.get(f"/v1/spaces/{team}")).json()["auto_share_rules"] == [rule]
    assert (await stranger.get(f"/v1/spaces/{team}/auto-share-rules")).status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source_space": ""}, 400),
        ({"source_space": None}, 422),
        ({"source_space": "{stranger}"}, 404),
        ({"source_space": "{team}"}, 400),
        ({"categories": ["preference"]}, 400),
        ({"min_importance": 2}, 422),
    ],
)
async def test_bad_rule_is_refused(
    alice: Client, stranger: Client, team: str, change: dict[str, Any], code: int
) -> None:
    body = {"source_space": f"personal:{alice.key}", **change}
    if isinstance(body["source_space"], str):
        body["source_space"] = body["source_space"].format(stranger=f"personal/{stranger.user_id}", team=team)

    answer = await alice.post(f"/v1/spaces/{team}/auto-share-rules", json=body)

    assert answer.status_code == code, answer.text
    assert (await alice.get(f"/v1/spaces/{team}/auto-share-rules")).json() == []


async def test_only_an_admin_of_both_spaces_makes_a_rule(alice: Client, bob: Client, team: str) -> None:
    blue = (await bob.space("blue", alice=alice))["id"]

    into = await bob.post(f"/v1/spaces/{team}/auto-share-rules", json={"source_space": f"personal/{bob.user_id}"})
    out = await alice.post(f"/v1/spaces/{team}/auto-share-rules", json={"source_space": blue})
    rule = await make_rule(alice, team)

    assert (into.status_code, out.status_code) == (401, 401)
    assert (await bob.delete(f"/v1/spaces/{team}/auto-share-rules/{rule['id']}")).status_code == 401


async def test_a_rule_of_somebody_who_is_gone_shares_nothing(alice: Client, bob: Client, team: str) -> None:
    await alice.put(f"/v1/spaces/{team}/members/{bob.user_id}", json={"role": "admin"})
    await make_rule(bob, team)
    await bob.store("first")

    await alice.delete(f"/v1/spaces/{team}/members/{bob.user_id}")
    await bob.store("second")

    assert await contents(alice, team) == ["first"]


async def waiting(client: Client) -> list[dict[str, Any]]:
    answer = await client.get("/v1/shares/pending")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_share_waits_for_whoever_may_see_it_and_write_there(
    alice: Client, bob: Client, stranger: Client, team: str
) -> None:
    rule = await make_rule(alice, team, require_approval=True)
    memory = await alice.store("张伟喜欢喝绿茶。" * 20)

    [pending] = await waiting(alice)

    assert await contents(alice, team) == []
    assert (pending["source_memory"], pending["rule_id"]) == (memory["id"], rule["id"])
    assert (pending["source_space"], pending["target_space"]) == (f"personal/{alice.user_id}", team)
    assert pending["content_preview"] == ("张伟喜欢喝绿茶。" * 20)[:97] + "..."
    for client in (bob, stranger):
        assert await waiting(client) == []
        for verb in ("approve", "reject"):
            assert (await client.post(f"/v1/shares/pending/{pending['id']}/{verb}")).status_code == 404


async def test_approval_shares_and_rejection_does_not(alice: Client, team: str) -> None:
    rule = await make_rule(alice, team, require_approval=True)
    for text in ("first", "second"):
        await alice.store(text)
    first, second = await waiting(alice)

    approved = await alice.post(f"/v1/shares/pending/{first['id']}/approve")
    rejected = await alice.post(f"/v1/shares/pending/{second['id']}/reject")

    assert (approved.status_code, approved.json()["content"]) == (200, "first")
    assert approved.json()["provenance"]["rule_id"] == rule["id"]
    assert rejected.json() == {"rejected": True, "id": second["id"]}
    assert await contents(alice, team) == ["first"]
    assert await waiting(alice) == []
    assert (await alice.post(f"/v1/shares/pending/{second['id']}/approve")).status_code == 404
    assert (await alice.post(f"/v1/shares/pending/{uuid4()}/approve")).status_code == 404


async def test_what_waits_goes_with_its_rule(alice: Client, team: str) -> None:
    rule = await make_rule(alice, team, require_approval=True)
    await alice.store("waits")

    await alice.delete(f"/v1/spaces/{team}/auto-share-rules/{rule['id']}")

    assert await waiting(alice) == []

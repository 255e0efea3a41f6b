"""How far memories are believed, over HTTP: what speaks for and against them, what falls with a premise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]

Pair = tuple[str, str]


async def confidence(client: Client, memory_id: str) -> float:
    return (await client.get(f"/v1/memories/{memory_id}")).json()["confidence"]


async def pair_of(client: Client, first: str, second: str, **fields: object) -> Pair:
    return (await client.store(first, **fields))["id"], (await client.store(second, **fields))["id"]


@pytest.mark.parametrize(
    "texts", [("Deploys go through Argo.", "Emma plays the cello."), ("部署走 Argo。", "艾玛会拉大提琴。")]
)
async def test_support_raises_and_contradiction_lowers_belief(alice: Client, texts: Pair) -> None:
    first, second = await pair_of(alice, *texts)
    base = await confidence(alice, first)

    await alice.relate(second, first, "supports")
    supported = await confidence(alice, first)
    await alice.relate(second, first, "contradicts")
    disputed = await confidence(alice, first)

    assert supported > base > 0
    assert disputed < supported
    assert await confidence(alice, second) < base


async def test_two_of_a_team_who_disagree_are_both_believed_less(alice: Client, stranger: Client, work: Work) -> None:
    space = (await alice.space("red", member=stranger))["id"]
    mine = (await alice.store("The office is in Berlin.", space=space))["id"]
    yours = (await stranger.store("The office is in Munich.", space=space))["id"]
    await work()
    bases = {one: await confidence(alice, one) for one in (mine, yours)}
    if not await alice.related(mine, type="contradicts"):
        await alice.relate(mine, yours, "contradicts")
        assert all([await confidence(stranger, one) < bases[one] for one in bases])

    found = await alice.search("The office is in Berlin.", space=space, include="relations")

    by_id = {one["memory"]["id"]: one["memory"] for one in found["results"]}
    assert by_id.keys() >= {mine, yours}
    assert [one["target_id"] for one in by_id[mine]["relations"] if one["relation_type"] == "contradicts"] == [yours]
    assert max(by_id[mine]["confidence"], by_id[yours]["confidence"]) < 0.5


async def test_taking_one_side_back_restores_the_other_exactly(alice: Client) -> None:
    first, second = await pair_of(alice, "Deploys go through Argo.", "Emma plays the cello.")
    third = (await alice.store("我喜欢乌龙茶。"))["id"]
    await alice.relate(third, first, "supports")
    before = await confidence(alice, first)
    relation = (await alice.relate(first, second, "contradicts")).json()
    await alice.relate(second, third, "supports")

    await alice.delete(f"/v1/memories/{second}")
    after_deletion = await confidence(alice, first)
    again = (await alice.store("Emma likes dinosaurs."))["id"]
    relation = (await alice.relate(first, again, "contradicts")).json()
    lowered = await confidence(alice, first)
    await alice.delete(f"/v1/memories/{first}/relations/{relation['id']}")

    assert after_deletion == before
    assert lowered < before
    assert await confidence(alice, first) == before


async def test_undoing_what_ingest_decided_restores_belief(alice: Client, stranger: Client, work: Work) -> None:
    space = (await alice.space("red", member=stranger))["id"]
    await alice.say("The deploy key is stored in Vault.", space=space)
    await work()
    (fact,) = (await alice.get("/v1/memories", params={"space": space})).json()["memories"]
    await stranger.say("The deploy key is stored in Vault.", space=space)
    await work()
    [decision] = (await alice.get("/v1/decisions", params={"space": space, "action": "support"})).json()["decisions"]
    supported = await confidence(alice, fact["id"])

    await alice.post(f"/v1/decisions/{decision['id']}/undo")

    assert supported > fact["confidence"]
    assert await confidence(alice, fact["id"]) == fact["confidence"]


async def test_three_witnesses_count_more_than_one_who_says_it_three_times(sign_up: SignUp) -> None:
    owner, second, third = [await sign_up() for _ in range(3)]
    space = (await owner.space("red", second=second, third=third))["id"]
    claims = await pair_of(owner, "Deploys go through Argo.", "Emma plays the cello.", space=space)

    for teller, text in zip(
        (owner, second, third), ("Argo deploys.", "We deploy by Argo.", "Argo it is."), strict=True
    ):
        await owner.relate((await teller.store(text, space=space))["id"], claims[0])
    for text in ("Emma has a cello.", "She plays.", "A cello is hers."):
        await owner.relate((await owner.store(text, space=space))["id"], claims[1])

    assert await confidence(owner, claims[0]) > await confidence(owner, claims[1]) > 0.5


async def test_what_another_agent_hides_changes_no_belief(sign_up: SignUp) -> None:
    alice = await sign_up(agent="one")
    first, open_one = await pair_of(alice, "Deploys go through Argo.", "Emma plays the cello.")
    hidden = (await alice.store("A secret.", visibility="private"))["id"]
    own = (await alice.store("Another secret.", visibility="private"))["id"]

    await alice.relate(hidden, first, "contradicts")
    await alice.relate(open_one, own, "supports")
    await alice.relate(hidden, own, "supports")

    assert await confidence(alice, first) == await confidence(alice, open_one) == 0.5
    assert await confidence(alice, hidden) < 0.5
    assert await confidence(alice, own) > 0.5


async def test_what_lies_in_another_space_changes_no_belief(alice: Client) -> None:
    space = (await alice.space("red"))["id"]
    here = (await alice.store("Deploys go through Argo."))["id"]
    there = (await alice.store("Emma plays the cello.", space=space))["id"]

    await alice.relate(there, here, "contradicts")

    assert await confidence(alice, here) == await confidence(alice, there) == 0.5


async def reviewed(client: Client) -> list[str]:
    answer = (await client.get("/v1/memories", params={"needs_review": "true"})).json()
    assert answer["total_count"] == len(answer["memories"])
    return [memory["id"] for memory in answer["memories"]]


async def test_what_follows_from_a_fallen_premise_is_to_be_reviewed(alice: Client, stranger: Client) -> None:
    premise, conclusion = await pair_of(alice, "The lab is in Oslo.", "The team needs winter tyres.")
    further = (await alice.store("轮胎预算要提高。"))["id"]
    await alice.relate(conclusion, premise, "derived_from")
    await alice.relate(further, conclusion, "derived_from")
    standing = await confidence(alice, conclusion)
    before = await reviewed(alice)

    await alice.delete(f"/v1/memories/{premise}")

    assert standing == 0.25
    assert further in before
    assert set(await reviewed(alice)) == {conclusion, further}
    assert await reviewed(stranger) == []


async def test_a_premise_that_recovers_takes_the_mark_away(alice: Client) -> None:
    premise, conclusion = await pair_of(alice, "The lab is in Oslo.", "The team needs winter tyres.")
    further = (await alice.store("轮胎预算要提高。"))["id"]
    await alice.relate(further, conclusion, "derived_from")
    relation = (await alice.relate(conclusion, premise, "derived_from")).json()["id"]
    fallen = await reviewed(alice)

    await alice.delete(f"/v1/memories/{conclusion}/relations/{relation}")

    assert fallen == [further]
    assert await reviewed(alice) == []
    assert await confidence(alice, conclusion) == 0.5


async def test_nothing_follows_from_itself(alice: Client) -> None:
    premise, conclusion = await pair_of(alice, "The lab is in Oslo.", "The team needs winter tyres.")
    await alice.relate(conclusion, premise, "derived_from")

    answer = await alice.relate(premise, conclusion, "derived_from")

    assert answer.status_code == 400
    assert "target_id" in answer.text

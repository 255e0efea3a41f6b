"""Relations some steps away, and as of a time, over HTTP."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.clients import Client
from tests.conftest import SignUp


async def chain(client: Client, **fields: object) -> list[str]:
    """Four memories, each of which supports the one before it."""
    texts = ("Deploys go through Argo.", "张伟喜欢喝绿茶。", "The cat sleeps.", "Invoices are paid late.")
    ids = [(await client.store(text, **fields))["id"] for text in texts]
    for older, newer in pairwise(ids):
        assert (await client.relate(newer, older)).status_code == 201
    return ids


async def steps(client: Client, memory_id: str, **query: str) -> list[tuple[int, str, str]]:
    answer = await client.get(f"/v1/memories/{memory_id}/relations", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return [(one["depth"], one["of"], one["memory"]["id"]) for one in answer.json()["relations"]]


async def test_each_step_leads_further_and_none_twice(alice: Client) -> None:
    first, second, third, fourth = await chain(alice)
    await alice.relate(fourth, first, "contradicts")

    assert await steps(alice, first, depth="2", type="supports") == [(1, first, second), (2, second, third)]
    assert await steps(alice, second, depth="3", direction="in") == [
        (1, second, third),
        (2, third, fourth),
        (3, fourth, first),
    ]
    everything = await steps(alice, first, depth="3")
    assert len(everything) == 4
    assert {depth for depth, _, _ in everything} == {1, 2}
    assert len(await steps(alice, first, depth="3", limit="2")) == 2


async def test_no_step_leads_through_what_the_caller_may_not_see(alice: Client, sign_up: SignUp) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    first, second, third, _ = await chain(alice, space=team)
    hidden = (await alice.store("Nobody else reads this."))["id"]
    beyond = (await alice.store("The garden is green.", space=team))["id"]
    await alice.relate(hidden, first)
    await alice.relate(beyond, hidden)

    seen = await steps(bob, first, depth="3")

    assert {memory_id for _, _, memory_id in seen} == {second, third, (await chain_end(bob, third))}
    assert {hidden, beyond} <= {memory_id for _, _, memory_id in await steps(alice, first, depth="3")}


async def chain_end(client: Client, memory_id: str) -> str:
    [relation] = await client.related(memory_id, direction="in")
    return relation["memory"]["id"]


async def test_as_of_a_time_shows_what_was_true_then(alice: Client) -> None:
    paris = (await alice.store("Ann lives in Paris.", valid_from="2026-01-01T00:00:00Z"))["id"]
    rome = (await alice.store("Ann lives in Rome.", valid_from="2026-03-01T00:00:00Z"))["id"]
    bill = (await alice.store("A bill names Paris.", valid_from="2026-01-05T00:00:00Z"))["id"]
    await alice.relate(bill, paris)
    await alice.relate(rome, paris, "supersedes")

    async def then(day: str, **more: str) -> set[str]:
        found = await alice.get(f"/v1/memories/{paris}/relations", params={"as_of": day, **more})
        return {one["memory"]["id"] for one in found.json()["relations"]}

    assert await then("2026-02-01T00:00:00Z") == {bill}
    assert await then("2026-04-01T00:00:00Z") == {bill, rome}
    assert await then("2026-02-01T00:00:00Z", depth="2") == {bill}
    assert await then("2025-02-01T00:00:00Z", depth="2") == set()


@pytest.mark.parametrize(
    ("query", "field"),
    [({"depth": "0"}, "depth"), ({"depth": "4"}, "depth"), ({"depth": "deep"}, "depth"), ({"as_of": "noon"}, "as_of")],
)
async def test_what_cannot_be_read_is_named(alice: Client, query: dict[str, Any], field: str) -> None:
    memory = await alice.store("Tea")

    answer = await alice.get(f"/v1/memories/{memory['id']}/relations", params=query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]

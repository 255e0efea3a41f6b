"""Paths and parts of the graph over HTTP: shortest first, in words, in three forms, never through what is hidden."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]
TEXTS = ["The lab is in Oslo.", "Emma plays the cello.", "我喜欢乌龙茶。", "Deploys go through Argo."]


async def chain_of(client: Client, **fields: object) -> list[str]:
    """Memories of which each supports the next one."""
    ids = [(await client.store(text, **fields))["id"] for text in TEXTS]
    for start, end in pairwise(ids):
        await client.relate(start, end)
    return ids


async def path(client: Client, start: str, end: str, **parameters: object) -> dict[str, Any]:
    answer = await client.get("/v1/graph/path", params={"from": start, "to": end, **parameters})  # type: ignore[dict-item]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def part(client: Client, **parameters: object) -> dict[str, Any]:
    answer = await client.get("/v1/graph/subgraph", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_shortest_path_is_told_in_words(alice: Client) -> None:
    ids = await chain_of(alice)

    found = await path(alice, ids[0], ids[2])
    back = await path(alice, ids[2], ids[0])

    [only] = found["paths"]
    assert found["hops"] == 2
    assert [node["id"] for node in only["nodes"]] == ids[:3]
    assert [step["sentence"] for step in only["steps"]] == [
        "“The lab is in Oslo.” supports “Emma plays the cello.”",
        "“Emma plays the cello.” supports “我喜欢乌龙茶。”",
    ]
    assert [node["id"] for node in back["paths"][0]["nodes"]] == ids[2::-1]


async def test_a_path_is_no_longer_than_asked_for(alice: Client) -> None:
    ids = await chain_of(alice)

    assert (await path(alice, ids[0], ids[3]))["hops"] == 3
    assert await path(alice, ids[0], ids[3], max_hops=2) == {"hops": None, "paths": []}


async def test_there_is_no_path_to_itself(alice: Client) -> None:
    memory = (await alice.store(TEXTS[0]))["id"]

    answer = await alice.get("/v1/graph/path", params={"from": memory, "to": memory})

    assert answer.status_code == 400
    assert "from" in answer.text


async def test_two_facts_meet_in_what_they_mention(alice: Client, work: Work) -> None:
    await alice.say("Anna works with Boris.", session_id="a")
    await alice.say("Boris lives in Hamburg.", session_id="b")
    await work()
    ids = [memory["id"] for memory in (await alice.get("/v1/memories")).json()["memories"]]

    found = await path(alice, *ids)

    kinds = {tuple(node["kind"] for node in one["nodes"]) for one in found["paths"]}
    assert ("memory", "entity", "memory") in kinds
    assert any("mentions Boris" in step["sentence"] for one in found["paths"] for step in one["steps"])


async def test_no_path_leads_through_what_is_hidden(sign_up: SignUp, stranger: Client) -> None:
    alice = await sign_up(agent="one")
    first, last = [(await alice.store(text))["id"] for text in TEXTS[:2]]
    hidden = (await alice.store("A secret.", visibility="private"))["id"]
    await alice.relate(first, hidden)
    await alice.relate(hidden, last)
    assert (await path(alice, first, last))["hops"] == 2

    alice.headers["X-Agent-Id"] = "two"
    around = await part(alice, ids=first, depth=2)

    assert (await path(alice, first, last))["paths"] == []
    assert [node["id"] for node in around["nodes"]] == [first]
    for client, ends in ((alice, (first, hidden)), (stranger, (first, last))):
        answer = await client.get("/v1/graph/path", params={"from": ends[0], "to": ends[1]})
        assert answer.status_code == 404
    assert (await alice.get("/v1/graph/subgraph", params={"ids": hidden})).status_code == 404


@pytest.mark.parametrize(
    ("route", "parameters", "field"),
    [
        ("path", {"from": "x"}, "to"),
        ("path", {"from": "x", "to": "y", "max_hops": "5"}, "max_hops"),
        ("subgraph", {}, "ids"),
        ("subgraph", {"ids": "x", "q": "y"}, "ids"),
        ("subgraph", {"ids": "x", "depth": "3"}, "depth"),
        ("subgraph", {"ids": "x", "limit": "201"}, "limit"),
        ("subgraph", {"ids": "x", "format": "pdf"}, "format"),
    ],
)
async def test_a_bad_parameter_is_refused_by_its_name(
    alice: Client, route: str, parameters: dict[str, str], field: str
) -> None:
    answer = await alice.get(f"/v1/graph/{route}", params=parameters)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


async def test_what_lies_around_a_memory_grows_with_the_depth(alice: Client) -> None:
    ids = await chain_of(alice)

    sizes = [len((await part(alice, ids=ids[0], depth=depth))["nodes"]) for depth in range(3)]
    cut = await part(alice, ids=ids[0], depth=2, limit=2)

    assert sizes == [1, 2, 3]
    assert [(edge["source_id"], edge["target_id"]) for edge in cut["edges"]] == [(ids[0], ids[1])]


@pytest.mark.parametrize("query", ["Where is the lab in Oslo?", "我喜欢乌龙茶"])
async def test_a_query_names_where_to_begin(alice: Client, query: str) -> None:
    await chain_of(alice)

    found = await part(alice, q=query, depth=0)

    assert {node["label"] for node in found["nodes"]} & set(TEXTS)


async def test_the_same_part_in_three_forms(alice: Client) -> None:
    ids = await chain_of(alice)
    asked = {"ids": ",".join(ids), "depth": "0"}

    plain = (await alice.get("/v1/graph/subgraph", params=asked)).json()
    elements = (await alice.get("/v1/graph/subgraph", params={**asked, "format": "cytoscape"})).json()["elements"]
    answer = await alice.get("/v1/graph/subgraph", params={**asked, "format": "graphml"})

    document = ElementTree.fromstring(answer.text)
    assert answer.headers["content-type"].startswith("application/graphml+xml")
    assert (len(plain["nodes"]), len(plain["edges"])) == (4, 3)
    assert [len(document.findall(f".//{{*}}{name}")) for name in ("node", "edge")] == [4, 3]
    assert (len(elements["nodes"]), len(elements["edges"])) == (4, 3)
    assert {edge["data"]["source"] for edge in elements["edges"]} == set(ids[:3])

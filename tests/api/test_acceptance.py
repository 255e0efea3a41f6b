"""Stories over HTTP whose parts other tests show one by one (pipelines 12): what is said, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import click
import pytest

from tests.clients import Client
from tests.evaluation import locomo
from tests.evaluation.conversations import Conversation, Question
from tests.serving import Tenant

Work = Callable[[], Awaitable[int]]


@pytest.mark.parametrize(
    ("told", "question", "values"),
    [
        (("I live in Paris.", "I moved to Rome."), "Where do I live?", ("Paris", "Rome")),
        (("我住在巴黎。", "我搬到罗马了。"), "我住在哪里？", ("巴黎", "罗马")),
    ],
    ids=["english", "chinese"],
)
async def test_a_value_that_changed_has_a_present_and_a_past(
    alice: Client, work: Work, told: tuple[str, str], question: str, values: tuple[str, str]
) -> None:
    old, new = values
    for text, month in zip(told, ("08", "10"), strict=True):
        message = {"role": "user", "content": text, "said_at": f"2025-{month}-01T10:00:00Z"}
        await alice.post("/v1/memories", json={"messages": [message], "session_id": "home"})
        await work()

    now = await alice.found(question)
    past = await alice.found(question, as_of="2025-09-01T00:00:00Z")
    both = await alice.found(question, include_superseded="true")

    assert new in now[0]
    assert not any(old in text for text in now)
    assert old in past[0]
    assert not any(new in text for text in past)
    assert any(old in text for text in both)
    assert any(new in text for text in both)


@pytest.mark.parametrize(
    ("told", "question"),
    [(("I like latte.", "I like americano."), "What do I like?"), (("我喜欢拿铁。", "我喜欢美式。"), "我喜欢什么？")],
    ids=["english", "chinese"],
)
async def test_what_one_may_like_both_stays_true(
    alice: Client, work: Work, told: tuple[str, str], question: str
) -> None:
    for text in told:
        await alice.say(text, session_id="coffee")
        await work()

    listed = (await alice.get("/v1/memories")).json()["memories"]

    assert {(one["content"], one["state"]) for one in listed} == {(text, "active") for text in told}
    assert set(told) <= set(await alice.found(question))
    assert (await alice.get("/v1/conflicts")).json()["conflicts"] == []


@pytest.mark.parametrize(
    "told",
    [("The office is in Berlin.", "The office is in Munich."), ("办公室在柏林。", "办公室在慕尼黑。")],
    ids=["english", "chinese"],
)
async def test_two_of_a_team_who_disagree_are_shown_together_until_one_takes_it_back(
    alice: Client, stranger: Client, work: Work, told: tuple[str, str]
) -> None:
    """Nobody states the contradiction: it is found in what the two said."""
    space = (await alice.space("red", member=stranger))["id"]
    await alice.say(told[0], space=space)
    await work()
    [alone] = (await alice.get("/v1/memories", params={"space": space})).json()["memories"]
    await stranger.say(told[1], space=space)
    await work()

    [conflict] = (await alice.get("/v1/conflicts", params={"space": space})).json()["conflicts"]
    found = {
        hit["memory"]["content"]: hit
        for hit in (await alice.search(told[0], space=space))["results"]
        if hit["memory"]["memory_type"] != "session"
    }
    assert found.keys() >= set(told)
    assert [found[text]["disputed"] for text in told] == [True, True]
    assert all(found[text]["memory"]["confidence"] < alone["confidence"] for text in told)
    assert {conflict[side]["memory"]["content"] for side in ("left", "right")} == set(told)

    other = found[told[1]]["memory"]["id"]
    answer = await stranger.post(f"/v1/memories/{other}/feedback", json={"verdict": "wrong"})

    assert answer.status_code == 200, answer.text
    assert (await alice.get(f"/v1/memories/{alone['id']}")).json()["confidence"] == alone["confidence"]
    assert (await alice.get("/v1/conflicts", params={"space": space})).json()["conflicts"] == []


async def test_who_leaves_a_team_finds_no_way_into_it_any_more(alice: Client, stranger: Client, work: Work) -> None:
    """Neither by ids that he knows, nor by search, paths, entities, slots, explanations or counts."""
    team = (await alice.space("red", member=stranger))["id"]
    for text in ("Zora lives in Lisbon.", "Zora moved to Fuzhou.", "小张住在里斯本。"):
        await alice.say(text, space=team, session_id="people")
        await work()
    memories = (await alice.get("/v1/memories", params={"space": team, "state": "active"})).json()["memories"]
    first, second = (memory["id"] for memory in memories[:2])
    own = (await stranger.store("Zora waters my plants."))["id"]
    await alice.relate(first, second, "contradicts")
    entities = (await stranger.get("/v1/entities", params={"space": team})).json()["entities"]
    slots = (await stranger.get("/v1/slots", params={"space": team})).json()["slots"]
    conflicts = (await stranger.get("/v1/conflicts", params={"space": team})).json()["conflicts"]
    known = [
        f"/v1/memories/{first}",
        f"/v1/memories/{first}/why",
        f"/v1/memories/{first}/relations",
        f"/v1/memories/{first}/history",
        f"/v1/graph/path?from={first}&to={second}",
        f"/v1/graph/path?from={own}&to={second}",
        f"/v1/graph/subgraph?ids={first}",
        f"/v1/entities/{entities[0]['id']}",
        f"/v1/entities/{entities[0]['id']}/timeline",
        f"/v1/slots/{slots[0]['id']}/timeline",
        f"/v1/conflicts/{conflicts[0]['id']}",
        f"/v1/stats?space={team}",
        f"/v1/profile?space={team}",
    ]
    wide = [
        "/v1/memories/search?q=Zora&include=why,evidence,relations&min_score=0&include_superseded=true",
        "/v1/memories?space=all",
        "/v1/entities",
        "/v1/slots",
        "/v1/conflicts",
        "/v1/communities",
        "/v1/decisions",
        "/v1/events",
        "/v1/stats/relations",
        "/v1/profile?space=all&include=sections",
    ]
    before = {path: (await stranger.get(path)).status_code for path in [*known, *wide]}

    left = await stranger.post(f"/v1/spaces/{team}/leave")

    assert set(before.values()) == {200}
    assert left.status_code == 200, left.text
    assert {path: (await stranger.get(path)).status_code for path in known} == dict.fromkeys(known, 404)
    texts = {path: (await stranger.get(path)).text for path in wide}
    words = ("Lisbon", "Fuzhou", "里斯本", "小张", team)
    assert [path for path, text in texts.items() if any(word in text for word in words)] == []


async def test_an_evaluation_of_an_empty_store_is_refused_instead_of_reporting(url: str) -> None:
    silent = Conversation("silent", {}, [Question("Who is there?", 4, frozenset({"1:1"}))])

    with pytest.raises(click.ClickException, match="nothing to measure"):
        await asyncio.to_thread(locomo.ask_all, partial(Tenant, url), [silent], None, print)

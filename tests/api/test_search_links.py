"""What the edges of the graph do for a search, over HTTP: slots, successors, opponents, two steps, nothing hidden."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from neo4j import AsyncDriver

from app.storage.links import HUB_DEGREE
from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]


async def results(client: Client, query: str, **parameters: object) -> list[dict[str, Any]]:
    return (await client.search(query, include="why", **parameters))["results"]


def paths(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["edge"], step["via"]) for step in result["why"]["path"]]


async def stored(client: Client, work: Work, *texts: str, **fields: object) -> list[str]:
    """The ids of texts that were stored one after the other, each with all that follows from it."""
    ids: list[str] = []
    for text in texts:
        ids.append((await client.store(text, **fields))["id"])
        await work()
    return ids


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        (("I live in Paris", "I moved to Oslo"), "where do I live?"),
        (("我住在成都。", "我搬到南京了。"), "我住在哪里？"),
    ],
)
async def test_a_question_finds_the_value_that_holds_though_it_shares_no_word(
    alice: Client, work: Work, texts: tuple[str, str], question: str
) -> None:
    old, new = await stored(alice, work, *texts)

    [first, *others] = await results(alice, question)

    assert first["memory"]["id"] == new
    assert first["formerly"] == [{"memory_id": old, "content": texts[0], "since": first["formerly"][0]["since"]}]
    assert old not in [result["memory"]["id"] for result in others]


async def test_a_speaker_is_who_asks(alice: Client, work: Work) -> None:
    await alice.say("I live in Lisbon", speaker="Mara", session_id="one")
    await work()

    [first, *_] = await results(alice, "which city is my home?")

    assert "Lisbon" in first["memory"]["content"]


async def test_what_is_over_leads_to_what_holds_and_says_what_it_was(alice: Client, work: Work) -> None:
    old, new = await stored(
        alice, work, "The reporting database runs Postgres 13.", "The reporting database now runs MariaDB."
    )
    await alice.relate(new, old, "supersedes")

    [found] = await results(alice, "Postgres 13")

    assert found["memory"]["id"] == new
    assert [former["memory_id"] for former in found["formerly"]] == [old]
    assert ("supersedes", old) in paths(found)
    # A question about the past answers with the past itself.
    assert old in [one["memory"]["id"] for one in await results(alice, "what was it originally, Postgres 13?")]
    trace = (await alice.search("Postgres 13", include_trace="true"))["trace"]
    [resolve] = [stage for stage in trace["stages"] if stage["name"] == "resolve"]
    assert resolve["dropped"] == [{"id": old, "reason": f"superseded by {new}"}]


async def test_a_disputed_memory_comes_with_its_opponent(alice: Client, sign_up: SignUp) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Crew", bob=bob))["id"]
    one = await alice.store("The launch is on 3 May.", space=team)
    other = await bob.store("Liftoff happens the tenth of June.", space=team)
    conflict = (await bob.relate(other["id"], one["id"], "contradicts")).json()["id"]

    [found] = [hit for hit in await results(alice, "launch 3 May") if hit["memory"]["id"] == one["id"]]

    assert found["disputed"] is True
    [opponent] = found["opponents"]
    assert (opponent["memory_id"], opponent["content"]) == (other["id"], "Liftoff happens the tenth of June.")
    assert opponent["confidence"] < 0.9
    assert found["memory"]["confidence"] < one["confidence"]
    # Settled, it is disputed no more; and nobody is told of an opponent whom he may not see.
    assert (
        await alice.post(f"/v1/conflicts/{conflict}/resolve", json={"resolution": "both_in_context"})
    ).status_code == 200
    [settled] = [hit for hit in await results(alice, "launch 3 May") if hit["memory"]["id"] == one["id"]]
    assert "disputed" not in settled
    assert "opponents" not in settled


async def test_an_opponent_that_the_caller_may_not_see_does_not_exist(alice: Client) -> None:
    seen = await alice.store("The vault code has four digits.")
    agent = {"X-Agent-Id": "secret-agent"}
    text = {"content": "It has six of them, says zebra.", "visibility": "private"}
    hidden = (await alice.post("/v1/memories", json=text, headers=agent)).json()
    relation = {"target_id": seen["id"], "type": "contradicts"}
    made = await alice.post(f"/v1/memories/{hidden['id']}/relations", json=relation, headers=agent)
    assert made.status_code in (200, 201), made.text

    answer = await alice.get("/v1/memories/search", params={"q": "vault code four digits"})

    [found] = answer.json()["results"]
    assert "opponents" not in found
    assert "zebra" not in answer.text


@pytest.mark.parametrize(
    ("texts", "question", "name"),
    [
        (("Alvin works with Beatrix.", "Beatrix looks after the greenhouse."), "Who works with Alvin?", "Beatrix"),
        (("支付换成柯南值。", "柯南的分机是6058。"), "支付归谁值？", "柯南"),
    ],
)
async def test_two_steps_lead_to_what_the_question_does_not_name(
    alice: Client, work: Work, texts: tuple[str, str], question: str, name: str
) -> None:
    near, far = await stored(alice, work, *texts)

    found = {result["memory"]["id"]: result for result in await results(alice, question, min_score=0)}

    assert ("mentions", name) in paths(found[far])
    assert found[far]["why"]["path"][0]["from_id"] == near


async def test_a_hub_leads_nowhere(alice: Client, work: Work, driver: AsyncDriver) -> None:
    near, far = await stored(alice, work, "Alvin works with Beatrix.", "Beatrix looks after the greenhouse.")
    await driver.execute_query(
        "MATCH (:Memory {id: $id})-[:MENTIONS]->(entity:Entity {norm_name: 'beatrix'}) "
        "UNWIND range(1, $number) AS number CREATE (:Decoy)-[:MENTIONS]->(entity)",
        {"id": far, "number": HUB_DEGREE},
    )

    found = await results(alice, "Who works with Alvin?", min_score=0)

    await driver.execute_query("MATCH (decoy:Decoy) DETACH DELETE decoy")
    assert near in [result["memory"]["id"] for result in found]
    assert not [path for result in found for path in paths(result) if path[1] == "Beatrix"]


async def test_no_path_leads_through_what_others_wrote(alice: Client, stranger: Client, work: Work) -> None:
    await stored(alice, work, "Alvin works with Beatrix.")
    await stored(stranger, work, "Beatrix looks after the zebra house.", "I live in Zebraville")

    answer = await alice.get(
        "/v1/memories/search", params={"q": "Who works with Alvin, and where do I live?", "min_score": 0}
    )

    assert "ebra" not in answer.text


async def test_a_newer_statement_of_a_change_comes_before_the_older_one(alice: Client) -> None:
    dough = {
        "role": "user",
        "content": "Hydration of the bread is 72 percent, salt two.",
        "said_at": "2026-01-01T08:00:00Z",
    }
    news = {
        "role": "user",
        "content": "We changed the hydration of the bread to 78.",
        "said_at": "2026-03-01T08:00:00Z",
    }
    for number, message in enumerate((dough, news)):
        body = {"messages": [message], "session_id": f"s{number}", "mode": "raw"}
        assert (await alice.post("/v1/memories", json=body)).status_code == 202

    found = [
        one["memory"]["content"] for one in await results(alice, "What is the hydration of the bread?", min_score=0)
    ]

    assert found == [news["content"], dough["content"]]

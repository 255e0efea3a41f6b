"""Why a memory is there, over HTTP: its words, sources step by step, decisions, as far as the caller may see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]


async def why(client: Client, memory_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/memories/{memory_id}/why")
    assert answer.status_code == 200, answer.text
    return answer.json()


def steps(answer: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    return [(one["of"], one["via"], one["depth"], one["memory"]["id"]) for one in answer["sources"]]


@pytest.mark.parametrize("text", ["I live in Paris.", "我住在上海。"])
async def test_a_fact_leads_back_to_the_words_and_to_who_said_them(alice: Client, work: Work, text: str) -> None:
    await alice.say(f"{text} 🙂", session_id="s1", agent_id="mcp")
    await work()
    [fact] = (await alice.get("/v1/memories")).json()["memories"]

    found = await why(alice, fact["id"])

    [said] = found["messages"]
    assert said["quote"] == text
    assert (said["session_id"], said["agent_id"], said["user_id"]) == ("s1", "mcp", alice.user_id)
    assert [one["action"] for one in found["decisions"]] == ["create"]
    assert found["memory"]["id"] == fact["id"]
    assert alice.key not in str(found)


async def test_a_value_leads_back_to_the_one_before_it(alice: Client, work: Work) -> None:
    for text in ("I live in Paris.", "I moved to Rome.", "I moved to Oslo."):
        await alice.say(text, session_id="s")
        await work()
    [current] = (await alice.get("/v1/memories")).json()["memories"]

    found = await why(alice, current["id"])

    assert [(one["via"], one["depth"], one["memory"]["content"]) for one in found["sources"]] == [
        ("supersedes", 1, "I moved to Rome."),
        ("supersedes", 2, "I live in Paris."),
    ]
    assert [one["messages"][0]["quote"] for one in found["sources"]] == ["I moved to Rome.", "I live in Paris."]


async def test_independent_supports_come_first(alice: Client, stranger: Client) -> None:
    space = (await alice.space("red", member=stranger))["id"]
    claim = (await alice.store("The lab is in Oslo.", space=space))["id"]
    for teller, text in ((alice, "Oslo has it."), (alice, "It is there."), (stranger, "Yes, in Oslo.")):
        supporter = (await teller.store(text, space=space))["id"]
        await teller.relate(supporter, claim)

    found = await why(alice, claim)

    assert [one["independence"] for one in found["sources"]] == [1.0, 1.0, 0.5]
    assert {one["memory"]["tenant_id"] for one in found["sources"][:2]} == {alice.user_id, stranger.user_id}


async def test_the_way_back_ends_where_the_caller_may_not_look(sign_up: SignUp, stranger: Client) -> None:
    alice = await sign_up(agent="one")
    conclusion = (await alice.store("The team needs winter tyres."))["id"]
    hidden = (await alice.store("The lab is in Oslo.", visibility="private"))["id"]
    beyond = (await alice.store("挪威很冷。"))["id"]
    await alice.relate(conclusion, hidden, "derived_from")
    await alice.relate(hidden, beyond, "derived_from")

    own = steps(await why(alice, conclusion))
    alice.headers["X-Agent-Id"] = "two"
    other = steps(await why(alice, conclusion))

    assert own == [(conclusion, "derived_from", 1, hidden), (hidden, "derived_from", 2, beyond)]
    assert other == []
    assert (await alice.get(f"/v1/memories/{hidden}/why")).status_code == 404
    assert (await stranger.get(f"/v1/memories/{conclusion}/why")).status_code == 404

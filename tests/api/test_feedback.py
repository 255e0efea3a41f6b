"""Verdicts over HTTP: what they do to a memory, and that a space learns from them what noise is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.memories import timestamp
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

DAY = 86_400.0


async def rate(client: Client, memory_id: str, verdict: object, **headers: str) -> httpx.Response:
    return await client.post(f"/v1/memories/{memory_id}/feedback", json={"verdict": verdict}, headers=headers)


async def rated(client: Client, memory: dict[str, Any], verdict: str) -> dict[str, Any]:
    """The memory after a verdict, which must be accepted."""
    answer = await rate(client, memory["id"], verdict)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def examples(client: Client, **parameters: str) -> list[dict[str, Any]]:
    return (await client.get("/v1/noise-examples", params=parameters)).json()["noise_examples"]


async def families(client: Client, *texts: str) -> list[str | None]:
    """What a preview says of each message."""
    body = {"messages": [{"role": "user", "content": text} for text in texts]}
    answer = await client.post("/v1/ingest/preview", json=body)
    assert answer.status_code == 200, answer.text
    found = {row["message"]: row["family"] for row in answer.json()["noise"]}
    return [found.get(index) for index in range(len(texts))]


async def teach(client: Client, *texts: str) -> None:
    for text in texts:
        await rated(client, await client.store(text), "noise")


async def contents(client: Client) -> str:
    """The texts of all memories."""
    return "\n".join(one["content"] for one in (await client.get("/v1/memories")).json()["memories"])


async def message(client: Client, text: str) -> dict[str, Any]:
    """A message that is stored."""
    await client.say(text)
    return (await client.get("/v1/memories", params={"memory_type": "session", "limit": 1})).json()["memories"][0]


async def test_useful_raises_a_memory_once_for_each_agent(alice: Client) -> None:
    memory = await alice.store("张伟喜欢喝绿茶")

    first, again = await rated(alice, memory, "useful"), await rated(alice, memory, "useful")
    other = (await rate(alice, memory["id"], "USEFUL", **{"X-Agent-Id": "planner"})).json()

    assert (first["importance"], first["confidence"]) == pytest.approx((0.55, 0.55))
    assert again == first
    assert other["importance"] == pytest.approx(0.595)


@pytest.mark.parametrize("text", ["Zoë moved to Lisbon", "佐伊搬到里斯本了。" * 60])
@pytest.mark.parametrize("verdict", ["wrong", "noise"])
async def test_what_is_wrong_or_noise_leaves_search_and_lists_until_it_is_useful(
    alice: Client, text: str, verdict: str
) -> None:
    memory = await alice.store(text)

    retracted = await rated(alice, memory, verdict)
    assert (retracted["id"], retracted["state"]) == (memory["id"], "deleted")
    assert await alice.found(text[:40], min_score=0) == []
    assert (await alice.get("/v1/memories")).json()["total_count"] == 0

    assert (await rated(alice, memory, "useful"))["state"] == "active"
    assert await alice.found(text[:40], min_score=0) == [text]
    assert (await alice.store(text))["id"] == memory["id"]
    assert await examples(alice) == []


async def test_what_was_believed_before_it_was_found_wrong_is_still_known(
    sign_up: SignUp, parts: Parts, clock: FixedClock
) -> None:
    client = await sign_up(parts=msgspec.structs.replace(parts, clock=clock))
    memory = await client.store("Zoë moved to Lisbon")
    clock.move(DAY)
    before = timestamp(clock())
    clock.move(DAY)

    await rated(client, memory, "wrong")

    assert await client.found("Zoë moved to Lisbon", known_at=before) == ["Zoë moved to Lisbon"]


async def test_the_same_text_may_be_stored_anew_after_it_was_wrong(alice: Client) -> None:
    memory = await alice.store("Zoë moved to Lisbon")
    await rated(alice, memory, "wrong")

    anew = await alice.store("Zoë moved to Lisbon")

    assert anew["id"] != memory["id"]
    assert (await rated(alice, memory, "useful"))["state"] == "active"


async def test_a_held_memory_that_is_useful_is_believed(alice: Client, driver: AsyncDriver) -> None:
    memory = await alice.store("海鲜很好吃")
    query = "MATCH (memory:Memory {id: $id}) SET memory.state = 'held', memory.current_key = null"
    await driver.execute_query(query, id=memory["id"])

    assert (await rated(alice, memory, "useful"))["state"] == "active"
    assert (await alice.store("海鲜很好吃"))["id"] == memory["id"]


async def test_a_retracted_memory_is_not_edited_back(alice: Client) -> None:
    memory = await alice.store("Zoë moved to Lisbon")
    await rated(alice, memory, "wrong")

    answer = await alice.put(f"/v1/memories/{memory['id']}", json={"state": "active"})

    assert (answer.status_code, "feedback" in answer.json()["error"]["message"]) == (400, True)


async def test_messages_can_be_judged(alice: Client) -> None:
    said = await message(alice, "她说海鲜很好吃，但是坡太多")

    assert (await rated(alice, said, "noise"))["state"] == "deleted"
    assert await alice.found("海鲜好吃吗", min_score=0) == []
    assert (await rated(alice, said, "useful"))["state"] == "active"
    assert await alice.found("海鲜好吃吗", min_score=0) == [said["content"]]


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"verdict": "great"}, 400, "useful, wrong, noise"),
        ({"verdict": ""}, 400, "useful, wrong, noise"),
        ({}, 422, "verdict"),
        ({"verdict": 1}, 422, "verdict"),
    ],
)
async def test_a_bad_verdict_is_refused(alice: Client, body: dict[str, object], status: int, named: str) -> None:
    memory = await alice.store("Zoë moved to Lisbon")

    answer = await alice.post(f"/v1/memories/{memory['id']}/feedback", json=body)

    assert answer.status_code == status
    assert named in answer.json()["error"]["message"]
    assert (await alice.get(f"/v1/memories/{memory['id']}")).json()["state"] == "active"


@pytest.mark.parametrize("verdict", ["wrong", "noise"])
async def test_a_pinned_memory_stays(alice: Client, verdict: str) -> None:
    memory = await alice.store("Zoë moved to Lisbon", memory_type="pinned")

    assert (await rate(alice, memory["id"], verdict)).status_code == 400
    assert (await rate(alice, memory["id"], "useful")).status_code == 200


async def test_a_stranger_judges_nothing_and_sees_no_examples(alice: Client, stranger: Client) -> None:
    memory = await alice.store("Zoë moved to Lisbon")
    await teach(alice, "ping from the build machine")
    example = (await examples(alice))[0]["id"]

    assert (await rate(stranger, memory["id"], "noise")).status_code == 404
    assert (await stranger.delete(f"/v1/noise-examples/{example}")).status_code == 404
    assert await examples(stranger, space=memory["space_id"]) == []


async def test_a_reader_of_a_space_judges_nothing(alice: Client, driver: AsyncDriver) -> None:
    memory = await alice.store("Zoë moved to Lisbon")
    await teach(alice, "ping from the build machine")
    example = (await examples(alice))[0]["id"]
    query = "MATCH (:Tenant {id: $id})-[member:MEMBER_OF]->(:Space) SET member.role = 'reader'"
    await driver.execute_query(query, id=alice.user_id)

    assert (await rate(alice, memory["id"], "noise")).status_code == 401
    assert (await alice.delete(f"/v1/noise-examples/{example}")).status_code == 401
    assert len(await examples(alice)) == 1


async def test_examples_are_listed_in_pages_and_forgotten(alice: Client) -> None:
    await teach(alice, "ping from the build machine", "构建机器人报到", "ping from the build machine at night")

    first = (await alice.get("/v1/noise-examples", params={"limit": 2})).json()
    rest = (await alice.get("/v1/noise-examples", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    listed = [*first["noise_examples"], *rest["noise_examples"]]
    assert [one["text"][:5] for one in listed] == ["ping ", "构建机器人", "ping "]
    assert [(one["source"], one["confirmations"], one["hits"]) for one in listed] == [("feedback", 1, 0)] * 3

    assert (await alice.delete(f"/v1/noise-examples/{listed[1]['id']}")).json() == {"status": "deleted"}
    assert (await alice.delete(f"/v1/noise-examples/{listed[1]['id']}")).status_code == 404
    assert await families(alice, "构建机器人报到") == [None]


async def test_one_text_is_one_example_however_often_it_is_called_noise(alice: Client) -> None:
    memory = await alice.store("构建机器人报到")
    await rated(alice, memory, "noise")
    await rated(alice, memory, "noise")
    await rated(alice, await message(alice, "构建机器人报到"), "noise")

    assert [one["confirmations"] for one in await examples(alice)] == [2]
    await rated(alice, memory, "wrong")
    assert [one["confirmations"] for one in await examples(alice)] == [1]


async def test_a_space_learns_a_text_at_once_and_its_like_from_three(alice: Client, stranger: Client) -> None:
    texts = [f"the build bot says that it is done {end}" for end in ("again", "once more", "as ever")]
    like, fact = "the build bot says that it is done again now", "the build bot says that it is done again for Marisol"
    await teach(alice, *texts[:2])
    assert await families(alice, texts[0], like) == ["learned", None]

    await teach(alice, texts[2])

    assert await families(alice, like, fact, "海鲜很好吃") == ["learned", None, None]
    assert await families(stranger, texts[0], like) == [None, None]


async def test_what_is_learned_is_not_ingested_and_counted(
    alice: Client, work: Callable[[], Awaitable[int]], sign_up: SignUp
) -> None:
    other = await sign_up("Other")
    await teach(alice, "I am allergic to peanuts.")

    for client in (alice, other):
        await client.say("I am allergic to peanuts.", "我住在上海。", session_id="s1")
    await work()

    mine, others = await contents(alice), await contents(other)
    assert ("peanuts" in mine, "peanuts" in others) == (False, True)
    assert ("上海" in mine, "上海" in others) == (True, True)
    assert [one["hits"] for one in await examples(alice)] == [1]


async def test_what_a_private_memory_taught_is_known_to_its_agent_only(alice: Client) -> None:
    await rated(alice, await alice.store("构建机器人报到", visibility="private"), "noise")

    seen = await alice.get("/v1/noise-examples", headers={"X-Agent-Id": "planner"})

    assert seen.json()["noise_examples"] == []
    assert await families(alice, "构建机器人报到") == ["learned"]


async def test_an_example_that_nothing_was_like_is_forgotten(sign_up: SignUp, parts: Parts, clock: FixedClock) -> None:
    client = await sign_up(parts=msgspec.structs.replace(parts, clock=clock))
    await teach(client, "构建机器人报到")
    clock.move(89 * DAY)
    assert await families(client, "构建机器人报到") == ["learned"]

    clock.move(2 * DAY)

    assert await examples(client) == []
    assert await families(client, "构建机器人报到") == [None]


async def test_private_parts_are_no_part_of_an_example(alice: Client) -> None:
    await rated(alice, await alice.store("The bot says <private>s3cr3t-4711</private> again"), "noise")

    assert (await examples(alice))[0]["text"] == "The bot says [REDACTED] again"


class TestBundledModel:
    """Likeness as users get it."""

    @pytest.fixture
    def parts(self, bundled_parts: Parts) -> Parts:
        return bundled_parts

    async def test_typical_noise_in_other_words_is_noise_and_what_sounds_like_it_is_not(self, alice: Client) -> None:
        noise = ["Can't wait for the weekend", "Makes total sense, cheers"]
        kept = ["Can't wait for the weekend, we are moving house.", "Weekend deploys are forbidden", "我住在浦东。"]

        assert await families(alice, *noise, *kept) == ["smalltalk", "ack", None, None, None]

    async def test_three_remarks_of_a_kind_teach_the_next(self, alice: Client) -> None:
        await teach(
            alice,
            "still waiting for the build to finish",
            "waiting for the build to finish again",
            "the build is still running, waiting",
        )

        assert await families(alice, "waiting for the build again", "the build uses gcc") == ["learned", None]

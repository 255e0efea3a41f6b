"""What a search finds, and in which order: over HTTP, with an embedder of words and letters."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

# A message of several pieces; only the last one says where the key is.
LONG_TALK = "We talked about the harbour, the weather and the ferry timetable for hours. " * 60


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Deploys go through Argo on Tuesdays", "how do deploys go?"),
        ("我每天早上喝一杯龙井茶", "早上喝什么茶？"),
        ("小王 deploys the 支付网关 with Helm charts", "支付网关 Helm"),
    ],
)
async def test_a_memory_is_found_as_soon_as_it_is_stored(alice: Client, text: str, query: str) -> None:
    await alice.store("The printer on the second floor is broken")
    await alice.store(text)

    assert (await alice.found(query))[0] == text


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("My sister moved to Lisbon in May", "where did my sister move?"),
        ("我妹妹五月搬到了里斯本", "妹妹搬到哪里了？"),
        ("我们用 Terraform 管理 AWS 账号", "Terraform 账号"),
    ],
)
async def test_a_message_is_found_as_soon_as_it_is_accepted(alice: Client, text: str, query: str) -> None:
    await alice.say("The printer on the second floor is broken", text)

    [best, *_] = (await alice.search(query))["results"]

    assert best["memory"]["content"] == text
    assert best["memory"]["memory_type"] == "session"


async def test_what_is_said_in_other_words_is_found(alice: Client) -> None:
    for text in ("The lamps go out at eight", "The children go to bed at eight", "The ferry goes at eight"):
        await alice.store(text)

    assert (await alice.found("When do the kids go to bed?", min_score="0"))[0] == "The children go to bed at eight"
    assert (await alice.found("Which kids are there?", min_score="0"))[0] == "The children go to bed at eight"


async def test_results_carry_the_whole_memory_and_nothing_that_was_not_asked_for(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"])

    answer = await alice.search("deploys Argo")

    assert set(answer) == {"results", "abstained", "degraded", "limit"}
    assert set(answer["results"][0]) == {"memory", "score"}
    assert answer["results"][0]["memory"] == {key: value for key, value in stored.items() if key != "task_id"}


async def test_scores_fall_and_lie_between_zero_and_one(alice: Client) -> None:
    for number in range(6):
        await alice.store(f"The billing service has {'an outage and ' * number}a new owner {number}")

    scores = [result["score"] for result in (await alice.search("billing service outage", min_score=0))["results"]]

    assert len(scores) == 6
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


async def test_without_a_line_everything_that_matched_is_returned(alice: Client) -> None:
    await alice.store("Deploys go through Argo")
    await alice.store("The zebra sleeps")

    assert await alice.found("deploys Argo") == ["Deploys go through Argo"]
    assert len(await alice.found("deploys Argo", min_score=0)) == 2


async def test_a_line_that_nothing_reaches_leaves_nothing(alice: Client) -> None:
    await alice.store("Deploys go through Argo")

    assert await alice.found("deploys", min_score=1) == []


async def test_equal_texts_are_one_result(alice: Client) -> None:
    await alice.say("Deploys go through Argo")
    await alice.say("deploys go through  argo.")
    await alice.store("Deploys go through Argo")

    answer = await alice.search("deploys Argo", include_trace="true")

    assert len(answer["results"]) == 1
    reasons = [dropped["reason"] for dropped in stage(answer, "collapse")["dropped"]]
    assert reasons == [f"same text as {answer['results'][0]['memory']['id']}"] * 2


async def test_a_long_message_is_one_result_whichever_piece_was_hit(alice: Client) -> None:
    await alice.say(f"{LONG_TALK} The spare key lies under the blue flower pot.")

    [result] = (await alice.search("spare key under the flower pot"))["results"]

    assert result["memory"]["content"].endswith("flower pot.")
    assert result["memory"]["memory_type"] == "session"


async def test_a_rare_word_deep_in_a_long_message_is_found(alice: Client) -> None:
    middle = "It was ticket ZX-90210 again. "
    await alice.say(LONG_TALK + middle + LONG_TALK)
    await alice.say("Tickets are a nuisance, I opened one again yesterday.")

    [best, *_] = await alice.found("ZX-90210")

    assert middle in best


@pytest.mark.parametrize("query", ["", "*", "  "])
async def test_a_query_for_nothing_answers_the_newest_first(alice: Client, query: str) -> None:
    for text in ("first", "second", "third"):
        await alice.store(text)

    assert await alice.found(query) == ["third", "second", "first"]


async def test_the_newest_messages_come_in_the_order_of_the_conversation(alice: Client) -> None:
    await alice.say(*(f"message number {number}" for number in range(8)))

    assert await alice.found("*", limit=3) == ["message number 7", "message number 6", "message number 5"]


async def test_a_message_from_a_clock_that_is_ahead_is_among_the_newest(sign_up: SignUp, parts: Parts) -> None:
    client = await sign_up(parts=with_clock(parts, FixedClock()))
    ahead = {"role": "user", "content": "from the future", "said_at": "2026-03-14T12:02:00Z"}
    await client.post("/v1/memories", json={"messages": [ahead]})

    assert await client.found("") == ["from the future"]


async def test_tags_of_a_container_raise_the_rank_and_exclude_nothing(alice: Client) -> None:
    await alice.store("The build runs on Jenkins")
    await alice.store("The build runs on Drone", tags=["omem_project_0123456789abcdef"])
    await alice.store("The build runs on Argo", tags=["omem_user_fedcba9876543210"])

    plain = scores_by_text(await alice.search("the build runs on"))
    boosted = scores_by_text(
        await alice.search("the build runs on", tags="omem_project_0123456789abcdef,omem_user_none")
    )

    assert set(boosted) == set(plain)
    assert boosted["The build runs on Drone"] > plain["The build runs on Drone"]
    assert boosted["The build runs on Jenkins"] == pytest.approx(plain["The build runs on Jenkins"])


async def test_a_pinned_memory_wins_a_tie_and_nothing_more(alice: Client) -> None:
    await alice.store("The office wifi password hangs at the door", memory_type="pinned")
    await alice.store("The office printer is on the second floor")
    await alice.store("The office printer is on the second floor!!", memory_type="pinned")

    found = await alice.found("on which floor is the office printer?", min_score=0)

    assert found.index("The office wifi password hangs at the door") == len(found) - 1


async def test_an_edit_of_tags_leaves_rank_and_score_as_they_were(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.store("Argo is a kind of ship")
    before = scores_by_text(await alice.search("how do deploys go?", min_score=0))
    await alice.put(f"/v1/memories/{stored['id']}", json={"tags": ["infra"]})

    after = scores_by_text(await alice.search("how do deploys go?", min_score=0))

    assert after == pytest.approx(before, abs=1e-4)
    assert list(after) == list(before)


async def test_a_new_text_is_found_and_the_old_one_is_not(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.put(f"/v1/memories/{stored['id']}", json={"content": "Releases are made with Flux"})

    assert await alice.found("releases with Flux") == ["Releases are made with Flux"]
    assert await alice.found("deploys go through Argo") == []


async def test_what_was_deleted_is_not_found(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.delete(f"/v1/memories/{stored['id']}")

    assert await alice.found("deploys Argo") == []
    assert await alice.found("deploys Argo", include_superseded="true") == []
    assert await alice.found("") == []


async def test_reading_is_counted_after_the_answer_and_not_within_it(alice: Client, parts: Parts) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.search("deploys Argo")
    await alice.get(f"/v1/memories/{stored['id']}")

    before = await listed(alice, stored["id"])
    await parts.accesses.flush()
    after = await listed(alice, stored["id"])

    assert (before["access_count"], before["last_accessed_at"]) == (0, None)
    assert after["access_count"] == 2
    assert after["last_accessed_at"] >= stored["created_at"]


async def test_search_by_json_answers_as_search_by_query_string(alice: Client) -> None:
    await alice.store("Deploys go through Argo", tags=["infra"])
    await alice.store("Deploys go through Flux")
    asked = {"q": "deploys", "tags": ["infra"], "limit": 5, "min_score": 0.01, "include": ["why"]}

    by_json = (await alice.post("/v1/memories/search", json=asked)).json()
    by_query = await alice.search("deploys", tags="infra", limit=5, min_score=0.01, include="why")

    assert scores_by_text(by_json) == pytest.approx(scores_by_text(by_query), abs=1e-4)
    assert len(by_json["results"]) == 1


async def test_a_stranger_finds_nothing_of_it(alice: Client, stranger: Client) -> None:
    await alice.store("Deploys go through Argo")
    await alice.say("我妹妹五月搬到了里斯本")

    assert await stranger.found("deploys Argo", min_score=0) == []
    assert await stranger.found("妹妹里斯本", min_score=0) == []
    assert await stranger.found("*") == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_search_needs_a_key(anonymous: Client, method: str) -> None:
    answer = await anonymous.request(method, "/v1/memories/search", params={"q": "deploys"}, json={"q": "deploys"})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def with_clock(parts: Parts, clock: FixedClock) -> Parts:
    return Parts(parts.settings, parts.graph, parts.embedder, parts.accesses, clock)


def scores_by_text(answer: dict[str, Any]) -> dict[str, float]:
    return {result["memory"]["content"]: result["score"] for result in answer["results"]}


def stage(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(stage for stage in answer["trace"]["stages"] if stage["name"] == name)


async def listed(client: Client, memory_id: str) -> dict[str, Any]:
    """A memory as the list shows it, which counts as no use of it."""
    memories = (await client.get("/v1/memories")).json()["memories"]
    return next(memory for memory in memories if memory["id"] == memory_id)

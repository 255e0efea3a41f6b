"""From a conversation to facts, over HTTP: extracted once, decided once, led back to what was said."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.api.test_assimilation import decided
from tests.clients import Client

Work = Callable[[], Awaitable[int]]


async def facts_of(client: Client, **parameters: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/memories", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["memories"]


async def test_a_conversation_becomes_facts_with_its_words_as_evidence(alice: Client, work: Work) -> None:
    said = await alice.say(
        "I live in Paris.", "Thanks!", "My deploy key is stored in Vault.", session_id="s1", tags=["chat"]
    )
    await work()

    found = await facts_of(alice)
    result = (await alice.search("live in Paris", include="evidence"))["results"]
    task = (await alice.get(f"/v1/tasks/{said['task_id']}")).json()

    assert [fact["content"] for fact in found][::-1] == ["I live in Paris.", "My deploy key is stored in Vault."]
    assert {(fact["session_id"], tuple(fact["tags"]), fact["memory_type"]) for fact in found} == {
        ("s1", ("chat",), "insight")
    }
    assert any(evidence["content"] == "I live in Paris." for one in result for evidence in one["evidence"])
    assert (task["status"], task["counts"]["create"], task["counts"]["facts"]) == ("completed", 2, 2)


async def test_a_conversation_in_chinese_becomes_facts(alice: Client, work: Work) -> None:
    await alice.say("我住在上海。", "好的，谢谢！", "我搬到杭州了。")
    await work()

    (current,) = await facts_of(alice)
    (supersede,) = await decided(alice, action="supersede")

    assert current["content"] == "我搬到杭州了。"
    assert supersede["memory_id"] == current["id"]


async def test_a_value_that_changed_is_found_as_it_is_and_as_it_was(alice: Client, work: Work) -> None:
    await alice.say("I live in Paris.", session_id="s")
    await work()
    between = (await alice.get("/version")) and (await facts_of(alice))[0]["updated_at"]
    await alice.say("I moved to Rome.", session_id="s")
    await work()

    asked = {"memory_type": "insight", "min_score": 0}
    now = await alice.found("where do I live", **asked)
    then = await alice.found("where do I live", **asked, as_of=between)
    both = await alice.found("where do I live", **asked, include_superseded="true")

    assert now == ["I moved to Rome."]
    assert then == ["I live in Paris."]
    assert set(both) == {"I live in Paris.", "I moved to Rome."}


async def test_where_we_moved_to_ends_where_the_speaker_lived(alice: Client, stranger: Client, work: Work) -> None:
    await alice.say("I live in Paris.", "We moved to Lisbon with the kids.", session_id="s")
    await stranger.say("我住在上海。", "我们一家搬到了里斯本。", session_id="s")
    await work()

    assert [fact["content"] for fact in await facts_of(alice)] == ["We moved to Lisbon with the kids."]
    assert [fact["content"] for fact in await facts_of(stranger)] == ["我们一家搬到了里斯本。"]


async def test_what_a_team_moves_to_leaves_where_the_speaker_lives(alice: Client, stranger: Client, work: Work) -> None:
    await alice.say("I live in Paris.", "We moved to Vercel.", "We never moved to Oslo.", session_id="s")
    await stranger.say("我住在里斯本。", "我们搬到了飞书。", "我们没有搬到上海。", session_id="s")
    await work()

    assert "I live in Paris." in [fact["content"] for fact in await facts_of(alice)]
    assert "我住在里斯本。" in [fact["content"] for fact in await facts_of(stranger)]


async def test_many_likings_stand_side_by_side(alice: Client, work: Work) -> None:
    await alice.say("I like latte.", "I like americano.", "我喜欢乌龙茶。", "我喜欢龙井茶。")
    await work()

    assert len(await facts_of(alice)) == 4


async def test_the_same_fact_ingested_twice_at_once_is_one_memory_with_two_messages(alice: Client, work: Work) -> None:
    await asyncio.gather(*(alice.say("I work at Acme.", session_id=f"s{number}") for number in range(2)))
    await asyncio.gather(work(), work())

    (fact,) = await facts_of(alice)
    (result,) = [
        one for one in (await alice.search("Acme", include="evidence"))["results"] if one["memory"]["id"] == fact["id"]
    ]

    assert len(result["evidence"]) == 2


async def test_every_fact_has_exactly_one_decision(alice: Client, work: Work) -> None:
    said = await alice.say("I live in Paris.", "I live in Paris.", "Maybe I move to Oslo some day.", "I moved to Rome.")
    await work()

    made = await decided(alice, task_id=said["task_id"])
    counts = (await alice.get("/v1/decisions/counts", params={"task_id": said["task_id"]})).json()["counts"]

    assert Counter(one["action"] for one in made) == Counter(create=1, skip=1, hold=1, supersede=1)
    assert sum(one["count"] for one in counts) == len(made)
    assert all(one["reason"] and one["message_ids"] for one in made)


async def test_undoing_all_of_a_conversation_leaves_nothing_of_it(alice: Client, work: Work) -> None:
    await alice.say("I live in Paris.")
    await work()
    before = await facts_of(alice)
    await alice.say("I moved to Rome.", "I moved to Rome!")
    await work()
    for decision in await decided(alice):
        if decision["text"] != "I live in Paris.":
            assert (await alice.post(f"/v1/decisions/{decision['id']}/undo")).status_code == 200

    after = await facts_of(alice)

    assert [fact["content"] for fact in after] == ["I live in Paris."]
    assert {**after[0], "updated_at": "", "version": 1} == {**before[0], "updated_at": "", "version": 1}


async def test_a_decision_that_others_build_on_names_them(alice: Client, work: Work) -> None:
    await alice.say("I live in Paris.")
    await work()
    await alice.say("I moved to Rome.")
    await work()
    create, supersede = (await decided(alice, action="create"))[0], (await decided(alice, action="supersede"))[0]

    refused = await alice.post(f"/v1/decisions/{create['id']}/undo")

    assert refused.status_code == 409
    assert supersede["id"] in refused.json()["error"]["message"]


async def test_a_stranger_sees_no_decision(alice: Client, stranger: Client, work: Work) -> None:
    await alice.say("I live in Paris.")
    await work()
    (decision,) = await decided(alice)

    assert await decided(stranger) == []
    for answer in (
        await stranger.get(f"/v1/decisions/{decision['id']}"),
        await stranger.post(f"/v1/decisions/{decision['id']}/undo"),
    ):
        assert answer.status_code == 404


async def test_a_fact_and_its_message_are_one_result_that_leads_to_both(alice: Client, work: Work) -> None:
    await alice.say("Our deploy key is kept in the green vault.")
    await work()

    (result,) = (await alice.search("deploy key green vault", include="evidence,facts"))["results"]

    texts = {one["content"] for one in [*result["evidence"], *result["facts"], result["memory"]]}
    assert texts == {"Our deploy key is kept in the green vault."}
    assert result["evidence"]


async def test_a_message_leads_to_the_facts_made_of_it(alice: Client, work: Work) -> None:
    await alice.say("I live in Paris and I work at Acme.")
    await work()

    (result,) = (await alice.search("Paris Acme", memory_type="session", include="facts"))["results"]

    assert {fact["state"] for fact in result["facts"]} == {"active"}
    assert {fact["memory_id"] for fact in result["facts"]} == {one["id"] for one in await facts_of(alice)}


async def test_a_message_whose_fact_was_replaced_answers_only_questions_about_the_past(
    alice: Client, work: Work
) -> None:
    await alice.say("My office is in Paris.")
    await work()
    await alice.say("My office moved to Rome.")
    await alice.say("My office is in Rome.")
    await work()

    assert "My office is in Paris." not in await alice.found("my office in Paris", min_score=0)
    assert "My office is in Paris." in await alice.found("my office before that in Paris", min_score=0)
    assert "My office is in Paris." in await alice.found("我以前的 office in Paris", min_score=0)


async def test_undoing_brings_the_message_back_as_well(alice: Client, work: Work) -> None:
    await alice.say("I live in Paris.")
    await work()
    await alice.say("I moved to Rome.")
    await work()
    (decision,) = await decided(alice, action="supersede")
    await alice.post(f"/v1/decisions/{decision['id']}/undo")

    assert "I live in Paris." in await alice.found("live in Paris", memory_type="session")


async def test_what_only_announces_or_points_becomes_no_fact(alice: Client, work: Work) -> None:
    await alice.say(
        "Two rules from me. We deploy on Friday mornings.", "That is not what I signed.", "这不是我签的那份。"
    )
    await work()

    assert [fact["content"] for fact in await facts_of(alice)] == ["We deploy on Friday mornings."]


async def test_denying_something_else_contradicts_nothing(alice: Client, work: Work) -> None:
    await alice.store("The invoices go out in January.")
    said = {"role": "user", "speaker": "Lena", "content": "No invoices go out in August."}
    await alice.post("/v1/memories", json={"messages": [said]})
    await work()

    (proposed,) = [one for one in await decided(alice) if one["requested_action"] == "contradict"]

    assert proposed["action"] == "create"
    assert "what one denies is not what the other says" in proposed["reason"]
    assert (await alice.get("/v1/conflicts")).json()["conflicts"] == []

"""Windows without a session id, as the hooks of Claude Code send them: one conversation is one session."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.main import create_app
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp, client_of
from tests.fakes import FixedClock

CURL = {"Content-Type": "application/json", "Accept": "application/json"}
STOP_MESSAGES, PRE_COMPACT_MESSAGES, CUT = 10, 15, 2000
HOUR = 3_600.0

# Fifteen exchanges of two turns; both languages, texts that repeat, one that the hook cuts.
ENGLISH = [
    ("Which port does the gateway use?", "The gateway listens on port 8443."),
    ("ok", "Done."),
    ("I always deploy on Tuesdays.", "Noted."),
    ("continue", "Done."),
    ("My reviewer is Marisol.", "Noted."),
    ("The build fails with exit code 137. " * 100, "It runs out of memory; raise the limit to 6 GB."),
    ("ok", "Done."),
]
CHINESE = [
    ("我们的缓存用什么？", "缓存用 Redis，过期时间五分钟。"),
    ("继续", "好的。"),
    ("我对花生过敏，点餐要避开。", "记住了。"),
    ("继续", "好的。"),
    ("分支规范从今天起改为 feature/工单号。", "明白。"),
    ("谢谢", "不客气。"),
    ("评审人换成阿宁。", "好的。"),
    ("发布改到周四。", "好的。"),
]
TALK = [
    {"role": role, "content": text}
    for pair in [*ENGLISH, *CHINESE]
    for role, text in zip(("user", "assistant"), pair, strict=True)
]


def window(talk: list[dict[str, str]], size: int = STOP_MESSAGES, tag: str = "claude-code") -> dict[str, Any]:
    """The body of the Stop hook, or with its size and tag that of PreCompact."""
    messages = [{"role": one["role"], "content": one["content"][:CUT]} for one in talk[-size:]]
    return {"messages": messages, "mode": "smart", "tags": ["auto-captured", tag], "source": "claude-code"}


async def hook(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    """Sends a body as curl does; the answer, which must be 202."""
    answer = await client.post("/v1/memories", content=json.dumps(body), headers=CURL)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def stops(client: Client, talk: list[dict[str, str]], first: int = 2) -> list[dict[str, Any]]:
    """The answers to the Stop hook after each pair of turns."""
    return [await hook(client, window(talk[:end])) for end in range(first, len(talk) + 1, 2)]


async def said(client: Client, session_id: str) -> list[str]:
    """What a session holds, in order."""
    query = {"memory_type": "session", "session_id": session_id, "order": "asc", "limit": 200}
    return [one["content"] for one in (await client.get("/v1/memories", params=query)).json()["memories"]]  # type: ignore[arg-type]


def texts(talk: list[dict[str, str]]) -> list[str]:
    return [one["content"][:CUT] for one in talk]


async def test_thirty_turns_are_thirty_messages_of_one_session(alice: Client) -> None:
    answers = await stops(alice, TALK)

    assert len(TALK) == 30
    assert [answer["stored_count"] for answer in answers] == [2] * 15
    assert len({answer["session_id"] for answer in answers}) == 1
    assert await said(alice, answers[0]["session_id"]) == texts(TALK)


async def test_each_message_is_ingested_by_one_task(alice: Client, driver: AsyncDriver) -> None:
    answers = await stops(alice, TALK)
    again = await hook(alice, window(TALK))

    query = "MATCH (said:Episode {tenant_id: $tenant}) RETURN said.ingest_task AS task"
    tasks = Counter(row["task"] for row in (await driver.execute_query(query, tenant=alice.user_id)).records)
    assert tasks == {answer["task_id"]: 2 for answer in answers}
    assert again["stored_count"] == 0
    assert (await alice.get(f"/v1/tasks/{again['task_id']}")).json()["status"] == "completed"


async def test_what_is_only_kept_waits_for_no_ingest(alice: Client, driver: AsyncDriver) -> None:
    said = {"messages": [{"role": "user", "content": "I live in Oslo now"}], "mode": "raw"}
    task = (await alice.get(f"/v1/tasks/{(await hook(alice, said))['task_id']}")).json()

    assert (task["status"], task["progress"], task["counts"]) == (
        "completed",
        1.0,
        {"stored": 1, "done": 1, "total": 1},
    )
    query = "MATCH (said:Episode {tenant_id: $tenant}) RETURN said.ingest_task AS task"
    assert (await driver.execute_query(query, tenant=alice.user_id)).records[0]["task"] is None


async def test_the_larger_window_before_a_compaction_belongs_to_the_same_session(alice: Client) -> None:
    before = await stops(alice, TALK[:20])

    compact = await hook(alice, window(TALK[:20], PRE_COMPACT_MESSAGES, "pre-compact"))
    after = await stops(alice, TALK, first=22)

    assert (compact["session_id"], compact["stored_count"]) == (before[0]["session_id"], 0)
    assert {answer["session_id"] for answer in after} == {before[0]["session_id"]}
    assert await said(alice, before[0]["session_id"]) == texts(TALK)


async def test_a_larger_window_that_reaches_back_further_adds_what_is_missing(alice: Client) -> None:
    first = await hook(alice, window(TALK[:20]))

    compact = await hook(alice, window(TALK[:22], PRE_COMPACT_MESSAGES, "pre-compact"))

    assert (compact["session_id"], compact["stored_count"]) == (first["session_id"], 5)


async def test_two_terminals_at_once_are_two_sessions(alice: Client) -> None:
    one, two = TALK[:14], TALK[14:28]

    answers = [(await hook(alice, window(one[:end])), await hook(alice, window(two[:end]))) for end in range(2, 15, 2)]

    ids = [{pair[side]["session_id"] for pair in answers} for side in (0, 1)]
    assert [len(names) for names in ids] == [1, 1]
    assert await said(alice, ids[0].pop()) == texts(one)
    assert await said(alice, ids[1].pop()) == texts(two)


async def test_terminals_that_begin_with_the_same_words_part_when_their_talk_does(alice: Client) -> None:
    opening = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好！需要什么？"}]
    one, two = [*opening, *TALK[:4]], [*opening, *TALK[14:18]]

    first = [await hook(alice, window(one[:end])) for end in (2, 4)]
    second = [await hook(alice, window(two[:end])) for end in (4, 6)]
    third = await hook(alice, window(one))

    assert {answer["session_id"] for answer in [*first, third]} == {first[0]["session_id"]}
    assert await said(alice, first[0]["session_id"]) == texts(one)
    assert await said(alice, second[0]["session_id"]) == texts(two)


async def test_a_session_survives_a_restart(alice: Client, parts: Parts) -> None:
    before = await stops(alice, TALK[:10])

    async with client_of(create_app(lambda: parts)) as restarted:
        restarted.headers["X-API-Key"] = alice.key
        after = await stops(restarted, TALK, first=12)

    assert {answer["session_id"] for answer in [*before, *after]} == {before[0]["session_id"]}
    assert [answer["stored_count"] for answer in after] == [2] * 10


@pytest.mark.parametrize(("hours", "is_same"), [(11.9, True), (12.1, False)])
async def test_after_twelve_hours_of_silence_it_is_another_session(
    sign_up: SignUp, parts: Parts, clock: FixedClock, hours: float, is_same: bool
) -> None:
    client = await sign_up(parts=msgspec.structs.replace(parts, clock=clock))
    first = (await stops(client, TALK[:8]))[-1]
    clock.move(hours * HOUR)

    second = await hook(client, window(TALK[:10]))

    assert (second["session_id"] == first["session_id"]) is is_same
    assert second["stored_count"] == (2 if is_same else 10)


@pytest.mark.parametrize(
    "other", [{"source": "codex"}, {"agent_id": "planner"}, {"visibility": "private"}, {"source": None}]
)
async def test_a_session_is_of_one_agent_source_and_audience(alice: Client, other: dict[str, Any]) -> None:
    first = await hook(alice, window(TALK[:4]))

    second = await hook(alice, window(TALK[:6]) | other)

    assert second["session_id"] != first["session_id"]
    assert second["stored_count"] == 6


async def test_sessions_of_another_tenant_are_never_continued(alice: Client, stranger: Client) -> None:
    first = await hook(alice, window(TALK[:4]))

    second = await hook(stranger, window(TALK[:4]))

    assert (second["stored_count"], second["session_id"] == first["session_id"]) == (4, False)


async def test_one_word_in_common_is_not_the_same_conversation(alice: Client) -> None:
    first = await hook(alice, window([*TALK[:4], {"role": "user", "content": "继续"}]))

    second = await hook(alice, window([{"role": "user", "content": "继续"}, *TALK[14:18]]))

    assert second["session_id"] != first["session_id"]
    assert second["stored_count"] == 5


async def test_a_talk_that_goes_back_and_on_from_there_is_a_session_of_its_own(alice: Client) -> None:
    first = await hook(alice, window(TALK[:6]))
    changed = [*TALK[:4], {"role": "user", "content": "I always deploy on Wednesdays."}]

    second = await hook(alice, window(changed))

    assert second["session_id"] != first["session_id"]
    assert await said(alice, second["session_id"]) == texts(changed)


async def test_a_message_that_was_edited_is_a_new_one_of_its_session(alice: Client) -> None:
    first = await hook(alice, window(TALK[:4]) | {"session_id": "s1"})
    edited = [*TALK[:2], {"role": "user", "content": "ok then"}, TALK[3]]

    second = await hook(alice, window(edited) | {"session_id": "s1"})

    assert (first["stored_count"], second["stored_count"]) == (4, 1)


async def test_windows_longer_than_what_is_compared_go_on(alice: Client) -> None:
    talk = [{"role": "user", "content": f"Remark number {number} of a long talk"} for number in range(80)]
    first = await hook(alice, window(talk[:70], 200))

    second = await hook(alice, window(talk, 200))

    assert (second["session_id"], second["stored_count"]) == (first["session_id"], 10)


async def test_thirty_turns_sent_in_windows_make_one_memory_of_each_fact(
    alice: Client, work: Callable[[], Awaitable[int]]
) -> None:
    for end in range(2, len(TALK) + 1, 2):
        await hook(alice, window(TALK[:end]))
        await work()

    facts = (await alice.get("/v1/memories", params={"limit": 200})).json()["memories"]
    made = (await alice.get("/v1/decisions", params={"limit": 200})).json()["decisions"]
    texts_of_facts = [fact["content"] for fact in facts]
    assert len(texts_of_facts) == len(set(texts_of_facts))
    assert {"I always deploy on Tuesdays.", "My reviewer is Marisol."} <= set(texts_of_facts)
    # One message says the same many times over; all else is said once, so it is read once and nothing is a repeat.
    said_once = [one for one in made if not one["text"].startswith("The build fails")]
    assert Counter(one["action"] for one in said_once)["skip"] == 0
    assert len({(*one["message_ids"], one["text"]) for one in said_once}) == len(said_once)

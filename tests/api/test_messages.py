"""Conversations over HTTP: stored once, in order and searchable when the answer arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.config import load_settings
from app.providers.embedder import Embedder, make_embedder
from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import MODEL, SignUp
from tests.servers.openai_api import OpenAIServer, status

TALK = [
    ("user", "Zoë moved to Lisbon last week"),
    ("assistant", "How does she like it? 🌊"),
    ("user", "她说海鲜很好吃，但是坡太多"),
]
MINUTE = timedelta(minutes=1)


def said(*texts: str, **fields: object) -> list[dict[str, Any]]:
    """Messages of a user."""
    return [{"role": "user", "content": text, **fields} for text in texts]


async def send(client: Client, messages: list[dict[str, Any]], **fields: object) -> dict[str, Any]:
    """Sends messages as they are; the answer, which must be 202."""
    answer = await client.post("/v1/memories", json={"messages": messages, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def stored(client: Client, **parameters: object) -> list[dict[str, Any]]:
    """The messages of the tenant, oldest first."""
    query = {"memory_type": "session", "order": "asc", "limit": 200, **parameters}
    return (await client.get("/v1/memories", params=query)).json()["memories"]  # type: ignore[arg-type]


async def contents(client: Client, **parameters: object) -> list[str]:
    return [message["content"] for message in await stored(client, **parameters)]


async def test_a_conversation_is_accepted_and_found_at_once(alice: Client) -> None:
    answer = await alice.post("/v1/memories", json={"messages": [{"role": r, "content": c} for r, c in TALK]})

    assert answer.status_code == 202
    assert list(answer.json()) == ["task_id", "stored_count", "session_id"]
    assert answer.json()["stored_count"] == 3
    assert await alice.found("where did Zoë move?", limit=1) == ["Zoë moved to Lisbon last week"]
    assert (await alice.found("海鲜好吃吗"))[0] == "她说海鲜很好吃，但是坡太多"


async def test_a_message_reads_like_a_memory_of_type_session(alice: Client) -> None:
    accepted = await send(alice, said("Zoë moved to Lisbon"), session_id="s1", tags=["travel"], source="hook")

    message = (await stored(alice))[0]
    assert (message["memory_type"], message["session_id"], message["state"]) == ("session", "s1", "active")
    assert (message["tags"], message["source"], accepted["session_id"]) == (["travel"], "hook", "s1")
    assert (await alice.get(f"/v1/memories/{message['id']}")).json() == message


async def test_without_a_session_id_what_has_nothing_in_common_is_a_session_of_its_own(alice: Client) -> None:
    first, second = await alice.say("好的"), await alice.say("她说海鲜很好吃")

    assert first["session_id"] != second["session_id"]
    assert second["stored_count"] == 1


async def test_the_agent_is_the_one_of_the_body_else_of_the_header(alice: Client) -> None:
    header = {"X-Agent-Id": "writer"}
    await alice.post("/v1/memories", json={"messages": said("one"), "agent_id": "planner"}, headers=header)
    await alice.post("/v1/memories", json={"messages": said("two")}, headers=header)

    assert [message["agent_id"] for message in await stored(alice)] == ["planner", "writer"]


async def test_private_messages_are_found_by_their_own_agent_only(sign_up: SignUp) -> None:
    bob = await sign_up("Bob", agent="planner")
    await bob.say("计划：周一上线", visibility="private")

    hidden = (await bob.get("/v1/memories/search", params={"q": "周一上线"}, headers={"X-Agent-Id": "writer"})).json()

    assert hidden["results"] == []
    assert await bob.found("周一上线") == ["计划：周一上线"]


async def test_messages_win_over_content(alice: Client) -> None:
    await alice.say("Zoë moved to Lisbon", content="Deploys go through Argo")

    assert (await alice.get("/v1/memories")).json()["total_count"] == 0


async def test_the_same_window_again_stores_nothing(alice: Client) -> None:
    texts = ("ok", "绿茶还是红茶？", "ok")
    await alice.say(*texts, session_id="s1")

    assert (await alice.say(*texts, session_id="s1"))["stored_count"] == 0
    assert (await alice.say(*texts[1:], session_id="s1"))["stored_count"] == 0


async def test_a_sliding_window_stores_what_is_new(alice: Client) -> None:
    texts = ["one", "ok", "二", "ok", "three", "ok", "四"]

    counts = [(await alice.say(*texts[at : at + 4], session_id="s1"))["stored_count"] for at in range(4)]

    assert counts == [4, 1, 1, 1]
    assert await contents(alice) == texts


async def test_equal_messages_inside_one_request_are_all_kept(alice: Client) -> None:
    assert (await alice.say("ok", "ok", "好", session_id="s1"))["stored_count"] == 3
    assert (await alice.say("ok", "ok", "好", session_id="s1"))["stored_count"] == 0


async def test_an_equal_text_of_another_role_or_session_is_another_message(alice: Client) -> None:
    await alice.say("ok", session_id="s1")

    other_session = await alice.say("ok", session_id="s2")
    other_role = await send(alice, [{"role": "assistant", "content": "ok"}], session_id="s1")

    assert (other_session["stored_count"], other_role["stored_count"]) == (1, 1)


async def test_sequence_numbers_tell_repeats_from_resends(alice: Client) -> None:
    window = [{"role": "user", "content": "ok", "seq": number} for number in range(3)]
    await send(alice, window, session_id="s1")

    again = await send(alice, window, session_id="s1")
    next_one = await send(alice, [*window[1:], {**window[0], "seq": 3}], session_id="s1")

    assert (again["stored_count"], next_one["stored_count"]) == (0, 1)


async def test_a_session_longer_than_what_is_compared_goes_on(alice: Client) -> None:
    await alice.say("ok", *(f"第{number}句" for number in range(999)), session_id="s1")
    await alice.say("one more", session_id="s1")

    assert (await alice.say("one more", "ok", session_id="s1"))["stored_count"] == 1


async def test_messages_follow_each_other_in_the_graph(alice: Client, driver: AsyncDriver) -> None:
    await alice.say("one", "二", session_id="s1")
    await alice.say("二", "three", session_id="s1")

    query = """MATCH (:Session {id: 's1', tenant_id: $tenant})<-[:PART_OF]-(first) WHERE NOT (first)<-[:NEXT]-()
        MATCH path = (first)-[:NEXT*]->(last) WHERE NOT (last)-[:NEXT]->()
        RETURN [node IN nodes(path) | node.content]"""
    found = await driver.execute_query(query, tenant=alice.user_id)
    assert [record.value() for record in found.records] == [["one", "二", "three"]]


async def test_when_and_by_whom_it_was_said_is_kept(alice: Client) -> None:
    message = said("我们周一上线", said_at="2026-03-01T20:00:00+08:00", speaker="张伟")

    await send(alice, message)

    result = (await alice.search("什么时候上线", include="evidence"))["results"][0]
    assert result["memory"]["created_at"] == "2026-03-01T12:00:00.000000+00:00"
    evidence = result["evidence"][0]
    assert (evidence["speaker"], evidence["said_at"]) == ("张伟", "2026-03-01T12:00:00.000000+00:00")
    assert (evidence["message_id"], evidence["role"]) == (result["memory"]["id"], "user")


async def test_messages_are_listed_in_the_order_of_their_times(alice: Client) -> None:
    times = ("2026-03-02T10:00:00Z", "2026-03-01T10:00:00Z", "1969-07-20T20:17:00Z")

    await send(alice, [message for time in times for message in said(time, said_at=time)])

    assert await contents(alice) == sorted(times)


async def test_a_time_that_lies_ahead_of_the_servers_is_not_believed(alice: Client) -> None:
    now = datetime.now(UTC)
    ahead, wrong = (now + MINUTE).isoformat(timespec="microseconds"), (now + 60 * MINUTE).isoformat()

    await send(alice, [*said("a little ahead", said_at=ahead), *said("wrong", said_at=wrong)])

    by_content = {message["content"]: message["created_at"] for message in await stored(alice)}
    assert by_content["a little ahead"] == ahead
    assert now <= datetime.fromisoformat(by_content["wrong"]) < now + MINUTE


@pytest.mark.parametrize("texts", [("",), (" \n　",), ("<private>密码</private>",)])
async def test_messages_without_content_are_accepted_and_not_stored(alice: Client, texts: tuple[str]) -> None:
    accepted = await alice.say(*texts, "Zoë moved to Lisbon")

    assert accepted["stored_count"] == 1
    assert await contents(alice) == ["Zoë moved to Lisbon"]


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"messages": []}, 400, "messages"),
        ({"messages": said("x"), "mode": "clever"}, 400, "mode"),
        ({"messages": said("x"), "visibility": "secret"}, 400, "visibility"),
        ({"messages": said("x"), "space": "team/unknown"}, 404, "space"),
        ({"messages": [{"role": "user"}]}, 422, "content"),
        ({"messages": [{"content": "x"}]}, 422, "role"),
        ({"messages": "hello"}, 422, "messages"),
        ({"messages": said("x", seq=-1)}, 422, "seq"),
        ({"messages": said("x", said_at="yesterday")}, 422, "said_at"),
        ({"messages": said("x"), "session_id": "s" * 257}, 422, "session_id"),
        ({"messages": said("x") * 1_001}, 422, "messages"),
    ],
)
async def test_a_bad_conversation_is_refused_and_nothing_is_stored(
    alice: Client, body: dict[str, Any], status: int, named: str
) -> None:
    answer = await alice.post("/v1/memories", json=body)

    assert answer.status_code == status
    assert named in answer.json()["error"]["message"]
    assert await stored(alice) == []


async def test_a_message_that_is_too_long_is_refused_by_its_place_with_a_hint(alice: Client) -> None:
    answer = await alice.post("/v1/memories", json={"messages": said("short", "汉" * 100_001)})

    assert answer.status_code == 413
    assert "messages[1]" in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]
    assert await stored(alice) == []


async def test_a_thousand_messages_fit_into_one_request(alice: Client) -> None:
    accepted = await alice.say(*(f"第{number}句：今天天气不错" for number in range(1_000)))

    assert accepted["stored_count"] == 1_000
    assert (await alice.found("第999句", min_score=0))[0] == "第999句：今天天气不错"


async def test_a_long_message_is_found_by_any_part_of_it(alice: Client, driver: AsyncDriver) -> None:
    text = "The committee talked about the budget at length. " * 60 + "In the end they chose a hippopotamus as mascot."

    await alice.say("Hello", text)

    assert await piece_counts(driver, alice) == [0, pytest.approx(4, abs=2)]
    assert await alice.found("the hippopotamus mascot", limit=1) == [text]


async def test_a_short_message_has_no_pieces(alice: Client, driver: AsyncDriver) -> None:
    await alice.say("Zoë moved to Lisbon", "她说海鲜很好吃")

    assert await piece_counts(driver, alice) == [0, 0]


async def test_what_exceeds_the_vectors_of_an_answer_is_found_by_words_at_once_and_by_vector_later(
    alice: Client, driver: AsyncDriver, work: Callable[[], Awaitable[int]]
) -> None:
    accepted = await alice.say(*(f"第{number}句：今天天气不错" for number in range(70)))

    counts = (await alice.get(f"/v1/tasks/{accepted['task_id']}")).json()["counts"]
    assert (counts["stored"], counts["total"]) == (70, 76)
    assert await alice.found("第69句", limit=1) == ["第69句：今天天气不错"]
    assert (await finished(alice, accepted["task_id"], work))["status"] == "completed"
    assert await waiting(driver, alice) == 0


async def test_a_task_tells_how_far_the_ingest_is(alice: Client, work: Callable[[], Awaitable[int]]) -> None:
    accepted = await alice.say("Zoë moved to Lisbon", session_id="s1")

    task = await finished(alice, accepted["task_id"], work)

    assert (task["kind"], task["status"], task["progress"], task["errors"]) == ("ingest", "completed", 1.0, [])
    assert (task["session_id"], task["counts"]) == (
        "s1",
        {"stored": 1, "done": 2, "total": 2, "create": 1, "facts": 1},
    )
    assert task["created_at"] <= task["started_at"] <= task["finished_at"]


async def test_a_stranger_cannot_see_my_task(alice: Client, stranger: Client) -> None:
    accepted = await alice.say("Zoë moved to Lisbon")

    foreign = await stranger.get(f"/v1/tasks/{accepted['task_id']}")
    unknown = await stranger.get("/v1/tasks/nobody")

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert (await stranger.get("/v1/tasks")).json() == {"tasks": [], "next_cursor": None}


class TestEndpointDown:
    """The embedding endpoint refuses; nothing is lost, and when it is back the vectors are made."""

    @pytest.fixture
    def endpoint(self) -> Generator[OpenAIServer]:
        with OpenAIServer() as server:
            yield server

    @pytest.fixture
    async def embedder(self, endpoint: OpenAIServer) -> AsyncGenerator[Embedder]:
        given = {
            "OMEM_EMBED_PROVIDER": "openai-compatible",
            "OMEM_EMBED_MODEL": MODEL,
            "OMEM_EMBED_BASE_URL": endpoint.url,
            "OMEM_EMBED_DIM": "384",
        }
        embedder = make_embedder(load_settings(given))
        yield embedder
        await embedder.close()

    @pytest.fixture
    def parts(self, parts: Parts, embedder: Embedder) -> Parts:
        return msgspec.structs.replace(parts, embedder=embedder)

    @pytest.fixture(autouse=True)
    def down(self, endpoint: OpenAIServer) -> None:
        endpoint.always(status(400))

    async def test_messages_are_accepted_and_found_by_words(self, alice: Client) -> None:
        accepted = await alice.say("Zoë moved to Lisbon", "她说海鲜很好吃", "她住在山坡上。" * 100)

        answer = await alice.search("海鲜好吃吗")
        assert accepted["stored_count"] == 3
        assert answer["results"][0]["memory"]["content"] == "她说海鲜很好吃"
        assert answer["degraded"] == ["vector"]

    async def test_a_memory_is_stored_and_found_by_words(self, alice: Client) -> None:
        await alice.store("Deploys go through Argo")

        assert await alice.found("Argo deploys") == ["Deploys go through Argo"]

    async def test_the_task_makes_the_vectors_when_the_endpoint_is_back(
        self, alice: Client, endpoint: OpenAIServer, driver: AsyncDriver, parts: Parts
    ) -> None:
        accepted = await alice.say("Zoë moved to Lisbon", "她住在山坡上。" * 100)
        assert await waiting(driver, alice) > 1

        endpoint.always(None)
        task = await finished(alice, accepted["task_id"], Worker(parts).run_pending)

        assert task["status"] == "completed"
        assert await waiting(driver, alice) == 0
        assert (await alice.search("Zoë moved to Lisbon"))["degraded"] == []

    async def test_a_tag_edit_does_not_lose_the_vector_that_is_still_to_come(
        self, alice: Client, endpoint: OpenAIServer, driver: AsyncDriver, parts: Parts
    ) -> None:
        memory = await alice.store("Deploys go through Argo")
        await alice.put(f"/v1/memories/{memory['id']}", json={"tags": ["部署"]})

        endpoint.always(None)
        await finished(alice, memory["task_id"], Worker(parts).run_pending)

        assert await without_vector(driver, alice) == 0


async def finished(client: Client, task_id: str, work: Callable[[], Awaitable[int]]) -> dict[str, Any]:
    """A task when it is over; a worker of another test may have taken it."""
    give_up = time.monotonic() + 30
    while True:
        await work()
        task = (await client.get(f"/v1/tasks/{task_id}")).json()
        if task["status"] not in ("queued", "running") or time.monotonic() > give_up:
            return task
        await asyncio.sleep(0.1)


async def piece_counts(driver: AsyncDriver, client: Client) -> list[int]:
    """How many pieces each message of a tenant has, in order."""
    query = """MATCH (episode:Episode {tenant_id: $tenant})
        RETURN COUNT { (episode)<-[:PART_OF]-(:Chunk) } AS pieces ORDER BY episode.position"""
    return [record["pieces"] for record in (await driver.execute_query(query, tenant=client.user_id)).records]


async def waiting(driver: AsyncDriver, client: Client) -> int:
    """How many nodes of a tenant wait for their vector."""
    query = """MATCH (:Tenant {id: $tenant})-[:MEMBER_OF]->(space:Space) MATCH (node:Memory|Episode|Chunk)
        WHERE node.space_key = space.space_key AND node.embed_task IS NOT NULL RETURN count(node) AS waiting"""
    return (await driver.execute_query(query, tenant=client.user_id)).records[0]["waiting"]


async def without_vector(driver: AsyncDriver, client: Client) -> int:
    query = "MATCH (memory:Memory {tenant_id: $tenant}) WHERE memory.embedding IS NULL RETURN count(*) AS found"
    return (await driver.execute_query(query, tenant=client.user_id)).records[0]["found"]

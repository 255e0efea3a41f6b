"""Background work as its tenant sees it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.openai_api import OpenAIServer, status

Work = Callable[[], Awaitable[int]]
FIELDS = [
    *("id", "kind", "status", "progress", "counts", "errors", "tokens", "attempts", "memory_id", "session_id"),
    *("created_at", "started_at", "finished_at"),
]


async def task_of(client: Client, task_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/tasks/{task_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def tasks_of(client: Client, **parameters: object) -> list[dict[str, Any]]:
    answer = await client.get("/v1/tasks", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()["tasks"]


async def test_a_stored_text_queues_a_task_that_relates_it(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")

    task = await task_of(alice, stored["task_id"])

    assert list(task) == FIELDS
    assert (task["kind"], task["memory_id"], task["session_id"]) == ("relate", stored["id"], None)
    assert (task["attempts"], task["errors"], task["finished_at"]) == (0, [], None)


async def test_a_conversation_queues_a_task_that_ingests_it(alice: Client) -> None:
    accepted = await alice.say("I moved to Lisbon", "我喜欢喝茶", session_id="s1")

    task = await task_of(alice, accepted["task_id"])

    assert (task["kind"], task["memory_id"], task["session_id"]) == ("ingest", None, "s1")
    assert task["counts"]["stored"] == 2


async def test_work_that_is_done_says_so(alice: Client, work: Work) -> None:
    accepted = await alice.say("I moved to Lisbon")
    await work()

    task = await task_of(alice, accepted["task_id"])

    assert (task["status"], task["progress"], task["errors"], task["attempts"]) == ("completed", 1.0, [], 1)
    assert task["created_at"] <= task["started_at"] <= task["finished_at"]


async def test_an_edit_of_the_text_queues_a_task_and_one_of_the_tags_none(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.put(f"/v1/memories/{stored['id']}", json={"tags": ["infra"]})
    before = len(await tasks_of(alice))

    await alice.put(f"/v1/memories/{stored['id']}", json={"content": "Deploys go through Flux"})

    assert (before, len(await tasks_of(alice))) == (1, 2)


async def test_a_repeat_queues_nothing(alice: Client) -> None:
    await alice.store("Deploys go through Argo")
    again = await alice.store("Deploys go through Argo")

    assert again["task_id"] is None
    assert len(await tasks_of(alice)) == 1


async def test_tasks_are_listed_newest_first_page_by_page(alice: Client) -> None:
    stored = [(await alice.store(f"Fact number {number}"))["task_id"] for number in range(5)]

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await alice.get("/v1/tasks", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [task["id"] for task in page["tasks"]]
        cursor = page["next_cursor"]

    assert seen == stored[::-1]


async def test_a_list_of_tasks_is_narrowed_by_status(alice: Client, work: Work) -> None:
    done = await alice.store("Deploys go through Argo")
    await work()
    waiting = await alice.store("张伟喜欢喝绿茶")

    assert [task["id"] for task in await tasks_of(alice, status="completed")] == [done["task_id"]]
    assert [task["id"] for task in await tasks_of(alice, status="queued")] == [waiting["task_id"]]
    assert await tasks_of(alice, status="failed") == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"status": "sleeping"}, "status"),
        ({"kind": "dance"}, "kind"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_a_bad_parameter_is_refused_by_its_name(alice: Client, parameters: dict[str, str], field: str) -> None:
    answer = await alice.get("/v1/tasks", params=parameters)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


async def test_a_stranger_sees_no_task(alice: Client, stranger: Client) -> None:
    task_id = (await alice.store("Deploys go through Argo"))["task_id"]

    foreign = await stranger.get(f"/v1/tasks/{task_id}")
    unknown = await stranger.get(f"/v1/tasks/{uuid4()}")

    assert (foreign.status_code, foreign.json()) == (404, unknown.json())
    assert await tasks_of(stranger) == []


@pytest.mark.parametrize("path", ["/v1/tasks", f"/v1/tasks/{UUID(int=1)}"])
async def test_tasks_need_a_key(anonymous: Client, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 401


async def test_what_waits_for_vectors_is_found_by_words_and_later_by_meaning(
    sign_up: SignUp, remote_parts: Parts, embedding_server: OpenAIServer, work: Work
) -> None:
    client = await sign_up(parts=remote_parts)
    embedding_server.always(status(400))
    accepted = await client.say("The harbour office is on the pier")
    embedding_server.always(None)
    before = (await client.search("harbour office", include="why"))["results"][0]["why"]["legs"]
    await work()

    after = (await client.search("harbour office", include="why"))["results"][0]["why"]["legs"]

    assert (set(before), set(after)) == ({"english"}, {"english", "vector"})
    counts = (await task_of(client, accepted["task_id"]))["counts"]
    assert counts == {"stored": 1, "done": 2, "total": 2, "create": 1, "facts": 1}


async def test_of_very_much_text_the_rest_of_the_vectors_is_made_by_the_task(alice: Client, work: Work) -> None:
    accepted = await alice.say(*(f"Note number {number} about the harbour" for number in range(100)))
    waiting = await task_of(alice, accepted["task_id"])
    await work()

    done = await task_of(alice, accepted["task_id"])

    assert waiting["counts"] == {"stored": 100, "done": 0, "total": 136}
    assert (done["status"], done["counts"]["done"], done["counts"]["facts"]) == ("completed", 200, 100)


async def test_the_work_for_a_deleted_memory_ends_without_a_trace(alice: Client, work: Work) -> None:
    stored = await alice.store("Deploys go through Argo")
    await alice.delete(f"/v1/memories/{stored['id']}")
    await work()

    assert (await task_of(alice, stored["task_id"]))["status"] == "completed"


async def test_the_last_page_has_no_cursor_even_when_it_is_full(alice: Client) -> None:
    for number in range(4):
        await alice.store(f"Fact number {number}")
    first = (await alice.get("/v1/tasks", params={"limit": 2})).json()

    last = (await alice.get("/v1/tasks", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert (len(last["tasks"]), last["next_cursor"]) == (2, None)


async def test_a_list_of_tasks_is_narrowed_by_kind_session_and_memory(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo")
    said = await alice.say("我喜欢喝茶", session_id="聊天")
    await alice.say("I moved to Lisbon", session_id="other")

    assert [task["id"] for task in await tasks_of(alice, kind="relate")] == [stored["task_id"]]
    assert [task["id"] for task in await tasks_of(alice, memory_id=stored["id"])] == [stored["task_id"]]
    assert [task["id"] for task in await tasks_of(alice, session_id="聊天")] == [said["task_id"]]
    assert await tasks_of(alice, session_id="聊天", kind="relate") == []


async def test_a_queued_task_is_cancelled_at_once_and_not_worked_on(alice: Client, work: Work) -> None:
    task_id = (await alice.store("Deploys go through Argo"))["task_id"]

    answers = [await alice.post(f"/v1/tasks/{task_id}/cancel") for _ in range(2)]
    await work()

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "cancelled")] * 2
    assert (await task_of(alice, task_id))["attempts"] == 0


async def test_a_cancelled_task_can_be_retried_and_a_queued_or_completed_one_not(alice: Client, work: Work) -> None:
    task_id = (await alice.say("张伟喜欢喝绿茶"))["task_id"]
    queued = await alice.post(f"/v1/tasks/{task_id}/retry")
    await alice.post(f"/v1/tasks/{task_id}/cancel")
    retried = await alice.post(f"/v1/tasks/{task_id}/retry")
    await work()
    completed = await alice.post(f"/v1/tasks/{task_id}/retry")

    assert (retried.status_code, retried.json()["status"], retried.json()["finished_at"]) == (200, "queued", None)
    assert [answer.status_code for answer in (queued, completed)] == [400, 400]
    assert "queued" in queued.json()["error"]["message"]
    assert "completed" in completed.json()["error"]["message"]


async def test_a_task_that_has_ended_cannot_be_cancelled(alice: Client, work: Work) -> None:
    task_id = (await alice.store("Deploys go through Argo"))["task_id"]
    await work()

    answer = await alice.post(f"/v1/tasks/{task_id}/cancel")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    assert "completed" in answer.json()["error"]["message"]
    assert (await task_of(alice, task_id))["status"] == "completed"


def events_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(data) for data in re.findall(r"^data: (.*)$", text, re.MULTILINE)]


async def test_events_of_a_task_that_has_ended_are_its_final_state(alice: Client, work: Work) -> None:
    task_id = (await alice.store("Deploys go through Argo"))["task_id"]
    await work()

    answer = await alice.get(f"/v1/tasks/{task_id}/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events_of(answer.text) == [await task_of(alice, task_id)]


async def test_events_show_a_task_at_once_and_end_with_its_final_state(alice: Client, work: Work) -> None:
    task_id = (await alice.say("I moved to Lisbon", "我喜欢喝茶"))["task_id"]
    stream = asyncio.create_task(alice.get(f"/v1/tasks/{task_id}/events"))
    await asyncio.sleep(1)
    await work()

    states = [event["status"] for event in events_of((await stream).text)]

    assert (states[0], states[-1]) == ("queued", "completed")
    assert len(states) == len({str(event) for event in events_of(stream.result().text)})


@pytest.mark.parametrize(("method", "name"), [("GET", "events"), ("POST", "retry"), ("POST", "cancel")])
async def test_a_stranger_can_do_nothing_with_a_task(alice: Client, stranger: Client, method: str, name: str) -> None:
    task_id = (await alice.store("Deploys go through Argo"))["task_id"]

    foreign = await stranger.request(method, f"/v1/tasks/{task_id}/{name}")
    unknown = await stranger.request(method, f"/v1/tasks/{uuid4()}/{name}")

    assert (foreign.status_code, foreign.json()) == (404, unknown.json())
    assert (await task_of(alice, task_id))["status"] == "queued"

"""What all answers about memories share: times, compact JSON, no key of the tenant, no `error` in a success."""

from __future__ import annotations

import json
import re
from datetime import datetime

import httpx
import pytest

from tests.clients import Client

TIME = re.compile(r'"(\d{4}-\d\d-\d\d[T ][^"]*)"')


@pytest.fixture
async def answers(alice: Client) -> list[httpx.Response]:
    """A success of each route about memories, messages, relations and tasks."""
    first = await alice.post("/v1/memories", json={"content": "我们用 Argo 部署🚀", "tags": ["部署"]})
    second = await alice.post(
        "/v1/memories", json={"content": "Argo: yes, again, {really}", "space": f"personal/{alice.key}"}
    )
    said = [{"role": "user", "content": "周一上线", "said_at": "2026-03-01T20:00:00+08:00"}]
    talk = await alice.post("/v1/memories", json={"messages": said, "session_id": "s1"})
    path, other = f"/v1/memories/{first.json()['id']}", second.json()["id"]
    return [
        first,
        talk,
        await alice.put(path, json={"importance": 0.9}),
        await alice.post(f"{path}/relations", json={"type": "supports", "target_id": other, "label": "因为"}),
        await alice.get(path),
        await alice.get(f"{path}/history"),
        await alice.get(f"{path}/relations"),
        await alice.get("/v1/memories"),
        await alice.get("/v1/memories", params={"memory_type": "session"}),
        await alice.get(
            "/v1/memories/search", params={"q": "上线 Argo", "include": "evidence,relations", "min_score": 0}
        ),
        await alice.get("/v1/tasks"),
        await alice.get(f"/v1/tasks/{talk.json()['task_id']}"),
    ]


async def test_every_time_is_utc_with_six_digits(answers: list[httpx.Response]) -> None:
    times = [time for answer in answers for time in TIME.findall(answer.text)]

    assert len(times) > len(answers)
    wrong = [time for time in times if datetime.fromisoformat(time).isoformat(timespec="microseconds") != time]
    assert wrong + [time for time in times if not time.endswith("+00:00")] == []


async def test_every_answer_is_compact_json_in_plain_unicode(answers: list[httpx.Response]) -> None:
    for answer in answers:
        assert answer.text == json.dumps(answer.json(), separators=(",", ":"), ensure_ascii=False)


async def test_no_success_has_a_key_error(answers: list[httpx.Response]) -> None:
    assert [answer.url.path for answer in answers if not answer.is_success or '"error"' in answer.text] == []


async def test_no_answer_shows_the_key_of_the_tenant(alice: Client, answers: list[httpx.Response]) -> None:
    assert [answer.url.path for answer in answers if alice.key in answer.text] == []


async def test_no_answer_shows_a_vector(answers: list[httpx.Response]) -> None:
    assert [answer.url.path for answer in answers if "embedding" in answer.text] == []

"""The header Idempotency-Key: a request that is sent again is answered again and done once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.clients import Client

ARGO = {"content": "Deploys go through Argo", "tags": ["部署"]}
TALK = {"messages": [{"role": "user", "content": "张伟喜欢喝绿茶"}, {"role": "user", "content": "ok"}]}


async def send(client: Client, body: dict[str, Any], key: str = "k-1") -> tuple[int, dict[str, Any]]:
    """Status and answer of a store with a key."""
    answer = await client.post("/v1/memories", json=body, headers={"Idempotency-Key": key})
    return answer.status_code, answer.json()


@pytest.mark.parametrize("body", [ARGO, TALK])
async def test_a_used_key_repeats_the_first_answer(alice: Client, body: dict[str, Any]) -> None:
    first = await send(alice, body)

    assert await send(alice, body) == first
    assert first[0] in (201, 202)


async def test_messages_without_a_session_are_stored_once(alice: Client) -> None:
    for _ in range(3):
        await send(alice, TALK)

    listed = await alice.get("/v1/memories", params={"memory_type": "session"})
    assert listed.json()["total_count"] == 2


async def test_the_answer_to_a_repeat_of_a_text_is_repeated_too(alice: Client) -> None:
    known = await alice.store(**ARGO)

    first, second = await send(alice, ARGO), await send(alice, ARGO)

    assert first == second == (200, {**known, "task_id": None})
    assert (await send(alice, TALK))[0] == 400


@pytest.mark.parametrize(("first", "second"), [(ARGO, {"content": "另一个"}), (TALK, ARGO), (ARGO, TALK)])
async def test_a_key_used_for_another_request_is_refused(
    alice: Client, first: dict[str, Any], second: dict[str, Any]
) -> None:
    await send(alice, first)

    status, answer = await send(alice, second)

    assert status == 400
    assert "Idempotency-Key" in answer["error"]["message"]
    assert await alice.found("另一个") == []


async def test_a_key_is_the_tenants_own(alice: Client, stranger: Client) -> None:
    mine, theirs = await send(alice, ARGO), await send(stranger, ARGO)

    assert (mine[0], theirs[0]) == (201, 201)
    assert mine[1]["id"] != theirs[1]["id"]


async def test_another_key_makes_it_an_ordinary_repeat(alice: Client) -> None:
    first = await send(alice, ARGO)

    assert (await send(alice, ARGO, "k-2"))[0] == 200
    assert first[0] == 201


async def test_a_key_may_be_any_short_text(alice: Client) -> None:
    assert (await send(alice, ARGO, "k" * 256))[0] == 201
    assert (await send(alice, ARGO, "k" * 257))[0] == 400


@pytest.mark.parametrize("body", [ARGO, TALK])
async def test_requests_at_the_same_time_are_done_once(alice: Client, body: dict[str, Any]) -> None:
    answers = await asyncio.gather(*(send(alice, body) for _ in range(8)))

    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0][0] in (201, 202)


async def test_a_refused_request_does_not_use_up_its_key(alice: Client) -> None:
    refused = await send(alice, {"content": "x", "category": "hobbies"})

    assert (refused[0], (await send(alice, ARGO))[0]) == (400, 201)

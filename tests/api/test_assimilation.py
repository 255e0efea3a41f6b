"""What directly stored texts do to what is known, over HTTP: decisions, relations, and undoing them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

Work = Callable[[], Awaitable[int]]


async def decided(client: Client, **parameters: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/decisions", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["decisions"]


async def test_what_was_stored_later_replaces_the_value_of_before(alice: Client, work: Work) -> None:
    paris = await alice.store("lives in Paris")
    await work()
    rome = await alice.store("moved to Rome")
    await work()

    assert (await alice.get(f"/v1/memories/{paris['id']}")).json()["state"] == "superseded"
    assert (await alice.get(f"/v1/memories/{rome['id']}")).json()["state"] == "active"
    (decision,) = await decided(alice, memory_id=rome["id"])
    assert (decision["action"], decision["target_id"]) == ("supersede", paris["id"])


@pytest.mark.parametrize(
    ("holds", "denied"),
    [
        ("We moved to Lisbon with the kids.", "We never moved to Oslo."),
        ("我在爱立信上班。", "我没跳槽到青石出版社。"),
    ],
)
async def test_a_denied_change_replaces_nothing(alice: Client, work: Work, holds: str, denied: str) -> None:
    memory = await alice.store(holds)
    await work()
    await alice.store(denied)
    await work()

    assert (await alice.get(f"/v1/memories/{memory['id']}")).json()["state"] == "active"
    assert await decided(alice, action="supersede") == []


async def test_undoing_opens_the_old_value_again(alice: Client, work: Work) -> None:
    paris = await alice.store("I live in Paris")
    await work()
    await alice.store("I moved to Rome")
    await work()
    (decision,) = await decided(alice, action="supersede")

    answer = await alice.post(f"/v1/decisions/{decision['id']}/undo")

    assert answer.status_code == 200, answer.text
    assert answer.json()["undone_at"] is not None
    assert (await alice.get(f"/v1/memories/{paris['id']}")).json()["state"] == "active"
    assert await alice.related(paris["id"]) == []


async def test_starting_somewhere_today_still_holds_three_days_later(sign_up: SignUp, parts: Parts) -> None:
    clock = FixedClock(parts.clock())
    client = await sign_up(parts=msgspec.structs.replace(parts, clock=clock))
    await client.store("I started at Acme today")
    await Worker(msgspec.structs.replace(parts, clock=clock)).run_pending()
    clock.move(timedelta(days=3).total_seconds())

    assert await client.found("who did I start at: Acme") == ["I started at Acme today"]


@pytest.mark.parametrize("text", ["meeting with Bob tomorrow at 10", "明天十点和小王开会"])
async def test_a_meeting_is_history_three_days_later(sign_up: SignUp, parts: Parts, text: str) -> None:
    clock = FixedClock(parts.clock())
    client = await sign_up(parts=msgspec.structs.replace(parts, clock=clock))
    await client.store(text)
    await Worker(msgspec.structs.replace(parts, clock=clock)).run_pending()
    before = await client.found(text)
    clock.move(timedelta(days=3).total_seconds())

    assert before == [text]
    assert await client.found(text) == []
    assert await client.found(text, include_superseded="true") == [text]

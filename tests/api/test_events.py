"""What changed, as those read it who follow their spaces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from neo4j import AsyncDriver

from app.domain.events import Position, encode
from app.services import schedule
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]
SECRET = "zebra4711 斑马"


async def page(client: Client, **parameters: object) -> dict[str, Any]:
    answer = await client.get("/v1/events", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def follow(client: Client, cursor: str, **parameters: object) -> list[tuple[str, str]]:
    """All events after a cursor, page by page: type and subject."""
    found: list[tuple[str, str]] = []
    more = True
    while more:
        seen = await page(client, cursor=cursor, **parameters)
        found += [(event["type"], event["subject_id"]) for event in seen["events"]]
        cursor, more = seen["next_cursor"], seen["has_more"]
    return found


async def latest(client: Client, **parameters: object) -> str:
    return (await page(client, cursor="latest", **parameters))["next_cursor"]


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


async def test_what_happens_to_memories_is_told_in_order(alice: Client, work: Work) -> None:
    assert await page(alice) == {"events": [], "next_cursor": (await page(alice))["next_cursor"], "has_more": False}
    cursor = await latest(alice)
    first = await alice.store(f"The release is on Friday. {SECRET}")
    second = await alice.store("发布在星期五。")
    third = await alice.store("The release is on Monday.", replaces=[first["id"]])
    await alice.put(f"/v1/memories/{second['id']}", json={"tags": ["plan"]})
    await alice.put(f"/v1/memories/{second['id']}", json={"state": "archived"})
    related = await alice.relate(third["id"], second["id"])
    await alice.delete(f"/v1/memories/{third['id']}/relations/{related.json()['id']}")
    await alice.delete(f"/v1/memories/{second['id']}")
    found = await follow(alice, cursor, limit=2)
    assert [one for one in found if one[1] in (first["id"], second["id"], third["id"])] == [
        ("memory_created", first["id"]),
        ("memory_created", second["id"]),
        ("memory_created", third["id"]),
        ("memory_superseded", first["id"]),
        ("memory_updated", second["id"]),
        ("memory_archived", second["id"]),
        ("relation_created", third["id"]),
        # It is believed more, and less again.
        ("memory_updated", second["id"]),
        ("relation_deleted", third["id"]),
        ("memory_updated", second["id"]),
        ("memory_deleted", second["id"]),
    ]
    assert SECRET not in str((await page(alice, limit=500))["events"])


async def test_what_the_background_does_is_told_and_undone(alice: Client, work: Work) -> None:
    cursor = await latest(alice)
    said = await alice.say("Lena moved to Oslo last week and works at Harbor.")
    await work()
    (decision, *_) = (await alice.get("/v1/decisions")).json()["decisions"]
    found = await follow(alice, cursor)
    assert found[0] == ("messages_added", said["session_id"])
    assert ("decision_made", decision["id"]) in found
    assert ("memory_created", decision["memory_id"]) in found
    cursor = await latest(alice)
    assert (await alice.post(f"/v1/decisions/{decision['id']}/undo")).status_code == 200
    assert {("decision_undone", decision["id"]), ("memory_deleted", decision["memory_id"])} <= set(
        await follow(alice, cursor)
    )
    content = b'{"memories": [{"content": "Mara likes tea."}]}'
    made = await alice.post("/v1/imports", files={"file": ("m.json", content)}, data={"file_type": "memory"})
    await work()
    assert await follow(alice, cursor, types="import_finished") == [("import_finished", made.json()["id"])]
    await alice.post(f"/v1/imports/{made.json()['id']}/rollback")
    assert await follow(alice, cursor, types="import_rolled_back") == [("import_rolled_back", made.json()["id"])]


async def test_members_follow_a_space_and_nobody_else(alice: Client, bob: Client, stranger: Client) -> None:
    bob_cursor = await latest(bob)
    space = await alice.space("red", bob=bob)
    mine = await alice.store("Only for me.", space=space["id"])
    hidden = await alice.store("Only for my agent.", space=space["id"], visibility="private")
    own = await alice.store("A tea garden.")
    shared = (await alice.post(f"/v1/memories/{own['id']}/share", json={"target_space": space["id"]})).json()
    found = await follow(bob, bob_cursor)
    assert found[0] == ("space_joined", space["id"])
    assert {("member_added", bob.user_id), ("memory_created", mine["id"]), ("memory_shared", shared["id"])} <= set(
        found
    )
    assert hidden["id"] not in [subject for _, subject in found]
    assert (await page(stranger, space=space["id"]))["events"] == []
    # A cursor of somebody else opens nothing.
    team = await latest(alice, space=space["id"])
    assert {event["type"] for event in (await page(stranger, cursor=team))["events"]} == {"space_joined", "space_left"}
    bob_cursor = await latest(bob)
    await alice.put(f"/v1/spaces/{space['id']}", json={"name": "blue"})
    assert await follow(bob, bob_cursor) == [("space_changed", space["id"])]
    await alice.delete(f"/v1/spaces/{space['id']}/members/{bob.user_id}")
    assert await follow(bob, bob_cursor) == [("space_left", space["id"])]
    assert ("member_removed", bob.user_id) in await follow(alice, "", space=space["id"])


async def test_no_event_is_skipped_while_many_write(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob)
    cursor = await latest(alice)
    seen: list[str] = []
    stored: list[str] = []
    is_over = asyncio.Event()

    async def write(client: Client, number: int) -> None:
        for index in range(6):
            where = {"space": space["id"]} if index % 2 else {}
            made = await client.store(f"Note {number} of the {index}th kind is about tea.", **where)
            if client is alice or where:
                stored.append(made["id"])

    async def read() -> None:
        nonlocal cursor
        while True:
            ended = is_over.is_set()
            got = await page(alice, cursor=cursor, types="memory_created", limit=3)
            seen.extend(event["subject_id"] for event in got["events"])
            cursor = got["next_cursor"]
            if ended and not got["has_more"]:
                return

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(client, number) for number, client in enumerate([alice, bob] * 4)))
    is_over.set()
    await reading
    assert sorted(seen) == sorted(stored)


async def test_who_waits_is_answered_when_something_happens(alice: Client) -> None:
    cursor = await latest(alice)
    waiting = asyncio.create_task(page(alice, cursor=cursor, wait=20))
    made = await alice.store("News.")
    assert [event["subject_id"] for event in (await waiting)["events"]] == [made["id"]]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": encode([Position("x", "personal/x", 1)])[:-2]}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"types": "memory_created,nonsense"}, "types"),
        ({"wait": 31}, "wait"),
        ({"wait": -1}, "wait"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(alice: Client, query: dict[str, Any], named: str) -> None:
    answer = await alice.get("/v1/events", params=query)
    assert (answer.status_code, named in answer.json()["error"]["message"]) == (400, True), answer.text


async def test_old_events_go_and_a_cursor_before_them_is_told_so(
    alice: Client, parts: Parts, driver: AsyncDriver
) -> None:
    before = await latest(alice)
    await alice.store("Long ago.")
    after = await latest(alice)
    await schedule.clean(parts, parts.clock() + timedelta(days=29))
    assert len(await follow(alice, before)) == 1
    await schedule.clean(parts, parts.clock() + timedelta(days=31))
    gone = await alice.get("/v1/events", params={"cursor": before})
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "cursor_expired")
    assert await follow(alice, after) == await follow(alice, "") == []
    new = await alice.store("Today.")
    assert await follow(alice, after) == await follow(alice, "") == [("memory_created", new["id"])]
    found, *_ = await driver.execute_query(
        "MATCH (event:Event) WHERE event.subject_id = $id RETURN event.seq AS seq", id=new["id"]
    )
    assert [row["seq"] for row in found] == [2]

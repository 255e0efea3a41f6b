"""The typed client: what it asks for comes back as structs, and it waits no longer than it must."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.client import OPEN, POLL_SECONDS
from app.domain.memories import NewMemory
from app.domain.messages import NewMessage, NewMessages
from app.domain.tasks import TaskStatus
from tests.clients import Client, service_of

Work = Callable[[], Awaitable[int]]


async def test_a_preview_tells_facts_and_noise_and_stores_nothing(alice: Client) -> None:
    said = [NewMessage(role="user", content="I live in Lisbon."), NewMessage(role="user", content="ok thanks!")]

    found = await service_of(alice).preview(NewMessages(messages=said))

    assert [quote.message for fact in found.facts for quote in fact.quotes] == [0]
    assert [noise.message for noise in found.noise] == [1]
    assert (await service_of(alice).list_memories(memory_type="session", limit=0)).total_count == 0


async def test_relations_are_looked_for_among_what_is_there(alice: Client) -> None:
    service = service_of(alice)
    for text in ("The office of Harbor Labs is in Porto.", "The office of Harbor Labs is in Lisbon."):
        await service.create_memory(NewMemory(content=text))

    found = await service.cross_reconcile()

    assert found.memories_scanned == 2
    assert found.status is TaskStatus.COMPLETED


async def test_statistics_count_what_was_stored(alice: Client) -> None:
    service = service_of(alice)
    team = (await alice.space("red"))["id"]
    for space in (None, team):
        await service.create_memory(NewMemory(content=f"We deploy on Fridays, {space}.", tags=["ops"], space=space))

    assert (await service.get_stats(days=1)).total == 2
    assert [(tag.name, tag.count) for tag in (await service.get_tag_stats()).tags] == [("ops", 2)]
    assert {one.space_id: one.memory_count for one in (await service.get_space_stats()).spaces}[team] == 1
    assert [one.total_memories for one in (await service.get_agent_stats()).agents] == [2]
    assert (await service.get_relation_stats()).edges == []


async def test_a_task_is_waited_for_until_it_ends_or_nothing_has_ended_for_long(alice: Client, work: Work) -> None:
    service = service_of(alice)
    task_id = (await service.add_messages(NewMessages(messages=[NewMessage(role="user", content="Hm.")]))).task_id

    open_still = await service.wait_for([task_id], seconds=0)
    ended, _ = await asyncio.gather(service.wait_for([task_id], seconds=100 * POLL_SECONDS), work())

    assert [task.status in OPEN for task in open_still] == [True]
    assert [task.status for task in ended] == [TaskStatus.COMPLETED]

"""What imports make of files: facts, decisions, and their taking back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from app.worker import Worker
from tests.api.test_imports import bring, lines, messages, state, upload
from tests.clients import Client

Work = Callable[[], Awaitable[int]]
# All that lies in a space or belongs to its tenant, but for what remembers that something was done, and for what is
# made anew from the rest: communities, how central a memory is, what it was compared with.
TOUCHED = ("embedding", "rev", "updated_at", "last_confirmed_at", "centrality", "compared_hash", "review_at")
# Without what only grows: tasks, decisions, and the events of the space, which tell of the rollback, too.
NODES = """
MATCH (node)
WHERE (node.space_key = $space_key OR node.tenant_id = $tenant_id)
  AND NOT (node:Task OR node:Import OR node:Decision OR node:SpaceState OR node:Community OR node:Event)
RETURN labels(node) AS labels, properties(node) AS properties
"""
RELATIONSHIPS = """
MATCH (node)-[relation]->(other)
WHERE (node.space_key = $space_key OR node.tenant_id = $tenant_id) AND NOT (node:Import OR node:Decision OR node:Event)
  AND NOT (node:Community OR other:Community OR relation:JUDGED)
RETURN properties(node) AS source, type(relation) AS type, properties(relation) AS said, properties(other) AS target
"""


async def picture(driver: AsyncDriver, client: Client) -> list[str]:
    """Every node and relationship of a tenant's space with its properties, in an order that does not depend on ids."""
    tenant = {"tenant_id": client.user_id}
    found = await driver.execute_query("MATCH (space:Space {owner_id: $tenant_id}) RETURN space.space_key", tenant)
    parameters = {**tenant, "space_key": found.records[0].value()}
    rows: list[str] = []
    for query in (NODES, RELATIONSHIPS):
        answer = await driver.execute_query(query, parameters)  # type: ignore[arg-type]
        rows += [repr([plain(value) for value in row.values()]) for row in answer.records]
    return sorted(rows)


def plain(value: Any) -> Any:
    """In one order, without vectors, whose numbers say nothing to a reader, and without what says that it was touched.

    A rev is never used again, as somebody may hold it as an ETag of what the memory said meanwhile.
    """
    if isinstance(value, dict):
        return sorted((key, str(item)) for key, item in value.items() if key not in TOUCHED)
    return value


async def memories(client: Client, **query: str) -> list[str]:
    listed = (await client.get("/v1/memories", params={"limit": "200", **query})).json()["memories"]
    return sorted(memory["content"] for memory in listed)


async def roll_back(client: Client, made: dict[str, Any], **query: str) -> dict[str, Any]:
    answer = await client.post(f"/v1/imports/{made['id']}/rollback", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_facts_are_taken_from_sections_and_turns(alice: Client, work: Work) -> None:
    made = await bring(alice, "# Me\n\nI live in Lisbon. I work at Acme.\n\n## 我\n\n我喜欢喝乌龙茶。\n")
    await work()

    ended = await state(alice, made)
    found = await memories(alice)
    assert (ended["status"], ended["extraction_status"], ended["extraction_progress"]) == ("completed", "completed", 2)
    assert ended["extraction_facts"] == ended["reconcile_progress"] >= 3
    assert ended["reconcile_merged"] == len(found) >= 3
    assert any("Lisbon" in text for text in found)
    assert any("乌龙茶" in text for text in found)
    assert not any("\n" in text for text in found)


async def test_entries_of_a_memory_file_are_memories_as_they_are(alice: Client, work: Work) -> None:
    await bring(alice, "# Memory\n\n- User lives in Lisbon\n- 用户喜欢喝乌龙茶\n", "MEMORY.md")
    await work()

    assert await memories(alice) == ["User lives in Lisbon", "用户喜欢喝乌龙茶"]


async def test_sections_may_be_memories_as_a_whole(alice: Client, work: Work) -> None:
    await bring(alice, "# A\n\nAnn deploys. Ben tests.\n\n# B\n\n小明部署。", strategy="section")
    await work()

    assert await memories(alice) == ["# A\n\nAnn deploys. Ben tests.", "# B\n\n小明部署。"]


async def test_a_document_is_one_memory(alice: Client, work: Work) -> None:
    made = await bring(alice, "# A\n\nAnn deploys. Ben tests.\n\n# B\n\n小明部署。", strategy="document")
    await work()

    assert made["storage_total"] == 1
    assert await memories(alice) == ["# A\n\nAnn deploys. Ben tests.\n\n# B\n\n小明部署。"]


async def test_a_document_too_long_for_a_memory_is_its_sections(alice: Client) -> None:
    text = "\n\n".join(f"# Part {number}\n\n" + "The harbour is quiet. " * 100 for number in range(60))

    made = await bring(alice, text, strategy="document", post_process="false")

    assert made["storage_total"] == 60


async def test_a_memory_of_mem0_keeps_its_time(alice: Client, work: Work) -> None:
    text = msgspec.json.encode([{"id": "1", "memory": "User lives in Lisbon", "created_at": "2026-01-02T03:04:05Z"}])
    await bring(alice, text, "mem0.json")
    await work()

    (found,) = (await alice.get("/v1/memories")).json()["memories"]
    searched = (await alice.search("where does the user live?", include="evidence"))["results"][0]
    assert found["content"] == "User lives in Lisbon"
    assert searched["evidence"][0]["said_at"] == "2026-01-02T03:04:05.000000+00:00"


async def test_300_kilobytes_become_facts_of_one_sentence_with_vectors_of_their_own(
    alice: Client, work: Work, driver: AsyncDriver
) -> None:
    filler = "The harbour was quiet and nothing else was written down about that day by anybody at all. " * 100
    said = [f"I bought boat number {number}." for number in range(20)] + [
        f"我买了第{number}条船。" for number in range(20)
    ]
    turns = [({"role": "user", "content": text}, {"role": "assistant", "content": filler}) for text in said]
    text = lines(*(turn for pair in turns for turn in pair))
    made = await bring(alice, text, "diary.jsonl")
    await work()

    found = await memories(alice)
    vectors = await driver.execute_query(
        "MATCH (memory:Memory {tenant_id: $id}) RETURN DISTINCT memory.embedding AS vector", id=alice.user_id
    )
    assert len(text) > 300_000
    assert (await state(alice, made))["status"] == "completed"
    assert len(found) == len(said)
    assert not [fact for fact in found if len(fact) > 200 or fact.count(". ")]
    assert len(vectors.records) == len(found)


async def test_a_forced_import_is_processed_and_finds_what_is_known(alice: Client, work: Work) -> None:
    await bring(alice, "I live in Lisbon.", "a.txt")
    await work()

    forced = await bring(alice, "I live in Lisbon.", "a.txt", force="true")
    await work()

    ended = await state(alice, forced)
    assert (ended["status"], ended["version"]) == ("completed", 2)
    assert ended["extraction_facts"] == 1
    assert len(await memories(alice)) == 1


async def test_intelligence_works_again_on_what_was_only_stored(alice: Client, work: Work) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt", post_process="false")

    again = await alice.post(f"/v1/imports/{made['id']}/intelligence")
    busy = await alice.post(f"/v1/imports/{made['id']}/intelligence")
    await work()

    assert (again.status_code, again.json()["status"], again.json()["extraction_status"]) == (
        200,
        "processing",
        "pending",
    )
    assert again.json()["task_id"] != made["task_id"]
    assert busy.status_code == 400
    assert (await state(alice, made))["extraction_facts"] == 1
    assert len(await memories(alice)) == 1


async def seed(client: Client, work: Work) -> None:
    """What was known before: facts in slots, a conversation, an earlier import."""
    await client.say("I live in Paris.", "我喜欢喝茶。", session_id="s")
    await client.store("Ben owns the harbour.", tags=["harbour"])
    await bring(client, "# Old\n\nI work at Acme.\n", "old.md")
    await work()


IMPORTED = lines(
    {"role": "user", "content": "I live in Rome now.", "session_id": "s"},
    {"role": "user", "content": "I work at Acme.", "session_id": "s", "tags": ["new"]},
    {"role": "user", "content": "我养了一只叫豆豆的狗。", "session_id": "other"},
    {"role": "user", "content": "My sister Clara owns a bakery in Porto.", "speaker": "Dora", "session_id": "other"},
)


async def test_a_rollback_leaves_the_graph_exactly_as_it_was(alice: Client, work: Work, driver: AsyncDriver) -> None:
    await seed(alice, work)
    before = await picture(driver, alice)
    made = await bring(alice, IMPORTED, "chat.jsonl")
    await work()
    during = await memories(alice)

    would = await roll_back(alice, made, dry_run="true")
    unchanged = await memories(alice)
    done = await roll_back(alice, made)

    after = await picture(driver, alice)
    assert any("Rome" in text for text in during)
    assert not any("Paris" in text for text in during)
    assert unchanged == during
    assert (would["dry_run"], would["import_status"]) == (True, "completed")
    assert (done["dry_run"], done["import_status"], done["blocked"]) == (False, "rolled_back", [])
    assert {**would, "dry_run": False, "import_status": "rolled_back"} == done
    assert done["deleted_memories"] >= 3
    assert (done["deleted_messages"], done["deleted_sessions"], done["reopened_memories"]) == (4, 1, 1)
    assert sorted(set(after) - set(before)) == []
    assert sorted(set(before) - set(after)) == []
    assert (await state(alice, made))["status"] == "rolled_back"


async def test_a_rollback_leaves_other_imports_alone(alice: Client, work: Work) -> None:
    first = await bring(alice, "I live in Lisbon.", "a.txt")
    second = await bring(alice, "我喜欢喝乌龙茶。", "b.txt")
    await work()

    await roll_back(alice, first)

    assert len(await memories(alice)) == 1
    assert [one["content"] for one in await messages(alice)] == ["我喜欢喝乌龙茶。"]
    assert (await state(alice, second))["status"] == "completed"


async def test_what_was_rolled_back_may_be_imported_again(alice: Client, work: Work) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")
    await work()
    await roll_back(alice, made)

    again = await bring(alice, "I live in Lisbon.", "a.txt")
    await work()

    assert (again["version"], len(await memories(alice))) == (1, 1)


async def test_a_second_rollback_changes_nothing(alice: Client, work: Work) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")
    await work()
    await roll_back(alice, made)

    again = await roll_back(alice, made)

    assert (again["deleted_memories"], again["deleted_messages"], again["import_status"]) == (0, 0, "rolled_back")
    assert (await alice.post(f"/v1/imports/{made['id']}/intelligence")).status_code == 400


async def test_a_rollback_cancels_what_is_not_done_yet(alice: Client, work: Work, driver: AsyncDriver) -> None:
    before = await picture(driver, alice)
    text = "\n\n".join(f"I bought boat {number}." + " It is quiet here." * 200 for number in range(100))
    made = await bring(alice, text, "a.txt")

    await roll_back(alice, made)
    await work()

    assert await picture(driver, alice) == before
    assert (await alice.get(f"/v1/tasks/{made['task_id']}")).json()["status"] == "cancelled"


async def test_a_rollback_during_the_work_leaves_nothing(alice: Client, parts: Parts, driver: AsyncDriver) -> None:
    before = await picture(driver, alice)
    text = lines(*({"role": "user", "content": f"I bought boat {number}.", "session_id": "s"} for number in range(60)))
    made = await bring(alice, text, "a.jsonl")
    worker = asyncio.create_task(Worker(parts).run_pending())
    while not (await state(alice, made))["extraction_facts"]:  # noqa: ASYNC110 - what is waited for is in the graph
        await asyncio.sleep(0.01)

    done = await roll_back(alice, made)
    await worker

    assert done["import_status"] == "rolled_back"
    assert await picture(driver, alice) == before


async def test_what_others_build_on_stays_and_is_named(alice: Client, work: Work) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")
    await work()
    await alice.say("I live in Rome now.", session_id="later")
    await work()

    done = await roll_back(alice, made)

    assert len(done["blocked"]) == 1
    assert len(await messages(alice)) == 2


@pytest.mark.parametrize("route", ["intelligence", "rollback"])
async def test_a_stranger_may_do_nothing_with_an_import(
    alice: Client, stranger: Client, work: Work, route: str
) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")
    await work()

    foreign = await stranger.post(f"/v1/imports/{made['id']}/{route}")
    unknown = await stranger.post(f"/v1/imports/{made['id'][::-1]}/{route}")

    assert (foreign.status_code, foreign.json()) == (404, unknown.json())
    assert len(await memories(alice)) == 1


async def test_a_reader_may_not_roll_back(alice: Client, driver: AsyncDriver) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")
    query = "MATCH (:Tenant {id: $id})-[member:MEMBER_OF]->() SET member.role = 'reader'"
    await driver.execute_query(query, id=alice.user_id)

    answers = [await alice.post(f"/v1/imports/{made['id']}/{route}") for route in ("rollback", "intelligence")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert (await upload(alice, "x")).status_code == 401


async def test_a_dry_run_is_true_or_false(alice: Client) -> None:
    made = await bring(alice, "I live in Lisbon.", "a.txt")

    answer = await alice.post(f"/v1/imports/{made['id']}/rollback", params={"dry_run": "maybe"})

    assert (answer.status_code, "dry_run" in answer.text) == (400, True)

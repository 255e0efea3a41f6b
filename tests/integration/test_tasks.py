"""What the queue costs when it is long: each step reads a handful of nodes, however many wait."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from neo4j import AsyncDriver, AsyncTransaction

from app.storage.graph import Graph
from app.storage.queries import load

QUERIES = {**load("system"), **load("tasks")}
NOW = datetime.now(UTC)
# Ten thousand of each kind: ready ones, ones behind another in one session, and retries that are not due.
CREATE = """
UNWIND range(1, 10000) AS number
CREATE (:Task:Crowd {
  id: 'crowd-ready-' + number, tenant_id: 'crowd', space_key: 'scrowd0', status: 'queued', phase: 'ready',
  lane: 'task crowd-ready-' + number, created_at: $now - duration({seconds: number}), due_at: $now,
  kind: 'relate', attempts: 0
})
CREATE (:Task:Crowd {
  id: 'crowd-behind-' + number, tenant_id: 'crowd', space_key: 'scrowd0', status: 'queued',
  phase: CASE number WHEN 1 THEN 'running' ELSE 'behind' END, lane: 'session scrowd0 one', worker: 'w', kind: 'ingest',
  created_at: $now + duration({seconds: number}), due_at: $now + duration({hours: 1}), attempts: 0
})
CREATE (:Task:Crowd {
  id: 'crowd-waiting-' + number, tenant_id: 'crowd', space_key: 'scrowd0', status: 'queued', phase: 'waiting',
  lane: 'task crowd-waiting-' + number, created_at: $now - duration({seconds: number}),
  due_at: $now + duration({hours: 1}), kind: 'relate', attempts: 1
})
"""
DELETE = "MATCH (task:Crowd) CALL (task) { DELETE task } IN TRANSACTIONS OF 5000 ROWS"
LEASE = {"worker": "w", "now": NOW, "lease_until": NOW + timedelta(minutes=1)}
HELD = {**LEASE, "task_id": "crowd-behind-1"}
PROGRESS = {"done_count": 1, "total_count": 2, "counts": "{}", "tokens": 0, "errors": []}
NEW = {"id": "crowd-new", "status": "queued", "lane": "session scrowd0 one"}
OWNER = {"tenant_id": "crowd", "space_keys": ["scrowd0"]}
FILTER = {"status": "", "kind": "", "session_id": "", "memory_id": "", "before": NOW, "before_id": "", "limit": 10}
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("claim_task", {**LEASE, "after": "crowd"}),
    ("claim_task", {**LEASE, "after": ""}),
    ("wake_tasks", {"now": NOW, "limit": 100}),
    ("report_task", {**HELD, **PROGRESS}),
    ("finish_task", {**HELD, **PROGRESS, "status": "completed"}),
    ("open_lane", {"lane": "session scrowd0 one"}),
    ("create_task", {"properties": NEW, "created_at": NOW.isoformat(), "space_key": "scrowd0"}),
    ("retry_task", {**OWNER, "id": "crowd-behind-9999", "now": NOW}),
    ("list_tasks", {**OWNER, **FILTER}),
    ("cancel_task", {**OWNER, "id": "crowd-behind-9999", "now": NOW}),
]
# A page of a list reads this many nodes of ten properties; a step of the queue reads a few.
MOST_HITS = 200


@pytest.fixture(scope="module", autouse=True)
async def _crowd(driver: AsyncDriver, graph: Graph) -> AsyncGenerator[None]:
    """Tasks of one tenant, committed, since a plan is made for what is there."""
    await driver.execute_query(CREATE, now=NOW)
    await driver.execute_query("CALL db.prepareForReplanning($seconds)", seconds=60)
    yield
    async with driver.session() as session:
        await (await session.run(DELETE)).consume()


def hits(plan: dict[str, Any]) -> Iterator[int]:
    yield plan.get("dbHits", 0)
    for child in plan.get("children", ()):
        yield from hits(child)


async def profile(tx: AsyncTransaction, name: str, parameters: dict[str, Any]) -> int:
    query = QUERIES[name]
    given = {key: value for key, value in parameters.items() if key in query.parameters}
    assert set(given) == query.parameters
    summary = await (await tx.run("PROFILE " + query.text, given)).consume()
    assert summary.profile
    return sum(hits(summary.profile))


@pytest.mark.parametrize(("name", "parameters"), STEPS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_step_costs_the_same_with_ten_thousand_tasks(
    tx: AsyncTransaction, name: str, parameters: dict[str, Any]
) -> None:
    cost = await profile(tx, name, parameters)

    print(f"{name}: {cost} db hits")  # noqa: T201 - for those who run it with -s
    assert 0 < cost <= MOST_HITS


async def test_a_session_of_ten_thousand_goes_on_with_the_next_one(tx: AsyncTransaction) -> None:
    finish, open_lane = QUERIES["finish_task"], QUERIES["open_lane"]
    ended = {**HELD, **PROGRESS, "status": "completed"}
    await tx.run(finish.text, {key: ended[key] for key in finish.parameters})

    opened = await (await tx.run(open_lane.text, {"lane": "session scrowd0 one"})).value()

    assert opened == ["crowd-behind-2"]

"""Who may call what: every route of the OpenAPI document with every kind of key, and others who know the ids.

One walk for each kind of caller: whoever has no key that works, a key without the scope, a stranger, a reader of the
team, another agent of the same tenant. What each learns is searched for the words of the owner, and afterwards the
owner's graph is the same.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar
from neo4j import AsyncDriver

from app.config import Settings
from app.domain.memories import timestamp
from app.domain.principal import key_hash
from app.main import create_app, make_parts
from app.storage.graph import Graph
from app.worker import Worker
from tests.clients import Client
from tests.conftest import client_of
from tests.fakes import FixedClock, FixedEmbedder
from tests.servers.github_api import TOKEN

# In every text of the owner, so that one search of an answer finds what must not be there.
SECRET = "zebra4711"
# In what the members of the team may see, and in what only one agent of the owner may.
SHARED = "okapi4711"
HIDDEN = "tapir4711"
KEY_LIFE = timedelta(hours=1)
NAMES = re.compile(r"{(\w+)}")

EVERYTHING = """
MATCH (tenant:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space)
RETURN properties(tenant), properties(space),
  COLLECT {
    MATCH (one)-[member:MEMBER_OF]->(space) RETURN [one.id, properties(member)] AS row ORDER BY row[0]
  } AS members,
  COLLECT { MATCH (state:SpaceState {space_key: space.space_key}) RETURN state.rev } AS revs,
  COLLECT { MATCH (key:ApiKey {tenant_id: tenant.id}) RETURN key {.*, last_used_at: null} ORDER BY key.id } AS keys,
  COLLECT { MATCH (task:Task {tenant_id: tenant.id}) RETURN properties(task) ORDER BY task.id } AS tasks,
  COLLECT { MATCH (text:NoiseExample {space_key: space.space_key}) RETURN properties(text) ORDER BY text.id } AS noise,
  COLLECT { MATCH (one:Connection {tenant_id: tenant.id}) RETURN properties(one) ORDER BY one.id } AS connections,
  COLLECT { MATCH (tenant)-[:HAS_GROUP]->(group) RETURN properties(group) ORDER BY group.name } AS groups,
  COLLECT { MATCH (space)<-[:IN_SPACE]-(memory) RETURN properties(memory) ORDER BY memory.id } AS memories,
  COLLECT {
    MATCH (space)<-[:IN_SPACE]-(memory)-[relation]-(other)
    RETURN [memory.id, type(relation), properties(relation), properties(other)] AS related
    ORDER BY memory.id, elementId(relation)
  } AS related
ORDER BY space.id
"""

PRIVATE = """
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space)<-[:IN_SPACE]-(memory)
WHERE memory.visibility = 'private'
RETURN properties(memory), COLLECT {
  MATCH (memory)-[relation]-(other) RETURN [type(relation), properties(relation)] AS row ORDER BY elementId(relation)
} AS relations
ORDER BY memory.id
"""
# Where in the whole store one of these texts is, also as a part of another one.
HOLDERS = """
CALL () {
  MATCH (thing) RETURN head(labels(thing)) AS label, thing
  UNION ALL
  MATCH ()-[thing]->() RETURN type(thing) AS label, thing
}
UNWIND keys(thing) AS key
WITH label, key, CASE
  WHEN thing[key] IS :: LIST<STRING> THEN thing[key] WHEN thing[key] IS :: STRING THEN [thing[key]] ELSE []
END AS texts
WHERE any(text IN texts WHERE any(secret IN $secrets WHERE text CONTAINS secret))
RETURN DISTINCT [label, key] AS holder
"""

# Whether memories belong together is for the background to say; here one does.
GROUPED = """
MATCH (memory:Memory {id: $memory_id})
MERGE (community:Community {id: 'group-' + memory.id})
SET community.space_key = memory.space_key, community.updated_at = memory.updated_at
MERGE (memory)-[:IN_COMMUNITY]->(community)
RETURN community.id AS community_id
"""

Ids = dict[str, str]


class Call(msgspec.Struct, frozen=True):
    """A call of a route; `{…}` in it stands for an id of the owner.

    `stranger` is the status that a stranger gets, `reader` that of a reader of the team where `for_reader` cannot
    know it.
    """

    route: str
    ok: int
    stranger: int
    body: Any = None
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    scope: str = "read"
    path: dict[str, str] = {}
    form: dict[str, str] = {}
    reader: int | None = None

    @property
    def ids(self) -> set[str]:
        """The names of the ids that stand in it."""
        rest = f"{self.body} {self.query} {self.path} {self.form} {self.headers}"
        return (set(NAMES.findall(self.route)) - self.path.keys()) | set(NAMES.findall(rest))

    @property
    def for_reader(self) -> int:
        """What a reader of the team gets: he reads what is about the team and may not write it."""
        if self.reader is not None:
            return self.reader
        if not self.ids & {"uid", "team", "copy_id"}:
            return self.stranger
        return self.ok if self.scope == "read" else 401


PUBLIC = [
    Call("GET /health", 200, 200),
    Call("GET /health/live", 200, 200),
    Call("GET /health/ready", 200, 200),
    Call("GET /metrics", 200, 200),
    Call("GET /version", 200, 200),
    Call("POST /v1/tenants", 200, 200, {"name": "another"}),
    # Instead of a key it needs a signature.
    Call("POST /v1/connectors/github/webhook", 401, 401, {}),
    Call("POST /v1/connectors/github/webhook/{token}", 401, 401, {}),
]
# The file of an account that owned nothing.
EXPORTED = {"kind": "export", "version": 2, "id": "e", "user_id": "somebody", "created_at": "2026-03-01T09:00:00Z"}
# A stranger's path id answers 404; an id in `space=` of a list or search is dropped; his own lists show his own things.
TENANTS = [
    Call("GET /v1/export", 200, 200, scope="admin"),
    Call("POST /v1/imports/export", 200, 200, EXPORTED, scope="admin"),
    # Without the header that confirms it; what follows with it is in test_space_deletion.
    Call("DELETE /v1/tenants/me", 400, 400, scope="admin"),
    Call("GET /v1/keys", 200, 200, scope="admin"),
    Call("POST /v1/keys", 201, 201, {"scopes": ["read"], "agent_id": "{agent_id}"}, scope="admin"),
    Call("DELETE /v1/keys/{key_id}", 200, 404, scope="admin"),
    Call("GET /v1/agent-groups", 200, 200),
    Call("PUT /v1/agent-groups/{name}", 200, 200, {"agents": ["{agent_id}"]}, scope="admin"),
    Call("GET /v1/spaces/{kind}/{uid}/settings", 200, 404),
    Call("PUT /v1/spaces/{kind}/{uid}/settings", 200, 404, {"secrets": "block"}, scope="admin"),
]
WRITING = [
    Call("POST /v1/memories", 201, 404, {"content": "new", "space": "{space}"}, scope="write"),
    Call("POST /v1/memories", 201, 404, {"content": "new", "space": "{colon_space}"}, scope="write"),
    Call("POST /v1/memories", 201, 400, {"content": "new", "replaces": ["{memory_id}"]}, scope="write"),
    Call("POST /v1/memories", 201, 400, {"content": "new", "visibility": "shared:{name}"}, scope="write"),
    Call("POST /v1/memories", 201, 201, {"content": "once"}, headers={"Idempotency-Key": "{used_key}"}, scope="write"),
    Call(
        "POST /v1/memories",
        202,
        404,
        {"messages": [{"role": "user", "content": "hi"}], "space": "{space}", "session_id": "{session_id}"},
        scope="write",
    ),
    Call(
        "POST /v1/memories",
        202,
        202,
        {"messages": [{"role": "user", "content": "hi"}], "session_id": "{session_id}", "agent_id": "{agent_id}"},
        scope="write",
    ),
    Call("PUT /v1/memories/{memory_id}", 200, 404, {"content": "new"}, scope="write"),
    Call("DELETE /v1/memories/{memory_id}", 200, 404, scope="write"),
    Call("DELETE /v1/memories/{memory_id}", 200, 404, path={"memory_id": "{message_id}"}, scope="write"),
    Call("POST /v1/memories/batch-delete", 200, 200, {"memory_ids": ["{memory_id}", "{message_id}"]}, scope="write"),
    Call("POST /v1/memories/batch-delete", 200, 200, {"filter": {}, "confirm": True}, scope="write"),
    Call("DELETE /v1/memories/all", 200, 200, headers={"X-Confirm": "delete-all"}, scope="write"),
    Call(
        "POST /v1/memories/{memory_id}/relations",
        201,
        404,
        {"type": "contextualizes", "target_id": "{other_id}"},
        scope="write",
    ),
    Call(
        "POST /v1/memories/{memory_id}/relations",
        201,
        404,
        {"type": "contextualizes", "target_id": "{other_id}"},
        path={"memory_id": "{own_id}"},
        scope="write",
    ),
    Call(
        "POST /v1/ingest/preview",
        200,
        404,
        {"messages": [{"role": "user", "content": "I live in Lisbon."}], "space": "{space}"},
        scope="write",
    ),
    Call("POST /v1/conflicts/{conflict_id}/resolve", 200, 404, {"resolution": "keep_left"}, scope="write"),
    Call("POST /v1/decisions/{decision_id}/undo", 200, 404, scope="write"),
    Call("POST /v1/decisions/undo", 200, 404, {"task_id": "{task_id}", "dry_run": True}, scope="write"),
    Call("POST /v1/memories/{memory_id}/feedback", 200, 404, {"verdict": "noise"}, scope="write"),
    Call(
        "POST /v1/memories/{memory_id}/feedback",
        200,
        404,
        {"verdict": "useful"},
        path={"memory_id": "{message_id}"},
        scope="write",
    ),
    Call("DELETE /v1/noise-examples/{example_id}", 200, 404, scope="write"),
    Call("DELETE /v1/memories/{memory_id}/relations/{relation_id}", 200, 404, scope="write"),
    Call(
        "DELETE /v1/memories/{memory_id}/relations/{relation_id}",
        200,
        404,
        path={"memory_id": "{own_id}"},
        scope="write",
    ),
]
IMPORTING = [
    Call("POST /v1/imports", 200, 200, form={"file": "Ann lives in Rome."}, scope="write"),
    Call("POST /v1/imports", 200, 404, form={"file": "Ann lives in Rome.", "space_id": "{space}"}, scope="write"),
    Call("POST /v1/imports", 200, 404, form={"file": "Ann lives in Rome.", "space_id": "{colon_space}"}, scope="write"),
    Call("GET /v1/imports", 200, 200),
    Call("GET /v1/imports/{import_id}", 200, 404),
    Call("POST /v1/imports/{import_id}/intelligence", 200, 404, scope="write"),
    Call("POST /v1/imports/{import_id}/rollback", 200, 404, scope="write"),
    Call("POST /v1/imports/{import_id}/rollback", 200, 404, query={"dry_run": "true"}, scope="write"),
    Call("POST /v1/imports/cross-reconcile", 200, 200, scope="write"),
    Call("POST /v1/imports/cross-reconcile", 200, 404, query={"space": "{space}"}, scope="write"),
]
FILES = [
    Call("POST /v1/files", 202, 202, form={"file": "Ann lives in Rome."}, scope="write"),
    Call("POST /v1/files", 202, 404, form={"file": "Ann lives in Rome.", "space_id": "{space}"}, scope="write"),
]
REPOSITORY = {"access_token": TOKEN, "repo": "acme/tea", "webhook_url": "https://memory.example.org"}
CONNECTORS = [
    Call("POST /v1/connectors/github/connect", 200, 404, {**REPOSITORY, "space": "{space}"}, scope="write"),
    Call("GET /v1/connectors", 200, 200),
    Call("DELETE /v1/connectors/{connection_id}", 200, 404, scope="write"),
]
READING = [
    Call("GET /v1/conflicts", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/conflicts/{conflict_id}", 200, 404),
    Call("GET /v1/memories/{memory_id}/why", 200, 404),
    Call("GET /v1/memories/{memory_id}/why", 200, 404, path={"memory_id": "{message_id}"}),
    Call("GET /v1/communities", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/communities/{community_id}", 200, 404),
    Call("GET /v1/graph/path", 200, 404, query={"from": "{memory_id}", "to": "{other_id}"}),
    Call("GET /v1/graph/subgraph", 200, 404, query={"ids": "{memory_id},{message_id}", "depth": "2"}),
    Call("GET /v1/graph/subgraph", 200, 200, query={"q": SECRET, "space": "{space}"}),
    Call("GET /v1/decisions", 200, 200, query={"space": "{space}", "task_id": "{task_id}", "memory_id": "{memory_id}"}),
    Call("GET /v1/events", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/decisions/counts", 200, 200, query={"task_id": "{task_id}"}),
    Call("GET /v1/decisions/{decision_id}", 200, 404),
    Call("GET /v1/memories", 200, 200),
    Call("GET /v1/memories", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/memories", 200, 200, query={"space": "{colon_space}"}),
    Call("GET /v1/memories", 200, 200, query={"cursor": "{cursor}"}),
    Call("GET /v1/memories", 200, 200, query={"session_id": "{session_id}", "memory_type": "session"}),
    Call("GET /v1/memories/{memory_id}", 200, 404),
    Call("GET /v1/memories/{memory_id}", 200, 404, path={"memory_id": "{message_id}"}),
    Call("GET /v1/memories/{memory_id}/history", 200, 404),
    Call("GET /v1/memories/{memory_id}/relations", 200, 404),
    Call("GET /v1/memories/search", 200, 200, query={"q": SECRET, "min_score": "0"}),
    Call("GET /v1/memories/search", 200, 200, query={"q": SECRET, "space": "{space}", "include_trace": "true"}),
    Call("GET /v1/memories/search", 200, 200, query={"q": "", "space": "{colon_space}"}),
    Call("GET /v1/memories/search", 200, 200, query={"q": SECRET, "session_id": "{session_id}", "min_score": "0"}),
    Call("GET /v1/memories/search", 200, 200, query={"q": SECRET, "tags": SECRET, "agent_id": "{agent_id}"}),
    Call("POST /v1/memories/search", 200, 200, {"q": SECRET, "space": "{space}", "include": "evidence,relations"}),
    Call("GET /v1/noise-examples", 200, 200),
    Call("GET /v1/noise-examples", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/tasks", 200, 200),
    Call("GET /v1/lifecycle", 200, 200),
    Call("POST /v1/lifecycle/run", 200, 404, query={"space": "{space}", "dry_run": "true"}, scope="write"),
    Call("POST /v1/lifecycle/run", 202, 202, scope="write"),
    Call("POST /v1/lifecycle/consolidate", 200, 404, query={"space": "{space}", "dry_run": "true"}, scope="write"),
    Call("POST /v1/lifecycle/consolidate", 202, 202, scope="write"),
    Call("GET /v1/tasks/{task_id}", 200, 404),
    Call("GET /v1/tasks/{task_id}/events", 200, 404),
    Call("POST /v1/tasks/{task_id}/cancel", 200, 404, path={"task_id": "{cancelled_id}"}, scope="write"),
    Call("POST /v1/tasks/{task_id}/retry", 200, 404, path={"task_id": "{cancelled_id}"}, scope="write"),
]
ENTITIES = [
    Call("GET /v1/entities", 200, 200, query={"q": SECRET, "space": "{space}"}),
    Call("GET /v1/entities/{entity_id}", 200, 404),
    Call("GET /v1/entities/{entity_id}/memories", 200, 404),
    Call("GET /v1/entities/{entity_id}/timeline", 200, 404),
    Call("POST /v1/entities/{entity_id}/merge", 200, 404, {"into": "{other_entity_id}"}, scope="write"),
    Call("POST /v1/entities/{entity_id}/split", 200, 404, scope="write"),
    Call("POST /v1/entities/{entity_id}/aliases", 200, 404, {"name": "another"}, scope="write"),
    Call(
        "DELETE /v1/entities/{entity_id}/aliases/{alias_id}", 200, 404, path={"entity_id": "{named_id}"}, scope="write"
    ),
    Call("GET /v1/profile", 200, 200, query={"q": SECRET, "include": "sections"}),
    Call("GET /v1/profile", 200, 404, query={"space": "{space}"}),
    Call("GET /v1/profile", 200, 404, query={"space": "{colon_space}"}),
    Call("GET /v1/slots", 200, 200, query={"space": "{space}"}),
    Call("GET /v1/slots/{slot_id}", 200, 404),
    Call("GET /v1/slots/{slot_id}/timeline", 200, 404),
]
STATS = [
    Call("GET /v1/quotas", 200, 200),
    Call("GET /v1/stats", 200, 200),
    Call("GET /v1/stats", 200, 404, query={"space": "{space}"}),
    Call("GET /v1/stats/config", 200, 200),
    Call("GET /v1/stats/tags", 200, 200),
    Call("GET /v1/stats/tags", 200, 404, query={"space": "{colon_space}"}),
    Call("GET /v1/stats/decay", 200, 404, query={"memory_id": "{memory_id}"}),
    Call("GET /v1/stats/decay", 200, 404, query={"memory_id": "{message_id}"}),
    Call("GET /v1/stats/relations", 200, 200),
    Call("GET /v1/stats/spaces", 200, 200),
    Call("GET /v1/stats/sharing", 200, 200),
    Call("GET /v1/stats/agents", 200, 200),
]
TEAM = "/v1/spaces/{kind}/{uid}"
SPACES = [
    Call("GET /v1/spaces", 200, 200),
    Call("POST /v1/spaces", 201, 201, {"name": "blue", "space_type": "team"}, scope="write"),
    Call(f"GET {TEAM}", 200, 404),
    Call(f"GET {TEAM}", 200, 404, path={"kind": "personal", "uid": "{user}"}),
    Call(f"PUT {TEAM}", 200, 404, {"name": "blue"}, scope="write"),
    Call(f"POST {TEAM}/members", 200, 404, {"user_id": "{guest}", "role": "member"}, scope="write"),
    Call(f"PUT {TEAM}/members/{{user_id}}", 200, 404, {"role": "reader"}, scope="write"),
    Call(f"DELETE {TEAM}/members/{{user_id}}", 200, 404, scope="write"),
    # Its owner cannot leave it, but may try.
    Call(f"POST {TEAM}/leave", 400, 404, scope="write", reader=200),
    Call(f"GET {TEAM}/audit", 200, 404, reader=401),
    Call(f"DELETE {TEAM}", 200, 404, scope="write"),
    # The space that was made with the account cannot be deleted.
    Call(f"DELETE {TEAM}", 400, 404, path={"kind": "personal", "uid": "{user}"}, scope="write"),
    Call(f"POST {TEAM}/invitations", 201, 404, {"user_id": "{guest}", "role": "member"}, scope="write"),
    Call("GET /v1/invitations", 200, 200),
    Call("POST /v1/invitations/{invitation_id}/accept", 200, 404, scope="write"),
    Call("POST /v1/invitations/{invitation_id}/decline", 200, 404, scope="write"),
    Call(f"PUT {TEAM}/owner", 200, 404, {"user_id": "{user_id}"}, scope="write"),
]
MEMORY = "/v1/memories/{memory_id}"
SHARING = [
    Call(f"POST {MEMORY}/share", 201, 404, {"target_space": "{team}"}, scope="write", reader=404),
    Call(f"POST {MEMORY}/share", 201, 404, {"target_space": "{team}"}, path={"memory_id": "{own_id}"}, scope="write"),
    Call(
        f"POST {MEMORY}/pull",
        201,
        404,
        {"source_space": "{team}"},
        path={"memory_id": "{copy_id}"},
        scope="write",
        reader=201,
    ),
    Call(f"POST {MEMORY}/unshare", 200, 404, {"target_space": "{team}"}, path={"memory_id": "{shared}"}, scope="write"),
    Call(f"POST {MEMORY}/reshare", 200, 404, {}, path={"memory_id": "{copy_id}"}, scope="write"),
    Call(
        "POST /v1/memories/batch-share", 200, 404, {"memory_ids": ["{own_id}"], "target_space": "{team}"}, scope="write"
    ),
]
RULE = {"source_space": "personal/{user}"}
BULK = [
    Call("POST /v1/memories/share-all", 200, 404, {"target_space": "{team}"}, scope="write"),
    Call(f"POST {MEMORY}/share-to-user", 201, 404, {"target_user": "{guest}"}, scope="write"),
    Call("POST /v1/memories/share-all-to-user", 200, 200, {"target_user": "{guest}"}, scope="write"),
    Call("POST /v1/org/setup", 201, 201, {"name": "Acme", "members": []}, scope="write"),
    # It is a team and no organization.
    Call("POST /v1/org/{kind}/{uid}/publish", 400, 404, {}, scope="write", reader=400),
    Call(f"GET {TEAM}/auto-share-rules", 200, 404),
    Call(f"POST {TEAM}/auto-share-rules", 201, 404, RULE, scope="write"),
    Call(f"DELETE {TEAM}/auto-share-rules/{{rule_id}}", 200, 404, scope="write"),
    Call("GET /v1/shares/pending", 200, 200),
    Call("POST /v1/shares/pending/{pending_id}/approve", 200, 404, scope="write"),
    Call("POST /v1/shares/pending/{pending_id}/reject", 200, 404, scope="write"),
]
CALLS = [*TENANTS, *WRITING, *IMPORTING, *CONNECTORS, *FILES, *READING, *ENTITIES, *STATS, *SPACES, *SHARING, *BULK]


def named(call: Call) -> str:
    return f"{call.route} {call.body or call.query or call.path or call.form or ''}"


def filled(value: Any, ids: Ids) -> Any:
    """A value with ids in the places of their names."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return value.format(**ids) if isinstance(value, str) else value


def form_of(parts: dict[str, str]) -> dict[str, Any]:
    """The parts of a form, the file with a name."""
    file = {"file": ("notes.md", parts["file"])} if "file" in parts else {}
    return {"data": {name: text for name, text in parts.items() if name != "file"}, "files": file}


async def ask(client: Client, call: Call, ids: Ids, **headers: str) -> httpx.Response:
    method, path = call.route.split()
    return await client.request(
        method,
        filled(path, {**ids, **filled(call.path, ids)}),
        **(form_of(filled(call.form, ids)) if call.form else {"json": filled(call.body, ids)}),
        params=filled(call.query, ids),
        headers={**filled(call.headers, ids), **headers},
    )


class Owner(NamedTuple):
    """A tenant with one of everything, the ids of it all, keys of each kind; and others.

    `hidden` are the ids of what only one agent sees, `other_agent` has the same key and another name, `reader` is in
    the team, `anonymous` has no key.
    """

    client: Client
    ids: Ids
    hidden: Ids
    keys: dict[str, str]
    other_agent: Client
    reader: Client
    anonymous: Client


@pytest.fixture(scope="module")
async def owner(graph: Graph, settings: Settings) -> AsyncGenerator[Owner]:
    """One for all tests that may change nothing."""
    async with owning(graph, settings) as owner:
        yield owner


@pytest.fixture
async def fresh_owner(graph: Graph, settings: Settings) -> AsyncGenerator[Owner]:
    async with owning(graph, settings) as owner:
        yield owner


@asynccontextmanager
async def owning(graph: Graph, settings: Settings) -> AsyncGenerator[Owner]:
    parts = make_parts(settings, graph, FixedEmbedder(model=settings.embed_model))
    clock = FixedClock(parts.clock())
    app = create_app(lambda: msgspec.structs.replace(parts, clock=clock))
    async with AsyncExitStack() as stack:
        client, other, reader, member, anonymous = [await stack.enter_async_context(client_of(app)) for _ in range(5)]
        await client.sign_up("Owner", agent=f"agent-{SECRET}")
        other.headers.update({"X-API-Key": client.key, "X-Agent-Id": "another"})
        ids, keys = await make_everything(client, SECRET), await make_keys(client, clock)
        hidden = await make_memories(client, HIDDEN, ("Bob paints {}.", "{} 喜欢吃竹子。"), visibility="private")
        ids |= await make_team(client, member, reader)
        await end_tasks(client, Worker(parts))
        # Nothing builds on what is decided last, so that it can be undone.
        await client.store(f"The {SECRET} rests.")
        await end_tasks(client, Worker(parts))
        clock.move(KEY_LIFE.total_seconds() + 1)
        ids |= {"key_id": (await make_key(client))["id"], **await find_derived(client, SECRET)}
        ids |= (await graph.run_alone(GROUPED, memory_id=ids["memory_id"]))[0]
        hidden |= await find_derived(client, HIDDEN, task_id=hidden["task_id"])
        yield Owner(client, ids, hidden, keys, other, reader, anonymous)


async def end_tasks(client: Client, worker: Worker) -> None:
    """Waits until background work can change nothing any more; a worker elsewhere may have taken a task."""
    deadline = time.monotonic() + 30
    while any(
        task["status"] not in ("completed", "cancelled") for task in (await client.get("/v1/tasks")).json()["tasks"]
    ):
        assert time.monotonic() < deadline
        await worker.run_pending()


async def make_keys(client: Client, clock: FixedClock) -> dict[str, str]:
    everything = ["read", "write", "admin"]
    revoked = await make_key(client, scopes=everything)
    await client.delete(f"/v1/keys/{revoked['id']}")
    return {
        "admin": client.key,
        "read": (await make_key(client, scopes=["read"]))["api_key"],
        "write": (await make_key(client, scopes=["read", "write"]))["api_key"],
        "expired": (await make_key(client, scopes=everything, expires_at=timestamp(clock() + KEY_LIFE)))["api_key"],
        "revoked": revoked["api_key"],
    }


async def make_key(client: Client, **fields: object) -> dict[str, Any]:
    return (await client.post("/v1/keys", json=fields)).json()


async def make_memories(client: Client, word: str, said: tuple[str, str], **seen: str) -> Ids:
    """Memories, messages and what hangs on them, all with a word in their texts."""
    memory = await client.store(f"The {word} sleeps.", tags=[word], source=word, **seen)
    await client.put(f"/v1/memories/{memory['id']}", json={"content": f"The {word} runs."})
    other = await client.store(f"A {word} is an animal.", **seen)
    await client.store(f"Zoe{word} lives in Town{word}.", **seen)
    relations = f"/v1/memories/{memory['id']}/relations"
    relation = (await client.post(relations, json={"type": "supports", "target_id": other["id"]})).json()
    third = await client.store(f"Green tea, says {word}.", **seen)
    conflict = (await client.relate(other["id"], third["id"], "contradicts")).json()
    session = f"session-{word}"
    asked = await client.say(*(text.format(word) for text in said), session_id=session, **seen)
    page = (await client.get("/v1/memories", params={"memory_type": "session", "session_id": session})).json()
    noise = await client.store(f"Nothing but {word}", **seen)
    await client.post(f"/v1/memories/{noise['id']}/feedback", json={"verdict": "noise"})
    examples = (await client.get("/v1/noise-examples")).json()["noise_examples"]
    return {
        "memory_id": memory["id"],
        "other_id": other["id"],
        "own_id": memory["id"],
        "message_id": page["memories"][0]["id"],
        "relation_id": relation["id"],
        "conflict_id": conflict["id"],
        "task_id": asked["task_id"],
        "session_id": session,
        "example_id": next(example["id"] for example in examples if word in example["text"]),
    }


async def make_everything(client: Client, word: str) -> Ids:
    """One of each thing that has an id and belongs to the tenant alone."""
    name, agent = f"group-{word}", f"agent-{word}"
    await client.put(f"/v1/agent-groups/{name}", json={"agents": [agent]})
    ids = await make_memories(client, word, ("Do you see the {}?", "斑马 {} 在跑。"))
    cancelled = (await client.store(f"The {word} was here."))["task_id"]
    await client.post(f"/v1/tasks/{cancelled}/cancel")
    page = (await client.get("/v1/memories", params={"memory_type": "session", "limit": 1})).json()
    used = await client.post("/v1/memories", json={"content": "once"}, headers={"Idempotency-Key": f"k{word}"})
    file = {"file": (f"{word}.md", f"# {word}\n\nThe {word} eats grass.")}
    imported = (await client.post("/v1/imports", files=file)).json()
    connected = (await client.post("/v1/connectors/github/connect", json=REPOSITORY)).json()
    mine = f"personal/{client.user_id}"
    return {
        **ids,
        "connection_id": connected["connection_id"],
        "import_id": imported["id"],
        "cursor": page["next_cursor"],
        "cancelled_id": cancelled,
        "agent_id": agent,
        "name": name,
        "space": mine,
        "colon_space": mine.replace("/", ":"),
        "kind": "personal",
        "uid": client.user_id,
        "used_key": f"k{word}" if used.status_code == 201 else "",
    }


async def find_derived(client: Client, word: str, **about: str) -> Ids:
    """What ingest made: the newest decision, two entities, one of them with a name that was given to it, and a slot."""
    (decision, *_) = (await client.get("/v1/decisions", params=about)).json()["decisions"]
    first, second = (await client.get("/v1/entities", params={"q": word})).json()["entities"][:2]
    aliases = f"/v1/entities/{second['id']}/aliases"
    named = (await client.post(aliases, json={"name": f"alias-{word}"})).json()
    slots = (await client.get("/v1/slots")).json()["slots"]
    return {
        "decision_id": decision["id"],
        "entity_id": first["id"],
        "other_entity_id": second["id"],
        "named_id": second["id"],
        "alias_id": named["aliases"][0]["id"],
        "slot_id": next(slot["id"] for slot in slots if word in slot["subject"]),
    }


async def make_team(client: Client, member: Client, reader: Client) -> Ids:
    """A team with a member and a reader, and somebody who is not in it."""
    await member.sign_up("Guest")
    guest = member.user_id
    theirs = (await member.post("/v1/spaces", json={"name": "theirs", "space_type": "team"})).json()["id"]
    invitation = {"user_id": client.user_id, "role": "reader"}
    invited = (await member.post(f"/v1/spaces/{theirs}/invitations", json=invitation)).json()
    await member.sign_up("Member")
    await reader.sign_up("Reader")
    space = await client.space(f"team-{SHARED}", member=member)
    await client.post(f"/v1/spaces/{space['id']}/members", json={"user_id": reader.user_id, "role": "reader"})
    kind, _, uid = space["id"].partition("/")
    shared = (await client.store(f"The {SHARED} is shared."))["id"]
    share = {"target_space": space["id"], "note": SHARED}
    copy = (await client.post(f"/v1/memories/{shared}/share", json=share)).json()
    rules = f"/v1/spaces/{space['id']}/auto-share-rules"
    body = {"source_space": f"personal/{client.user_id}", "require_approval": True}
    rule = (await client.post(rules, json=body)).json()
    await client.store(f"The {SECRET} waits.")
    [pending] = (await client.get("/v1/shares/pending")).json()
    ids = {"kind": kind, "uid": uid, "user_id": member.user_id, "guest": guest, "user": client.user_id}
    return {
        **ids,
        "team": space["id"],
        "shared": shared,
        "copy_id": copy["id"],
        "rule_id": rule["id"],
        "pending_id": pending["id"],
        "invitation_id": invited["id"],
    }


def unknown(ids: Ids) -> Ids:
    """Ids of the same form that nobody has; a cursor names nothing by itself."""
    new = str(uuid4())
    made = dict.fromkeys(ids, new)
    return {
        **made,
        "cursor": ids["cursor"],
        "own_id": ids["own_id"],
        "kind": ids["kind"],
        "space": f"personal/{new}",
        "colon_space": f"personal:{new}",
    }


async def everything(driver: AsyncDriver, owner: Owner) -> list[Any]:
    """All nodes and relationships of a tenant, as the graph has them."""
    found = await driver.execute_query(EVERYTHING, tenant_id=owner.client.user_id)
    return [record.values() for record in found.records]


def test_every_route_of_the_document_is_in_the_table(app: Litestar) -> None:
    paths = app.openapi_schema.to_schema()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}

    assert {call.route for call in [*PUBLIC, *CALLS]} == routes


@pytest.mark.parametrize("call", PUBLIC, ids=named)
async def test_public_route_needs_no_key(anonymous: Client, call: Call) -> None:
    assert (await ask(anonymous, call, {"token": "0"})).status_code == call.ok


async def test_owner_may_with_a_key_of_the_scope(graph: Graph, settings: Settings, fresh_owner: Owner) -> None:
    """What an earlier call took away is there again for another owner, who asks for the rest."""
    calls, wrong = sorted(CALLS, key=takes_away), []
    spoilt = [call for call in calls if (await ask_with(fresh_owner, call, call.scope)).status_code != call.ok]
    while spoilt:
        async with owning(graph, settings) as owner:
            answers = [(call, await ask_with(owner, call, call.scope)) for call in spoilt]
        if answers[0][1].status_code != answers[0][0].ok:
            wrong.append(f"{named(answers[0][0])}: {answers[0][1].text}")
            answers.pop(0)
        spoilt = [call for call, answer in answers if answer.status_code != call.ok]

    assert not wrong, "\n".join(wrong)


def makes_group(call: Call) -> bool:
    """Whether the caller has a group of that name after it."""
    return call.route.startswith("PUT /v1/agent-groups")


def takes_away(call: Call) -> bool:
    """Whether other calls may find less after it."""
    words = (
        "DELETE",
        "undo",
        "delete",
        "resolve",
        "rollback",
        "feedback",
        "unshare",
        "reshare",
        "merge",
        "split",
        "leave",
    )
    return any(word in call.route for word in words) or "replaces" in str(call.body) or call.route.endswith("/owner")


async def test_nothing_opens_without_a_key_that_works(owner: Owner, driver: AsyncDriver) -> None:
    before = await everything(driver, owner)
    keys = ["omk_0123456789", key_hash(owner.keys["admin"]), owner.keys["revoked"], owner.keys["expired"]]
    wrong = [{}, *({"X-API-Key": key} for key in keys)]

    found = {
        (named(call), answer.status_code, answer.json()["error"]["code"], is_told(answer, owner.ids))
        for call in CALLS
        for answer in [await ask(owner.anonymous, call, owner.ids, **headers) for headers in wrong]
    }

    assert found == {(named(call), 401, "unauthorized", False) for call in CALLS}
    assert await everything(driver, owner) == before


async def test_key_without_the_scope_opens_nothing(owner: Owner, driver: AsyncDriver) -> None:
    before = await everything(driver, owner)
    keys = {"read": [], "write": ["read"], "admin": ["read", "write"]}
    lacking = [(call, key) for call in CALLS for key in keys[call.scope]]

    found = {
        (named(call), answer.status_code, answer.json()["error"]["code"])
        for call, key in lacking
        for answer in [await ask_with(owner, call, key)]
    }

    assert found == {(named(call), 401, "insufficient_scope") for call, _ in lacking}
    assert await everything(driver, owner) == before


async def test_stranger_learns_and_changes_nothing_by_knowing_ids(
    owner: Owner, stranger: Client, driver: AsyncDriver
) -> None:
    before = await everything(driver, owner)
    wrong: list[str] = []
    # The group that he makes last would be one of his own for what comes after it.
    for call in sorted(CALLS, key=makes_group):
        known = {**owner.ids, "own_id": (await stranger.store("mine"))["id"]}
        nobodys = unknown(known)
        found = await ask(stranger, call, known)
        if found.status_code != call.stranger or is_told(found, known):
            wrong.append(f"{named(call)}: {found.status_code} {found.text}")
        if call.stranger >= 400 and plain(found, known) != plain(await ask(stranger, call, nobodys), nobodys):
            wrong.append(f"{named(call)} tells a foreign id from an unknown one")

    assert not wrong, "\n".join(map(str, wrong))
    assert await everything(driver, owner) == before


async def test_foreign_and_unknown_ids_run_the_same_queries(
    owner: Owner, stranger: Client, caplog: pytest.LogCaptureFixture
) -> None:
    known = {**owner.ids, "own_id": (await stranger.store("mine"))["id"]}
    nobodys = unknown(known)
    asked = [call for call in CALLS if call.stranger == 404]
    caplog.set_level(logging.DEBUG, "neo4j.io")

    wrong = []
    for call in asked:
        foreign, nothing = [await queries_of(stranger, call, ids, caplog) for ids in (known, nobodys)]
        if foreign != nothing or not foreign:
            wrong.append((named(call), foreign, nothing))

    assert not wrong, "\n".join(map(str, wrong))


async def queries_of(client: Client, call: Call, ids: Ids, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The beginnings of the queries that a call runs, from the log of the driver."""
    caplog.clear()
    await ask(client, call, ids)
    return [record.getMessage().partition("RUN ")[2][:60] for record in caplog.records if "RUN " in record.getMessage()]


async def test_reader_of_a_team_reads_it_and_changes_nothing(fresh_owner: Owner, driver: AsyncDriver) -> None:
    owner, reader = fresh_owner, fresh_owner.reader
    before = await everything(driver, owner)
    # He may copy what he reads, which hangs on the original, and leave.
    last = (f"POST {MEMORY}/pull", f"POST {TEAM}/leave")
    allowed = sorted((call for call in CALLS if call.route in last), key=lambda call: last.index(call.route))
    wrong: list[str] = []
    for call in [*sorted((call for call in CALLS if call not in allowed), key=makes_group), *allowed]:
        if call == allowed[0]:
            assert await everything(driver, owner) == before
        known = {**owner.ids, "own_id": (await reader.store("mine"))["id"]}
        found = await ask(reader, call, known)
        if found.status_code != call.for_reader or hidden(found.text, known, SECRET, HIDDEN):
            wrong.append(f"{named(call)}: {found.status_code} {found.text[:300]}")

    assert not wrong, "\n".join(map(str, wrong))


async def test_other_agent_does_not_see_or_change_what_is_private(fresh_owner: Owner, driver: AsyncDriver) -> None:
    owner, agent = fresh_owner, fresh_owner.other_agent
    ids = {**owner.ids, **owner.hidden}
    before = await private(driver, owner)
    # Words of the owner's own, which name nothing by themselves.
    bound = owner.hidden.keys() - {"session_id", "task_id"}
    about = [call for call in CALLS if call.ids & bound]
    reading = [call for call in CALLS if call.scope == "read" and call not in about]
    sweeping = [call for call in CALLS if call.route in ("POST /v1/memories/batch-delete", "DELETE /v1/memories/all")]
    wrong: list[str] = []
    for call in [*reading, *about, *sweeping]:
        found = await ask(agent, call, ids)
        # Of many ids, those that are not his are named as failed.
        expected = call.stranger if call in about and "batch" not in call.route else call.ok
        if found.status_code != expected or hidden(found.text, ids, HIDDEN):
            wrong.append(f"{named(call)}: {found.status_code} {found.text[:300]}")

    assert not wrong, "\n".join(map(str, wrong))
    assert await private(driver, owner) == before


async def private(driver: AsyncDriver, owner: Owner) -> list[Any]:
    """What the owner's agent alone may see, as the graph has it."""
    found = await driver.execute_query(PRIVATE, tenant_id=owner.client.user_id)
    return [record.values() for record in found.records]


async def ask_with(owner: Owner, call: Call, key: str) -> httpx.Response:
    return await ask(owner.client, call, owner.ids, **{"X-API-Key": owner.keys[key]})


def is_told(answer: httpx.Response, ids: Ids) -> bool:
    """Whether an answer has any word of the owner."""
    return hidden(answer.text, ids, SECRET, SHARED, HIDDEN)


def plain(answer: httpx.Response, ids: Ids) -> tuple[int, str]:
    """Status and body with the ids that were sent taken out."""
    text = answer.text
    for name in ids.values():
        text = text.replace(name, "ID")
    return answer.status_code, text


def hidden(text: str, ids: Ids, *words: str) -> bool:
    """Whether an answer holds one of the words, beyond what the caller himself sent."""
    for name in ids.values():
        text = text.replace(name, "")
    return any(word in text for word in words)


async def test_no_answer_log_line_or_node_shows_a_key(
    fresh_owner: Owner, driver: AsyncDriver, caplog: pytest.LogCaptureFixture
) -> None:
    owner, keys = fresh_owner, list(fresh_owner.keys.values())
    caplog.set_level(logging.DEBUG, "app")
    ids = {**owner.ids, "space": f"personal/{owner.client.key}", "colon_space": f"personal:{owner.client.key}"}
    hashes = [key_hash(key) for key in keys]

    answers = {named(call): (await ask(owner.client, call, ids)).text for call in CALLS}
    answers["text"] = (await owner.client.post("/v1/memories", json={"content": f"My key is {keys[0]}."})).text

    assert [place for place, text in answers.items() if any(secret in text for secret in [*keys, *hashes])] == []
    assert [record for record in caplog.messages if any(secret in record for secret in [*keys, *hashes])] == []
    found = await driver.execute_query(HOLDERS, secrets=[*keys, *hashes])
    assert {tuple(record.value()) for record in found.records} == {("ApiKey", "hash")}


async def test_own_key_in_a_space_id_is_answered_as_the_handle(fresh_owner: Owner) -> None:
    client = fresh_owner.client
    names = [fresh_owner.keys["admin"], fresh_owner.keys["read"], client.user_id]

    for given in [f"personal{mark}{name}" for name in names for mark in "/:"]:
        stored = await client.store(f"Tea number {given[-4:]} is ready.", space=given)
        listed = (await client.get("/v1/memories", params={"space": given})).json()
        found = await client.search("is tea ready?", space=given)

        assert stored["space_id"] == f"personal/{client.user_id}"
        assert stored["id"] in [memory["id"] for memory in listed["memories"]]
        assert stored["id"] in [result["memory"]["id"] for result in found["results"]]
        assert client.key not in str([stored, listed, found])


@pytest.mark.parametrize("form", ["personal/{}", "personal:{}"])
async def test_key_of_somebody_else_in_a_space_id_opens_nothing(owner: Owner, stranger: Client, form: str) -> None:
    answer = await stranger.post("/v1/memories", json={"content": "x", "space": form.format(owner.client.key)})

    assert answer.status_code == 404
    assert owner.client.key not in answer.text

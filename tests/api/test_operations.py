"""The 49 operations of omem's contract as one story over HTTP: each succeeds with its status and the keys it states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
from litestar import Litestar

from tests.api.test_access import REPOSITORY, Call, Ids, ask
from tests.api.test_memories import FIELDS
from tests.clients import Client
from tests.servers.github_api import GitHubServer, event, issue

# What the one who stores a memory is told besides is no part of it.
MEMORY = " ".join(set(FIELDS) - {"task_id"})
SPACE = "id space_type name owner_id members auto_share_rules created_at updated_at"
RULE = "id source_space categories tags min_importance require_approval created_at"
IMPORT = (
    "id status file_type filename agent_id space_id post_process strategy storage_total storage_stored storage_skipped"
    " extraction_status extraction_chunks extraction_facts extraction_progress reconcile_status reconcile_relations"
    " reconcile_merged reconcile_progress errors created_at completed_at"
)
STATS = (
    "total by_type by_category by_tier by_state by_space by_visibility by_agent timeline avg_importance avg_confidence"
    " total_access_count"
)
CONFIG = "decay promotion demotion retrieval admission spaces categories tiers memory_types states relation_types"
DECAY = (
    "memory_id tier importance confidence access_count last_accessed_hours_ago current_strength composite_score"
    " decay_params decay_curve promotion_thresholds demotion_thresholds"
)
COUNTS = "total shared skipped_existing failed"
TEAM = {"kind": "team", "uid": "{team_uid}"}
MINE = {"target_space": "{team}"}
IMPORTS, SPACES, MEMORIES = "/v1/imports", "/v1/spaces/{kind}/{uid}", "/v1/memories"


class Operation(NamedTuple):
    """A row of the contract's index: its number, a call that succeeds, and the top-level keys of the answer.

    Of a list they are those of its items. `learns` names what later calls need of the answer, and its key there.
    """

    number: str
    call: Call
    keys: str
    learns: tuple[str, str] = ("", "")


def operation(
    number: str, route: str, status: int, keys: str, body: object = None, *learns: str, **more: Any
) -> Operation:
    name, key = [*learns, "", ""][:2]
    return Operation(number, Call(route, status, 0, body, **more), keys, (name, key))


OPERATIONS = [
    operation("1", "GET /health", 200, "status"),
    operation("2", "POST /v1/tenants", 200, "id api_key status", {}),
    operation(
        "3",
        "POST /v1/memories",
        202,
        "task_id stored_count",
        {"messages": [{"role": "user", "content": "I live in Oslo."}]},
    ),
    operation("3b", "POST /v1/memories", 201, MEMORY, {"content": "Tea at noon", "tags": ["tea"]}, "memory_id", "id"),
    operation("38", "POST /v1/spaces", 201, SPACE, {"name": "red", "space_type": "team"}, "team", "id"),
    operation("37", "GET /v1/spaces", 200, SPACE),
    operation("39", f"GET {SPACES}", 200, SPACE, path=TEAM),
    operation("40", f"PUT {SPACES}", 200, SPACE, {"name": "blue"}, path=TEAM),
    operation("42", f"POST {SPACES}/members", 200, SPACE, {"user_id": "{bob}", "role": "reader"}, path=TEAM),
    operation(
        "43", f"PUT {SPACES}/members/{{user_id}}", 200, SPACE, {"role": "member"}, path={**TEAM, "user_id": "{bob}"}
    ),
    operation(
        "46",
        f"POST {SPACES}/auto-share-rules",
        201,
        RULE,
        {"source_space": "personal/{alice}", "categories": ["cases"]},
        "rule_id",
        "id",
        path=TEAM,
    ),
    operation("45", f"GET {SPACES}/auto-share-rules", 200, RULE, path=TEAM),
    operation("47", f"DELETE {SPACES}/auto-share-rules/{{rule_id}}", 200, "status", path=TEAM),
    operation("11", f"POST {MEMORIES}/{{memory_id}}/share", 201, MEMORY, MINE, "copy_id", "id"),
    operation("14", f"POST {MEMORIES}/{{memory_id}}/reshare", 200, MEMORY, {}, path={"memory_id": "{copy_id}"}),
    operation("13", f"POST {MEMORIES}/{{memory_id}}/unshare", 200, "status", MINE),
    operation(
        "17",
        f"POST {MEMORIES}/{{memory_id}}/share-to-user",
        201,
        "space_id shared_copy_id space_created",
        {"target_user": "{bob}"},
        "copy_id",
        "shared_copy_id",
    ),
    operation(
        "12",
        f"POST {MEMORIES}/{{memory_id}}/pull",
        201,
        MEMORY,
        {"source_space": "{team}"},
        path={"memory_id": "{copy_id}"},
    ),
    operation("15", f"POST {MEMORIES}/batch-share", 200, "succeeded failed", {**MINE, "memory_ids": ["{memory_id}"]}),
    operation("16", f"POST {MEMORIES}/share-all", 200, COUNTS, MINE),
    operation(
        "18", f"POST {MEMORIES}/share-all-to-user", 200, f"space_id space_created {COUNTS}", {"target_user": "{bob}"}
    ),
    operation("44", f"DELETE {SPACES}/members/{{user_id}}", 200, SPACE, path={**TEAM, "user_id": "{bob}"}),
    operation(
        "48",
        "POST /v1/org/setup",
        201,
        "space_id name members_added failed_members",
        {"name": "Acme", "members": []},
        "org",
        "space_id",
    ),
    operation(
        "49",
        "POST /v1/org/{kind}/{uid}/publish",
        200,
        "published skipped_existing failed auto_share_rule_id",
        {"memory_ids": ["{memory_id}"]},
        path={"kind": "org", "uid": "{org_uid}"},
    ),
    operation("5", f"GET {MEMORIES}/search", 200, "results", query={"q": "tea"}),
    operation("6", f"GET {MEMORIES}/{{memory_id}}", 200, MEMORY),
    operation("7", f"PUT {MEMORIES}/{{memory_id}}", 200, MEMORY, {"content": "Tea at one"}),
    operation("4", "GET /v1/memories", 200, "memories total_count limit offset"),
    operation("19", "GET /v1/profile", 200, "static_facts dynamic_context search_results"),
    operation("20", "GET /v1/stats", 200, STATS),
    operation("21", "GET /v1/stats/config", 200, CONFIG),
    operation("22", "GET /v1/stats/tags", 200, "tags total_unique_tags total_tag_usages cross_space_tags"),
    operation("23", "GET /v1/stats/decay", 200, DECAY, query={"memory_id": "{memory_id}"}),
    operation("24", "GET /v1/stats/relations", 200, "nodes edges total_nodes total_edges"),
    operation("25", "GET /v1/stats/spaces", 200, "spaces total_spaces"),
    operation("26", "GET /v1/stats/sharing", 200, "summary recent_activity flow_graph timeline"),
    operation("27", "GET /v1/stats/agents", 200, "agents total_agents"),
    operation(
        "28", "POST /v1/files", 202, "task_id filename content_type chunks_created", form={"file": "Ann lives in Rome."}
    ),
    operation("29", f"POST {IMPORTS}", 200, IMPORT, None, "import_id", "id", form={"file": "Ben lives in Bonn."}),
    operation("30", f"GET {IMPORTS}", 200, "imports total"),
    operation("31", f"GET {IMPORTS}/{{import_id}}", 200, IMPORT),
    operation("32", f"POST {IMPORTS}/{{import_id}}/intelligence", 200, IMPORT),
    operation("33", f"POST {IMPORTS}/{{import_id}}/rollback", 200, "deleted_memories deleted_sessions import_status"),
    operation("34", f"POST {IMPORTS}/cross-reconcile", 200, "relations_created memories_scanned"),
    operation("35", "POST /v1/connectors/github/connect", 200, "status repo webhook_id", REPOSITORY),
    operation("36", "POST /v1/connectors/github/webhook", 200, "event_type memories_created"),
    operation("41", f"DELETE {SPACES}", 200, "status", path=TEAM),
    operation("8", f"DELETE {MEMORIES}/{{memory_id}}", 200, "status"),
    operation("9", f"POST {MEMORIES}/batch-delete", 200, "deleted mode", {"memory_ids": ["{memory_id}"]}),
    operation("10", f"DELETE {MEMORIES}/all", 200, "deleted sessions_cleared", headers={"X-Confirm": "delete-all"}),
]


def test_all_49_are_here_and_described(app: Litestar) -> None:
    paths = app.openapi_schema.to_schema()["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}

    assert sorted(int(one.number) for one in OPERATIONS if one.number != "3b") == list(range(1, 50))
    assert {one.call.route for one in OPERATIONS} <= described


async def test_each_succeeds_with_what_the_contract_states(
    alice: Client, stranger: Client, github_server: GitHubServer, work: Callable[[], Awaitable[int]]
) -> None:
    ids, wrong = {"alice": alice.user_id, "bob": stranger.user_id}, list[str]()

    for number, call, keys, learns in OPERATIONS:
        answer = await (tell(alice, github_server) if "webhook" in call.route else ask(alice, call, ids))
        found = answer.json()
        first = found[0] if isinstance(found, list) else found
        if answer.status_code != call.ok or not set(keys.split()) <= set(first):
            wrong.append(f"{number} {call.route}: {answer.status_code} {answer.text}")
        ids |= learned(first, *learns)
        await work()

    assert not wrong, "\n".join(wrong)


def learned(answer: dict[str, Any], name: str, key: str) -> Ids:
    """An id of the answer by its name, and what stands in it behind the slash."""
    return {name: answer[key], f"{name}_uid": answer[key].rpartition("/")[2]} if name else {}


async def tell(client: Client, github: GitHubServer) -> httpx.Response:
    """Calls the webhook as the contract has it: the header says for whom."""
    hook = github.hooks[-1]
    call = event(hook, "issues", action="opened", issue=issue(1, "Tea"))
    headers = {**call["headers"], "X-Tenant-Id": hook.token}
    return await client.post("/v1/connectors/github/webhook", content=call["content"], headers=headers)

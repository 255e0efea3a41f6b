"""The requests of the four plugins exactly as they send them (contract 12), and what they need of the answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.clients import Client

# The Node plugins send it with every request, also without a body.
NODE = {"Content-Type": "application/json"}
CURL = {"Content-Type": "application/json", "Accept": "application/json"}
USER_TAG, PROJECT_TAG = "omem_user_0123456789abcdef", "omem_project_fedcba9876543210"
Work = Callable[[], Awaitable[int]]
TALK = [{"role": "user", "content": "I live in Oslo now"}, {"role": "assistant", "content": "奥斯陆很美。"}]


async def send(client: Client, method: str, path: str, body: object = None, headers: dict[str, str] = NODE) -> Any:
    """Sends a request as a plugin does; the JSON of the answer, which must be a success with a body."""
    content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    answer = await client.request(method, path, content=content, headers=headers)
    assert answer.is_success, answer.text
    assert answer.status_code != 204
    return answer.json()


async def search(client: Client, **parameters: object) -> list[dict[str, Any]]:
    """A search as the plugins write it into the URL; each result has what they read."""
    results = (await send(client, "GET", f"/v1/memories/search?{urlencode(parameters)}"))["results"]
    for result in results:
        assert isinstance(result["score"], float | int)
        assert isinstance(result["memory"]["tags"], list)
        assert result["memory"]["category"]
        assert datetime.fromisoformat(result["memory"]["created_at"])
    return results


def contents(results: list[dict[str, Any]]) -> list[str]:
    return [result["memory"]["content"] for result in results]


async def test_mcp_stores_and_prints_what_it_stored(alice: Client) -> None:
    stored = await send(alice, "POST", "/v1/memories", {"content": "喝绿茶", "tags": [], "source": "mcp"})

    assert stored["id"]
    assert stored["content"] == "喝绿茶"
    assert stored["source"] == "mcp"


async def test_mcp_searches_and_prints_scores_and_tags(alice: Client) -> None:
    await alice.store("Green tea in the morning", tags=["tea", "morning"])
    await alice.store("Green paint in the cellar")

    found = await search(alice, q="green tea", limit=10, scope="global", tags="tea,morning")

    assert contents(found) == ["Green tea in the morning"]
    assert [f"{result['score']:.2f} {', '.join(result['memory']['tags'])}" for result in found]


@pytest.mark.parametrize(
    ("said", "question"),
    [("I live in Oslo.", "where does the user live?"), ("我住在奥斯陆。", "用户住在哪里？")],
)
async def test_agents_ask_about_the_user_what_he_said_of_himself(
    alice: Client, work: Work, said: str, question: str
) -> None:
    await alice.say(said)
    await work()

    assert said in contents(await search(alice, q=question, limit=10))


async def test_mcp_gets_updates_and_forgets(alice: Client) -> None:
    path = f"/v1/memories/{(await alice.store('Green tea'))['id']}"

    assert (await send(alice, "GET", path))["content"] == "Green tea"
    updated = await send(alice, "PUT", path, {"content": "Black tea"})
    assert (updated["content"], updated["version"]) == ("Black tea", 2)
    assert (await send(alice, "PUT", path, {"content": "Black tea", "tags": ["tea"]}))["tags"] == ["tea"]
    assert await send(alice, "DELETE", path) == {"status": "deleted"}
    assert not (await alice.get(path, headers=NODE)).is_success


async def test_mcp_lists_with_what_it_prints(alice: Client) -> None:
    await alice.store("Green tea", tags=["tea"])

    listed = await send(alice, "GET", "/v1/memories?limit=20&offset=0")

    assert {"memories", "total_count", "limit", "offset"} <= set(listed)
    assert [(memory["category"], memory["tags"]) for memory in listed["memories"]] == [("preferences", ["tea"])]


@pytest.mark.parametrize("mode", ["smart", "raw"])
async def test_mcp_ingests_a_conversation_with_tags(alice: Client, mode: str) -> None:
    accepted = await send(alice, "POST", "/v1/memories", {"messages": TALK, "mode": mode, "tags": ["talk"]})

    assert accepted["stored_count"] == 2
    assert accepted["task_id"]
    assert contents(await search(alice, q="where do I live?", limit=10, tags="talk"))[0] == TALK[0]["content"]


async def test_mcp_prints_statistics_as_they_come(alice: Client) -> None:
    await alice.store("Green tea")

    assert isinstance(await send(alice, "GET", "/v1/stats"), dict)


async def test_node_plugins_get_no_body_they_cannot_read(alice: Client) -> None:
    """A GET carries a JSON content type and no body, an id may need escaping, and unknown fields are sent along."""
    unknown = await alice.get(f"/v1/memories/{quote('team/x?y', safe='')}", headers=NODE)
    stored = await send(alice, "POST", "/v1/memories", {"content": "Tea", "tags": [], "mood": "good", "l9": None})

    assert unknown.status_code == 404
    assert (await send(alice, "GET", f"/v1/memories/{stored['id']}"))["content"] == "Tea"


async def test_opencode_stores_with_the_tags_of_user_and_project(alice: Client) -> None:
    body = {"content": "Green tea", "tags": [USER_TAG, PROJECT_TAG, "tea"], "source": "opencode"}

    stored = await send(alice, "POST", "/v1/memories", body)

    assert stored["tags"] == [USER_TAG, PROJECT_TAG, "tea"]


async def test_opencode_sees_what_other_agents_stored_after_its_own(alice: Client) -> None:
    await alice.store("Tea is green", source="mcp")
    await alice.store("Tea is black", tags=[USER_TAG, PROJECT_TAG])

    found = await search(alice, q="tea", limit=10, tags=f"{USER_TAG},{PROJECT_TAG}")

    assert contents(found) == ["Tea is black", "Tea is green"]


@pytest.mark.parametrize("query", ["*", ""])
async def test_search_for_nothing_in_particular_answers_the_newest(alice: Client, query: str) -> None:
    await alice.store("Green tea")
    await alice.store("黑茶")

    assert contents(await search(alice, q=query, limit=10)) == ["黑茶", "Green tea"]
    tagged = await search(alice, q=query, limit=20, tags=f"{USER_TAG},{PROJECT_TAG}")
    assert contents(tagged) == ["黑茶", "Green tea"]


async def test_what_agents_wrote_down_comes_before_what_was_said(alice: Client) -> None:
    """A context has room for ten or twenty: facts first, since they say what the messages said."""
    await alice.store("Green tea")
    await send(alice, "POST", "/v1/memories", {"messages": TALK, "mode": "raw"})

    assert contents(await search(alice, q="", limit=10)) == ["Green tea", "奥斯陆很美。", "I live in Oslo now"]
    assert contents(await search(alice, q="*", limit=1)) == ["Green tea"]


async def test_opencode_may_send_a_whole_first_message_as_the_query(alice: Client) -> None:
    await alice.store("The parser fails on nested quotes")
    message = '请帮我看看 "parser" (nested quotes)? AND OR NOT [a TO b] ~*: \\ \n' * 100

    found = await search(alice, q=message, limit=5, tags=f"{USER_TAG},{PROJECT_TAG}")

    assert contents(found) == ["The parser fails on nested quotes"]


@pytest.mark.parametrize("kind", ["team", "organization"])
async def test_node_plugins_create_a_space_add_a_member_and_list_both(
    alice: Client, stranger: Client, kind: str
) -> None:
    created = await send(alice, "POST", "/v1/spaces", {"name": "设计组", "space_type": kind})
    path = f"/v1/spaces/{quote(created['id'], safe='')}/members"
    await send(alice, "POST", path, {"user_id": stranger.key, "role": "member"})

    listed = (await send(stranger, "GET", "/v1/spaces"))["spaces"]

    assert [(space["id"], space["name"]) for space in listed[1:]] == [(created["id"], "设计组")]


async def test_node_plugins_share_pull_and_reshare(alice: Client, stranger: Client) -> None:
    space = (await send(alice, "POST", "/v1/spaces", {"name": "red", "space_type": "team"}))["id"]
    await send(
        alice, "POST", f"/v1/spaces/{quote(space, safe='')}/members", {"user_id": stranger.key, "role": "member"}
    )
    origin = await send(alice, "POST", "/v1/memories", {"content": "喝绿茶", "tags": [], "source": "mcp"})

    copy = await send(alice, "POST", f"/v1/memories/{origin['id']}/share", {"target_space": space})
    pulled = await send(stranger, "POST", f"/v1/memories/{copy['id']}/pull", {"source_space": space})
    renewed = await send(alice, "POST", f"/v1/memories/{copy['id']}/reshare", {})

    assert {memory["content"] for memory in (copy, pulled, renewed)} == {"喝绿茶"}
    assert contents(await search(stranger, q="绿茶", limit=10)) == ["喝绿茶"]


async def test_openclaw_checks_health_before_it_begins(anonymous: Client) -> None:
    assert await send(anonymous, "GET", "/health") == {"status": "ok"}


@pytest.mark.parametrize(
    "body", [{"content": "a"}, {"content": "b", "tags": ["x"]}, {"content": "c", "source": "chat"}]
)
async def test_openclaw_stores_with_what_it_has(alice: Client, body: dict[str, object]) -> None:
    stored = await send(alice, "POST", "/v1/memories", body)

    assert stored["id"]
    assert stored["tags"] == body.get("tags", [])


async def test_openclaw_sends_the_end_of_a_session_again(alice: Client) -> None:
    body = {"messages": TALK, "mode": "smart", "agent_id": "openclaw-auto", "session_id": "ses_1763862958000"}

    first = await send(alice, "POST", "/v1/memories", body)
    second = await send(alice, "POST", "/v1/memories", {**body, "messages": [*TALK, *TALK[:1]]})

    assert (first["stored_count"], second["stored_count"]) == (2, 1)
    assert first["session_id"] == "ses_1763862958000"


async def test_openclaw_sends_single_messages_without_a_session(alice: Client) -> None:
    body = {"messages": [{"role": "assistant", "content": "[Subagent result] tea is ready"}], "mode": "smart"}

    assert (await send(alice, "POST", "/v1/memories", body))["stored_count"] == 1


async def test_profile_is_what_each_plugin_reads(alice: Client, work: Work) -> None:
    """OpenClaw takes `profile` for a string, the others show the whole object; assemble also asks with no words."""
    assert (await send(alice, "GET", "/v1/profile"))["profile"] == ""
    await alice.say("I live in Oslo.")
    await work()

    profile = await send(alice, "GET", "/v1/profile")

    assert "Oslo" in profile["profile"]
    assert {"static_facts", "dynamic_context"} <= set(profile)
    assert await search(alice, q="", limit=10)


async def test_openclaw_saves_what_the_user_said_last_before_a_reset(alice: Client) -> None:
    texts = ["Please remember my dentist.", "我的牙医在周一。", "x" * 300]

    saved = await send(
        alice,
        "POST",
        "/v1/memories",
        {"messages": [{"role": "user", "content": text} for text in texts], "mode": "smart"},
    )

    assert saved["stored_count"] == 3
    assert contents(await search(alice, q="牙医", limit=10))[0] == texts[1]


async def test_openclaw_sends_up_to_200_kilobytes_at_the_end_of_a_session(alice: Client) -> None:
    messages = [{"role": "user", "content": f"Part {number}: " + "tea and 茶. " * 700} for number in range(20)]
    body = {"messages": messages, "mode": "smart", "agent_id": "openclaw-auto", "session_id": "long"}

    assert (await send(alice, "POST", "/v1/memories", body))["stored_count"] == 20


@pytest.mark.parametrize("tag", ["claude-code", "pre-compact"])
async def test_claude_code_sends_the_last_messages_of_a_session(alice: Client, tag: str) -> None:
    body = {"messages": TALK, "mode": "smart", "tags": ["auto-captured", tag], "source": "claude-code"}

    accepted = await send(alice, "POST", "/v1/memories", body, CURL)

    assert accepted["stored_count"] == 2
    listed = (await alice.get("/v1/memories", params={"memory_type": "session"})).json()["memories"]
    assert {(memory["source"], *memory["tags"]) for memory in listed} == {("claude-code", "auto-captured", tag)}


async def test_claude_code_reads_the_list_at_the_start_of_a_session(alice: Client) -> None:
    await alice.store("Errors are logged. They are not raised.", tags=["errors"])

    answer = await alice.get("/v1/memories?limit=20&offset=0", headers={"Accept": "application/json"})

    assert '"error"' not in answer.text
    memory = answer.json()["memories"][0]
    # The hook shows nothing else of it.
    assert memory["l0_abstract"] == "Errors are logged. They are not raised."
    # What Python 3.10 can read: six digits and an offset.
    assert len(memory["created_at"]) == len("2026-11-23T02:35:58.101995+00:00")


async def test_claude_code_tells_newcomers_to_sign_up_with_nothing(anonymous: Client) -> None:
    made = await send(anonymous, "POST", "/v1/tenants", {})

    assert (await anonymous.get("/v1/memories", headers={"X-API-Key": made["api_key"]})).is_success


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/memories/search?q=tea"),
        ("GET", "/v1/memories"),
        ("POST", "/v1/memories"),
        ("DELETE", "/v1/memories/x"),
    ],
)
async def test_wrong_key_is_no_success_for_any_plugin(anonymous: Client, method: str, path: str) -> None:
    answer: httpx.Response = await anonymous.request(method, path, headers={**NODE, "X-API-Key": "wrong"})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"

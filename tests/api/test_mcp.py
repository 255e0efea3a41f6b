"""The tools over both transports, with the client of the SDK against a real server: what agents call and read."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import httpx2
import pytest
from litestar.exceptions import PermissionDeniedException
from mcp import Client as Agent
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from app.api.mcp import check_origin
from tests.clients import Client

ROOT = Path(__file__).parents[2]
LOADED = "import sys, app.cli.mcp; print(*sys.modules)"
COMMAND = ["-c", "from app.cli import main; main()", "mcp"]
# Of the processor: 1.15 to 1.31 s were measured on a machine with five times the work it has processors for, most of
# them in the SDK. The rest is for slower machines.
START_SECONDS = 3.0
# What answers requests of the API takes seconds to import, and a client of it needs none of it.
OF_THE_SERVICE = {"litestar", "neo4j", "openai", "torch", "sentence_transformers", "rapidfuzz", "networkx"}
SEED_TOOLS = [
    "memory_store",
    "memory_search",
    "memory_forget",
    "memory_get",
    "memory_update",
    "memory_profile",
    "memory_list",
    "memory_ingest",
    "memory_stats",
    "space_create",
    "space_list",
    "space_add_member",
    "memory_share",
    "memory_pull",
    "memory_reshare",
]

Connect = Callable[[str], AbstractAsyncContextManager[Agent]]


@asynccontextmanager
async def over_http(url: str, mode: str = "auto", **headers: str) -> AsyncGenerator[Agent]:
    """An agent at /mcp with these headers."""
    async with (
        httpx2.AsyncClient(headers=httpx2.Headers(headers, encoding="utf-8"), timeout=30) as http,
        Agent(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as agent,
    ):
        yield agent


def over_stdio(url: str, key: str) -> AbstractAsyncContextManager[Agent]:
    """An agent that has started `ourmem mcp`."""
    environment = {"OMEM_API_URL": url, "OMEM_API_KEY": key, "HOME": os.environ.get("HOME", "/")}
    return Agent(StdioServerParameters(command=sys.executable, args=COMMAND, env=environment, cwd=ROOT))


@pytest.fixture(params=["http", "http of older clients", "stdio"])
def connect(request: pytest.FixtureRequest, url: str) -> Connect:
    """Connects an agent with a key over one of the transports."""
    if request.param == "stdio":
        return lambda key: over_stdio(url, key)
    mode = "legacy" if "older" in request.param else "auto"
    return lambda key: over_http(url, mode, **{"X-API-Key": key})


async def call(agent: Agent, tool: str, **arguments: object) -> str:
    """The text of a tool that succeeds."""
    result = await agent.call_tool(tool, arguments)
    assert not result.is_error, result.content[0].text
    return result.content[0].text


async def refused(agent: Agent, tool: str, **arguments: object) -> str:
    """The text of a tool that fails."""
    result = await agent.call_tool(tool, arguments)
    assert result.is_error, result.content[0].text
    return result.content[0].text


def id_in(text: str, word: str = "id") -> str:
    """The id that a text names after a word."""
    found = re.search(rf'{word}"?: "?([\w/-]+)', text)
    assert found, text
    return found[1]


async def test_agent_remembers_over_every_transport(connect: Connect, alice: Client) -> None:
    async with connect(alice.key) as agent:
        tools = (await agent.list_tools()).tools
        stored = await call(agent, "memory_store", content="我每天早上喝龙井", tags=["tea"], source="chat")
        memory = id_in(stored)
        found = await call(agent, "memory_search", query="龙井", limit=5, tags=["tea"])
        shown = await call(agent, "memory_get", id=memory)
        updated = await call(agent, "memory_update", id=memory, content="我每天晚上喝龙井")
        listed = await call(agent, "memory_list", limit=5)
        deleted = await call(agent, "memory_forget", id=memory)
        unknown = await refused(agent, "memory_get", id=memory)
        wrong = await refused(agent, "memory_search", query="tea", limit=0)

    assert [tool.name for tool in tools][: len(SEED_TOOLS)] == SEED_TOOLS
    assert stored == f"Memory stored (id: {memory}):\n我每天早上喝龙井"
    assert re.match(r"1\. \(score: [01]\.\d\d\) \[tea\]\n   我每天早上喝龙井\n   id: ", found)
    assert '"source": "chat"' in shown
    assert updated == f"Memory {memory} updated."
    assert "[tea] 我每天晚上喝龙井" in listed
    assert deleted == f"Memory {memory} deleted."
    assert unknown == "memory_get failed: not found: no such memory"
    assert wrong == "memory_search: Expected `int` >= 1 - at `limit`"
    assert (await alice.get("/v1/memories")).json()["memories"] == []


async def test_tools_say_what_they_take(url: str, alice: Client) -> None:
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        tools = {tool.name: tool for tool in (await agent.list_tools()).tools}

    assert all(tool.input_schema["type"] == "object" and tool.description for tool in tools.values())
    assert "anyOf" not in str([tool.input_schema["properties"] for tool in tools.values()])
    assert tools["memory_search"].input_schema["required"] == ["query"]
    assert tools["memory_search"].input_schema["properties"]["limit"]["maximum"] == 50
    assert {name for name, tool in tools.items() if tool.annotations.destructive_hint} == {"memory_forget"}
    reading = {name for name, tool in tools.items() if tool.annotations.read_only_hint}
    assert {"memory_search", "memory_profile", "memory_why", "conflict_list", "import_list"} <= reading
    assert not reading & {"memory_store", "memory_share", "conflict_resolve", "import_create"}


async def test_agents_share_with_the_arguments_of_the_seed(url: str, alice: Client, stranger: Client) -> None:
    async with (
        over_http(url, **{"X-API-Key": alice.key}) as agent,
        over_http(url, Authorization=f"Bearer {stranger.key}") as other,
    ):
        space = id_in(await call(agent, "space_create", name="设计组", space_type="team", members=[]))
        await call(agent, "space_add_member", space_id=space, user_id=stranger.user_id, role="member")
        memory = id_in(await call(agent, "memory_store", content="The logo is green"))
        copy = id_in(await call(agent, "memory_share", memory_id=memory, target_space=space))
        pulled = await call(other, "memory_pull", memory_id=copy, source_space=space, visibility="private")
        reshared = await call(agent, "memory_reshare", memory_id=copy)
        stats = await call(agent, "memory_stats")

        assert "设计组" in await call(other, "space_list")
        assert "The logo is green" in pulled
        assert "The logo is green" in reshared
        assert '"total"' in stats or '"total_memories"' in stats
        assert "The logo is green" in await call(other, "memory_search", query="logo", space=space)


async def test_keys_on_one_server_see_nothing_of_each_other(url: str, alice: Client, stranger: Client) -> None:
    memory = (await alice.store("The safe opens with 4711"))["id"]

    async with (
        over_http(url, **{"X-API-Key": alice.key}) as agent,
        over_http(url, **{"X-API-Key": stranger.key}) as other,
    ):
        answers = await asyncio.gather(
            *(call(one, "memory_search", query="what opens the safe?") for one in [agent, other] * 5)
        )
        lists = [await call(other, tool) for tool in ("memory_list", "conflict_list", "import_list")]
        foreign = [
            await refused(other, "memory_get", id=memory),
            await refused(other, "memory_why", memory_id=memory),
            await refused(other, "memory_relations", memory_id=memory),
            await refused(other, "memory_forget", id=memory),
            await refused(other, "memory_update", id=memory, content="mine"),
        ]

    assert all("4711" in answer for answer in answers[::2])
    assert set(answers[1::2]) == {"No memories found."}
    assert lists == ["No memories stored yet.", "No conflicts.", "No imports."]
    assert all("not found: no such memory" in text for text in foreign)


async def test_a_key_that_only_reads_reads_only(url: str, alice: Client) -> None:
    await alice.store("Tea is green")
    key = (await alice.post("/v1/keys", json={"scopes": ["read"]})).json()["api_key"]

    async with over_http(url, **{"X-API-Key": key}) as agent:
        assert "Tea is green" in await call(agent, "memory_search", query="tea")
        text = await refused(agent, "memory_store", content="Tea is black")

    assert text.startswith("memory_store failed: unauthorized: ")
    assert "write" in text


async def test_a_private_memory_is_seen_by_its_agent_only(url: str, alice: Client) -> None:
    body = {"content": "Draft of the speech", "visibility": "private"}
    await alice.post("/v1/memories", json=body, headers={"X-Agent-Id": "作者".encode()})

    async with over_http(url, **{"X-API-Key": alice.key, "X-Agent-Id": "作者"}) as agent:
        assert "Draft" in await call(agent, "memory_list")
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        assert await call(agent, "memory_list") == "No memories stored yet."


async def test_tools_ask_the_graph(url: str, alice: Client, work: Callable[[], Awaitable[int]]) -> None:
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        said = [{"role": "user", "content": "Lena works at Harbor as an engineer."}]
        accepted = await call(agent, "memory_ingest", messages=said, mode="smart", tags=["talk"], session_id="s1")
        await work()
        fact = id_in(await call(agent, "memory_list", limit=1))
        left = id_in(await call(agent, "memory_store", content="The office closes at six."))
        right = id_in(await call(agent, "memory_store", content="The office closes at seven."))
        await call(agent, "memory_relate", memory_id=left, type="contradicts", target_id=right)
        conflict = id_in(await call(agent, "conflict_list"), "conflict")
        resolved = await call(agent, "conflict_resolve", conflict_id=conflict, resolution="keep_right")

        assert id_in(accepted, "task_id")
        assert "Lena works at Harbor" in await call(agent, "memory_why", memory_id=fact)
        assert "The office closes at" in await call(agent, "memory_relations", memory_id=left)
        assert resolved.startswith(f"Conflict {conflict} resolved: keep_right.")
        assert await call(agent, "conflict_list") == "No conflicts."
        assert "Lena works at Harbor" in await call(agent, "entity_timeline", entity="Lena")


async def test_tools_import_a_file(url: str, alice: Client) -> None:
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        text = "# 团队\n\n我们每周二发布。\n"
        made = await call(agent, "import_create", filename="团队.md", content=text)
        again = await refused(agent, "import_create", filename="团队.md", content=text)

        assert made.startswith("Import accepted: 团队.md: ")
        assert "duplicate" in again
        assert made.removeprefix("Import accepted: ").partition(":")[0] in await call(agent, "import_list")
        assert '"filename": "团队.md"' in await call(agent, "import_get", id=id_in(made))
        assert "我们每周二发布" in await call(agent, "memory_search", query="什么时候发布？")


async def test_the_profile_is_a_tool_a_resource_and_a_prompt(
    url: str, alice: Client, work: Callable[[], Awaitable[int]]
) -> None:
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        empty = (await agent.get_prompt("profile")).messages[0].content.text
        await alice.say("I live in Oslo.", "我喜欢龙井茶。")
        await work()
        told = await call(agent, "memory_profile")
        listed = (await agent.list_resources()).resources
        read = (await agent.read_resource("omem://profile")).contents[0]
        prompts = (await agent.list_prompts()).prompts
        prompt = (await agent.get_prompt("profile")).messages[0].content.text

    assert empty == "Nothing is remembered of the user yet."
    assert [(one.uri, one.mime_type) for one in listed] == [("omem://profile", "application/json")]
    assert [one.name for one in prompts] == ["profile"]
    for text in (told, read.text, prompt):
        assert "Oslo" in text
        assert "龙井" in text
    assert json.loads(read.text)["profile"] == prompt


async def test_unknown_names_are_errors_of_the_protocol(url: str, alice: Client) -> None:
    async with over_http(url, **{"X-API-Key": alice.key}) as agent:
        with pytest.raises(MCPError, match="there is no tool memory_burn"):
            await agent.call_tool("memory_burn", {})
        with pytest.raises(MCPError, match="there is no resource"):
            await agent.read_resource("omem://secrets")
        with pytest.raises(MCPError, match="there is no prompt"):
            await agent.get_prompt("secrets")


@pytest.mark.parametrize(
    ("headers", "method", "status", "code"),
    [
        ({}, "POST", 401, "unauthorized"),
        ({"X-API-Key": "wrong"}, "POST", 401, "unauthorized"),
        ({"Authorization": "Bearer wrong"}, "POST", 401, "unauthorized"),
        ({"X-API-Key": "$KEY"}, "GET", 405, "method_not_allowed"),
        ({"X-API-Key": "$KEY"}, "DELETE", 405, "method_not_allowed"),
        ({"X-API-Key": "$KEY", "Origin": "https://evil.example"}, "POST", 403, "forbidden_origin"),
        ({"X-API-Key": "$KEY", "Origin": "null"}, "POST", 403, "forbidden_origin"),
    ],
)
async def test_what_is_refused_before_the_protocol(
    url: str, alice: Client, headers: dict[str, str], method: str, status: int, code: str
) -> None:
    sent = {name: value.replace("$KEY", alice.key) for name, value in headers.items()}

    async with httpx.AsyncClient() as http:
        answer = await http.request(method, f"{url}/mcp", headers=sent)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_pages_that_a_setting_names_may_ask() -> None:
    for origin in ("", "http://localhost:6274", "https://desk.example.com"):
        check_origin(origin, "https://*.example.com")
    for origin, allowed in [("https://desk.example.com", "*"), ("https://evil.org", "https://*.example.com")]:
        with pytest.raises(PermissionDeniedException):
            check_origin(origin, allowed)


async def test_answers_are_plain_json_also_for_a_page_of_this_machine(url: str, alice: Client) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "inspector", "version": "1"},
        },
    }
    headers = {
        "X-API-Key": alice.key,
        "Origin": "http://localhost:6274",
        "Accept": "application/json, text/event-stream",
    }

    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/mcp", json=hello, headers=headers)

    assert answer.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["result"]["serverInfo"]["name"] == "ourmem"
    assert "Search it before you answer" in answer.json()["result"]["instructions"]


async def test_stdio_says_when_no_service_answers(alice: Client) -> None:
    async with over_stdio("http://127.0.0.1:9", alice.key) as agent:
        text = await refused(agent, "memory_list")

    assert text == (
        "memory_list failed: no service answers at http://127.0.0.1:9; start `ourmem up`, or name the right address"
    )


async def test_stdio_needs_a_key_and_starts_soon() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMEM_API_KEY"}
    no_key = await asyncio.to_thread(started, environment)
    before = processor_seconds()
    with_key = await asyncio.to_thread(started, environment | {"OMEM_API_KEY": "omk_any"})
    used = processor_seconds() - before

    imported = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", LOADED], capture_output=True, cwd=ROOT, check=True
    )

    assert no_key.returncode == 1
    assert b"no API key; set OMEM_API_KEY" in no_key.stderr
    assert with_key.returncode == 0, with_key.stderr
    # The time of the processor, since a machine that is busy with other tests is no fault of the command.
    assert used < START_SECONDS
    assert OF_THE_SERVICE.isdisjoint(imported.stdout.decode().split())


def started(environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """The command, whose client has gone at once."""
    command = [sys.executable, *COMMAND]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, cwd=ROOT, check=False
    )


def processor_seconds() -> float:
    """What the children of this process have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

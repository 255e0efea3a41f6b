"""The examples of the documentation, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import httpx
import pytest

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.github_api import TOKEN as GITHUB_TOKEN
from tests.servers.github_api import GitHubServer, signed

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8080"
# What an answer in the documentation leaves out.
MORE = "…"
# What the examples of webhooks send, since a signature belongs to one body.
PING = '{"zen": "Keep it logically awesome."}'
EXAMPLE = re.compile(r"```sh\n(curl .*?)\n```\n\n```(json|text)\n(.*?)\n```", re.DOTALL)


class Example(NamedTuple):
    """A request as a shell command, and the answer that stands below it."""

    heading: str
    command: str
    answer: Any


def examples() -> list[Example]:
    _, *parts = re.split(r"^## (\w+ /\S*)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [
        Example(heading, command, json.loads(answer) if form == "json" else answer)
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
        for command, form, answer in EXAMPLE.findall(text)
    ]


async def run(client: Client, command: str, variables: dict[str, str]) -> tuple[str, httpx.Response]:
    """What a curl command would send, with the heading it belongs under."""
    words = iter(shlex.split(Template(command).substitute(variables))[1:])
    method, url, body, headers, files = "", "", None, {}, {}
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, headers[name] = next(words).partition(": ")
            case "-d":
                body = next(words)
            case "-F":
                name, _, value = next(words).partition("=")
                text, _, filename = value.partition(";filename=")
                files[name] = (filename or None, text)
            case "-s":
                pass
            case _:
                url = word.removeprefix(ADDRESS)
    method = method or ("POST" if body or files else "GET")
    sent = {"files": files} if files else {"content": body}
    return f"{method} {url}", await client.request(method, url, headers=headers, **sent)  # type: ignore[arg-type]


def same_form(documented: Any, real: Any) -> bool:
    """Whether an answer has the fields and types of the documented one; a list is compared by its first entry."""
    if isinstance(documented, dict):
        names = documented.keys() - {MORE}
        has_names = names <= real.keys() if MORE in documented else names == real.keys()
        return has_names and all(same_form(documented[name], real[name]) for name in names)
    if isinstance(documented, list):
        return bool(documented) == bool(real) and all(map(same_form, documented[:1], real[:1]))
    return isinstance(real, float | int if isinstance(documented, float) else type(documented))


def only_reads(command: str) -> bool:
    """Whether a request leaves everything as it was, so that others may find it so."""
    reads = ("/v1/memories/search", "/v1/ingest/preview", "dry_run=true")
    return not any(word in command for word in (" -X ", " -d ", " -F ")) or any(word in command for word in reads)


@pytest.fixture(scope="module")
def read() -> dict[str, str]:
    """The names of the one tenant that all examples which only read share; empty until the first of them."""
    return {}


@pytest.fixture
async def variables(
    read: dict[str, str], example: Example, populate: Callable[[], Awaitable[dict[str, str]]]
) -> dict[str, str]:
    """A tenant that has what the examples speak of, as the names in them."""
    if only_reads(example.command) and read:
        return read
    names = await populate()
    if only_reads(example.command):
        read.update(names)
    return names


@pytest.fixture
def populate(
    alice: Client,
    stranger: Client,
    sign_up: SignUp,
    parts: Parts,
    work: Callable[[], Awaitable[int]],
    github_server: GitHubServer,
) -> Callable[[], Awaitable[dict[str, str]]]:
    """Fills a tenant and tells the names of what it has."""

    async def fill() -> dict[str, str]:
        memory = await alice.store("Ming never drinks coffee.", tags=["tea"])
        other = await alice.store("Ming grew up in Fujian.", tags=["tea"])
        await alice.put(f"/v1/memories/{other['id']}", json={"content": "Ming grew up beside a tea garden in Fujian."})
        statement = {"type": "contextualizes", "target_id": other["id"], "label": "childhood"}
        relation = (await alice.post(f"/v1/memories/{memory['id']}/relations", json=statement)).json()
        third = await alice.store("The lab is in Oslo.")
        conflict = (await alice.relate(other["id"], third["id"], "contradicts")).json()
        accepted = await alice.say("Ming is coming on Friday.", "好的，我会准备乌龙茶。", session_id="visit")
        message = (await alice.get("/v1/memories?memory_type=session")).json()["memories"][0]
        imported = (await alice.post("/v1/imports", files={"file": ("tea.md", "Ming grows tea in Fujian.")})).json()
        await alice.put("/v1/agent-groups/coders", json={"agents": ["ann", "bob"]})
        space = await alice.space("garden", member=stranger)
        ping = await alice.store("Ping from the build machine")
        await alice.post(f"/v1/memories/{ping['id']}/feedback", json={"verdict": "noise"})
        example = (await alice.get("/v1/noise-examples")).json()["noise_examples"][0]
        shared = await alice.store("Ming likes the garden.")
        share = {"target_space": space["id"]}
        copy = (await alice.post(f"/v1/memories/{shared['id']}/share", json=share)).json()
        waits = {"source_space": f"personal/{alice.user_id}", "tags": ["secret"], "require_approval": True}
        rule = (await alice.post(f"/v1/spaces/{space['id']}/auto-share-rules", json=waits)).json()
        await alice.store("Ming has a secret.", tags=["secret"])
        orchard = await stranger.space("orchard")
        invitation = {"user_id": alice.user_id, "role": "member"}
        invited = (await stranger.post(f"/v1/spaces/{orchard['id']}/invitations", json=invitation)).json()
        leaver = await sign_up("Leaver")
        organization = (await alice.post("/v1/org/setup", json={"name": "Tea", "members": []})).json()
        await work()
        for text in ("Ming lives in Fuzhou.", "Ming moved to Xiamen."):
            await alice.store(text)
            await work()
        named = {one["name"]: one["id"] for one in (await alice.get("/v1/entities?limit=200")).json()["entities"]}
        aliases = f"/v1/entities/{named['Ming']}/aliases"
        ming = (await alice.post(aliases, json={"name": "小明"})).json()
        await parts.accesses.flush()
        repository = {"access_token": GITHUB_TOKEN, "repo": "acme/tea", "webhook_url": "https://memory.example.org"}
        connected = (await alice.post("/v1/connectors/github/connect", json=repository)).json()
        hook = github_server.hooks[-1]
        signature = signed(hook.secret, PING.encode(), "ping", "")["X-Hub-Signature-256"]
        queued, cancelled = [(await alice.store(text))["task_id"] for text in ("Ming sings.", "明弹钢琴。")]
        await alice.post(f"/v1/tasks/{cancelled}/cancel")
        return {
            "ENTITY": ming["id"],
            "ALIAS": ming["aliases"][0]["id"],
            "ALIKE": named["Fuzhou"],
            "SLOT": (await alice.get("/v1/slots?subject=ming&attribute=residence")).json()["slots"][0]["id"],
            "KEY": alice.key,
            "USER": alice.user_id,
            "IMPORT": imported["id"],
            "KEY_ID": (await alice.post("/v1/keys", json={})).json()["id"],
            "MEMORY": memory["id"],
            "OTHER": other["id"],
            "MESSAGE": message["id"],
            "RELATION": relation["id"],
            "CONFLICT": conflict["id"],
            "TASK": accepted["task_id"],
            "SPACE": space["id"],
            "SHARED": shared["id"],
            "COPY": copy["id"],
            "RULE": rule["id"],
            "PENDING": (await alice.get("/v1/shares/pending")).json()[0]["id"],
            "ORG": organization["space_id"],
            "INVITATION": invited["id"],
            "LEAVER_KEY": leaver.key,
            "MEMBER": stranger.user_id,
            "MEMBER_KEY": stranger.key,
            "GUEST": (await sign_up("Guest")).user_id,
            "DECISION": (await alice.get(f"/v1/decisions?task_id={accepted['task_id']}")).json()["decisions"][0]["id"],
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "CONNECTION": connected["connection_id"],
            "HOOK": hook.token,
            "SIGNATURE": signature,
            "EXAMPLE": example["id"],
            "COMMUNITY": (await alice.get("/v1/communities")).json()["communities"][0]["id"],
            "QUEUED": queued,
            "CANCELLED": cancelled,
        }

    return fill


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.heading)
async def test_example_answers_as_it_says(anonymous: Client, variables: dict[str, str], example: Example) -> None:
    sent, answer = await run(anonymous, example.command, variables)

    method, path = example.heading.split()
    assert re.fullmatch(f"{method} {re.sub(r'{[a-z_]+}', '[^/]+', path)}([?].*)?", sent)
    assert answer.is_success, answer.text
    assert same_form(example.answer, json_of(answer)), answer.text


def json_of(answer: httpx.Response) -> Any:
    """The JSON of an answer, of the last event of a stream, or of the first of its lines; plain text as it is."""
    if is_stream(answer):
        return json.loads(re.findall(r"^data: (.*)$", answer.text, re.MULTILINE)[-1])
    if answer.headers["content-type"].startswith("application/x-ndjson"):
        return json.loads(answer.text.splitlines()[0])
    if answer.headers["content-type"].startswith("text/plain"):
        return answer.text
    return answer.json()


def is_stream(answer: httpx.Response) -> bool:
    return answer.headers["content-type"].startswith("text/event-stream")


def test_every_route_has_an_example() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert {example.heading for example in examples()} == set(re.findall(r"^## (\w+ /\S*)$", text, re.MULTILINE))


async def test_request_of_the_readme_answers_as_it_says(anonymous: Client) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    script, answer = re.search(r"```sh\n(KEY=.*?)```.*?```json\n(.*?)\n```", text, re.DOTALL).groups()  # type: ignore[union-attr]
    sign_up, *requests = re.findall(r"curl -s [^|\n]+", script)
    key = (await run(anonymous, sign_up, {}))[1].json()["api_key"]

    for request in requests:
        _, last = await run(anonymous, request, {"KEY": key})

    documented, real = json.loads(answer), last.json()
    assert same_form(documented, real), last.text
    assert real["results"][0]["memory"]["content"] == documented["results"][0]["memory"]["content"]

"""What is private, or has the form of a key, is neither stored nor logged, whichever string of a request holds it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from litestar import Litestar
from neo4j import AsyncDriver

from tests.clients import Client
from tests.secret_search import places

Work = Callable[[], Awaitable[int]]
Field = tuple[str, ...]
Probed = Callable[[list[str]], Awaitable[dict[str, set[int]]]]

EACH = "[]"
# Bodies that are accepted, by route; for a route that is not here: what it requires, from the samples.
BODIES: dict[str, list[dict[str, Any]]] = {
    "POST /v1/memories": [
        {"content": "Ann has a secret."},
        {"messages": [{"role": "user", "content": "I have a secret."}]},
    ],
    "PUT /v1/memories/{memory_id}": [{"content": "Ann has another secret."}],
    "POST /v1/memories/batch-delete": [{"filter": {}}],
    "POST /v1/keys": [{}],
    "POST /v1/tenants": [{}],
    "PUT /v1/agent-groups/{name}": [{"agents": ["ann"]}],
    "POST /v1/memories/{memory_id}/relations": [{"type": "supports", "target_id": "$other_id"}],
    "POST /v1/ingest/preview": [{"messages": [{"role": "user", "content": "My sister lives in Lyon."}]}],
    "POST /v1/spaces": [{"name": "Tea", "space_type": "team"}],
}
# What a required field, or an id in a path, may be; `$…` stands for an id of the test's tenant.
SAMPLES: dict[str, Any] = {
    "content": "I have a secret.",
    "q": "secret",
    "role": "member",
    "user_id": "$uid",
}
PRIVATE = ["open <private>{}</private> end", "公开《ＰＲＩＶＡＴＥ 备注》{}"]
KEY = ["密钥是{}，别存"]


def string_fields(schema: dict[str, Any]) -> Iterator[Field]:
    """The path of each string in a schema; `[]` for an entry of a list."""
    for option in schema.get("anyOf", []):
        yield from string_fields(option)
    if "string" in schema.get("type", ""):
        yield ()
    for name, inner in schema.get("properties", {}).items():
        yield from ((name, *rest) for rest in string_fields(inner))
    if "items" in schema:
        yield from ((EACH, *rest) for rest in string_fields(schema["items"]))


def with_field(body: Any, field: Field, value: str) -> Any:
    """The body with the value at a path, whatever was there; a list gets it in its first entry."""
    if not field:
        return value
    if field[0] == EACH:
        first = body[0] if isinstance(body, list) and body else {}
        return [with_field(first, field[1:], value)]
    known = body if isinstance(body, dict) else {}
    return {**known, field[0]: with_field(known.get(field[0]), field[1:], value)}


def writing(app: Litestar) -> dict[str, dict[str, Any]]:
    """The schema of the body of each route that reads one."""
    paths = app.openapi_schema.to_schema()["paths"]
    return {
        f"{method.upper()} {path}": operation["requestBody"]["content"]["application/json"]["schema"]
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }


def bodies_of(route: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    return BODIES.get(route) or [{name: SAMPLES.get(name, "x") for name in schema.get("required", [])}]


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return ids.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value


async def probe(client: Client, app: Litestar, ids: dict[str, str], texts: list[str]) -> dict[str, set[int]]:
    """Sends each text in each string of each route, also in its path and headers; the statuses by route."""
    statuses: dict[str, set[int]] = {}
    for route, schema in writing(app).items():
        method, path = route.split()
        plain = path.format_map(Ids(ids))
        calls = [
            (plain, with_field(body, field, text), {})
            for body in bodies_of(route, schema)
            for field in string_fields(schema)
            for text in texts
        ]
        headers = ("X-Agent-Id", "Idempotency-Key", "If-Match", "X-Signup-Token")
        calls += [(plain, bodies_of(route, schema)[0], {name: text.encode()}) for name in headers for text in texts]
        calls += [(path.format_map(Ids({}, text)), bodies_of(route, schema)[0], {}) for text in texts]
        for address, body, header in calls:
            answer = await client.request(method, address, json=filled(body, ids), headers=header)
            statuses.setdefault(route, set()).add(answer.status_code)
    return statuses


class Ids(dict[str, str]):
    """The ids of a path; any other name gets the text."""

    def __init__(self, ids: dict[str, str], text: str = "x") -> None:
        super().__init__(ids)
        self._text = text

    def __missing__(self, key: str) -> str:
        return quote(self._text, safe="")


@pytest.fixture
async def probed(alice: Client, app: Litestar) -> Probed:
    """Tries texts everywhere as Alice, who has one of each thing that a path or body may name."""
    memory, other = await alice.store("Ann likes tea."), await alice.store("安喜欢茶。")
    ids = {"memory_id": memory["id"], "other_id": other["id"], "kind": "personal", "uid": alice.user_id}

    async def try_all(texts: list[str]) -> dict[str, set[int]]:
        for text in texts:
            await alice.search(text)
        return await probe(alice, app, ids, texts)

    return try_all


def test_the_strings_of_a_body_are_found_wherever_they_are(app: Litestar) -> None:
    fields = set(string_fields(writing(app)["POST /v1/memories"]))

    assert {("content",), ("tags", EACH), ("messages", EACH, "speaker"), ("session_id",)} <= fields
    assert with_field({"a": [{"b": 1}]}, ("a", EACH, "c"), "x") == {"a": [{"b": 1, "c": "x"}]}


@pytest.mark.parametrize(("texts", "form"), [(PRIVATE, "secret{}"), (KEY, "AKIA{}")], ids=["private", "key"])
async def test_no_route_stores_or_logs_a_secret(
    probed: Probed, driver: AsyncDriver, work: Work, texts: list[str], form: str, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("app", "ingest"):
        caplog.set_level(logging.DEBUG, logger)
    secret = form.format(uuid4().hex[:16].upper())

    statuses = await probed([text.format(secret) for text in texts])
    await work()

    assert await places(driver, secret) == []
    assert secret.lower() not in caplog.text.lower()
    # Otherwise nothing was tried there.
    assert [route for route in BODIES if not any(status < 300 for status in statuses[route])] == []
    assert [route for route, seen in statuses.items() if any(status >= 500 for status in seen)] == []


SECRET = "AKIA" + "ABCDEFGHIJ234567"


async def choose(client: Client, policy: str) -> None:
    answer = await client.put(f"/v1/spaces/personal/{client.user_id}/settings", json={"secrets": policy})
    assert answer.status_code == 200


async def test_a_space_that_marks_shows_what_was_there(alice: Client) -> None:
    stored = await alice.store(f"我的密钥是{SECRET}，卡号4111 1111 1111 1111。", tags=[SECRET])

    assert stored["content"] == "我的密钥是[REDACTED:aws-key]，卡号[REDACTED:card-number]。"
    assert stored["tags"] == ["[REDACTED:aws-key]"]


async def test_a_space_that_is_off_keeps_secrets_and_no_private_text(alice: Client) -> None:
    await choose(alice, "off")

    stored = await alice.store(f"The key is {SECRET}, <private>x</private>.", tags=[SECRET], source=SECRET)
    changed = (await alice.put(f"/v1/memories/{stored['id']}", json={"content": f"Now it is {SECRET}."})).json()
    await alice.say(f"密钥是{SECRET}", session_id="off")

    assert (stored["content"], stored["source"]) == (f"The key is {SECRET}, [REDACTED].", SECRET)
    assert changed["content"] == f"Now it is {SECRET}."
    assert f"密钥是{SECRET}" in await alice.found(SECRET)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/memories", {"content": f"The key is {SECRET}."}, "content"),
        ("/v1/memories", {"content": "ok", "tags": ["a", SECRET]}, "tags"),
        ("/v1/memories", {"content": "ok", "source": SECRET}, "source"),
        ("/v1/memories", {"messages": [{"role": "user", "content": f"密钥是{SECRET}"}]}, "messages[0].content"),
        (
            "/v1/memories",
            {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b", "speaker": SECRET}]},
            "messages[1].speaker",
        ),
        ("/v1/memories", {"messages": [{"role": SECRET, "content": "b"}]}, "messages[0].role"),
        ("/v1/memories", {"messages": [{"role": "user", "content": "b"}], "session_id": SECRET}, "session_id"),
        ("/v1/memories", {"messages": [{"role": "user", "content": "b"}], "agent_id": SECRET}, "agent_id"),
        ("/v1/ingest/preview", {"messages": [{"role": "user", "content": SECRET}]}, "messages[0].content"),
        ("/v1/memories/{memory}/relations", {"type": "supports", "target_id": "{other}", "label": SECRET}, "label"),
    ],
)
async def test_a_space_that_blocks_refuses_the_request(
    alice: Client, driver: AsyncDriver, path: str, body: dict[str, Any], field: str
) -> None:
    memory, other = await alice.store("one"), await alice.store("two")
    await choose(alice, "block")
    body = {name: other["id"] if value == "{other}" else value for name, value in body.items()}

    answer = await alice.post(path.replace("{memory}", memory["id"]), json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    assert f"{field} holds what looks like an AWS key" in answer.json()["error"]["message"]
    assert SECRET not in answer.text
    listed = (await alice.get("/v1/memories")).json()
    assert {one["content"] for one in listed["memories"]} == {"one", "two"}
    assert (await alice.get("/v1/memories", params={"memory_type": "session"})).json()["memories"] == []
    assert await alice.related(memory["id"]) == []


async def test_a_space_that_blocks_refuses_an_edit(alice: Client) -> None:
    stored = await alice.store("one")
    await choose(alice, "block")

    answers = [
        await alice.put(f"/v1/memories/{stored['id']}", json=body) for body in ({"content": SECRET}, {"tags": [SECRET]})
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert (await alice.get(f"/v1/memories/{stored['id']}")).json()["content"] == "one"


async def test_a_space_that_blocks_takes_what_is_marked(alice: Client) -> None:
    await choose(alice, "block")

    assert (await alice.store(f"The key is <private>{SECRET}</private>."))["content"] == "The key is [REDACTED]."


async def test_the_id_of_a_session_that_looks_like_a_card_stays_an_id(alice: Client) -> None:
    for session in ("4111111111111111", "5555555555554444"):
        assert (await alice.say("hello there", session_id=session))["session_id"] == session


async def test_a_name_of_an_agent_in_a_header_is_read_as_utf8(alice: Client) -> None:
    answer = await alice.post(
        "/v1/memories", json={"content": "one"}, headers={"X-Agent-Id": "助手＜private＞x＜/private＞".encode()}
    )

    assert answer.json()["agent_id"] == "助手[REDACTED]"

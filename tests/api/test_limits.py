"""Limits for each key and address, what browsers are told, and the id of each request."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

import httpx
import msgspec
import pytest

from app.api.context import CURRENT, RequestContext
from app.cli import program
from app.cli.logs import JsonFormatter
from app.config import SettingsError, load_settings
from app.main import create_app
from app.services.limits import Limits
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import client_of
from tests.fakes import FixedClock

ELSEWHERE = "203.0.113.7"
Serve = Callable[..., Client]


@pytest.fixture
async def serve(parts: Parts, clock: FixedClock) -> AsyncGenerator[Serve]:
    """A client at some address of a service with these settings."""
    clients: list[Client] = []

    def make(address: str = "127.0.0.1", limits: Limits | None = None, **settings: object) -> Client:
        changed = msgspec.structs.replace(parts.settings, **settings)
        given = msgspec.structs.replace(parts, settings=changed, clock=clock, limits=limits or Limits())
        transport = httpx.ASGITransport(
            create_app(lambda: given),  # type: ignore[arg-type]
            raise_app_exceptions=False,
            client=(address, 1),
        )
        clients.append(Client(transport=transport, base_url="http://ourmem.test"))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def test_requests_of_a_key_are_limited_where_the_setting_says_so(serve: Serve, clock: FixedClock) -> None:
    client = serve(requests_per_min=3)
    await client.sign_up()
    second = (await client.post("/v1/keys", json={})).json()["api_key"]

    answers = [await client.get("/v1/memories") for _ in range(3)]
    other = await client.get("/v1/memories", headers={"X-API-Key": second})
    clock.move(60)
    later = await client.get("/v1/memories")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[-1].json()["error"]["code"] == "rate_limited"
    assert answers[-1].headers["Retry-After"] == answers[-1].headers["RateLimit-Reset"] == "60"
    assert (other.status_code, later.status_code) == (200, 200)
    assert other.headers["RateLimit-Limit"] == "3"


async def test_address_that_tries_many_wrong_keys_is_refused(serve: Serve, clock: FixedClock) -> None:
    limits = Limits()
    client = serve(ELSEWHERE, limits, key_failures_per_min=2)
    await client.sign_up()
    unused = (await client.post("/v1/keys", json={})).json()["api_key"]
    wrong = {"X-API-Key": "omk_0123456789"}

    answers = [await client.get("/v1/memories", headers=wrong) for _ in range(3)]
    known, unknown = [await client.get("/v1/memories", headers={"X-API-Key": key}) for key in (client.key, unused)]
    elsewhere = await serve("203.0.113.8", limits, key_failures_per_min=2).get("/v1/memories", headers=wrong)
    here = [
        await serve("127.0.0.1", limits, key_failures_per_min=2).get("/v1/memories", headers=wrong) for _ in range(4)
    ]
    clock.move(60)

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    # Who worked from there goes on; what was never seen waits.
    assert (known.status_code, unknown.status_code) == (200, 429)
    assert elsewhere.status_code == 401
    assert {answer.status_code for answer in here} == {401}
    assert (await client.get("/v1/memories", headers={"X-API-Key": unused})).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "statuses"), [("127.0.0.1", [401, 429, 401]), ("203.0.113.0/24", [401, 401, 401]), ("none", [401] * 3)]
)
async def test_only_proxies_that_are_trusted_say_for_whom_they_ask(
    parts: Parts, trusted: str, statuses: list[int]
) -> None:
    settings = msgspec.structs.replace(parts.settings, trusted_proxies=trusted, key_failures_per_min=1)
    given = msgspec.structs.replace(parts, settings=settings, limits=Limits())
    with program.bind(load_settings({"OMEM_PORT": "0"})) as listener:
        async with program.serving(given, listener), httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/memories"
            answers = [
                await client.get(url, headers={"X-API-Key": "omk_wrong", "X-Forwarded-For": address})
                for address in (ELSEWHERE, ELSEWHERE, "203.0.113.8")
            ]

    # A program on this machine may try as many keys as it likes.
    assert [answer.status_code for answer in answers] == statuses


async def test_work_for_a_model_is_limited_for_the_tenant(serve: Serve) -> None:
    client = serve(llm_requests_per_min=2, llm_base_url="http://127.0.0.1:9")
    await client.sign_up()
    second = (await client.post("/v1/keys", json={})).json()["api_key"]

    await client.store("one")
    last = await client.post("/v1/memories", json={"content": "two"}, headers={"X-API-Key": second})
    refused = await client.post("/v1/memories", json={"content": "three"})

    assert (last.status_code, last.headers["RateLimit-Remaining"]) == (201, "0")
    assert (refused.status_code, "language model" in refused.text) == (429, True)
    assert (await client.get("/v1/memories")).json()["total_count"] == 2
    without = serve(llm_requests_per_min=1)
    await without.sign_up()
    assert [(await without.post("/v1/memories", json={"content": text})).status_code for text in "ab"] == [201, 201]


async def test_sharing_is_limited_where_the_setting_of_the_seed_says_so(serve: Serve) -> None:
    client = serve(share_rate_per_min=1)
    await client.sign_up()
    path = f"/v1/memories/{(await client.store('one'))['id']}/share"

    answers = [await client.post(path, json={"target_space": "team/x"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [404, 429]


async def test_pages_may_read_answers_as_the_setting_says(serve: Serve) -> None:
    chosen = serve(cors_origins="https://notes.example, https://*.example.org")
    origins = ["https://notes.example", "https://a.example.org", "https://evil.example", "https://notes.example.evil"]

    answers = [await chosen.options("/v1/nothing", headers={"Origin": origin}) for origin in origins]
    none = await serve(cors_origins="none").get("/health", headers={"Origin": origins[0]})

    assert [answer.headers.get("access-control-allow-origin") for answer in answers] == [*origins[:2], None, None]
    assert {(answer.status_code, answer.headers["vary"]) for answer in answers} == {(200, "Origin")}
    assert "access-control-allow-origin" not in none.headers
    assert (await serve().get("/health")).headers["access-control-allow-origin"] == "*"


async def test_answers_tell_browsers_to_keep_and_guess_nothing(alice: Client) -> None:
    data, page = await alice.get("/v1/memories"), await alice.get("/docs")

    assert data.headers["x-content-type-options"] == page.headers["x-content-type-options"] == "nosniff"
    assert data.headers["cache-control"] == "no-store"
    assert data.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "content-security-policy" not in page.headers
    assert "strict-transport-security" not in data.headers
    secure = await alice.get("https://ourmem.test/v1/memories")
    assert secure.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("given", ["trace-1:a.b_c", "a" * 128])
async def test_request_keeps_the_id_it_brings(alice: Client, given: str) -> None:
    for path in ("/v1/memories", "/nowhere", "/health"):
        assert (await alice.get(path, headers={"X-Request-Id": given})).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "a" * 129, '"', "é".encode().decode("latin-1")])
async def test_request_without_a_usable_id_gets_one(alice: Client, given: str) -> None:
    answer = await alice.get("/v1/memories", headers={"X-Request-Id": given.encode("latin-1")})  # type: ignore[dict-item]

    assert len(answer.headers["X-Request-Id"]) == 32


async def test_failure_of_ours_names_the_request_in_answer_and_log(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("no time")

    app = create_app(lambda: msgspec.structs.replace(parts, clock=broken_clock))
    caplog.set_level(logging.INFO, "app")
    async with client_of(app) as client:
        answer = await client.get("/v1/memories/secret-name", headers={"X-API-Key": "k", "X-Request-Id": "r-1"})

    assert answer.json()["error"] == {
        "code": "internal_error", "message": "internal error: see the log for r-1", "request_id": "r-1",
    }  # fmt: skip
    assert [record.name for record in caplog.records] == ["app.api.errors", "app.access"]
    assert caplog.records[-1].getMessage().startswith("GET /v1/memories/{memory_id} 500 in ")
    assert "secret-name" not in caplog.text


async def test_not_found_is_the_same_for_every_request(alice: Client) -> None:
    first, second = [await alice.get(f"/v1/memories/{name}") for name in "ab"]

    assert first.content == second.content
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_log_line_as_json_has_the_request_and_no_key() -> None:
    token = CURRENT.set(RequestContext("r-2"))
    record = logging.LogRecord("app.x", logging.INFO, "", 0, "key %s of 明", ("omk_0123456789",), None)

    line = json.loads(JsonFormatter().format(record))
    CURRENT.reset(token)

    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "logger": "app.x", "message": "key omk_… of 明", "request_id": "r-2"}
    assert "request_id" not in json.loads(JsonFormatter().format(record))


def test_settings_of_limits_are_checked() -> None:
    assert load_settings({"OMEM_REQUESTS_PER_MIN": "100"}).requests_per_min == 100
    for name, value in (("OMEM_REQUESTS_PER_MIN", "-1"), ("OMEM_LOG_FORMAT", "xml")):
        with pytest.raises(SettingsError, match=name):
            load_settings({name: value})

"""What Prometheus reads: traffic as it was, in labels that do not grow with callers, and for whom it is."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.cli import program
from app.main import create_app
from app.services.parts import Parts
from app.storage.embedded import Connection
from app.storage.graph import Graph
from tests.clients import Client
from tests.conftest import SignUp, client_of

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
Work = Callable[[], Awaitable[int]]
ELSEWHERE = "203.0.113.7"


def samples(text: str) -> Samples:
    """Every value of an answer by its name and labels; a test of its form, too."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def read(client: Client) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    """The value, 0 where nothing was counted yet."""
    return found.get((f"ourmem_{name}", frozenset(labels.items())), 0.0)


async def traffic(client: Client) -> None:
    """A store, a conversation, a search and requests that fail."""
    memory = await client.store("The heron stands in the reeds.")
    await client.say("I saw a heron in Havelberg.", session_id="birds")
    assert (await client.get("/v1/memories/search", params={"q": "heron"})).json()["results"]
    await client.get(f"/v1/memories/{memory['id']}")
    await client.get("/v1/memories/no-such-id")
    await client.get("/v1/kingfishers/blue", headers={"X-Agent-Id": "birdwatcher"})
    await client.get("/v1/memories", headers={"X-API-Key": "omk_wrong"})


async def test_metrics_follow_the_traffic(sign_up: SignUp, anonymous: Client, work: Work) -> None:
    before = await read(anonymous)
    client = await sign_up("Zephyrine")
    await traffic(client)
    waiting = await read(anonymous)
    await work()
    after = await read(anonymous)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("http_requests_total", method="GET", route="/v1/memories/search", status="200") == 1
    assert grown("http_request_seconds_count", method="GET", route="/v1/memories/search") == 1
    assert grown("http_requests_total", method="GET", route="/v1/memories/{memory_id}", status="404") == 1
    assert grown("http_requests_total", method="GET", route="other", status="404") == 1
    assert grown("http_requests_total", method="GET", route="/v1/memories", status="401") == 1
    for stage in ("embed", "legs", "leg:graph", "expand"):
        assert grown("search_stage_seconds_count", stage=stage) >= 1, stage
    # Other tests leave tasks behind, of which some are due only later.
    ready = [value(found, "tasks", kind="ingest", phase="ready") for found in (before, waiting, after)]
    assert ready[1] == ready[0] + 1
    assert value(waiting, "oldest_waiting_task_seconds") > 0
    assert grown("task_attempts_total", kind="ingest", outcome="completed") >= 1
    assert ready[2] < ready[1]
    assert grown("graph_transaction_seconds_count", mode="write") > 0
    assert value(after, "graph_up") == 1


async def test_labels_hold_nothing_of_callers(sign_up: SignUp, anonymous: Client) -> None:
    client = await sign_up("Zephyrine")
    await traffic(client)
    first = await read(anonymous)
    second = await sign_up("Ottoline")
    await traffic(second)
    answer = await anonymous.get("/metrics")

    # Another tenant with other ids adds no series.
    assert samples(answer.text).keys() == first.keys()
    secrets = ("Zephyrine", "Ottoline", "heron", "kingfishers", "birdwatcher", "omk_", client.user_id, second.user_id)
    assert [word for word in secrets if word in answer.text] == []


async def test_metrics_are_for_this_machine_unless_the_setting_says_otherwise(parts: Parts) -> None:
    async def ask(setting: str, address: str, headers: dict[str, str] | None = None) -> int:
        given = msgspec.structs.replace(parts, settings=msgspec.structs.replace(parts.settings, metrics=setting))
        transport = httpx.ASGITransport(create_app(lambda: given), client=(address, 1))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://ourmem.test") as client:
            return (await client.get("/metrics", headers=headers)).status_code

    assert await ask("local", "127.0.0.1") == 200
    assert await ask("local", ELSEWHERE) == 404
    # A proxy on this machine hands on what comes from elsewhere.
    assert await ask("local", "127.0.0.1", {"X-Forwarded-For": ELSEWHERE}) == 404
    assert await ask("local", "127.0.0.1", {"Via": "1.1 proxy"}) == 404
    assert await ask("open", ELSEWHERE) == 200
    assert await ask("off", "127.0.0.1") == 404


async def test_metrics_answer_while_the_database_does_not(parts: Parts, neo4j: Connection) -> None:
    refusing = Graph.connect(neo4j.uri, "stranger", neo4j.password, neo4j.database)
    async with client_of(create_app(lambda: msgspec.structs.replace(parts, graph=refusing))) as client:
        before = await read(client)
        after = await read(client)
    await refusing.close()

    assert (value(after, "graph_up"), value(after, "tasks", kind="ingest", phase="ready")) == (0, 0)
    failures = [value(found, "graph_failures_total", mode="read", reason="unavailable") for found in (before, after)]
    assert failures[1] == failures[0] + 1


async def test_refusals_are_counted(parts: Parts, sign_up: SignUp) -> None:
    limited = msgspec.structs.replace(parts, settings=msgspec.structs.replace(parts.settings, requests_per_min=1))
    client = await sign_up("Zephyrine", parts=limited)
    before = await read(client)
    assert [(await client.get("/v1/memories")).status_code for _ in range(3)] == [200, 429, 429]
    after = await read(client)

    assert value(after, "refusals_total", limit="requests") - value(before, "refusals_total", limit="requests") == 2


@pytest.mark.parametrize("has_port", [True, False])
def test_worker_answers_on_a_port_of_its_own(parts: Parts, has_port: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = msgspec.structs.replace(parts.settings, worker_metrics_port=port if has_port else 0)

    with program.counting(settings):
        if has_port:
            answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
            assert value(samples(answer.text), "info", version=version("ourmem")) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")

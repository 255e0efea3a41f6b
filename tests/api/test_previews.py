"""What ingest would do, over HTTP: facts, decisions, noise, and nothing written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.main import create_app
from app.services.parts import Parts
from tests.clients import SECRET, Client
from tests.conftest import SignUp
from tests.servers.openai_api import OpenAIServer


@pytest.fixture
def app(bundled_parts: Parts) -> Litestar:
    """Reconciliation compares by the model that users have."""
    return create_app(lambda: bundled_parts)


async def preview(client: Client, *texts: str, speaker: str = "Mara") -> dict[str, Any]:
    messages = [{"role": "user", "content": text, "speaker": speaker} for text in texts]
    answer = await client.post("/v1/ingest/preview", json={"messages": messages})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def actions(client: Client, *texts: str) -> list[str]:
    return [fact["decision"]["action"] for fact in (await preview(client, *texts, speaker=""))["facts"]]


@pytest.mark.parametrize(
    ("text", "value"),
    [("I live in Lisbon.", "Lisbon"), ("我住在上海。", "上海"), ("My sister is called Irene.", "Irene")],
)
async def test_a_statement_becomes_a_fact_with_its_value_and_quote(alice: Client, text: str, value: str) -> None:
    fact = (await preview(alice, text))["facts"][0]

    assert value in fact["text"]
    assert text[fact["quotes"][0]["start"] : fact["quotes"][0]["end"]] == fact["quotes"][0]["text"]
    assert fact["decision"]["action"] == "create"


async def test_noise_is_named_and_yields_no_fact(alice: Client) -> None:
    found = await preview(alice, "Thanks a lot!", "好的，谢谢")

    assert [noise["message"] for noise in found["noise"]] == [0, 1]
    assert found["facts"] == []


async def test_a_newer_value_would_supersede_what_is_stored(alice: Client) -> None:
    stored = await alice.store("I live in Paris.")

    decision = (await preview(alice, "I moved to Rome, I live in Rome now.", speaker=""))["facts"][0]["decision"]

    assert (decision["action"], decision["target_id"]) == ("supersede", stored["id"])
    assert decision["reason"]


async def test_another_liking_stands_beside_the_first(alice: Client) -> None:
    await alice.store("I like latte.")

    assert await actions(alice, "I like americano.") == ["create"]


async def test_what_is_known_word_for_word_is_skipped(alice: Client) -> None:
    await alice.store("I live in Paris.")

    assert await actions(alice, "I live in Paris.") == ["skip"]


async def test_nothing_is_written(alice: Client) -> None:
    await preview(alice, "I live in Lisbon.")

    assert (await alice.get("/v1/memories")).json()["total_count"] == 0
    assert (await alice.get("/v1/memories", params={"memory_type": "session"})).json()["total_count"] == 0


async def test_private_text_is_not_answered(alice: Client) -> None:
    found = await preview(alice, f"I live in Lisbon. <private>My pin is {SECRET}.</private>")

    assert SECRET not in str(found)


async def test_a_strangers_memories_are_no_candidates(alice: Client, stranger: Client) -> None:
    await stranger.store("I live in Paris.")

    assert await actions(alice, "I live in Paris.") == ["create"]


@pytest.mark.parametrize(
    ("body", "status"), [({"messages": []}, 400), ({}, 422), ({"messages": [{"role": "user"}]}, 422)]
)
async def test_what_cannot_be_read_is_refused(alice: Client, body: dict[str, object], status: int) -> None:
    assert (await alice.post("/v1/ingest/preview", json=body)).status_code == status


async def test_a_message_that_is_too_long_is_refused_as_by_the_store(alice: Client) -> None:
    answer = await alice.post("/v1/ingest/preview", json={"messages": [{"role": "user", "content": "a" * 100_001}]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "content_too_long")


async def test_without_a_working_model_nothing_is_passed_off_as_new(
    remote_parts: Parts, embedding_server: OpenAIServer, sign_up: SignUp
) -> None:
    client = await sign_up(parts=remote_parts)
    embedding_server.stop()

    answer = await client.post(
        "/v1/ingest/preview", json={"messages": [{"role": "user", "content": "I live in Oslo."}]}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


async def test_a_foreign_space_answers_as_an_unknown_one(alice: Client, stranger: Client) -> None:
    def ask(space: str) -> dict[str, object]:
        return {"messages": [{"role": "user", "content": "I live in Lisbon."}], "space": space}

    foreign = await alice.post("/v1/ingest/preview", json=ask(f"personal/{stranger.user_id}"))
    unknown = await alice.post("/v1/ingest/preview", json=ask("team/nowhere"))

    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text) == (404, unknown.text)


async def test_a_missing_key_is_refused(anonymous: Client) -> None:
    assert (await anonymous.post("/v1/ingest/preview", json={"messages": []})).status_code == httpx.codes.UNAUTHORIZED

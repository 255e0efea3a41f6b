"""The vector of a question, or of a text to store, is begun with before it is known who asks; he gets nothing by it."""

from __future__ import annotations

import msgspec
import pytest

from app.main import create_app
from app.providers.embeddings import Role
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp, client_of
from tests.fakes import FixedEmbedder

SEARCH = "/v1/memories/search"
STORE = "/v1/memories"
QUESTION = "Where is the kayak?"


class NotingEmbedder(FixedEmbedder):
    """Notes what was begun."""

    def __init__(self, model: str) -> None:
        super().__init__(model=model)
        self.begun: list[str] = []

    def begin(self, text: str, role: Role) -> None:
        self.begun.append(text)


@pytest.fixture
def noting(parts: Parts) -> NotingEmbedder:
    return NotingEmbedder(parts.embedder.model)


@pytest.fixture
def watched(parts: Parts, noting: NotingEmbedder) -> Client:
    """A service whose embedder notes what was begun."""
    return client_of(create_app(lambda: msgspec.structs.replace(parts, embedder=noting)))


async def test_the_question_of_a_known_key_is_begun_with(
    sign_up: SignUp, watched: Client, noting: NotingEmbedder
) -> None:
    key = {"X-API-Key": (await sign_up("Ada")).headers["x-api-key"]}
    await watched.get(SEARCH, params={"q": QUESTION}, headers={"X-API-Key": "omk_wrong"})
    assert noting.begun == []

    await watched.get("/v1/memories", headers=key)
    for body in ({"q": QUESTION}, {"q": "皮划艇在哪里？"}, {"q": "Tell me about the kayak."}, {"q": "*"}, {}, {"q": 7}):
        await watched.post(SEARCH, json=body, headers=key)
    await watched.get(SEARCH, params={"q": QUESTION, "limit": "-1"}, headers=key)

    assert noting.begun == [QUESTION, "皮划艇在哪里？", "the kayak", QUESTION]


async def test_the_text_that_a_known_key_stores_is_begun_with(
    sign_up: SignUp, watched: Client, noting: NotingEmbedder
) -> None:
    key = {"X-API-Key": (await sign_up("Ada")).headers["x-api-key"]}
    await watched.post(STORE, json={"content": "The kayak is in the shed."}, headers={"X-API-Key": "omk_wrong"})
    assert noting.begun == []

    await watched.get("/v1/memories", headers=key)
    said = [{"role": "user", "content": "Hello"}, {"role": "user", "speaker": "Ada", "content": "It leaks."}]
    bodies = ({"content": "The kayak <private>is mine</private>."}, {"messages": said}, {"messages": said * 8})
    for body in (*bodies, {"content": "word " * 500}, {"content": "<private>mine</private>"}, {"messages": []}, {}, []):
        await watched.post(STORE, json=body, headers=key)

    assert noting.begun == ["The kayak [REDACTED].", "Ada: It leaks."]


async def test_a_revoked_key_is_refused_although_its_question_was_begun_with(
    sign_up: SignUp, watched: Client, noting: NotingEmbedder
) -> None:
    ada = await sign_up("Ada")
    made = (await ada.post("/v1/keys", json={"name": "second", "scopes": ["read"]})).json()
    key = {"X-API-Key": made["api_key"]}
    assert (await watched.get(SEARCH, params={"q": QUESTION}, headers=key)).status_code == 200
    await ada.delete(f"/v1/keys/{made['id']}")

    answers = [await watched.get(SEARCH, params={"q": f"{QUESTION} {number}"}, headers=key) for number in range(3)]

    assert [answer.status_code for answer in answers] == [401] * 3
    # Only until its end is known.
    assert noting.begun == [f"{QUESTION} 0"]


async def test_where_requests_are_counted_nothing_is_begun_with(
    sign_up: SignUp, parts: Parts, noting: NotingEmbedder
) -> None:
    key = {"X-API-Key": (await sign_up("Ada")).headers["x-api-key"]}
    settings = msgspec.structs.replace(parts.settings, requests_per_min=2)
    counting = msgspec.structs.replace(parts, embedder=noting, settings=settings)
    async with client_of(create_app(lambda: counting)) as client:
        answers = [await client.get(SEARCH, params={"q": QUESTION}, headers=key) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert noting.begun == []


async def test_where_texts_for_the_model_are_counted_only_searches_are_begun_with(
    sign_up: SignUp, parts: Parts, noting: NotingEmbedder
) -> None:
    key = {"X-API-Key": (await sign_up("Ada")).headers["x-api-key"]}
    settings = msgspec.structs.replace(parts.settings, llm_base_url="http://127.0.0.1:1", llm_requests_per_min=1)
    counting = msgspec.structs.replace(parts, embedder=noting, settings=settings)
    async with client_of(create_app(lambda: counting)) as client:
        await client.get("/v1/memories", headers=key)
        stored = [await client.post(STORE, json={"content": f"Kayak {number}"}, headers=key) for number in range(3)]
        await client.get(SEARCH, params={"q": QUESTION}, headers=key)

    assert [answer.status_code for answer in stored] == [201, 429, 429]
    assert noting.begun == [QUESTION]

"""What is marked as private reaches no property of the database, whichever way it comes in."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.secret_search import places

SPELLINGS = [
    "公开 <private>{}</private> 部分",
    "open <PRIVATE reason='x'>{}",
    "open <private>a<private>b</private>{}</private> end",
    "公开＜Ｐｒｉｖａｔｅ＞{}＜／private＞部分",
    "plain &lt;pri\u200bvate&gt;{}",
]


@pytest.fixture
def secret() -> str:
    """One that no other test and no other run stored."""
    return f"secret{uuid4().hex}"


async def test_the_search_for_secrets_finds_what_is_stored(alice: Client, driver: AsyncDriver, secret: str) -> None:
    await alice.store(f"open {secret}", tags=["a", secret])

    found = await places(driver, secret)

    assert {"Memory.content", "Memory.tags", "Tag.name"} <= set(found)


async def test_a_memory_keeps_no_private_text(alice: Client, driver: AsyncDriver, secret: str) -> None:
    for private in (spelling.format(secret) for spelling in SPELLINGS):
        stored = await alice.store(private, tags=[private, "ok"], source=private)
        await alice.put(f"/v1/memories/{stored['id']}", json={"content": f"changed {private}", "tags": [private]})

    assert await places(driver, secret) == []
    assert await alice.found(secret) == []


async def test_a_conversation_keeps_no_private_text(alice: Client, driver: AsyncDriver, secret: str) -> None:
    for private in (spelling.format(secret) for spelling in SPELLINGS):
        short = {"role": private, "content": private, "speaker": private}
        long = {"role": "user", "content": "很长的消息。" * 200 + private}
        fields = dict.fromkeys(("session_id", "agent_id", "source", "entity_context"), private)

        answer = await alice.post("/v1/memories", json={"messages": [short, long], "tags": [private], **fields})

        assert (answer.status_code, answer.json()["stored_count"]) == (202, 2)
        assert secret not in answer.text
    assert await places(driver, secret) == []


async def test_a_relation_keeps_no_private_text(alice: Client, driver: AsyncDriver, secret: str) -> None:
    one, two = await alice.store("one"), await alice.store("二")
    body = {"type": "supports", "target_id": two["id"], "label": f"because <private>{secret}</private>"}

    answer = await alice.post(f"/v1/memories/{one['id']}/relations", json=body)

    assert (answer.status_code, answer.json()["label"]) == (201, "because [REDACTED]")
    assert await places(driver, secret) == []


async def test_the_name_of_an_agent_keeps_no_private_text(alice: Client, driver: AsyncDriver, secret: str) -> None:
    private = f"agent <private>{secret}</private>"
    alice.headers["X-Agent-Id"] = private

    stored = await alice.store("one", visibility="private")
    await alice.say("two")
    await alice.post("/v1/keys", json={"agent_id": private})
    await alice.put("/v1/agent-groups/team", json={"agents": [private]})
    await alice.put(f"/v1/agent-groups/team <private>{secret}", json={"agents": []})

    assert stored["agent_id"] == "agent [REDACTED]"
    assert await places(driver, secret) == []


async def test_a_tenant_keeps_no_private_text(anonymous: Client, driver: AsyncDriver, secret: str) -> None:
    await anonymous.sign_up(f"Alice <private>{secret}</private>")

    assert await places(driver, secret) == []


@pytest.mark.parametrize(
    "body",
    [
        {"content": "my key is <private>{}</private>"},
        {"messages": [{"role": "user", "content": "my key is <private>{}</private>"}]},
    ],
)
async def test_no_hash_is_made_of_private_text(
    alice: Client, driver: AsyncDriver, secret: str, body: dict[str, Any]
) -> None:
    raw = json.dumps(body).replace("{}", secret).encode()
    headers = {"Idempotency-Key": "k-1", "Content-Type": "application/json"}

    await alice.post("/v1/memories", content=raw, headers=headers)

    assert await places(driver, hashlib.sha256(b"/v1/memories\0" + raw).hexdigest()) == []


async def test_a_refused_text_leaves_nothing(alice: Client, driver: AsyncDriver, secret: str) -> None:
    answer = await alice.post("/v1/memories", json={"content": f"<private>{secret}</private>"})

    assert answer.status_code == 400
    assert secret not in answer.text
    assert await places(driver, secret) == []

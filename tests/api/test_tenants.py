"""Sign-up, keys and agent groups over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.memories import timestamp
from app.domain.principal import key_hash
from app.main import create_app
from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp, client_of
from tests.fakes import FixedClock


def having(parts: Parts, **settings: object) -> Client:
    """Somebody without a key, at a service with other settings."""
    changed = msgspec.structs.replace(parts.settings, **settings)
    return client_of(create_app(lambda: msgspec.structs.replace(parts, settings=changed)))


async def make_key(client: Client, **fields: object) -> dict[str, Any]:
    answer = await client.post("/v1/keys", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def ask_with(client: Client, key: str) -> int:
    """The status of a read with a key."""
    return (await client.get("/v1/memories", headers={"X-API-Key": key})).status_code


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_sign_up_answers_a_key_that_works(anonymous: Client) -> None:
    made = await anonymous.post("/v1/tenants", json={"name": "小明"})

    assert made.status_code == 200
    assert set(made.json()) == {"id", "api_key", "status", "user_id"}
    assert made.json()["id"] == made.json()["api_key"]
    assert made.json()["status"] == "active"
    assert await ask_with(anonymous, made.json()["api_key"]) == 200


async def test_sign_up_makes_the_personal_space_under_the_public_handle(alice: Client) -> None:
    stored = await alice.store("Tea is ready.")

    assert stored["space_id"] == f"personal/{alice.user_id}"
    assert stored["tenant_id"] == alice.user_id != alice.key


async def test_key_is_stored_only_as_a_hash(alice: Client, driver: AsyncDriver) -> None:
    rows = await driver.execute_query("MATCH (key:ApiKey {hash: $hash}) RETURN key {.*}", hash=key_hash(alice.key))

    stored = rows.records[0].value()
    assert alice.key not in stored.values()
    assert alice.key.startswith(stored["prefix"])


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "plan": "gold"}])
async def test_sign_up_needs_no_name_and_ignores_what_it_does_not_know(anonymous: Client, body: object) -> None:
    assert (await anonymous.post("/v1/tenants", json=body)).status_code == 200


async def test_tenant_without_a_name_is_named_after_its_handle(anonymous: Client, driver: AsyncDriver) -> None:
    user_id = (await anonymous.post("/v1/tenants", json={})).json()["user_id"]

    rows = await driver.execute_query("MATCH (tenant:Tenant {id: $id}) RETURN tenant.name", id=user_id)
    assert rows.records[0].value() == f"tenant-{user_id[:8]}"


@pytest.mark.parametrize("name", [None, 7, ["x"], "x" * 257])
async def test_name_of_the_wrong_kind_is_refused(anonymous: Client, name: object) -> None:
    answer = await anonymous.post("/v1/tenants", json={"name": name})

    assert error(answer) == (422, "validation_error")
    assert "name" in answer.json()["error"]["message"]


async def test_sign_up_that_is_closed_is_refused(parts: Parts) -> None:
    async with having(parts, signup="closed") as client:
        assert error(await client.post("/v1/tenants", json={})) == (401, "unauthorized")


@pytest.mark.parametrize(("token", "status"), [("open sesame", 200), ("芝麻", 401), ("", 401)])
async def test_sign_up_may_need_a_token(parts: Parts, token: str, status: int) -> None:
    async with having(parts, signup="token", signup_token="open sesame") as client:
        answer = await client.post("/v1/tenants", json={}, headers={"X-Signup-Token": token.encode()})

    assert answer.status_code == status


async def test_sign_up_is_limited_where_others_can_reach_it(parts: Parts) -> None:
    clock = FixedClock(parts.clock())
    async with having(msgspec.structs.replace(parts, clock=clock), host="0.0.0.0") as client:
        answers = [await client.post("/v1/tenants", json={}) for _ in range(31)]
        clock.move(60)
        later = await client.post("/v1/tenants", json={})

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert error(answers[-1]) == (429, "rate_limited")
    assert later.status_code == 200


async def test_sign_up_is_not_limited_on_loopback(parts: Parts) -> None:
    async with having(parts, host="127.0.0.1") as client:
        assert {(await client.post("/v1/tenants", json={})).status_code for _ in range(31)} == {200}


async def test_further_key_reads_and_writes_and_is_shown_once(alice: Client) -> None:
    key = await make_key(alice)

    listed = (await alice.get("/v1/keys")).json()["keys"]
    assert set(key) == set(listed[1]) | {"api_key"}
    assert key["scopes"] == ["read", "write"]
    assert listed[1] == {name: value for name, value in key.items() if name != "api_key"}
    assert key["api_key"].startswith(listed[1]["prefix"])
    assert len(listed[1]["prefix"]) < 12
    assert await ask_with(alice, key["api_key"]) == 200


async def test_first_key_is_listed_with_all_scopes(alice: Client) -> None:
    listed = (await alice.get("/v1/keys")).json()["keys"]

    assert [key["scopes"] for key in listed] == [["read", "write", "admin"]]
    assert [key["expires_at"] for key in listed] == [None]
    assert [key["agent_id"] for key in listed] == [None]


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": []},
        {"scopes": ["root"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_key_that_would_open_nothing_is_refused(alice: Client, body: dict[str, object]) -> None:
    answer = await alice.post("/v1/keys", json=body)

    assert error(answer) == (400, "validation_error")
    assert next(iter(body)) in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [{"scopes": "read"}, {"expires_at": "soon"}, {"expires_at": "2099-01-01T00:00:00"}, {"agent_id": 7}, [], 1]
)
async def test_key_request_of_the_wrong_shape_is_refused(alice: Client, body: object) -> None:
    assert error(await alice.post("/v1/keys", json=body)) == (422, "validation_error")


async def test_revoked_key_stops_at_once(alice: Client) -> None:
    key = await make_key(alice)
    assert await ask_with(alice, key["api_key"]) == 200

    revoked = await alice.delete(f"/v1/keys/{key['id']}")

    assert revoked.json() == {"status": "revoked"}
    assert await ask_with(alice, key["api_key"]) == 401
    assert key["id"] not in [listed["id"] for listed in (await alice.get("/v1/keys")).json()["keys"]]


async def test_key_that_is_revoked_already_is_not_found(alice: Client) -> None:
    key = await make_key(alice)
    await alice.delete(f"/v1/keys/{key['id']}")

    assert error(await alice.delete(f"/v1/keys/{key['id']}")) == (404, "not_found")


async def test_last_key_that_makes_keys_cannot_be_revoked(alice: Client) -> None:
    await make_key(alice, scopes=["read", "write"])
    own = (await alice.get("/v1/keys")).json()["keys"][0]["id"]

    answer = await alice.delete(f"/v1/keys/{own}")

    assert error(answer) == (400, "validation_error")
    assert await ask_with(alice, alice.key) == 200


async def test_last_two_keys_that_make_keys_cannot_be_revoked_at_once(alice: Client) -> None:
    await make_key(alice, scopes=["read", "admin"])
    ids = [key["id"] for key in (await alice.get("/v1/keys")).json()["keys"]]

    answers = await asyncio.gather(*(alice.delete(f"/v1/keys/{key_id}") for key_id in ids))

    assert sum(answer.status_code == 200 for answer in answers) == 1


async def test_first_key_can_be_replaced(alice: Client) -> None:
    own = (await alice.get("/v1/keys")).json()["keys"][0]["id"]
    another = await make_key(alice, scopes=["admin", "write", "read"])

    assert (await alice.delete(f"/v1/keys/{own}")).status_code == 200
    assert await ask_with(alice, alice.key) == 401
    assert await ask_with(alice, another["api_key"]) == 200


async def test_key_ends_when_it_said(parts: Parts, sign_up: SignUp) -> None:
    clock = FixedClock(parts.clock())
    alice = await sign_up("Alice", parts=msgspec.structs.replace(parts, clock=clock))
    key = await make_key(alice, expires_at=timestamp(clock() + timedelta(hours=1)))

    clock.move(3599)
    assert await ask_with(alice, key["api_key"]) == 200
    clock.move(1)
    assert await ask_with(alice, key["api_key"]) == 401


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-12:00", "2099-01-01T00:00:00+08:00"])
async def test_key_may_end_in_any_time_zone(alice: Client, end: str) -> None:
    key = await make_key(alice, expires_at=end)

    assert key["expires_at"].endswith("+00:00")
    assert await ask_with(alice, key["api_key"]) == 200


async def test_use_of_a_key_is_recorded_off_the_read_path(alice: Client, parts: Parts) -> None:
    before = (await alice.get("/v1/keys")).json()["keys"][0]["last_used_at"]
    await parts.accesses.flush()

    after = (await alice.get("/v1/keys")).json()["keys"][0]["last_used_at"]

    assert before is None
    assert after.endswith("+00:00")


async def test_key_for_one_agent_acts_as_no_other(alice: Client) -> None:
    key = await make_key(alice, agent_id="mcp")
    headers = {"X-API-Key": key["api_key"], "X-Agent-Id": "another"}

    stored = await alice.post("/v1/memories", json={"content": "mine", "visibility": "private"}, headers=headers)

    assert stored.json()["agent_id"] == "mcp"
    path = f"/v1/memories/{stored.json()['id']}"
    assert (await alice.get(path, headers=headers)).status_code == 200
    assert (await alice.get(path, headers={"X-Agent-Id": "another"})).status_code == 404
    assert (await alice.get(path, headers={"X-Agent-Id": "mcp"})).status_code == 200


async def test_group_sees_what_is_shared_with_it(alice: Client) -> None:
    made = await alice.put("/v1/agent-groups/coders", json={"agents": ["ann", "bob", "ann"]})
    stored = await alice.store("The build is green.", visibility="shared:coders")

    statuses = {
        agent: (await alice.get(f"/v1/memories/{stored['id']}", headers={"X-Agent-Id": agent})).status_code
        for agent in ("ann", "bob", "eve", "")
    }

    assert made.json() == {"name": "coders", "agents": ["ann", "bob"]}
    assert statuses == {"ann": 200, "bob": 200, "eve": 404, "": 404}


async def test_agent_that_leaves_a_group_sees_no_more(alice: Client) -> None:
    await alice.put("/v1/agent-groups/程序员", json={"agents": ["ann", "bob"]})
    stored = await alice.store("构建通过了。", visibility="shared:程序员")

    await alice.put("/v1/agent-groups/程序员", json={"agents": ["bob"]})

    assert (await alice.get(f"/v1/memories/{stored['id']}", headers={"X-Agent-Id": "ann"})).status_code == 404
    assert (await alice.get("/v1/agent-groups")).json() == {"groups": [{"name": "程序员", "agents": ["bob"]}]}


async def test_unknown_group_cannot_be_shared_with(alice: Client) -> None:
    answer = await alice.post("/v1/memories", json={"content": "x", "visibility": "shared:nobody"})

    assert error(answer) == (400, "validation_error")
    assert "nobody" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [{}, {"agents": None}, {"agents": "ann"}, {"agents": [1]}])
async def test_group_of_the_wrong_shape_is_refused(alice: Client, body: object) -> None:
    answer = await alice.put("/v1/agent-groups/coders", json=body)

    assert error(answer) == (422, "validation_error")


async def test_group_without_a_name_is_refused(alice: Client) -> None:
    assert (await alice.put("/v1/agent-groups/%20", json={"agents": []})).status_code == 400

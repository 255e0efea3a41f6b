"""Invitations: whoever is asked decides."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from app.domain.invitations import INVITATION_LIFE
from app.main import create_app
from app.services.parts import Parts
from tests.api.test_audit import told
from tests.clients import Client
from tests.conftest import SignUp, client_of
from tests.fakes import FixedClock


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    return await sign_up("Bob")


async def invite(client: Client, space: dict[str, Any], user_id: str, role: str = "member") -> Any:
    body = {"user_id": user_id, "role": role}
    return await client.post(f"/v1/spaces/{space['id']}/invitations", json=body)


async def open_of(client: Client) -> list[dict[str, Any]]:
    answer = await client.get("/v1/invitations")
    assert answer.status_code == 200, answer.text
    return answer.json()["invitations"]


async def test_whoever_accepts_is_in_and_again_changes_nothing(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("设计组")
    await alice.store("Argo 部署在周五", space=space["id"])
    made = await invite(alice, space, bob.key, "Reader")
    path = f"/v1/invitations/{made.json()['id']}"

    assert made.status_code == 201, made.text
    assert bob.key not in made.text
    assert await open_of(bob) == [made.json()]
    assert (made.json()["space_name"], made.json()["role"], made.json()["invited_by"]) == (
        "设计组",
        "reader",
        alice.user_id,
    )
    assert (await bob.get(f"/v1/spaces/{space['id']}")).status_code == 404
    for other in (alice, stranger):
        foreign = await other.post(f"{path}/accept")
        assert (foreign.status_code, foreign.json()) == (404, (await other.post("/v1/invitations/x/accept")).json())
        assert (await other.post(f"{path}/decline")).status_code == 404
    answers = await asyncio.gather(*(bob.post(f"{path}/accept") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    members = {member["user_id"]: member["role"] for member in answers[0].json()["members"]}
    assert members == {alice.user_id: "admin", bob.user_id: "reader"}
    assert await bob.found("Argo", space=space["id"]) == ["Argo 部署在周五"]
    assert (await bob.post(f"{path}/decline")).status_code == 404
    assert await open_of(bob) == []
    assert [row[:3] for row in (await told(alice, space["id"]))[-2:]] == [
        ("invitation_created", alice.user_id, bob.user_id),
        ("invitation_accepted", bob.user_id, bob.user_id),
    ]
    # Who left does not come back by the same invitation.
    await bob.post(f"/v1/spaces/{space['id']}/leave")
    assert (await bob.post(f"{path}/accept")).status_code == 404


async def test_whoever_declines_stays_out_and_may_be_asked_again(alice: Client, bob: Client) -> None:
    space = await alice.space("red")
    first = (await invite(alice, space, bob.user_id)).json()
    path = f"/v1/invitations/{first['id']}"

    assert [(await bob.post(f"{path}/decline")).status_code for _ in range(2)] == [200, 200]
    assert (await bob.post(f"{path}/accept")).status_code == 404
    assert await open_of(bob) == []
    second = await invite(alice, space, bob.user_id)
    assert (second.status_code, second.json()["id"] != first["id"]) == (201, True)
    assert (await told(alice, space["id"]))[-2][:3] == ("invitation_declined", bob.user_id, bob.user_id)


async def test_who_is_asked_already_is_asked_once(alice: Client, bob: Client) -> None:
    space = await alice.space("red")
    answers = await asyncio.gather(*(invite(alice, space, bob.user_id) for _ in range(4)))
    changed = await invite(alice, space, bob.user_id, "admin")

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    assert await open_of(bob) == [changed.json()]


async def test_only_admins_invite_and_only_who_can_join(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("red", bob=bob)
    personal = {"id": f"personal/{alice.user_id}"}

    assert (await invite(bob, space, stranger.user_id)).status_code == 401
    assert (await invite(stranger, space, stranger.user_id)).status_code == 404
    for where, who, role, word in (
        (space, bob.user_id, "member", "already"),
        (space, "nobody", "member", "user_id"),
        (space, stranger.user_id, "boss", "role"),
        (personal, stranger.user_id, "member", "personal"),
    ):
        answer = await invite(alice, where, who, role)
        assert answer.status_code == 400, answer.text
        assert word in answer.json()["error"]["message"]
    assert await open_of(stranger) == []


async def test_invitation_ends_after_its_time(parts: Parts, clock: FixedClock) -> None:
    app = create_app(lambda: msgspec.structs.replace(parts, clock=clock))
    async with client_of(app) as alice, client_of(app) as bob:
        await alice.sign_up("Alice")
        await bob.sign_up("Bob")
        space = await alice.space("red")
        made = (await invite(alice, space, bob.user_id)).json()
        clock.move(INVITATION_LIFE.total_seconds())

        assert await open_of(bob) == []
        for answer in ("accept", "decline"):
            assert (await bob.post(f"/v1/invitations/{made['id']}/{answer}")).status_code == 404
        assert (await invite(alice, space, bob.user_id)).status_code == 201

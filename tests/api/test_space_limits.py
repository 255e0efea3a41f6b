"""What has a limit takes as much as that, one more is refused, and many at a time are no way around it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from app.domain.sharing_rules import RULES_PER_SPACE
from app.domain.spaces import MAX_MEMBERS_PER_TEAM, MAX_SPACES_PER_USER
from tests.clients import Client
from tests.conftest import SignUp

HI = {"role": "user", "content": "Hi."}


def codes(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def owned(client: Client) -> int:
    return sum(space["owner_id"] == client.user_id for space in (await client.get("/v1/spaces")).json())


async def test_spaces_handed_over_at_the_same_time_are_no_more_than_one_may_own(alice: Client, sign_up: SignUp) -> None:
    bob = await sign_up("Bob")
    await asyncio.gather(*(bob.space(f"n{number}") for number in range(MAX_SPACES_PER_USER - 2)))
    paths = [f"/v1/spaces/{(await alice.space('红', bob=bob))['id']}/owner" for _ in range(4)]

    answers = await asyncio.gather(*(alice.put(path, json={"user_id": bob.user_id}) for path in paths))

    assert codes(answers) == {200: 1, 400: 3}
    assert (await owned(bob), await owned(alice)) == (MAX_SPACES_PER_USER, 4)


async def test_the_last_place_in_a_team_is_taken_once(alice: Client, sign_up: SignUp) -> None:
    others = [await sign_up() for _ in range(MAX_MEMBERS_PER_TEAM + 2)]
    members = [{"user_id": one.user_id, "role": "reader"} for one in others]
    body = {"name": "red", "space_type": "team", "members": members[: MAX_MEMBERS_PER_TEAM - 2]}
    path = f"/v1/spaces/{(await alice.post('/v1/spaces', json=body)).json()['id']}"
    late = list(zip(others, members, strict=True))[MAX_MEMBERS_PER_TEAM - 2 :]
    invited = [(one, (await alice.post(f"{path}/invitations", json=member)).json()["id"]) for one, member in late[:3]]

    answers = await asyncio.gather(
        *(one.post(f"/v1/invitations/{invitation}/accept") for one, invitation in invited),
        alice.post(f"{path}/members", json=late[3][1]),
    )

    assert codes(answers) == {200: 1, 400: 3}
    assert len((await alice.get(path)).json()["members"]) == MAX_MEMBERS_PER_TEAM


async def test_a_space_has_so_many_rules_and_no_more(alice: Client) -> None:
    path = f"/v1/spaces/{(await alice.space('red'))['id']}/auto-share-rules"
    rule = {"source_space": f"personal/{alice.user_id}", "tags": ["茶"], "require_approval": True}

    answers = await asyncio.gather(*(alice.post(path, json=rule) for _ in range(RULES_PER_SPACE + 3)))

    assert codes(answers) == {201: RULES_PER_SPACE, 400: 3}
    assert len((await alice.get(path)).json()) == RULES_PER_SPACE


@pytest.mark.parametrize(
    ("path", "body", "field", "at_limit"),
    [
        ("/v1/memories", {"content": "茶" * 100_000}, "content", "茶"),
        ("/v1/memories", {"content": "x", "tags": [f"t{n}" for n in range(100)]}, "tags", ["one more"]),
        ("/v1/memories", {"content": "x", "tags": ["t" * 256]}, "tags", ["t" * 257]),
        ("/v1/memories", {"content": "x", "source": "s" * 256}, "source", "s"),
        ("/v1/spaces", {"space_type": "team", "name": "红" * 256}, "name", "红"),
        ("/v1/memories", {"messages": [HI] * 1_000}, "messages", [HI]),
    ],
)
async def test_one_more_than_the_limit_is_refused_by_its_field(
    alice: Client, path: str, body: dict[str, Any], field: str, at_limit: Any
) -> None:
    over = await alice.post(path, json={**body, field: body[field] + at_limit})
    fits = await alice.post(path, json=body)

    assert fits.status_code in (201, 202), fits.text
    assert over.status_code in (400, 413, 422)
    assert field in over.json()["error"]["message"]
    assert (await alice.get("/v1/memories")).json()["total_count"] == (path == "/v1/memories" and field != "messages")

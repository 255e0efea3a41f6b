"""Who may share: each row of the permission matrix, with the gaps of the seed closed (contract 13)."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.clients import Client
from tests.conftest import SignUp

ROLES = ["owner", "admin", "member", "reader", "outsider"]


class Team(NamedTuple):
    """A team with somebody of each role, and a copy in it that the owner shared."""

    id: str
    people: dict[str, Client]
    origin: str
    copy: str


@pytest.fixture
async def team(sign_up: SignUp) -> Team:
    people = {role: await sign_up(role) for role in ROLES}
    owner = people["owner"]
    members = [{"user_id": people[role].user_id, "role": role} for role in ("admin", "member", "reader")]
    space = await owner.post("/v1/spaces", json={"name": "red", "space_type": "team", "members": members})
    space_id = space.json()["id"]
    origin = (await owner.store("Deploys go through Argo"))["id"]
    copy = await owner.post(f"/v1/memories/{origin}/share", json={"target_space": space_id})
    return Team(space_id, people, origin, copy.json()["id"])


def each(*codes: int) -> pytest.MarkDecorator:
    """The status that each role gets, in the order of `ROLES`."""
    return pytest.mark.parametrize(("role", "code"), list(zip(ROLES, codes, strict=True)))


@each(200, 200, 200, 200, 404)
async def test_see_the_space_and_its_rules(team: Team, role: str, code: int) -> None:
    client = team.people[role]

    assert (await client.get(f"/v1/spaces/{team.id}")).status_code == code
    assert (await client.get(f"/v1/memories/{team.copy}")).status_code == code
    assert bool(await client.found("Argo", space=team.id)) == (code == 200)


@each(201, 201, 201, 201, 404)
async def test_pull_from_it(team: Team, role: str, code: int) -> None:
    answer = await team.people[role].post(f"/v1/memories/{team.copy}/pull", json={"source_space": team.id})

    assert answer.status_code == code


@each(201, 201, 201, 401, 404)
async def test_share_into_it(team: Team, role: str, code: int) -> None:
    client = team.people[role]
    own = (await client.store("mine"))["id"]

    answer = await client.post(f"/v1/memories/{own}/share", json={"target_space": team.id})

    assert answer.status_code == code


@each(200, 200, 200, 401, 404)
async def test_share_many_into_it(team: Team, role: str, code: int) -> None:
    client = team.people[role]
    own = (await client.store("mine"))["id"]

    answer = await client.post("/v1/memories/batch-share", json={"memory_ids": [own], "target_space": team.id})

    assert answer.status_code == code


@each(200, 200, 200, 401, 404)
async def test_unshare_own_copy(team: Team, role: str, code: int) -> None:
    client, owner = team.people[role], team.people["owner"]
    own = (await client.store("mine"))["id"]
    if role == "reader":
        await owner.put(f"/v1/spaces/{team.id}/members/{client.user_id}", json={"role": "member"})
    await client.post(f"/v1/memories/{own}/share", json={"target_space": team.id})
    if role == "reader":
        await owner.put(f"/v1/spaces/{team.id}/members/{client.user_id}", json={"role": "reader"})

    assert (await client.post(f"/v1/memories/{own}/unshare", json={"target_space": team.id})).status_code == code


@each(200, 200, 401, 401, 404)
async def test_unshare_the_copy_of_somebody_else(team: Team, role: str, code: int) -> None:
    client = team.people[role]

    answer = await client.post(f"/v1/memories/{team.origin}/unshare", json={"target_space": team.id})

    assert answer.status_code == code


@pytest.mark.parametrize("names_target", [True, False])
@each(200, 200, 200, 401, 404)
async def test_reshare(team: Team, role: str, code: int, names_target: bool) -> None:
    body = {"target_space": team.id} if names_target else {}

    answer = await team.people[role].post(f"/v1/memories/{team.copy}/reshare", json=body)

    assert answer.status_code == code


@each(200, 200, 200, 401, 404)
async def test_change_what_lies_in_it(team: Team, role: str, code: int) -> None:
    client = team.people[role]

    assert (await client.put(f"/v1/memories/{team.copy}", json={"tags": ["x"]})).status_code == code
    assert (await client.delete(f"/v1/memories/{team.copy}")).status_code == code


@each(200, 200, 401, 401, 404)
async def test_rename_it(team: Team, role: str, code: int) -> None:
    assert (await team.people[role].put(f"/v1/spaces/{team.id}", json={"name": "blue"})).status_code == code


@each(200, 200, 200, 401, 404)
async def test_share_all_into_it(team: Team, role: str, code: int) -> None:
    answer = await team.people[role].post("/v1/memories/share-all", json={"target_space": team.id})

    assert answer.status_code == code


@each(200, 200, 200, 200, 404)
async def test_list_its_rules(team: Team, role: str, code: int) -> None:
    assert (await team.people[role].get(f"/v1/spaces/{team.id}/auto-share-rules")).status_code == code


@each(201, 201, 401, 401, 404)
async def test_make_a_rule(team: Team, role: str, code: int) -> None:
    client = team.people[role]
    body = {"source_space": f"personal/{client.user_id}"}

    assert (await client.post(f"/v1/spaces/{team.id}/auto-share-rules", json=body)).status_code == code


@each(200, 200, 401, 401, 404)
async def test_end_a_rule(team: Team, role: str, code: int) -> None:
    owner = team.people["owner"]
    path = f"/v1/spaces/{team.id}/auto-share-rules"
    rule = (await owner.post(path, json={"source_space": f"personal/{owner.user_id}"})).json()

    assert (await team.people[role].delete(f"{path}/{rule['id']}")).status_code == code


@each(200, 200, 401, 401, 404)
async def test_publish_in_an_organization(team: Team, role: str, code: int) -> None:
    people = team.people
    members = [{"user_id": people[name].user_id, "role": name} for name in ("admin", "member", "reader")]
    made = await people["owner"].post("/v1/org/setup", json={"name": "Acme", "members": members})

    answer = await people[role].post(f"/v1/org/{made.json()['space_id']}/publish", json={})

    assert answer.status_code == code


async def test_reader_of_a_team_of_two_shares_through_another_one(sign_up: SignUp) -> None:
    owner, reader = await sign_up("owner"), await sign_up("reader")
    space = (await owner.space("two", role="reader", reader=reader))["id"]
    own = (await reader.store("mine"))["id"]

    answer = await reader.post(f"/v1/memories/{own}/share-to-user", json={"target_user": owner.user_id})

    assert (answer.status_code, answer.json()["space_created"]) == (201, True)
    assert answer.json()["space_id"] != space

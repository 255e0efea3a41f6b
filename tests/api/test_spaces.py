"""Spaces and members over HTTP: create, list, read, rename; add, change, remove, leave, hand over."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar

from app.domain.spaces import MAX_MEMBERS_PER_TEAM, MAX_SPACES_PER_USER
from tests.clients import Client
from tests.conftest import SignUp

FIELDS = ["id", "space_type", "name", "owner_id", "members", "auto_share_rules", "created_at", "updated_at"]
NODE = {"Content-Type": "application/json"}


@pytest.fixture
async def bob(sign_up: SignUp) -> Client:
    """Somebody who may be made a member."""
    return await sign_up("Bob")


def roles(space: dict[str, Any]) -> dict[str, str]:
    return {member["user_id"]: member["role"] for member in space["members"]}


async def test_personal_space_is_there_from_the_beginning(alice: Client) -> None:
    [space] = (await alice.get("/v1/spaces")).json()

    assert list(space) == FIELDS
    assert (space["id"], space["space_type"], space["name"]) == (f"personal/{alice.user_id}", "personal", "Alice")
    assert (space["owner_id"], roles(space)) == (alice.user_id, {alice.user_id: "admin"})


@pytest.mark.parametrize(("kind", "prefix"), [("team", "team/"), ("ORGANIZATION", "org/"), ("personal", "personal/")])
async def test_whoever_creates_a_space_owns_it(alice: Client, kind: str, prefix: str) -> None:
    answer = await alice.post("/v1/spaces", json={"name": " 设计组 ", "space_type": kind})

    space = answer.json()
    assert answer.status_code == 201
    assert list(space) == FIELDS
    assert space["id"].startswith(prefix)
    assert (space["space_type"], space["name"]) == (kind.lower(), "设计组")
    assert (space["owner_id"], roles(space)) == (alice.user_id, {alice.user_id: "admin"})
    assert (space["auto_share_rules"], space["updated_at"]) == ([], space["created_at"])


async def test_space_is_created_with_members_named_by_handle_or_key(
    alice: Client, bob: Client, stranger: Client
) -> None:
    members = [
        {"user_id": bob.key, "role": "member"},
        {"user_id": stranger.user_id, "role": "Reader"},
        {"user_id": alice.user_id, "role": "reader"},
        {"user_id": bob.user_id, "role": "admin"},
    ]

    answer = await alice.post("/v1/spaces", json={"name": "red", "space_type": "team", "members": members})

    assert answer.status_code == 201, answer.text
    assert roles(answer.json()) == {alice.user_id: "admin", bob.user_id: "admin", stranger.user_id: "reader"}
    assert bob.key not in answer.text


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "  "}, 400, "name"),
        ({"name": "x" * 257}, 422, "name"),
        ({"name": None}, 422, "name"),
        ({"space_type": "club"}, 400, "space_type"),
        ({"space_type": None}, 422, "space_type"),
        ({"members": [{"user_id": "nobody", "role": "member"}]}, 400, "user_id"),
        ({"members": [{"user_id": "omk_secret", "role": "boss"}]}, 400, "role"),
        ({"members": [{"user_id": "nobody"}]}, 422, "role"),
    ],
)
async def test_bad_space_is_refused_by_its_field(
    alice: Client, change: dict[str, object], status: int, word: str
) -> None:
    answer = await alice.post("/v1/spaces", json={"name": "red", "space_type": "team", **change})

    assert answer.status_code == status, answer.text
    assert word in answer.json()["error"]["message"]
    assert "omk_secret" not in answer.text
    assert len((await alice.get("/v1/spaces")).json()) == 1


async def test_private_text_in_a_name_is_taken_out(alice: Client) -> None:
    space = await alice.space("red <private>4711</private>")
    renamed = await alice.put(f"/v1/spaces/{space['id']}", json={"name": "blue <private>4711</private>"})

    assert space["name"] == "red [REDACTED]"
    assert renamed.json()["name"] == "blue [REDACTED]"


async def test_list_is_an_array_or_for_node_clients_an_object(alice: Client) -> None:
    await alice.space("red")

    array = (await alice.get("/v1/spaces")).json()
    as_object = (await alice.get("/v1/spaces", headers=NODE)).json()

    assert [space["name"] for space in array] == ["Alice", "red"]
    assert as_object == {"spaces": array, "total": 2}


async def test_every_spelling_of_an_id_in_a_path_is_the_same_space(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob)
    uid = space["id"].removeprefix("team/")

    for spelled in (f"team/{uid}", f"team%2F{uid}", f"team%2f{uid}", f"team:{uid}", f"team%3A{uid}"):
        assert (await alice.get(f"/v1/spaces/{spelled}")).json()["id"] == space["id"]
        path = f"/v1/spaces/{spelled}/members/{bob.user_id}"
        assert (await alice.put(path, json={"role": "reader"})).status_code == 200


@pytest.mark.parametrize("form", ["personal/{}", "personal%2F{}", "personal:{}"])
async def test_own_key_in_a_path_is_answered_as_the_handle(alice: Client, form: str) -> None:
    for name in (alice.key, alice.user_id):
        answer = await alice.get(f"/v1/spaces/{form.format(name)}")
        assert answer.json()["id"] == f"personal/{alice.user_id}"
        assert alice.key not in answer.text


async def test_any_member_sees_a_space_and_nobody_else(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("red", bob=bob, role="reader")

    seen = await bob.get(f"/v1/spaces/{space['id']}")
    foreign = await stranger.get(f"/v1/spaces/{space['id']}")
    unknown = await stranger.get(f"/v1/spaces/team/{uuid4()}")

    assert seen.json() == space
    assert space["id"] in [listed["id"] for listed in (await bob.get("/v1/spaces")).json()]
    assert (foreign.status_code, foreign.json()) == (404, unknown.json())
    assert len((await stranger.get("/v1/spaces")).json()) == 1


async def test_member_writes_and_reads_and_reader_only_reads(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob)
    path = f"/v1/spaces/{space['id']}/members/{bob.user_id}"
    await bob.store("Argo 部署在周五", space=space["id"])

    await alice.put(path, json={"role": "reader"})
    refused = await bob.post("/v1/memories", json={"content": "x", "space": space["id"]})

    assert await alice.found("Argo", space=space["id"]) == ["Argo 部署在周五"]
    assert await bob.found("Argo", space=space["id"].replace("/", ":")) == ["Argo 部署在周五"]
    assert refused.status_code == 401


async def test_space_is_renamed_and_remembers_when(alice: Client) -> None:
    space = await alice.space("red")

    touched = (await alice.put(f"/v1/spaces/{space['id']}", json={})).json()
    renamed = (await alice.put(f"/v1/spaces/{space['id']}", json={"name": "blue"})).json()

    assert (touched["name"], renamed["name"]) == ("red", "blue")
    assert space["updated_at"] < touched["updated_at"] < renamed["updated_at"]
    assert (await alice.put(f"/v1/spaces/{space['id']}", json={"name": ""})).status_code == 400


async def test_member_is_added_once(alice: Client, bob: Client) -> None:
    space = await alice.space("red")
    path = f"/v1/spaces/{space['id']}/members"

    added = await alice.post(path, json={"user_id": bob.key, "role": "member"})
    again = await alice.post(path, json={"user_id": bob.user_id, "role": "admin"})
    bad = await alice.post(path, json={"user_id": str(uuid4()), "role": "member"})

    assert (added.status_code, roles(added.json())) == (200, {alice.user_id: "admin", bob.user_id: "member"})
    assert bob.key not in added.text
    assert (again.status_code, bad.status_code) == (400, 400)
    assert "already" in again.json()["error"]["message"]


async def test_revoked_key_names_nobody(alice: Client, bob: Client) -> None:
    space = await alice.space("red")
    key = (await bob.post("/v1/keys", json={})).json()
    await bob.delete(f"/v1/keys/{key['id']}")

    answer = await alice.post(f"/v1/spaces/{space['id']}/members", json={"user_id": key["api_key"], "role": "member"})

    assert answer.status_code == 400
    assert key["api_key"] not in answer.text


async def test_role_of_a_member_is_changed(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob)

    for name in (bob.user_id, bob.key):
        answer = await alice.put(f"/v1/spaces/{space['id']}/members/{name}", json={"role": "ADMIN"})
        assert (answer.status_code, roles(answer.json())[bob.user_id]) == (200, "admin")
    nobody = await alice.put(f"/v1/spaces/{space['id']}/members/{uuid4()}", json={"role": "admin"})
    bad = await alice.put(f"/v1/spaces/{space['id']}/members/{uuid4()}", json={"role": "boss"})
    assert (nobody.status_code, bad.status_code) == (404, 400)


async def test_owner_stays_an_admin_and_a_member(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob, role="admin")
    path = f"/v1/spaces/{space['id']}/members/{alice.user_id}"

    answers = [
        await bob.put(path, json={"role": "reader"}),
        await bob.delete(path),
        await alice.delete(path),
        await alice.post(f"/v1/spaces/{space['id']}/leave"),
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert (await alice.put(path, json={"role": "admin"})).status_code == 200
    assert roles((await alice.get(f"/v1/spaces/{space['id']}")).json())[alice.user_id] == "admin"


async def test_who_is_taken_out_sees_nothing_at_the_next_request(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob)
    memory = await alice.store("Deploys go through Argo", space=space["id"])
    path = f"/v1/spaces/{space['id']}/members/{bob.user_id}"

    removed = await alice.delete(path)

    assert (removed.status_code, roles(removed.json())) == (200, {alice.user_id: "admin"})
    assert (await alice.delete(path)).status_code == 404
    assert await bob.found("Argo") == []
    assert (await bob.get(f"/v1/memories/{memory['id']}")).status_code == 404
    assert (await bob.get(f"/v1/spaces/{space['id']}")).status_code == 404


async def test_admin_may_take_himself_out(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob, role="admin")

    answer = await bob.delete(f"/v1/spaces/{space['id']}/members/{bob.user_id}")

    assert (answer.status_code, roles(answer.json())) == (200, {alice.user_id: "admin"})


async def test_anybody_but_the_owner_may_leave(alice: Client, bob: Client) -> None:
    space = await alice.space("red", bob=bob, role="reader")
    await alice.store("Deploys go through Argo", space=space["id"])

    answer = await bob.post(f"/v1/spaces/{space['id']}/leave")

    assert (answer.status_code, answer.json()) == (200, {"status": "left"})
    assert await bob.found("Argo") == []
    assert (await bob.post(f"/v1/spaces/{space['id']}/leave")).status_code == 404


async def test_space_is_handed_over_by_its_owner_alone(alice: Client, bob: Client, stranger: Client) -> None:
    space = await alice.space("red", bob=bob, role="admin")
    path = f"/v1/spaces/{space['id']}/owner"

    refused = await bob.put(path, json={"user_id": bob.user_id})
    outside = await alice.put(path, json={"user_id": stranger.user_id})
    given = await alice.put(path, json={"user_id": bob.key})

    assert (refused.status_code, outside.status_code, given.status_code) == (401, 404, 200)
    assert given.json()["owner_id"] == bob.user_id
    assert roles(given.json()) == {alice.user_id: "admin", bob.user_id: "admin"}
    assert (await alice.post(f"/v1/spaces/{space['id']}/leave")).status_code == 200


async def test_personal_space_is_nobody_elses(alice: Client, bob: Client) -> None:
    own = f"/v1/spaces/personal/{alice.user_id}"
    another = (await alice.post("/v1/spaces", json={"name": "diary", "space_type": "personal"})).json()["id"]

    for path in (own, f"/v1/spaces/{another}"):
        assert (await alice.post(f"{path}/members", json={"user_id": bob.key, "role": "reader"})).status_code == 400
        assert (await alice.put(f"{path}/owner", json={"user_id": alice.user_id})).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"name": "blue"}),
        ("POST", "/members", {"user_id": "{user}", "role": "member"}),
        ("PUT", "/members/{user}", {"role": "admin"}),
        ("DELETE", "/members/{user}", None),
        ("PUT", "/owner", {"user_id": "{user}"}),
    ],
)
async def test_only_admins_change_a_space(
    alice: Client, bob: Client, stranger: Client, method: str, path: str, body: dict[str, str] | None
) -> None:
    space = await alice.space("red", bob=bob)
    url = f"/v1/spaces/{space['id']}{path.format(user=bob.user_id)}"
    filled = {key: value.format(user=bob.user_id) for key, value in (body or {}).items()} or None

    for role in ("reader", "member"):
        await alice.put(f"/v1/spaces/{space['id']}/members/{bob.user_id}", json={"role": role})
        answer = await bob.request(method, url, json=filled)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert (await stranger.request(method, url, json=filled)).status_code == 404
    assert (await alice.get(f"/v1/spaces/{space['id']}")).json()["name"] == "red"


async def test_user_owns_so_many_spaces_and_no_more(alice: Client) -> None:
    answers = await asyncio.gather(
        *(alice.post("/v1/spaces", json={"name": f"n{n}", "space_type": "team"}) for n in range(MAX_SPACES_PER_USER))
    )

    refused = [answer for answer in answers if answer.status_code != 201]
    assert len((await alice.get("/v1/spaces")).json()) == MAX_SPACES_PER_USER
    assert [answer.status_code for answer in refused] == [400]
    assert str(MAX_SPACES_PER_USER) in refused[0].json()["error"]["message"]


async def test_team_has_so_many_members_and_no_more(alice: Client, sign_up: SignUp, app: Litestar) -> None:
    others = [(await sign_up()).user_id for _ in range(MAX_MEMBERS_PER_TEAM)]
    members = [{"user_id": user_id, "role": "member"} for user_id in others]

    too_many = await alice.post("/v1/spaces", json={"name": "red", "space_type": "team", "members": members})
    space = await alice.post("/v1/spaces", json={"name": "red", "space_type": "team", "members": members[2:]})
    path = f"/v1/spaces/{space.json()['id']}/members"
    answers = await asyncio.gather(*(alice.post(path, json=member) for member in members[:2]))
    organization = {"name": "acme", "space_type": "organization", "members": members}

    assert (too_many.status_code, space.status_code) == (400, 201)
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert str(MAX_MEMBERS_PER_TEAM) in too_many.json()["error"]["message"]
    assert (await alice.post("/v1/spaces", json=organization)).status_code == 201


async def test_members_added_at_the_same_time_are_all_there(alice: Client, sign_up: SignUp) -> None:
    space = await alice.space("red")
    others = [await sign_up() for _ in range(8)]

    path = f"/v1/spaces/{space['id']}/members"
    await asyncio.gather(*(alice.post(path, json={"user_id": one.user_id, "role": "member"}) for one in others))

    assert len((await alice.get(f"/v1/spaces/{space['id']}")).json()["members"]) == 9


@pytest.mark.parametrize("path", ["/v1/spaces", f"/v1/spaces/team/{UUID(int=1)}", f"/v1/spaces/team:{UUID(int=1)}"])
async def test_spaces_need_a_key(anonymous: Client, path: str) -> None:
    assert (await anonymous.get(path)).status_code == 401

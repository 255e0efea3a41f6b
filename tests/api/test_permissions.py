"""Who may do what in a space: each row of the permission matrix, with the gaps of the seed closed (contract 13)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

import httpx
import pytest

from app.config import Settings
from app.main import create_app, make_parts
from app.storage.graph import Graph
from tests.clients import Client
from tests.conftest import client_of
from tests.fakes import FixedEmbedder

ROLES = ["owner", "admin", "member", "reader", "outsider"]


class People(NamedTuple):
    """Somebody of each role in a team and in an organization, which are as before after each row."""

    by_role: dict[str, Client]
    team: str = ""
    org: str = ""

    @property
    def owner(self) -> Client:
        return self.by_role["owner"]

    def members(self) -> list[dict[str, str]]:
        """The members of a space, as a request names them."""
        return [{"user_id": self.by_role[role].user_id, "role": role} for role in ("admin", "member", "reader")]

    async def new_team(self) -> str:
        body = {"name": "blue", "space_type": "team", "members": self.members()}
        return (await self.owner.post("/v1/spaces", json=body)).json()["id"]

    async def shared(self) -> tuple[str, str]:
        """The id of a memory of the owner, and that of its copy in the team."""
        origin = (await self.owner.store("Deploys go through Argo 🍵"))["id"]
        copy = await self.owner.post(f"/v1/memories/{origin}/share", json={"target_space": self.team})
        return origin, copy.json()["id"]


Ask = Callable[[People, Client], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
async def people(graph: Graph, settings: Settings) -> AsyncGenerator[People]:
    """The same for all rows; signing up five for each role of each row took most of the time."""
    parts = make_parts(settings, graph, FixedEmbedder(model=settings.embed_model))
    app = create_app(lambda: parts)
    async with AsyncExitStack() as stack:
        by_role = {role: await stack.enter_async_context(client_of(app)) for role in ROLES}
        for role, client in by_role.items():
            await client.sign_up(role)
        people = People(by_role)
        made = await people.owner.post("/v1/org/setup", json={"name": "Acme", "members": people.members()})
        yield people._replace(team=await people.new_team(), org=made.json()["space_id"])


async def see(people: People, client: Client) -> httpx.Response:
    return await client.get(f"/v1/spaces/{people.team}")


async def read_a_memory(people: People, client: Client) -> httpx.Response:
    return await client.get(f"/v1/memories/{(await people.shared())[1]}")


async def list_rules(people: People, client: Client) -> httpx.Response:
    return await client.get(f"/v1/spaces/{people.team}/auto-share-rules")


async def see_stats(people: People, client: Client) -> httpx.Response:
    return await client.get("/v1/stats", params={"space": people.team})


async def see_tags(people: People, client: Client) -> httpx.Response:
    return await client.get("/v1/stats/tags", params={"space": people.team})


async def pull(people: People, client: Client) -> httpx.Response:
    copy = (await people.shared())[1]
    return await client.post(f"/v1/memories/{copy}/pull", json={"source_space": people.team})


async def store(people: People, client: Client) -> httpx.Response:
    return await client.post("/v1/memories", json={"content": "new", "space": people.team})


async def share(people: People, client: Client) -> httpx.Response:
    own = (await client.store("mine"))["id"]
    return await client.post(f"/v1/memories/{own}/share", json={"target_space": people.team})


async def share_many(people: People, client: Client) -> httpx.Response:
    own = (await client.store("mine"))["id"]
    return await client.post("/v1/memories/batch-share", json={"memory_ids": [own], "target_space": people.team})


async def share_all(people: People, client: Client) -> httpx.Response:
    return await client.post("/v1/memories/share-all", json={"target_space": people.team})


async def unshare_own(people: People, client: Client) -> httpx.Response:
    """Of a reader what he shared when he was a member."""
    own, team = (await client.store("mine"))["id"], people.team
    is_reader = client is people.by_role["reader"]
    path = f"/v1/spaces/{team}/members/{client.user_id}"
    if is_reader:
        await people.owner.put(path, json={"role": "member"})
    await client.post(f"/v1/memories/{own}/share", json={"target_space": team})
    if is_reader:
        await people.owner.put(path, json={"role": "reader"})
    return await client.post(f"/v1/memories/{own}/unshare", json={"target_space": team})


async def unshare_anothers(people: People, client: Client) -> httpx.Response:
    origin = (await people.shared())[0]
    return await client.post(f"/v1/memories/{origin}/unshare", json={"target_space": people.team})


async def reshare_there(people: People, client: Client) -> httpx.Response:
    return await client.post(f"/v1/memories/{(await people.shared())[1]}/reshare", json={"target_space": people.team})


async def reshare(people: People, client: Client) -> httpx.Response:
    return await client.post(f"/v1/memories/{(await people.shared())[1]}/reshare", json={})


async def edit(people: People, client: Client) -> httpx.Response:
    return await client.put(f"/v1/memories/{(await people.shared())[1]}", json={"tags": ["x"]})


async def delete(people: People, client: Client) -> httpx.Response:
    return await client.delete(f"/v1/memories/{(await people.shared())[1]}")


async def rename(people: People, client: Client) -> httpx.Response:
    return await client.put(f"/v1/spaces/{people.team}", json={"name": "green"})


async def delete_space(people: People, client: Client) -> httpx.Response:
    return await client.delete(f"/v1/spaces/{await people.new_team()}")


async def add_a_member(people: People, client: Client) -> httpx.Response:
    path, user = f"/v1/spaces/{people.team}/members", people.by_role["outsider"].user_id
    answer = await client.post(path, json={"user_id": user, "role": "reader"})
    await people.owner.delete(f"{path}/{user}")
    return answer


async def change_a_role(people: People, client: Client) -> httpx.Response:
    reader = people.by_role["reader"].user_id
    return await client.put(f"/v1/spaces/{people.team}/members/{reader}", json={"role": "reader"})


async def take_a_member_out(people: People, client: Client) -> httpx.Response:
    """Not oneself, which everybody may."""
    path, role = f"/v1/spaces/{people.team}/members", "member" if client is people.by_role["reader"] else "reader"
    user = people.by_role[role].user_id
    answer = await client.delete(f"{path}/{user}")
    await people.owner.post(path, json={"user_id": user, "role": role})
    return answer


async def make_a_rule(people: People, client: Client) -> httpx.Response:
    body = {"source_space": f"personal/{client.user_id}", "tags": ["never"]}
    return await client.post(f"/v1/spaces/{people.team}/auto-share-rules", json=body)


async def end_a_rule(people: People, client: Client) -> httpx.Response:
    path = f"/v1/spaces/{people.team}/auto-share-rules"
    body = {"source_space": f"personal/{people.owner.user_id}", "tags": ["never"]}
    rule = (await people.owner.post(path, json=body)).json()["id"]
    return await client.delete(f"{path}/{rule}")


async def publish(people: People, client: Client) -> httpx.Response:
    return await client.post(f"/v1/org/{people.org}/publish", json={})


async def bring_in(people: People, client: Client) -> httpx.Response:
    file = {"file": ("notes.md", f"{client.user_id} grows tea.")}
    return await client.post("/v1/imports", data={"space_id": people.team}, files=file)


async def brought(people: People) -> str:
    """An import of the owner into the team."""
    file = {"file": ("notes.md", "Ann grows tea.")}
    data = {"space_id": people.team, "force": "true", "post_process": "false"}
    return (await people.owner.post("/v1/imports", data=data, files=file)).json()["id"]


async def see_an_import(people: People, client: Client) -> httpx.Response:
    return await client.get(f"/v1/imports/{await brought(people)}")


async def work_on_an_import(people: People, client: Client) -> httpx.Response:
    return await client.post(f"/v1/imports/{await brought(people)}/intelligence")


async def roll_an_import_back(people: People, client: Client) -> httpx.Response:
    return await client.post(f"/v1/imports/{await brought(people)}/rollback")


# The status that each role gets, in the order of `ROLES`. An import is its tenant's own.
READ, WRITE, MANAGE = (200, 200, 200, 200, 404), (200, 200, 200, 401, 404), (200, 200, 401, 401, 404)
OWN = (200, 404, 404, 404, 404)
CREATED, MADE = (201, 201, 201, 401, 404), (201, 201, 401, 401, 404)
MATRIX: list[tuple[Ask, tuple[int, ...]]] = [
    (see, READ),
    (read_a_memory, READ),
    (list_rules, READ),
    (see_stats, READ),
    (see_tags, READ),
    (pull, (201, 201, 201, 201, 404)),
    (store, CREATED),
    (share, CREATED),
    (share_many, WRITE),
    (share_all, WRITE),
    (unshare_own, WRITE),
    (unshare_anothers, MANAGE),
    (reshare_there, WRITE),
    (reshare, WRITE),
    (edit, WRITE),
    (delete, WRITE),
    (rename, MANAGE),
    (delete_space, MANAGE),
    (add_a_member, MANAGE),
    (change_a_role, MANAGE),
    (take_a_member_out, MANAGE),
    (make_a_rule, MADE),
    (end_a_rule, MANAGE),
    (publish, MANAGE),
    (bring_in, WRITE),
    (see_an_import, OWN),
    (work_on_an_import, OWN),
    (roll_an_import_back, OWN),
]


@pytest.mark.parametrize(("ask", "codes"), MATRIX, ids=lambda value: getattr(value, "__name__", ""))
async def test_row_of_the_matrix(people: People, ask: Ask, codes: tuple[int, ...]) -> None:
    answers = [await ask(people, people.by_role[role]) for role in ROLES]

    assert tuple(answer.status_code for answer in answers) == codes, [answer.text[:200] for answer in answers]
    refusals = {answer.status_code: answer.json()["error"]["code"] for answer in answers if answer.is_client_error}
    assert refusals.items() <= {401: "unauthorized", 404: "not_found"}.items()


async def test_only_who_is_in_it_finds_what_is_in_it(people: People) -> None:
    await people.shared()

    found = [bool(await people.by_role[role].found("Argo", space=people.team)) for role in ROLES]

    assert found == [True, True, True, True, False]


@pytest.mark.parametrize("way", ["{id}/share-to-user", "share-all-to-user"])
async def test_no_share_for_one_goes_where_the_sharer_may_only_read(people: People, way: str) -> None:
    """Neither into a team of the two in which he reads, nor into a larger one."""
    reader, owner = people.by_role["reader"], people.owner
    two = (await owner.space("two", role="reader", reader=reader))["id"]
    own = (await reader.store(f"mine by {way}"))["id"]

    answers = [
        (await reader.post(f"/v1/memories/{way.format(id=own)}", json={"target_user": owner.user_id})).json()
        for _ in range(2)
    ]

    assert answers[0]["space_id"] not in (two, people.team)
    assert answers[1]["space_id"] == answers[0]["space_id"]
    assert [answer["space_created"] for answer in answers][1] is False

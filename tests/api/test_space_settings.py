"""Settings of a space: read by members, changed by its admins, in force at once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from neo4j import AsyncDriver

from app.domain.space_settings import MAX_TOKENS_A_DAY
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services.parts import Parts
from app.storage import system
from tests.clients import Client

DEFAULTS = {"admission": "balanced", "secrets": "mark", "llm_tokens_a_day": 0}
SPELLINGS = ["personal/{}", "personal%2F{}", "personal:{}", "personal%3A{}"]


def path_of(client: Client, spelling: str = "personal/{}") -> str:
    return f"/v1/spaces/{spelling.format(client.user_id)}/settings"


@pytest.fixture
async def team(driver: AsyncDriver, alice: Client) -> str:
    """The path of the settings of a team of Alice's."""
    uid = uuid4().hex
    await join(driver, alice, uid, "admin")
    return f"/v1/spaces/team/{uid}/settings"


async def join(driver: AsyncDriver, client: Client, uid: str, role: str) -> None:
    await driver.execute_query(
        "MATCH (tenant:Tenant {id: $tenant}) MERGE (space:Space {id: 'team/' + $uid}) "
        "ON CREATE SET space.kind = 'team', space.name = 'Team', space.space_key = 's' + $uid + '0' "
        "MERGE (state:SpaceState {space_key: space.space_key}) ON CREATE SET state.rev = 0 "
        "CREATE (tenant)-[:MEMBER_OF {role: $role}]->(space)",
        tenant=client.user_id,
        uid=uid,
        role=role,
    )


async def test_a_new_space_has_the_defaults(alice: Client) -> None:
    answer = await alice.get(path_of(alice))

    assert (answer.status_code, answer.json()) == (200, DEFAULTS)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_every_spelling_of_a_space_id_works(alice: Client, spelling: str) -> None:
    changed = await alice.put(path_of(alice, spelling), json={"secrets": "OFF"})

    assert changed.json() == (await alice.get(path_of(alice, spelling))).json() == {**DEFAULTS, "secrets": "off"}


async def test_the_key_of_the_tenant_names_the_space_as_well(alice: Client) -> None:
    assert (await alice.get(f"/v1/spaces/personal/{alice.key}/settings")).json() == DEFAULTS


async def test_a_change_leaves_the_other_settings(alice: Client) -> None:
    await alice.put(path_of(alice), json={"llm_tokens_a_day": 5_000, "admission": None})
    await alice.put(path_of(alice), json={"admission": "high_recall"})
    answer = await alice.put(path_of(alice), json={})

    assert answer.json() == {"admission": "high_recall", "secrets": "mark", "llm_tokens_a_day": 5_000}
    assert (await alice.get(path_of(alice))).json() == answer.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"admission": "strict"}, 400),
        ({"secrets": ""}, 400),
        ({"secrets": "mark", "admission": "拒绝"}, 400),
        ({"secrets": True}, 422),
        ({"llm_tokens_a_day": -1}, 422),
        ({"llm_tokens_a_day": 1.5}, 422),
        ({"llm_tokens_a_day": True}, 422),
        ({"llm_tokens_a_day": "10"}, 422),
        ({"llm_tokens_a_day": MAX_TOKENS_A_DAY + 1}, 422),
        ({"llm_tokens_a_day": 10**30}, 422),
    ],
)
async def test_a_wrong_value_is_refused_and_changes_nothing(
    alice: Client, body: dict[str, object], status: int
) -> None:
    answer = await alice.put(path_of(alice), json={"llm_tokens_a_day": 7, **body})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "validation_error")
    assert list(body)[-1] in answer.json()["error"]["message"]
    assert (await alice.get(path_of(alice))).json() == DEFAULTS


async def test_a_member_reads_and_does_not_change(
    driver: AsyncDriver, alice: Client, stranger: Client, team: str
) -> None:
    await alice.put(team, json={"secrets": "block"})
    for role in ("member", "reader"):
        await join(driver, stranger, team.split("/")[4], role)

        answer = await stranger.put(team, json={"secrets": "off"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert (await stranger.get(team)).json() == (await alice.get(team)).json() == {**DEFAULTS, "secrets": "block"}


async def test_a_stranger_finds_no_space(alice: Client, stranger: Client, team: str) -> None:
    for path in (team, path_of(alice), path_of(alice, "personal:{}")):
        unknown = f"/v1/spaces/team/{uuid4()}/settings"

        asked = [await stranger.get(path), await stranger.put(path, json={"secrets": "off"})]

        assert [answer.status_code for answer in asked] == [404, 404]
        assert {answer.text for answer in asked} == {(await stranger.get(unknown)).text}
    assert (await alice.get(team)).json() == DEFAULTS


async def test_a_task_and_the_command_line_see_the_settings(alice: Client, parts: Parts) -> None:
    await alice.put(path_of(alice), json={"llm_tokens_a_day": 9, "secrets": "off", "admission": "conservative"})
    task = Task(
        id="t",
        kind=TaskKind.INGEST,
        status=TaskStatus.RUNNING,
        tenant_id=alice.user_id,
        space_key="",
        created_at=parts.clock(),
    )

    principals = [
        await parts.graph.read(system.get_task_principal, task),
        await parts.graph.read(system.get_tenant_principal, alice.user_id),
    ]

    settings = [principal.personal_space().settings for principal in principals if principal]
    assert [(one.admission, one.secrets, one.llm_tokens_a_day) for one in settings] == [("conservative", "off", 9)] * 2


async def test_admission_follows_the_space(alice: Client) -> None:
    await alice.store("Ann went for a walk.")
    talk = {"messages": [{"role": "user", "content": "I went for a walk.", "speaker": "Ann"}]}

    actions: dict[str, str] = {}
    for preset in ("conservative", "balanced", "high_recall"):
        await alice.put(path_of(alice), json={"admission": preset})
        preview = (await alice.post("/v1/ingest/preview", json=talk)).json()
        actions[preset] = preview["facts"][0]["decision"]["action"]

    assert actions == {"conservative": "hold", "balanced": "support", "high_recall": "support"}

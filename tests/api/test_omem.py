"""What a server of ourmem/omem holds comes over: memories, spaces, members; again and again with one outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from app.cli import main
from app.cli.failures import Failure
from app.cli.omem import Mover, Seed, in_order, parse_members, read_plan, report
from app.client import Client as Service
from app.domain.exports import MemoryLine
from tests.clients import Client
from tests.servers.omem_api import KEY, OmemServer, memory

Work = Callable[[], Awaitable[int]]
OLD, NEW = (
    memory(1, "Ming lives in Fuzhou.", category="profile"),
    memory(2, "Ming lives in Xiamen.", category="profile"),
)


@pytest.fixture
def omem() -> Generator[OmemServer]:
    with OmemServer() as server:
        yield server


async def bring(omem: OmemServer, client: Client, **members: str) -> Mover:
    """A run of the command, but for its waiting."""
    seed = Seed(omem.url, KEY)
    mover = Mover(Service("http://ourmem.test", client.key, http=client), members)
    await mover.bring(await read_plan(seed))
    await seed.close()
    return mover


async def listed(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/memories", params={"limit": "200", **query})
    return sorted(answer.json()["memories"], key=lambda one: one["content"])


async def test_everything_comes_once_however_often_it_is_brought(
    omem: OmemServer, alice: Client, stranger: Client, work: Work
) -> None:
    label = {"relation_type": "supports", "target_id": NEW["id"], "context_label": "similarity:0.91"}
    omem.memories = [
        {**OLD, "superseded_by": NEW["id"], "state": "archived"},
        NEW,
        memory(3, "Ming moved for tea.", relations=[label], tags=["tea"], agent_id="coder", source="mcp"),
        memory(4, "旧的茶园已经关闭。", state="archived", memory_type="insight"),
        memory(5, "Gone.", state="deleted"),
        memory(6, "A piece of a file.", memory_type="session", category="entities"),
        memory(7, " "),
        memory(8, "For coders.", visibility="shared:coders", agent_id="coder"),
    ]
    members = [{"user_id": KEY, "role": "admin"}, {"user_id": "other-key", "role": "reader"}]
    omem.spaces = [
        {"id": f"personal/{KEY}", "space_type": "personal", "name": "", "members": members[:1]},
        {"id": "team/1", "space_type": "team", "name": "garden", "members": members},
    ]
    omem.shared = {
        "team/1": [memory(11, "The garden has nine beds."), memory(12, "茶园在福建。"), memory(13, "Open at 8.")]
    }

    first = await bring(omem, alice, **{"other-key": stranger.user_id})
    again = await bring(omem, alice, **{"other-key": stranger.user_id})
    await work()

    stored = {one["content"]: one for one in await listed(alice)}
    assert set(stored) == {"Ming lives in Xiamen.", "Ming moved for tea.", "旧的茶园已经关闭。", "A piece of a file."}
    assert stored["旧的茶园已经关闭。"]["state"] == "archived"
    assert stored["A piece of a file."]["memory_type"] == "insight"
    tea = stored["Ming moved for tea."]
    assert (tea["tags"], tea["agent_id"], tea["source"], tea["memory_type"]) == (["tea"], "coder", "mcp", "pinned")
    assert stored["Ming lives in Xiamen."]["category"] == "profile"
    past = await alice.search("where does Ming live", include_superseded="true")
    assert "Ming lives in Fuzhou." in [result["memory"]["content"] for result in past["results"]]
    assert [one["type"] for one in await alice.related(tea["id"]) if one["label"]] == ["supports"]
    mine = await alice.get("/v1/memories", headers={"X-Agent-Id": "coder"})
    assert "For coders." in mine.text
    [space] = [one for one in (await alice.get("/v1/spaces")).json() if one["name"] == "garden"]
    assert [(one["user_id"], one["role"]) for one in space["members"]][1:] == [(stranger.user_id, "reader")]
    assert [one["content"] for one in await listed(stranger, space=space["id"])] == [
        "Open at 8.", "The garden has nine beds.", "茶园在福建。",
    ]  # fmt: skip
    assert (first.counts["spaces created"], first.counts["members added"], first.counts["empty"]) == (1, 1, 1)
    assert (again.counts["spaces created"], again.counts["members added"]) == (0, 0)
    assert KEY not in str(first.counts)


async def test_all_pages_come_and_a_server_that_ends_in_between_is_told(omem: OmemServer) -> None:
    omem.memories = [memory(number, f"Bed {number} has {number} plants.") for number in range(1, 206)]
    plan = await read_plan(Seed(omem.url, KEY))
    omem.script.extend([(200, b"[]"), (503, b"")])

    with pytest.raises(Failure, match="answered 503"):
        await read_plan(Seed(omem.url, KEY))

    assert [one.content for one in plan.personal] == [one["content"] for one in omem.memories]
    pages = [path for path in omem.requests if path == "/v1/memories"]
    assert len(pages) == 3


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(401, b"", "does not accept the key"), (200, b"<html>", "does not answer as omem"), (500, b"", "answered 500")],
)
async def test_other_server_that_does_not_answer_is_one_sentence(
    omem: OmemServer, status: int, body: bytes, words: str
) -> None:
    omem.script.append((status, body))

    with pytest.raises(Failure, match=words):
        await read_plan(Seed(omem.url, KEY))


def test_dry_run_writes_nothing_and_needs_no_key_of_ours(omem: OmemServer) -> None:
    omem.memories = [OLD, NEW]
    omem.spaces = [{"id": "team/1", "space_type": "team", "name": "garden", "members": []}]
    omem.shared = {"team/1": []}

    shown = CliRunner().invoke(main, ["import", "omem", "--url", omem.url, "--key", KEY, "--dry-run"])

    assert shown.exit_code == 0, shown.output
    assert "nothing written" in shown.output
    assert "memories of team garden there" in shown.output


def test_command_says_what_is_missing(omem: OmemServer) -> None:
    runner = CliRunner(env={"OMEM_API_KEY": "", "OMEM_SEED_KEY": ""})
    url = ["import", "omem", "--url", omem.url]

    answers = [runner.invoke(main, [*url, *more]) for more in ([], ["--key", KEY], ["--key", "bad", "--dry-run"])]

    assert [answer.exit_code for answer in answers] == [1, 1, 1]
    assert "no key of the other server" in answers[0].output
    assert "OMEM_API_KEY" in answers[1].output
    assert "does not accept the key" in answers[2].output
    with pytest.raises(Failure, match="THERE=HERE"):
        parse_members(["x"])


def test_what_replaces_comes_after_what_it_replaces_and_circles_end() -> None:
    lines = [
        MemoryLine(id="new", content="c", replaces=["middle"]),
        MemoryLine(id="middle", content="b", replaces=["old"]),
        MemoryLine(id="old", content="a", replaces=["new"]),
    ]

    assert sorted(line.id for line in in_order(lines)) == ["middle", "new", "old"]
    assert [line.id for line in in_order([lines[0], lines[1], MemoryLine(id="old", content="a")])] == [
        "old", "middle", "new",
    ]  # fmt: skip


async def test_report_names_nobody(omem: OmemServer) -> None:
    omem.spaces = [{"id": f"team/{KEY}", "space_type": "team", "name": "", "members": [{"user_id": KEY}]}]
    omem.shared = {f"team/{KEY}": []}
    plan = await read_plan(Seed(omem.url, KEY))
    mover = Mover(Service(omem.url), {})

    shown = Console(file=StringIO(), width=200)
    shown.print(report(plan, mover.counts, is_dry=True))
    assert isinstance(shown.file, StringIO)
    assert KEY not in shown.file.getvalue()

"""An account that leaves and comes back: all that it owned is there again, and a file can do no more than its owner."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from neo4j import AsyncDriver

from app.domain.account_reading import new_id
from tests.clients import Client
from tests.conftest import SignUp
from tests.secret_search import places

PATH = "/v1/imports/export"
CONFIRM = {"X-Confirm": "delete-all"}
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SYMMETRIC = ("contradicts", "similar_to", "judged")
Work = Callable[[], Awaitable[int]]
Lines = list[dict[str, Any]]


async def export_of(client: Client) -> Lines:
    answer = await client.get("/v1/export")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def send(client: Client, lines: Lines) -> Any:
    return await client.post(PATH, content="\n".join(json.dumps(line) for line in lines))


async def fill(alice: Client, bob: Client, work: Work) -> dict[str, str]:
    """An account with something of every kind, and a team that bob is in."""
    await alice.put("/v1/agent-groups/coders", json={"agents": ["codex"]})
    await alice.say("I live in Oslo.", "我住在上海。", "My favourite tea is oolong.", session_id="visit", speaker="Ann")
    old = await alice.store("Harbor is deployed on Fridays.", tags=["harbor"], source="wiki")
    new = await alice.store("Harbor is deployed on Tuesdays.", replaces=[old["id"]], importance=0.9)
    why = await alice.store("周五发布会毁掉周末。", memory_type="pinned", category="patterns")
    await alice.relate(why["id"], new["id"], "supports", label="weekends")
    await alice.relate(old["id"], why["id"], "contradicts")
    await alice.put(f"/v1/memories/{why['id']}", json={"content": "周五发布会毁掉整个周末。", "tags": ["港口"]})
    mine = {"content": "Only codex knows.", "visibility": "private"}
    await alice.post("/v1/memories", json=mine, headers={"X-Agent-Id": "codex"})
    await alice.store("The coders' plan: ship it.", visibility="shared:coders")
    gone = await alice.store("To be deleted.")
    await alice.delete(f"/v1/memories/{gone['id']}")
    noise = await alice.store("Ping from the build machine")
    await alice.post(f"/v1/memories/{noise['id']}/feedback", json={"verdict": "noise"})
    await alice.post(f"/v1/memories/{why['id']}/feedback", json={"verdict": "useful"})
    file = {"file": ("notes.md", "# Tea\n\nMing grows tea in Wuyuan.\n\n# 茶\n\n明喜欢乌龙茶。")}
    assert (await alice.post("/v1/imports", files=file)).status_code == 200
    team = await alice.space("red", bob=bob)
    await alice.put(f"/v1/spaces/{team['id']}/settings", json={"admission": "conservative"})
    rule = {"source_space": f"personal/{alice.user_id}", "tags": ["港口"], "min_importance": 0.1}
    await alice.post(f"/v1/spaces/{team['id']}/auto-share-rules", json=rule)
    share = {"target_space": team["id"], "note": "for all of us", "mode": "live"}
    copy = (await alice.post(f"/v1/memories/{new['id']}/share", json=share)).json()
    await bob.store("Bob likes the harbour.", space=team["id"])
    hidden = {"content": "Bob's secret is tapir4711.", "space": team["id"], "visibility": "private"}
    await bob.post("/v1/memories", json=hidden, headers={"X-Agent-Id": "spy"})
    await alice.store("A long story. " * 150, space=team["id"])
    await work()
    entities = (await alice.get("/v1/entities")).json()["entities"]
    await alice.post(f"/v1/entities/{entities[0]['id']}/aliases", json={"name": "The Alias"})
    return {"team": team["id"], "new": new["id"], "copy": copy["id"], "why": why["id"]}


def renamed(value: Any, rename: Callable[[str], str], field: str = "") -> Any:
    """A line with other ids."""
    if isinstance(value, dict):
        return {name: renamed(item, rename, name) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, rename, field) for item in value]
    if field == "fact_json":
        return UUID.sub(lambda found: rename(found[0]), value)
    return rename(value) if isinstance(value, str) else value


def comparable(lines: Lines, rename: Callable[[str], str] = str) -> list[str]:
    """The lines in an order of their own, without what belongs to the new account itself."""
    found: list[str] = []
    for line in lines:
        told = renamed(line, rename)
        if told["kind"] == "export":
            continue
        if told["kind"] == "space":
            told["members"] = sorted(one["user_id"] for one in told["members"])
            if told["space_type"] == "personal":
                told = {name: told[name] for name in ("kind", "id", "members")}
        if told["kind"] == "relation" and told["type"] in SYMMETRIC:
            told["source"], told["target"] = sorted((told["source"], told["target"]))
            told.pop("hashes", None)
        for name in ("created", "before", "repeats", "evidence", "mentions", "about"):
            if isinstance(told.get(name), list):
                told[name] = sorted(told[name], key=json.dumps)
        found.append(json.dumps(told, sort_keys=True, ensure_ascii=False))
    return sorted(found)


async def test_an_account_that_left_comes_back_whole(
    alice: Client, sign_up: SignUp, driver: AsyncDriver, work: Work
) -> None:
    bob = await sign_up("Bob")
    made = await fill(alice, bob, work)
    before = await export_of(alice)
    for space in (made["team"],):
        assert (await alice.delete(f"/v1/spaces/{space}")).status_code == 200
    assert (await alice.delete("/v1/tenants/me", headers=CONFIRM)).status_code == 202
    await work()
    assert await places(driver, "Wuyuan") == []
    heir = await sign_up("Heir")

    answer = await send(heir, before)
    after = await export_of(heir)
    again = await send(heir, before)
    await work()
    last = await export_of(heir)

    assert answer.status_code == 200, answer.text
    spaces = answer.json()["spaces"]

    def rename(text: str) -> str:
        if text in spaces:
            return spaces[text]
        if text == alice.user_id:
            return heir.user_id
        return new_id(heir.user_id, text) if UUID.fullmatch(text) and text != bob.user_id else text

    kinds = Counter(line["kind"] for line in before)
    assert kinds.keys() >= {
        "export", "group", "space", "session", "import", "message", "entity", "same", "slot", "memory", "revision",
        "decision", "relation", "share", "noise", "rule",
    }  # fmt: skip
    assert comparable(after) == comparable(before, rename)
    assert comparable(last) == comparable(after)
    assert answer.json()["stored"]["memory"] == kinds["memory"]
    assert again.json()["stored"].keys().isdisjoint({"memory", "message", "decision"})
    assert "tapir4711" not in json.dumps(before)
    # Vectors are made anew, and everything works on what came back.
    assert (await heir.found("when is Harbor deployed?"))[0] == "Harbor is deployed on Tuesdays."
    assert "周五发布会毁掉整个周末。" in await heir.found("周五发布", min_score=0)
    copy = (await heir.get(f"/v1/memories/{rename(made['copy'])}", params={"check_stale": "true"})).json()
    assert (copy["provenance"]["note"], copy["provenance"]["shared_by_user"]) == ("for all of us", heir.user_id)
    assert copy["provenance"]["shared_from_memory"] == rename(made["new"])
    assert copy["stale_info"]["is_stale"] is False
    history = (await heir.get(f"/v1/memories/{rename(made['why'])}/history")).json()["revisions"]
    assert [one["content"] for one in history] == ["周五发布会毁掉周末。"]
    assert (await bob.get(f"/v1/spaces/{spaces[made['team']]}")).json()["owner_id"] == heir.user_id
    task = (await heir.get(f"/v1/tasks/{answer.json()['task_ids'][0]}")).json()
    assert (task["kind"], task["status"]) == ("restore", "completed")
    told = (await heir.get(f"/v1/spaces/personal/{heir.user_id}/audit")).json()["events"]
    assert {event["action"] for event in told} >= {"exported", "imported"}
    changed = (await heir.get("/v1/events", params={"limit": "500"})).json()["events"]
    assert {one["type"] for one in changed} >= {"memory_created", "messages_added", "relation_created", "decision_made"}


def minimal(user_id: str) -> Lines:
    """A small export that is right."""
    at = "2026-03-01T09:00:00Z"
    space = f"personal/{user_id}"
    said = {"space": space, "valid_from": at, "recorded_at": at, "created_at": at, "updated_at": at}
    fact = {"kind": "memory", "category": "events", "memory_type": "insight", **said}
    return [
        {"kind": "export", "version": 2, "id": "e", "user_id": user_id, "created_at": at},
        {"kind": "space", "id": space, "space_type": "personal", "name": "P", "created_at": at, "updated_at": at},
        {"kind": "session", "space": space, "id": "s", "created_at": at, "updated_at": at},
        {"kind": "message", "id": "q", "content": "Hi.", "session_id": "s", "position": 0, "category": "events"}
        | {"memory_type": "session", **said},
        {"id": "m", "content": "Ann lives in Oslo.", **fact},
        {"id": "n", "content": "安住在奥斯陆。", **fact},
        {"kind": "relation", "space": space, "type": "supersedes", "source": "m", "target": "n"},
    ]


MORE = [
    ({"kind": "export", "version": 2, "id": "e", "user_id": "u", "created_at": "2026-03-01T09:00:00Z"}, "header"),
    ({"kind": "memory", "space": "personal/{stranger}"}, "id"),
    ({**minimal("{user}")[4], "id": "x", "space": "personal/{stranger}"}, "space"),
    ({**minimal("{user}")[4], "id": "x", "space": "team/{team}"}, "space"),
    ({**minimal("{user}")[4], "id": "m"}, "same"),
    ({**minimal("{user}")[4], "id": "x", "importance": 7}, "importance"),
    ({**minimal("{user}")[4], "id": "x", "secret_field": 7}, "secret_field"),
    ({**minimal("{user}")[4], "id": "x", "visibility": "shared:theirs"}, "visibility"),
    ({**minimal("{user}")[4], "id": "x", "evidence": [{"message": "{theirs}"}]}, "evidence"),
    ({**minimal("{user}")[4], "id": "x", "content": ""}, "content"),
    ({**minimal("{user}")[6], "source": "{theirs}"}, "source"),
    ({**minimal("{user}")[6], "target": "{theirs}"}, "target"),
    ({**minimal("{user}")[6], "source": "n", "target": "m"}, "circle"),
    ({**minimal("{user}")[3], "id": "x", "session_id": "theirs"}, "session_id"),
    ({"kind": "rule", "space": "personal/{user}", "id": "r", "source_space": "personal/{stranger}"}, "created_at"),
    ('{"kind": ', "JSON"),
    ("x" * 4_200_000, "bytes"),
]


async def test_a_hostile_file_changes_nothing_and_its_line_is_named(
    alice: Client, stranger: Client, driver: AsyncDriver
) -> None:
    theirs = await stranger.store("The zebra8153 is theirs.")
    team = await stranger.space("red", alice=alice)
    names = {"user": alice.user_id, "stranger": stranger.user_id, "theirs": theirs["id"], "team": team["id"][5:]}
    kept = minimal(alice.user_id)
    unlike = [dict(kept[1], id="team/x"), dict(kept[1], space_type="team"), *([dict(kept[1])] * 1)]

    for line, word in [*MORE, *((line, "") for line in unlike)]:
        text = line if isinstance(line, str) else json.dumps(line)
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        body = "\n".join([*(json.dumps(one) for one in kept), text])
        answer = await alice.post(PATH, content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error"), (
            text[:200],
            answer.text,
        )
        message = answer.json()["error"]["message"]
        assert "line 8" in message or "line 7" in message, message
        assert word in message, message
        assert "zebra" not in answer.text

    nothing = await alice.post(PATH, content="")
    late = await alice.post(PATH, content="\n".join(json.dumps(one) for one in kept[1:]))
    assert (nothing.status_code, late.status_code) == (400, 400)
    texts = "MATCH (node:Memory|Episode|Session) WHERE node.tenant_id = $id RETURN count(*) AS nodes"
    counted = await driver.execute_query(texts, id=alice.user_id)
    assert counted.records[0]["nodes"] == 0
    assert len((await alice.get("/v1/spaces")).json()) == 2


async def test_a_file_writes_only_into_spaces_of_whoever_sends_it(alice: Client, stranger: Client) -> None:
    team = await stranger.space("red", role="admin", alice=alice)
    theirs = await stranger.store("Theirs.", space=team["id"])
    lines = minimal(stranger.user_id)
    made = {**lines[1], "id": team["id"], "space_type": "team", "members": []}
    fact = {**lines[4], "space": team["id"], "id": theirs["id"], "content": "Not theirs any more.", "author_id": "bob"}
    before = (await stranger.get(f"/v1/spaces/{team['id']}")).json()

    answer = await send(alice, [*lines, made, fact])

    assert answer.status_code == 200, answer.text
    spaces = answer.json()["spaces"]
    assert spaces[f"personal/{stranger.user_id}"] == f"personal/{alice.user_id}"
    assert spaces[team["id"]] not in (team["id"], "")
    assert (await stranger.get(f"/v1/spaces/{team['id']}")).json() == before
    assert (await stranger.get(f"/v1/memories/{theirs['id']}")).json()["content"] == "Theirs."
    found = (await alice.get("/v1/memories", params={"space": spaces[team["id"]]})).json()["memories"]
    assert [(one["content"], one["tenant_id"]) for one in found] == [("Not theirs any more.", alice.user_id)]
    assert (await stranger.get("/v1/memories", params={"space": "all"})).json()["total_count"] == 1


async def test_secrets_stay_out_of_a_space_that_takes_none_in(alice: Client, stranger: Client) -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    lines = minimal(stranger.user_id)
    lines[4]["content"] = f"The key is {key}."

    await alice.put(f"/v1/spaces/personal/{alice.user_id}/settings", json={"secrets": "block"})
    refused = await send(alice, lines)
    await alice.put(f"/v1/spaces/personal/{alice.user_id}/settings", json={"secrets": "mark"})
    taken = await send(alice, lines)

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "line 5" in refused.json()["error"]["message"]
    stored = (await alice.get("/v1/memories")).json()
    assert key not in json.dumps(stored)
    assert stored["total_count"] == 2


async def test_more_spaces_than_an_account_may_own_are_refused(alice: Client) -> None:
    for number in range(18):
        await alice.space(f"team {number}")
    lines = minimal(alice.user_id)
    teams = [dict(lines[1], id=f"team/{number}", space_type="team", name=f"t{number}") for number in range(2)]

    one_over = await send(alice, [*lines, *teams])
    at_limit = await send(alice, [*lines, teams[0]])

    assert (one_over.status_code, at_limit.status_code) == (400, 200)
    assert "line 9" in one_over.json()["error"]["message"]
    assert len((await alice.get("/v1/spaces")).json()) == 20


async def test_an_export_imported_where_it_comes_from_changes_nothing(
    alice: Client, stranger: Client, work: Work
) -> None:
    await fill(alice, stranger, work)
    before = await export_of(alice)

    answer = await send(alice, before)

    assert answer.status_code == 200, answer.text
    assert comparable(await export_of(alice)) == comparable(before)
    assert answer.json()["spaces"] == {line["id"]: line["id"] for line in before if line["kind"] == "space"}


@pytest.mark.parametrize("role", ["reader", "member", "admin"])
async def test_an_export_holds_nothing_of_others(alice: Client, stranger: Client, role: str) -> None:
    team = await alice.space("red", role=role, stranger=stranger)
    await alice.store("Team zebra8154.", space=team["id"])
    await alice.store("Own zebra8154.")

    text = (await stranger.get("/v1/export")).text

    assert "zebra8154" not in text
    assert team["id"] not in text

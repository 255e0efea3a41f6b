"""The profile over HTTP: what holds, of whom, since when, before and against what, for whom, within a budget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from app.domain.texts import estimate_tokens
from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedClock

Work = Callable[[], Awaitable[int]]
CONTRACT_KEYS = ["static_facts", "dynamic_context", "search_results", "profile"]


async def profile(client: Client, agent: str = "", **parameters: object) -> dict[str, Any]:
    headers = {"X-Agent-ID": agent} if agent else {}
    answer = await client.get("/v1/profile", params=parameters, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sections(client: Client, **parameters: str) -> dict[str, list[dict[str, Any]]]:
    """The lines of each section."""
    answer = await profile(client, include="sections", **parameters)
    return {section["name"]: section["lines"] for section in answer["sections"]}


async def line_of(client: Client, text: str, **parameters: str) -> dict[str, Any]:
    """The one line that has this text."""
    found = await sections(client, **parameters)
    (line,) = [line for lines in found.values() for line in lines if text in line["content"]]
    return line


def texts(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: [line["content"] for line in lines] for name, lines in found.items()}


class Person(NamedTuple):
    """A tenant with a clock and a worker that go by it."""

    client: Client
    clock: FixedClock
    worker: Worker

    async def tell(self, *told: str, **fields: object) -> list[str]:
        """Stores texts with half an hour between them and does what follows; their ids."""
        ids: list[str] = []
        for text in told:
            self.clock.move(1_800)
            ids.append((await self.client.store(text, **fields))["id"])
            await self.worker.run_pending()
        return ids


@pytest.fixture
async def mara(sign_up: SignUp, parts: Parts) -> Person:
    clock = FixedClock()
    own = msgspec.structs.replace(parts, clock=clock)
    return Person(await sign_up("Mara", parts=own), clock, Worker(own))


async def test_a_tenant_without_memories_has_an_empty_profile(alice: Client) -> None:
    answer = await profile(alice)

    assert list(answer) == CONTRACT_KEYS
    assert answer == {"static_facts": [], "dynamic_context": [], "search_results": None, "profile": ""}
    assert await sections(alice) == {}


async def test_the_lists_are_those_of_the_contract(alice: Client) -> None:
    for number in range(23):
        await alice.store(f"Fact {number}", category=("profile", "preferences")[number % 2], importance=number / 25)
    for number in range(12):
        await alice.store(f"Happening {number}", category=("events", "cases", "patterns")[number % 3])
    message = await alice.say("I said hello to everybody.")

    answer = await profile(alice, q="Fact 7")

    assert list(answer) == CONTRACT_KEYS
    assert answer["static_facts"] == [f"Fact {number}" for number in range(22, 2, -1)]
    assert len(answer["dynamic_context"]) == 10
    assert all(text.startswith("Happening") for text in answer["dynamic_context"])
    found = answer["search_results"]
    assert found[0]["memory"].keys() == {"id", "content", "category", "tags"}
    assert found[0]["memory"]["content"] == "Fact 7"
    assert found[0]["score"] > 0
    assert message["task_id"]


@pytest.mark.parametrize(
    ("told", "expected", "words"),
    [
        (
            [
                "I live in Paris.",
                "I moved to Rome.",
                "I like latte.",
                "I like americano.",
                "Harbor uses PostgreSQL 16.",
            ],
            {"identity": ["I moved to Rome."], "preferences": ["I like americano.", "I like latte."]},
            ["## Identity", "- I moved to Rome. (since 2026-03-14; before: Paris) [{rome}]", "## Preferences"],
        ),
        (
            ["我住在巴黎。", "我搬到罗马了。", "我喜欢拿铁。", "我喜欢美式。", "Harbor的数据库是PostgreSQL 16。"],
            {"identity": ["我搬到罗马了。"], "preferences": ["我喜欢美式。", "我喜欢拿铁。"]},
            ["## 身份", "- 我搬到罗马了。（自2026-03-14起；此前：巴黎） [{rome}]", "## 偏好"],
        ),
    ],
    ids=["english", "chinese"],
)
async def test_a_slot_shows_what_holds_now(
    mara: Person, told: list[str], expected: dict[str, list[str]], words: list[str]
) -> None:
    paris, rome, *_, database = await mara.tell(*told)

    found = await sections(mara.client)
    text = (await profile(mara.client))["profile"]

    assert {name: sorted(lines) for name, lines in texts(found).items() if name in expected} == {
        name: sorted(lines) for name, lines in expected.items()
    }
    [line] = found["identity"]
    assert (line["memory_id"], line["attribute"], line["value"] in told[1]) == (rome, "residence", True)
    assert line["previous"]["memory_id"] == paris
    assert [line["memory_id"] for lines in found.values() for line in lines].count(database) == 1
    assert told[0] not in text
    for word in words:
        assert word.format(rome=rome) in text
    assert await profile(mara.client) == await profile(mara.client)


@pytest.mark.parametrize("text", ["I work at Northwind.", "我在北风公司工作。"])
async def test_a_line_knows_who_said_it_in_which_session(alice: Client, work: Work, text: str) -> None:
    await alice.say(text, session_id="first")
    await work()
    await alice.say(text, session_id="second")
    await work()

    [line] = (await sections(alice))["identity"]

    assert line["attribute"] in ("employer", "workplace")
    assert line["sources"]["session_ids"] == ["first", "second"]
    assert len(line["sources"]["message_ids"]) == 2
    assert line["last_confirmed_at"] > line["since"]
    assert (await alice.get(f"/v1/memories/{line['memory_id']}/why")).status_code == 200


async def test_what_is_disputed_stands_beside_its_opponent(alice: Client) -> None:
    left = await alice.store("The budget is 40,000 euros.", category="entities")
    right = await alice.store("The budget is 30,000 euros.", category="entities")
    conflict = (await alice.relate(left["id"], right["id"], "contradicts")).json()["id"]

    line = await line_of(alice, "budget")
    text = (await profile(alice))["profile"]

    [opponent] = line["disputed"]
    assert {line["memory_id"], opponent["memory_id"]} == {left["id"], right["id"]}
    assert text.count("budget is") == 2
    assert f"disputed: {opponent['content']} [{opponent['memory_id']}]" in text

    resolved = (await alice.post(f"/v1/conflicts/{conflict}/resolve", json={"resolution": "keep_left"})).json()
    line = await line_of(alice, "budget")
    assert (line["memory_id"], line["disputed"]) == (resolved["left"]["memory"]["id"], [])


async def test_the_past_is_shown_as_it_was(mara: Person) -> None:
    start = mara.clock()
    await mara.tell("I live in Paris.", "The release went out.", category="events")
    await mara.tell("I work at Acme.")
    mara.clock.move(timedelta(days=30).total_seconds())
    await mara.tell("I moved to Rome.", "The server fell over.", category="events")

    then = await profile(mara.client, as_of=(start + timedelta(days=1)).isoformat())
    now = await profile(mara.client)

    assert "Paris" in then["profile"]
    assert "Acme" in then["profile"]
    assert "Rome" not in then["profile"]
    assert then["dynamic_context"][0] == "The release went out."
    assert "Paris." not in now["profile"]
    assert now["dynamic_context"] == ["The server fell over.", "I moved to Rome."]
    assert (await profile(mara.client, as_of=(start - timedelta(days=1)).isoformat()))["profile"] == ""


async def test_what_is_over_or_not_believed_is_no_part(mara: Person) -> None:
    client = mara.client
    kept = (await client.store("Keeps bees.", category="profile"))["id"]
    gone = [(await client.store(text, category="profile"))["id"] for text in ("Deleted.", "Archived.", "Premise.")]
    conclusion = (await client.store("Conclusion.", category="profile"))["id"]
    await client.relate(conclusion, gone[2], "derived_from")
    await client.store("Expired.", category="profile", valid_to=(mara.clock() + timedelta(hours=1)).isoformat())
    await client.store("Later.", category="events", valid_from=(mara.clock() + timedelta(days=2)).isoformat())
    before = await profile(client)

    await client.delete(f"/v1/memories/{gone[0]}")
    await client.put(f"/v1/memories/{gone[1]}", json={"state": "archived"})
    await client.delete(f"/v1/memories/{gone[2]}")
    mara.clock.move(7_200)
    after = await profile(client)

    assert len(before["static_facts"]) == 6
    assert after["static_facts"] == ["Keeps bees."]
    assert [line["memory_id"] for line in (await sections(client))["other"]] == [kept]
    assert after["dynamic_context"] == ["Later."]
    mara.clock.move(timedelta(days=10).total_seconds())
    assert (await profile(client))["dynamic_context"] == []


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("more left out for the budget of 300 tokens", "Likes the colour number {}."),
        ("300词元的预算", "喜欢第{}种颜色。"),
    ],
)
async def test_the_text_fits_the_budget_and_says_what_it_leaves_out(alice: Client, kept: str, told: str) -> None:
    for number in range(24):
        await alice.store(told.format(number), category="preferences")
        await alice.store(told.format(number + 100), category="events")

    small = await profile(alice, budget=300, include="sections")
    large = await profile(alice, budget=4_000, include="sections")
    bare = await profile(alice, budget=300, ids="false")

    assert estimate_tokens(small["profile"]) <= 300
    assert kept in small["profile"]
    assert small["static_facts"]
    assert small["dynamic_context"]
    shown = sum(len(section["lines"]) for section in small["sections"])
    # Of events twenty are looked at.
    assert shown + small["omitted"]["static"] + small["omitted"]["dynamic"] == 44
    assert small["omitted"]["more"] is True
    assert (large["omitted"]["static"], large["omitted"]["dynamic"]) == (0, 0)
    assert bare["profile"].count("\n- ") > small["profile"].count("\n- ")
    assert estimate_tokens(bare["profile"]) <= 300


async def test_a_long_text_is_shown_by_its_first_sentences(alice: Client) -> None:
    await alice.store("Ann keeps bees. " + "They fly far. " * 500, category="profile")

    assert (await profile(alice))["static_facts"] == [f"Ann keeps bees. {'They fly far. ' * 13}…"]


async def test_spaces_are_merged_with_the_personal_one_first(alice: Client, stranger: Client, work: Work) -> None:
    team = (await alice.space("crew", member=stranger))["id"]
    for text, space in (
        ("Harbor's port is 8080.", ""),
        ("Harbor's port is 9090.", team),
        ("Harbor's owner is Kai.", team),
    ):
        await alice.store(text, **({"space": space} if space else {}))
        await work()

    own, merged = await profile(alice), await line_of(alice, "port", space="all")

    assert own["static_facts"] == ["Harbor's port is 8080."]
    assert merged["content"] == "Harbor's port is 8080."
    assert [(one["content"], one["space_id"]) for one in merged["overrides"]] == [("Harbor's port is 9090.", team)]
    assert f"in {team}: Harbor's port is 9090." in (await profile(alice, space="all"))["profile"]
    assert set((await profile(stranger, space=team))["static_facts"]) == {
        "Harbor's port is 9090.",
        "Harbor's owner is Kai.",
    }
    assert (await profile(stranger))["static_facts"] == []


async def test_nobody_sees_what_is_not_his(alice: Client, stranger: Client) -> None:
    await alice.store("Ann keeps bees.", category="profile")
    private = {"content": "Ann is shy.", "category": "profile", "visibility": "private"}
    await alice.post("/v1/memories", json=private, headers={"X-Agent-ID": "coder"})

    assert (await profile(stranger, q="bees"))["search_results"] == []
    assert (await profile(stranger, space="all"))["profile"] == ""
    assert (await profile(alice))["static_facts"] == ["Ann keeps bees."]
    assert set((await profile(alice, agent="coder"))["static_facts"]) == {"Ann keeps bees.", "Ann is shy."}
    assert (await profile(alice, agent="coder", agent_id="coder"))["static_facts"] == ["Ann is shy."]
    assert (await profile(alice, agent="other"))["static_facts"] == ["Ann keeps bees."]
    for space in (f"personal/{alice.user_id}", "team/none"):
        answer = await stranger.get("/v1/profile", params={"space": space})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget", "10"),
        ("budget", "99999"),
        ("budget", "x"),
        ("language", "fr"),
        ("include", "all"),
        ("as_of", "soon"),
        ("ids", "1"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_its_name(alice: Client, name: str, value: str) -> None:
    answer = await alice.get("/v1/profile", params={name: value})

    assert answer.status_code == 400
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize("told", ["I will sail to Ghent on 2 April 2026.", "我4月2日要坐船去根特。"])
async def test_what_is_said_of_a_coming_day_stands_under_it_until_it_is_over(mara: Person, told: str) -> None:
    await mara.client.say(told)
    await mara.worker.run_pending()

    before = texts(await sections(mara.client))
    mara.clock.move(timedelta(days=20).total_seconds())
    after = texts(await sections(mara.client))
    mara.clock.move(timedelta(days=7).total_seconds())

    assert (before, after) == ({"coming": [told]}, {"recent": [told]})
    assert await sections(mara.client) == {}


@pytest.mark.parametrize(
    ("told", "section", "holds", "gone"),
    [
        (
            ["I live in Turin.", "I moved from Turin to Graz."],
            "identity",
            "I moved from Turin to Graz.",
            "I live in Turin.",
        ),
        (["我住在苏州。", "我从苏州搬到了厦门。"], "identity", "我从苏州搬到了厦门。", "我住在苏州。"),
        (["我叫沈岩。", "我改名叫沈青了。"], "identity", "我改名叫沈青了。", "我叫沈岩。"),
        (
            ["The choir practice is on Mondays.", "The choir practice was moved from Monday to Wednesday."],
            "projects",
            "The choir practice was moved from Monday to Wednesday.",
            "The choir practice is on Mondays.",
        ),
        (["例会定在周二。", "我们把例会从周二挪到周五。"], "projects", "我们把例会从周二挪到周五。", "例会定在周二。"),
        (
            ["I work at Northwind.", "I quit my job at Northwind."],
            "identity",
            "I quit my job at Northwind.",
            "I work at Northwind.",
        ),
    ],
)
async def test_a_told_change_takes_the_place_of_what_was(
    mara: Person, told: list[str], section: str, holds: str, gone: str
) -> None:
    for text in told:
        mara.clock.move(86_400)
        await mara.client.say(text)
        await mara.worker.run_pending()

    found = texts(await sections(mara.client))

    assert holds in found[section]
    assert all(gone not in lines for lines in found.values())

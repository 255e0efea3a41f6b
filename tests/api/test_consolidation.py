"""One memory for many that say alike, over HTTP: made once, outdated with what it follows from, undone by task."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.main import make_parts
from app.services.parts import Parts
from app.worker import Worker
from tests.api.test_communities import make
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedEmbedder
from tests.servers.openai_api import OpenAIServer, Request, chat, data_of

DRINKS = ["I like latte.", "I like cocoa.", "I like green tea."]
CHINESE = ["小明喜欢爬山。", "小明喜欢游泳。", "小明喜欢下棋。"]
TOPIC = [
    "Lisbon is where Ada Byron keeps her boat.",
    "The harbour of Lisbon was painted by Ada Byron.",
    "Ada Byron told the mayor of Lisbon about 40 lamps.",
    "In Lisbon the bakery knows Ada Byron.",
]


async def consolidate(client: Client, parts: Parts, **query: str) -> dict[str, Any]:
    """The task of a run by hand, which must end well."""
    run = await client.post("/v1/lifecycle/consolidate", params=query)
    assert run.status_code == 202, run.text
    await Worker(parts).run_pending()
    task = (await client.get(f"/v1/tasks/{run.json()['task_id']}")).json()
    assert (task["kind"], task["status"]) == ("consolidate", "completed"), task
    return task


def counted(task: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in task["counts"].items() if name not in ("stored", "done", "total")}


async def derived(client: Client, **query: str) -> list[dict[str, Any]]:
    return [one for one in await listed(client, **query) if one["source"] == "consolidation"]


async def listed(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/memories", params={"limit": "100", **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["memories"]


async def tell(client: Client, parts: Parts, *texts: str) -> None:
    for number, text in enumerate(texts):
        await client.say(text, session_id=f"{text[:8]} {number}")
    await Worker(parts).run_pending()


async def test_values_of_a_slot_become_one_memory_that_is_no_second_result(alice: Client, parts: Parts) -> None:
    await tell(alice, parts, *DRINKS, *CHINESE, "I like hiking but my name is Ann.")
    before = {one["id"]: one for one in await listed(alice)}
    planned = (await alice.post("/v1/lifecycle/consolidate", params={"dry_run": "true"})).json()["groups"]
    assert await derived(alice) == []

    task = await consolidate(alice, parts)

    made = {one["content"]: one for one in await derived(alice)}
    english = next(text for text in made if "latte" in text)
    assert english.startswith("The user – likes: ")
    assert all(word in english for word in ("latte", "cocoa", "green tea"))
    chinese = next(text for text in made if "爬山" in text)
    assert chinese.startswith("小明：小明喜欢")
    assert set(made) == {group["text"] for group in planned}
    assert counted(task) == {"create": len(made)}
    # What goes into it stays as it is.
    assert {one["id"]: one for one in await listed(alice) if one["source"] != "consolidation"} == before
    premises = await alice.related(made[english]["id"], type="derived_from", direction="out")
    assert {one["memory"]["content"] for one in premises} >= set(DRINKS)
    found = await alice.search("Which drinks like latte, cocoa and green tea does the user like?", include_trace="true")
    assert found["results"]
    assert english not in [result["memory"]["content"] for result in found["results"]]
    assert "爬山" in str(await alice.found("小明喜欢爬山吗"))
    assert chinese not in await alice.found("小明喜欢爬山、游泳、下棋吗")
    assert english not in (await alice.get("/v1/profile")).text
    assert counted(await consolidate(alice, parts)) == {}
    assert len(await derived(alice)) == len(made)


async def test_a_premise_that_changes_makes_it_outdated_until_it_is_said_anew(alice: Client, parts: Parts) -> None:
    await tell(alice, parts, *DRINKS, "I like mint.")
    await consolidate(alice, parts)
    (first,) = await derived(alice)
    by_text = {one["content"]: one["id"] for one in await listed(alice)}

    edited = await alice.put(f"/v1/memories/{by_text['I like mint.']}", json={"content": "I like basil."})

    assert edited.status_code == 200
    assert [one["id"] for one in await listed(alice, needs_review="true")] == [first["id"]]
    task = await consolidate(alice, parts)
    (second,) = await derived(alice)
    assert "basil" in second["content"] or "mint" not in second["content"]
    assert counted(task) == {"supersede": 1}
    old = (await alice.get(f"/v1/memories/{first['id']}")).json()
    assert (old["state"], old["superseded_by"]) == ("superseded", second["id"])

    # A retracted one as well; with a deleted one goes what it said.
    wrong = await alice.post(f"/v1/memories/{by_text['I like cocoa.']}/feedback", json={"verdict": "wrong"})
    assert wrong.status_code == 200
    assert [one["id"] for one in await listed(alice, needs_review="true")] == [second["id"]]
    await alice.delete(f"/v1/memories/{by_text['I like latte.']}")
    assert (await alice.get(f"/v1/memories/{second['id']}")).status_code == 404
    assert (await alice.get(f"/v1/memories/{first['id']}")).status_code == 404


async def test_a_run_is_taken_back_by_its_task_and_not_done_again(alice: Client, parts: Parts) -> None:
    await tell(alice, parts, *DRINKS)
    first = await consolidate(alice, parts)
    (made,) = await derived(alice)
    await tell(alice, parts, "I like matcha.", "I like espresso.", "I like rooibos.")
    second = await consolidate(alice, parts)
    (grown,) = await derived(alice)
    assert counted(second) == {"supersede": 1}
    assert "matcha" in grown["content"]

    undone = (await alice.post("/v1/decisions/undo", json={"task_id": second["id"]})).json()

    assert (undone["undone"], undone["blocked"]) == (1, [])
    assert [one["id"] for one in await derived(alice)] == [made["id"]]
    undone = (await alice.post("/v1/decisions/undo", json={"task_id": first["id"]})).json()
    assert (undone["undone"], undone["blocked"]) == (1, [])
    assert await derived(alice) == []
    await alice.store("A word about nothing.")
    await Worker(parts).run_pending()
    await consolidate(alice, parts)
    assert await derived(alice) == []


async def test_only_what_everybody_sees_and_no_copy_goes_into_it(
    alice: Client, stranger: Client, sign_up: SignUp, parts: Parts
) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    for text in DRINKS:
        await bob.store(text, visibility="private")
    for text in ("I like latte macchiato.", "I like iced cocoa.", "I like black tea."):
        made = await alice.store(text)
        assert (await alice.post(f"/v1/memories/{made['id']}/share", json={"target_space": team})).status_code == 201
    await Worker(parts).run_pending()

    await consolidate(bob, parts)
    await consolidate(alice, parts, space=team)

    assert await derived(bob) == []
    assert await derived(alice, space=team) == []
    assert (await stranger.post("/v1/lifecycle/consolidate", params={"space": team})).status_code == 404


def summed(text: str, used: list[int] | None = None) -> Any:
    """A model that sums up a topic in these words and otherwise takes what it is told as it is."""

    def answer(request: Request) -> dict[str, Any]:
        lines = data_of(request)
        return {"summary": text, "used": used if used is not None else [line["memory"] for line in lines]}

    return answer


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (summed("Ada Byron knows Lisbon well."), ""),
        (summed("Ada Byron moved to Porto."), "no memory names Porto"),
        (summed("Ada Byron owns 99 boats in Lisbon."), "no memory has the number 99"),
        (summed("Ada Byron knows Lisbon well.", [1, 77]), "it names too few memories"),
        ({"other": 1}, "no summary"),
    ],
)
async def test_a_model_sums_up_a_topic_and_is_believed_only_what_the_memories_say(
    sign_up: SignUp, parts: Parts, driver: AsyncDriver, said: Any, reason: str
) -> None:
    plain = await sign_up("Ann")
    for text in TOPIC:
        await plain.store(text)
    await Worker(parts).run_pending()
    await make(plain, parts, Worker(parts).run_pending, f"personal/{plain.user_id}")
    with OpenAIServer() as server:
        server.always(chat(said))
        settings = msgspec.structs.replace(parts.settings, llm_base_url=server.url, llm_provider="openai-compatible")
        own = make_parts(settings, parts.graph, FixedEmbedder(model=parts.embedder.model))

        task = await consolidate_as(plain, own)
        again = await consolidate_as(plain, own)

    asked = [request for request in server.requests if "chat" in request.path]
    decisions = (await plain.get("/v1/decisions", params={"task_id": task["id"]})).json()["decisions"]
    made = await derived(plain)
    assert len(asked) == len(decisions) == 1
    assert task["tokens"] == 100
    assert (decisions[0]["action"], decisions[0]["method"]) == ("skip" if reason else "create", "llm")
    assert [one["content"] for one in made] == ([] if reason else ["Ada Byron knows Lisbon well."])
    assert not reason or decisions[0]["reason"] == reason
    assert counted(again) == {}


async def consolidate_as(client: Client, parts: Parts) -> dict[str, Any]:
    """A run for which the worker of another service does the work."""
    run = (await client.post("/v1/lifecycle/consolidate")).json()
    await Worker(parts).run_pending()
    return (await client.get(f"/v1/tasks/{run['task_id']}")).json()

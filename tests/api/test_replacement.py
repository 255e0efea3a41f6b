"""A new memory that replaces others: they stay readable as history and out of what is current."""

from __future__ import annotations

import pytest

from tests.clients import Client


async def test_a_replaced_memory_is_neither_listed_nor_found(alice: Client) -> None:
    old = await alice.store("Zoë lives in Paris")

    new = await alice.store("Zoë lives in Rome", replaces=[old["id"]])

    assert await alice.found("where does Zoë live?") == ["Zoë lives in Rome"]
    listed = (await alice.get("/v1/memories")).json()
    assert ([memory["id"] for memory in listed["memories"]], listed["total_count"]) == ([new["id"]], 1)


async def test_a_replaced_memory_names_its_successor_and_when(alice: Client) -> None:
    old = await alice.store("张伟住在巴黎")

    new = await alice.store("张伟住在罗马", replaces=[old["id"]])

    read = (await alice.get(f"/v1/memories/{old['id']}")).json()
    assert (read["state"], read["superseded_by"]) == ("superseded", new["id"])
    assert read["invalidated_at"] == new["created_at"]


async def test_the_new_memory_shows_what_it_replaced(alice: Client) -> None:
    old = await alice.store("Zoë lives in Paris")

    new = await alice.store("Zoë lives in Rome", replaces=[old["id"]])

    relation = {"relation_type": "supersedes", "target_id": old["id"], "context_label": None}
    assert new["relations"] == [relation]
    assert (await alice.get(f"/v1/memories/{new['id']}")).json()["relations"] == [relation]


async def test_replaced_memories_are_found_and_listed_when_asked_for(alice: Client) -> None:
    old = await alice.store("Zoë lives in Paris")
    new = await alice.store("Zoë lives in Rome", replaces=[old["id"]])

    found = await alice.found("where does Zoë live?", include_superseded="true")
    listed = (await alice.get("/v1/memories", params={"include_superseded": "true"})).json()["memories"]

    assert set(found) == {"Zoë lives in Rome", "Zoë lives in Paris"}
    assert [memory["id"] for memory in listed] == [new["id"], old["id"]]


async def test_several_memories_are_replaced_at_once(alice: Client) -> None:
    olds = [(await alice.store(text))["id"] for text in ("喜欢绿茶", "喜欢红茶", "喜欢白茶")]

    await alice.store("现在只喝咖啡", replaces=[*olds, olds[0]])

    listed = (await alice.get("/v1/memories")).json()["memories"]
    assert [memory["content"] for memory in listed] == ["现在只喝咖啡"]


async def test_a_replaced_text_can_be_stored_again(alice: Client) -> None:
    old = await alice.store("Zoë lives in Paris")
    rome = await alice.store("Zoë lives in Rome", replaces=[old["id"]])

    back = await alice.store("Zoë lives in Paris", replaces=[rome["id"]])

    assert back["id"] != old["id"]
    assert await alice.found("where does Zoë live?") == ["Zoë lives in Paris"]


async def test_a_known_text_can_replace_another_memory(alice: Client) -> None:
    rome = await alice.store("Zoë lives in Rome")
    paris = await alice.store("Zoë lives in Paris")

    repeat = await alice.post("/v1/memories", json={"content": "Zoë lives in Rome", "replaces": [paris["id"]]})

    assert (repeat.status_code, repeat.json()["id"]) == (200, rome["id"])
    assert await alice.found("where does Zoë live?") == ["Zoë lives in Rome"]


async def test_a_replacement_can_be_taken_back(alice: Client) -> None:
    old = await alice.store("张伟住在巴黎")
    new = await alice.store("张伟住在罗马", replaces=[old["id"]])
    path = f"/v1/memories/{new['id']}/relations"
    relation = (await alice.get(path, params={"type": "supersedes"})).json()["relations"][0]

    await alice.delete(f"{path}/{relation['id']}")

    read = (await alice.get(f"/v1/memories/{old['id']}")).json()
    assert (read["state"], read["superseded_by"], read["invalidated_at"]) == ("active", None, None)
    assert (await alice.store("张伟住在巴黎"))["id"] == old["id"]


async def test_what_cannot_be_replaced_is_listed_and_nothing_is_stored(alice: Client, stranger: Client) -> None:
    fine, old = await alice.store("fine"), await alice.store("old")
    await alice.store("new", replaces=[old["id"]])
    pinned = await alice.store("固定的", memory_type="pinned")
    foreign = await stranger.store("foreign")
    wrong = [old["id"], pinned["id"], foreign["id"], "nobody"]

    answer = await alice.post("/v1/memories", json={"content": "newest", "replaces": [fine["id"], *wrong]})

    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert all(memory_id in message for memory_id in wrong)
    assert fine["id"] not in message
    listed = (await alice.get("/v1/memories")).json()["memories"]
    assert [memory["content"] for memory in listed] == ["固定的", "new", "fine"]


async def test_a_message_cannot_be_replaced(alice: Client) -> None:
    await alice.say("Zoë lives in Paris")
    message = (await alice.search("where does Zoë live?"))["results"][0]["memory"]

    answer = await alice.post("/v1/memories", json={"content": "Zoë lives in Rome", "replaces": [message["id"]]})

    assert answer.status_code == 400
    assert message["id"] in answer.json()["error"]["message"]


@pytest.mark.parametrize("successor", ["deleted", "private"])
async def test_a_successor_out_of_sight_is_not_named(alice: Client, successor: str) -> None:
    planner = {"X-Agent-Id": "planner"}
    old = await alice.store("Zoë lives in Paris")
    body = {"content": "Zoë lives in Rome", "replaces": [old["id"]], "visibility": "private"}
    new = (await alice.post("/v1/memories", json=body, headers=planner)).json()
    if successor == "deleted":
        await alice.delete(f"/v1/memories/{new['id']}", headers=planner)

    read = (await alice.get(f"/v1/memories/{old['id']}")).json()

    assert (read["state"], read["superseded_by"]) == ("superseded", None)

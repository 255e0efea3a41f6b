"""Relations of a memory over HTTP: state, list, page through, take back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.clients import Client

KINDS = ["supports", "contradicts", "supersedes", "contextualizes"]
FIELDS = ["id", "type", "direction", "memory", "weight", "method", "label", "task_id", "created_at"]


@pytest.fixture
async def pair(alice: Client) -> tuple[str, str]:
    """Two memories of a tenant that have nothing in common."""
    first = await alice.store("Deploys go through Argo")
    second = await alice.store("张伟喜欢喝绿茶")
    return first["id"], second["id"]


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_can_be_stated_and_is_seen_from_both_ends(
    alice: Client, pair: tuple[str, str], kind: str
) -> None:
    source, target = pair

    answer = await alice.relate(source, target, kind.upper(), label="since May")

    stated = answer.json()
    [there] = await alice.related(source)
    [back] = await alice.related(target)
    assert answer.status_code == 201
    assert list(stated) == FIELDS
    assert (stated["type"], stated["label"], stated["method"], stated["weight"]) == (kind, "since May", "user", 1.0)
    assert there == stated
    assert (back["id"], back["memory"]["id"]) == (stated["id"], source)
    assert {there["direction"], back["direction"]} == {"out", "in"}


@pytest.mark.parametrize("kind", ["supports", "contextualizes", "supersedes"])
async def test_the_one_who_states_it_is_the_start(alice: Client, pair: tuple[str, str], kind: str) -> None:
    source, target = pair
    await alice.relate(source, target, kind)

    [there] = await alice.related(source)

    assert (there["direction"], there["memory"]["id"]) == ("out", target)


async def test_the_other_end_is_shown_whole(alice: Client, pair: tuple[str, str]) -> None:
    source, target = pair
    await alice.relate(source, target)

    [relation] = await alice.related(source)

    whole = (await alice.get(f"/v1/memories/{target}")).json()
    kept = set(whole) - {"relations", "access_count", "last_accessed_at"}
    assert {name: relation["memory"][name] for name in kept} == {name: whole[name] for name in kept}
    assert len(whole) == 29


async def test_a_relation_without_a_label_has_none(alice: Client, pair: tuple[str, str]) -> None:
    assert (await alice.relate(*pair)).json()["label"] is None


async def test_what_is_private_in_a_label_is_taken_out(alice: Client, pair: tuple[str, str]) -> None:
    answer = await alice.relate(*pair, label="door <private>code 4711</private>")

    assert "4711" not in answer.text
    assert answer.json()["label"].startswith("door ")


@pytest.mark.parametrize("kind", KINDS)
async def test_stating_it_again_answers_what_is_there(alice: Client, pair: tuple[str, str], kind: str) -> None:
    first = await alice.relate(*pair, kind, label="first")
    before = (await alice.get(f"/v1/memories/{pair[0]}")).headers["ETag"]

    again = await alice.relate(*pair, kind, label="second")

    assert (again.status_code, again.json()) == (200, first.json())
    assert len(await alice.related(pair[0])) == 1
    assert (await alice.get(f"/v1/memories/{pair[0]}")).headers["ETag"] == before


async def test_a_contradiction_stated_from_the_other_side_is_the_same(alice: Client, pair: tuple[str, str]) -> None:
    first, second = pair
    there = await alice.relate(first, second, "contradicts")

    back = await alice.relate(second, first, "contradicts")

    assert (there.status_code, back.status_code) == (201, 200)
    assert there.json()["id"] == back.json()["id"]
    assert back.json()["memory"]["id"] == first


@pytest.mark.parametrize("direction", ["in", "out", "both"])
async def test_a_contradiction_is_part_of_either_direction(
    alice: Client, pair: tuple[str, str], direction: str
) -> None:
    await alice.relate(*pair, "contradicts")

    for memory_id in pair:
        assert len(await alice.related(memory_id, direction=direction)) == 1


async def test_a_list_is_narrowed_by_direction_and_type(alice: Client, pair: tuple[str, str]) -> None:
    first, second = pair
    third = (await alice.store("Emma likes dinosaurs"))["id"]
    await alice.relate(first, second, "supports")
    await alice.relate(third, first, "supports")
    await alice.relate(first, third, "contextualizes")

    async def ends(**parameters: str) -> list[str]:
        return [relation["memory"]["id"] for relation in await alice.related(first, **parameters)]

    assert await ends() == [second, third, third]
    assert await ends(direction="out") == [second, third]
    assert await ends(direction="IN") == [third]
    assert await ends(type="Supports") == [second, third]
    assert await ends(type="supports", direction="in") == [third]
    assert await ends(type="similar_to") == []


async def test_a_list_is_paged_through_oldest_first(alice: Client, pair: tuple[str, str]) -> None:
    source, _ = pair
    targets = [(await alice.store(f"Fact number {number}"))["id"] for number in range(5)]
    for target in targets:
        await alice.relate(source, target)

    pages = await all_pages(alice, f"/v1/memories/{source}/relations", "relations", limit=2)

    assert [[relation["memory"]["id"] for relation in page] for page in pages if page] == [
        targets[:2],
        targets[2:4],
        targets[4:],
    ]


async def test_what_was_superseded_is_hidden_until_the_relation_is_deleted(
    alice: Client, pair: tuple[str, str]
) -> None:
    newer, older = pair
    relation = (await alice.relate(newer, older, "supersedes")).json()
    hidden = await alice.found("张伟喜欢喝什么？", min_score=0)
    closed = (await alice.get(f"/v1/memories/{older}")).json()

    deleted = await alice.delete(f"/v1/memories/{newer}/relations/{relation['id']}")

    opened = (await alice.get(f"/v1/memories/{older}")).json()
    assert "张伟喜欢喝绿茶" not in hidden
    assert (closed["state"], closed["superseded_by"]) == ("superseded", newer)
    assert closed["invalidated_at"] is not None
    assert (deleted.status_code, deleted.json()) == (200, {"status": "deleted"})
    assert (opened["state"], opened["superseded_by"], opened["invalidated_at"]) == ("active", None, None)
    assert (await alice.found("张伟喜欢喝什么？"))[0] == "张伟喜欢喝绿茶"


async def test_what_two_memories_superseded_comes_back_with_the_second_relation(
    alice: Client, pair: tuple[str, str]
) -> None:
    newer, older = pair
    newest = (await alice.store("张伟喜欢喝红茶"))["id"]
    ids = [(await alice.relate(memory, older, "supersedes")).json()["id"] for memory in (newer, newest)]

    await alice.delete(f"/v1/memories/{newer}/relations/{ids[0]}")
    still = (await alice.get(f"/v1/memories/{older}")).json()["state"]
    await alice.delete(f"/v1/memories/{older}/relations/{ids[1]}")

    assert still == "superseded"
    assert (await alice.get(f"/v1/memories/{older}")).json()["state"] == "active"


async def test_what_came_back_counts_repeats_again(alice: Client, pair: tuple[str, str]) -> None:
    newer, older = pair
    relation = (await alice.relate(newer, older, "supersedes")).json()
    await alice.delete(f"/v1/memories/{newer}/relations/{relation['id']}")

    assert (await alice.store("张伟喜欢喝绿茶"))["id"] == older


async def test_relations_stand_inside_the_memory(alice: Client, pair: tuple[str, str]) -> None:
    first, second = pair
    await alice.relate(first, second, "contextualizes", label="at work")
    await alice.relate(first, second, "contradicts")

    marks = (await alice.get(f"/v1/memories/{first}")).json()["relations"]
    listed = (await alice.get("/v1/memories")).json()["memories"]

    expected = [
        {"relation_type": "contextualizes", "target_id": second, "context_label": "at work"},
        {"relation_type": "contradicts", "target_id": second, "context_label": None},
    ]
    assert sorted(marks, key=lambda mark: mark["relation_type"]) == expected
    by_id = {memory["id"]: memory["relations"] for memory in listed}
    assert [mark["relation_type"] for mark in by_id[second]] == ["contradicts"]
    assert {mark["relation_type"] for mark in by_id[first]} == {"contextualizes", "contradicts"}


async def test_a_relation_to_a_deleted_memory_is_not_shown(alice: Client, pair: tuple[str, str]) -> None:
    await alice.relate(*pair)
    await alice.delete(f"/v1/memories/{pair[1]}")

    assert await alice.related(pair[0]) == []
    assert (await alice.get(f"/v1/memories/{pair[0]}")).json()["relations"] == []


async def test_close_texts_are_related_by_their_task(alice: Client, work: Callable[[], Awaitable[int]]) -> None:
    first = await alice.store("The harbour office opens at nine in the morning")
    second = await alice.store("The harbour office opens at ten in the morning")
    await alice.store("Zebras sleep while standing")
    await work()

    relations = [await alice.related(memory["id"], type="similar_to") for memory in (first, second)]

    assert [[relation["memory"]["id"] for relation in found] for found in relations] == [[second["id"]], [first["id"]]]
    similar = relations[0][0]
    assert similar["id"] == relations[1][0]["id"]
    assert 0.6 <= similar["weight"] < 1
    assert similar["method"] == "vector"
    assert similar["task_id"] in {first["task_id"], second["task_id"]}


async def test_a_similarity_is_no_relation_of_the_seeds_kind(alice: Client, work: Callable[[], Awaitable[int]]) -> None:
    first = await alice.store("The harbour office opens at nine in the morning")
    await alice.store("The harbour office opens at ten in the morning")
    await work()

    assert (await alice.get(f"/v1/memories/{first['id']}")).json()["relations"] == []


async def all_pages(client: Client, path: str, key: str, **parameters: object) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        given = {"cursor": cursor} if cursor else {}
        page = (await client.get(path, params={**parameters, **given})).json()  # type: ignore[dict-item]
        pages.append(page[key])
        cursor = page["next_cursor"]
    return pages

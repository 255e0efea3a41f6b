"""Conflicts over HTTP: listed with both sides, resolved in four ways, undone exactly, seen only by who sees both."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.test_assimilation import decided
from tests.clients import Client
from tests.conftest import SignUp

Pair = tuple[str, str]


async def conflicts(client: Client, **parameters: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/conflicts", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["conflicts"]


async def disagreeing(client: Client, first: str, second: str, **fields: object) -> str:
    """The id of the conflict between two texts."""
    one, other = await client.store(first, **fields), await client.store(second, **fields)
    return (await client.relate(one["id"], other["id"], "contradicts")).json()["id"]


async def resolve(client: Client, conflict: str, resolution: object, **more: object) -> httpx.Response:
    return await client.post(f"/v1/conflicts/{conflict}/resolve", json={"resolution": resolution, **more})


def sides(conflict: dict[str, Any]) -> list[dict[str, Any]]:
    return [conflict["left"]["memory"], conflict["right"]["memory"]]


def told(conflict: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What must be as before once a resolution is undone."""
    return [(one["id"], one["state"], one["confidence"], one["invalidated_at"]) for one in sides(conflict)]


@pytest.mark.parametrize(
    "texts", [("The lab is in Oslo.", "Emma plays the cello."), ("实验室在奥斯陆。", "艾玛会拉大提琴。")]
)
@pytest.mark.parametrize(
    ("resolution", "action", "states"),
    [
        ("keep_left", "supersede", ["active", "superseded"]),
        ("keep_right", "supersede", ["superseded", "active"]),
        ("both_in_context", "contextualize", ["active", "active"]),
        ("retract_both", "reject", ["deleted", "deleted"]),
    ],
)
async def test_a_resolution_is_a_decision_that_can_be_undone(
    alice: Client, texts: Pair, resolution: str, action: str, states: list[str]
) -> None:
    conflict = await disagreeing(alice, *texts)
    [before] = await conflicts(alice)

    answer = await resolve(alice, conflict, resolution, label="in winter")
    again = await resolve(alice, conflict, resolution)

    resolved = answer.json()
    [decision] = await decided(alice, task_id=conflict)
    assert (answer.status_code, again.status_code, again.json()) == (200, 200, resolved)
    assert [one["state"] for one in sides(resolved)] == states
    assert (resolved["resolution"], resolved["decision_id"]) == (resolution, decision["id"])
    assert (decision["action"], decision["method"], decision["label"]) == (action, "user", "in winter")
    assert await conflicts(alice) == []
    assert (await alice.post(f"/v1/decisions/{decision['id']}/undo")).status_code == 200
    [after] = await conflicts(alice)
    assert (told(after), after["resolution"], after["decision_id"]) == (told(before), None, None)
    assert [one["type"] for one in await alice.related(before["left"]["memory"]["id"])] == ["contradicts"]
    assert (await resolve(alice, conflict, "keep_left")).status_code == 200


async def test_what_is_kept_is_believed_again_and_found(alice: Client) -> None:
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.")
    [before] = await conflicts(alice)

    left, right = sides((await resolve(alice, conflict, "keep_left")).json())

    assert left["confidence"] > before["left"]["memory"]["confidence"]
    assert (await alice.get(f"/v1/memories/{right['id']}")).json()["superseded_by"] == left["id"]


async def test_another_resolution_is_refused_until_the_first_is_undone(alice: Client) -> None:
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.")
    decision = (await resolve(alice, conflict, "keep_left")).json()["decision_id"]

    answer = await resolve(alice, conflict, "keep_right")

    assert answer.status_code == 409
    assert decision in answer.text


@pytest.mark.parametrize("resolution", ["", "keep_both", None])
async def test_an_unknown_resolution_is_refused(alice: Client, resolution: object) -> None:
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.")

    answer = await resolve(alice, conflict, resolution)

    assert answer.status_code in (400, 422)
    assert "resolution" in answer.text
    assert len(await conflicts(alice)) == 1


async def test_a_pinned_side_stays(alice: Client) -> None:
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.", memory_type="pinned")

    answers = [await resolve(alice, conflict, one) for one in ("keep_left", "keep_right", "retract_both")]

    assert {answer.status_code for answer in answers} == {400}
    assert (await resolve(alice, conflict, "both_in_context")).status_code == 200


async def test_conflicts_come_in_pages_with_their_evidence(alice: Client) -> None:
    made = [await disagreeing(alice, f"The lab is in room {number}.", f"艾玛有{number}把琴。") for number in range(3)]

    first = (await alice.get("/v1/conflicts", params={"limit": 2})).json()
    rest = await conflicts(alice, cursor=first["next_cursor"])

    assert [one["id"] for one in [*first["conflicts"], *rest]] == made[::-1]
    assert first["conflicts"][0]["left"]["evidence"] == []


async def test_what_is_no_conflict_any_more_cannot_be_resolved(alice: Client) -> None:
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.")
    [open_one] = await conflicts(alice)
    await alice.put(f"/v1/memories/{open_one['left']['memory']['id']}", json={"state": "archived"})

    assert await conflicts(alice) == []
    assert (await resolve(alice, conflict, "keep_left")).status_code == 409


async def test_a_conflict_exists_only_for_who_sees_both_sides(sign_up: SignUp, stranger: Client) -> None:
    alice = await sign_up(agent="one")
    first = await alice.store("The lab is in Oslo.")
    hidden = await alice.store("Emma plays the cello.", visibility="private")
    conflict = (await alice.relate(first["id"], hidden["id"], "contradicts")).json()["id"]

    alice.headers["X-Agent-Id"] = "two"
    for client in (alice, stranger):
        assert await conflicts(client) == []
        assert (await client.get(f"/v1/conflicts/{conflict}")).status_code == 404
        assert (await resolve(client, conflict, "keep_left")).status_code == 404


async def test_a_reader_sees_a_conflict_and_resolves_none(alice: Client, stranger: Client) -> None:
    space = (await alice.space("red", role="reader", member=stranger))["id"]
    conflict = await disagreeing(alice, "The lab is in Oslo.", "Emma plays the cello.", space=space)

    assert [one["id"] for one in await conflicts(stranger, space=space)] == [conflict]
    assert (await resolve(stranger, conflict, "keep_left")).status_code == 401

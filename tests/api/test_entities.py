"""Who and what memories are about, over HTTP: seen by whom, what was true when, one thing under several names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.api.test_assimilation import decided
from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]


async def entities(client: Client, **parameters: object) -> list[dict[str, Any]]:
    answer = await client.get("/v1/entities", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()["entities"]


async def entity(client: Client, name: str) -> dict[str, Any]:
    """The one entity of this name."""
    (found,) = [one for one in await entities(client, limit=200) if one["name"] == name]
    return found


async def timeline(client: Client, path: str) -> list[tuple[str, str | None]]:
    """The values of a timeline with what of them is over."""
    answer = await client.get(f"{path}/timeline")
    assert answer.status_code == 200, answer.text
    return [(one["value"] or one["content"], one["state"]) for one in answer.json()["timeline"]]


async def merge(client: Client, merged: dict[str, Any], into: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/v1/entities/{merged['id']}/merge", json={"into": into["id"]})


async def slots(client: Client, **parameters: object) -> list[dict[str, Any]]:
    answer = await client.get("/v1/slots", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()["slots"]


def values(slot: dict[str, Any]) -> list[str]:
    return [one["value"] for one in slot["values"]]


async def tell(client: Client, work: Work, *texts: str, **fields: object) -> None:
    """Stores texts, one after the other, and does what follows."""
    for text in texts:
        await client.store(text, **fields)
        await work()


async def test_entities_are_listed_with_their_memories(alice: Client, work: Work) -> None:
    await tell(alice, work, "Mara lives in Lisbon.", "Mara works at Acme.", "Jonas lives in Lisbon.")

    found = await entities(alice)
    mara = await entity(alice, "Mara")
    got = (await alice.get(f"/v1/entities/{mara['id']}")).json()
    memories = (await alice.get(f"/v1/entities/{mara['id']}/memories")).json()["memories"]

    assert {one["name"]: one["memory_count"] for one in found} == {"Mara": 2, "Lisbon": 2, "Acme": 1, "Jonas": 1}
    assert [one["memory_count"] for one in found] == [2, 2, 1, 1]
    assert got == mara
    assert [one["content"] for one in memories] == ["Mara works at Acme.", "Mara lives in Lisbon."]


async def test_lists_go_on_where_a_page_ended(alice: Client, work: Work) -> None:
    await tell(alice, work, "Mara lives in Lisbon.", "Mara works at Acme.", "Jonas lives in Lisbon.")

    mara = await entity(alice, "Mara")
    for path, key, parameters in (
        ("/v1/entities", "entities", {}),
        ("/v1/entities", "entities", {"sort": "name"}),
        ("/v1/slots", "slots", {}),
        (f"/v1/entities/{mara['id']}/memories", "memories", {}),
        (f"/v1/entities/{mara['id']}/timeline", "timeline", {}),
    ):
        whole = (await alice.get(path, params=parameters)).json()
        paged: list[dict[str, Any]] = []
        cursor = ""
        while cursor is not None:
            page = (await alice.get(path, params={**parameters, "limit": 1, "cursor": cursor})).json()
            paged += page[key]
            cursor = page["next_cursor"]
        assert paged == whole[key], path
        assert len(paged) > 1, path


async def test_entities_are_found_by_name_type_and_space(alice: Client, work: Work) -> None:
    space = await alice.space("garden")
    await tell(alice, work, "Mara lives in Lisbon.", "小美住在上海。")
    await tell(alice, work, "Peter lives in Oslo.", space=space["id"])

    assert [one["name"] for one in await entities(alice, q="MAR")] == ["Mara"]
    assert {one["name"] for one in await entities(alice, space=space["id"])} == {"Peter", "Oslo"}
    assert {one["type"] for one in await entities(alice, type="person")} == {"person"}
    assert [one["name"] for one in await entities(alice, sort="name", space="all") if one["name"].isascii()] == [
        "Lisbon",
        "Mara",
        "Oslo",
        "Peter",
    ]


async def test_a_speaker_and_a_mention_of_the_name_are_one_person(alice: Client, work: Work) -> None:
    await tell(alice, work, "Atlas was reviewed by Mara.")
    before = [one for one in await entities(alice) if one["name"] == "Mara"]
    messages = [{"role": "user", "content": "I live in Lisbon.", "speaker": "Mara"}]
    await alice.post("/v1/memories", json={"messages": messages})
    await work()

    after = await entity(alice, "Mara")

    assert [one["type"] for one in before] == ["concept"]
    assert (after["id"], after["type"], after["memory_count"]) == (before[0]["id"], "person", 2)


async def test_a_timeline_says_what_was_true_when(alice: Client, work: Work) -> None:
    await tell(alice, work, "Mara lives in Lisbon.", "Mara moved to Oslo.", "Mara likes fado.")

    mara = await entity(alice, "Mara")
    told = (await alice.get(f"/v1/entities/{mara['id']}/timeline")).json()["timeline"]
    (residence,) = await slots(alice, subject="mara", attribute="residence")

    assert [(one["attribute"], one["state"]) for one in told] == [
        ("residence", "superseded"),
        ("residence", "active"),
        ("likes", "active"),
    ]
    assert told[0]["valid_to"] == told[1]["valid_from"]
    assert told[1]["valid_to"] is None
    assert (residence["cardinality"], values(residence)) == ("one", ["Oslo"])
    assert await timeline(alice, f"/v1/slots/{residence['id']}") == [("Lisbon", "superseded"), ("Oslo", "active")]


async def test_a_timeline_in_chinese(alice: Client, work: Work) -> None:
    await tell(alice, work, "我住在上海。", "我搬到杭州了。")

    (residence,) = await slots(alice, attribute="residence")

    assert [value for value, _ in await timeline(alice, f"/v1/slots/{residence['id']}")] == ["上海", "杭州"]
    assert values(residence) == ["杭州"]


async def test_many_values_of_a_slot_hold_at_a_time(alice: Client, work: Work) -> None:
    await tell(alice, work, "Mara likes latte.", "Mara likes americano.")

    (likes,) = await slots(alice, attribute="likes")

    assert (likes["cardinality"], sorted(values(likes))) == ("many", ["americano", "latte"])


async def test_superseded_memories_are_shown_on_request(alice: Client, work: Work) -> None:
    await tell(alice, work, "Mara lives in Lisbon.", "Mara moved to Oslo.")

    mara = await entity(alice, "Mara")
    path = f"/v1/entities/{mara['id']}/memories"

    assert mara["memory_count"] == 1
    assert len((await alice.get(path)).json()["memories"]) == 1
    assert len((await alice.get(path, params={"include_superseded": "true"})).json()["memories"]) == 2


async def test_merged_entities_are_read_as_one_and_split_exactly(alice: Client, work: Work) -> None:
    await tell(alice, work, "Robert lives in Lisbon.", "Bob works at Acme.")
    before = (await entities(alice), await slots(alice))
    bob, robert = await entity(alice, "Bob"), await entity(alice, "Robert")

    merged = (await merge(alice, bob, robert)).json()
    again = (await merge(alice, bob, robert)).json()
    listed = await entities(alice)
    of_both = await slots(alice, subject="robert")
    told = await timeline(alice, f"/v1/entities/{bob['id']}")
    split = (await alice.post(f"/v1/entities/{bob['id']}/split")).json()

    assert merged == again
    assert (merged["id"], merged["name"], merged["memory_count"]) == (robert["id"], "Robert", 2)
    assert merged["aliases"] == [{"id": bob["id"], "name": "Bob"}]
    assert [one["id"] for one in listed if one["name"] in ("Bob", "Robert")] == [robert["id"]]
    assert {slot["attribute"] for slot in of_both} == {"residence", "employer"}
    assert [value for value, _ in told] == ["Lisbon", "Acme"]
    assert split == bob
    assert (await entities(alice), await slots(alice)) == before


async def test_a_fact_under_one_name_replaces_what_was_known_under_the_other(alice: Client, work: Work) -> None:
    await tell(alice, work, "Robert lives in Lisbon.", "Bob likes tea.")
    await merge(alice, await entity(alice, "Bob"), await entity(alice, "Robert"))
    await tell(alice, work, "Bob moved to Oslo.")

    (residence,) = await slots(alice, attribute="residence")
    (supersede,) = await decided(alice, action="supersede")

    assert supersede["text"] == "Bob moved to Oslo."
    assert (residence["subject"], values(residence)) == ("robert", ["Oslo"])
    assert [value for value, _ in await timeline(alice, f"/v1/slots/{residence['id']}")] == ["Lisbon", "Oslo"]


async def test_a_merge_is_a_decision_that_can_be_undone(alice: Client, work: Work) -> None:
    await tell(alice, work, "小明住在上海。", "明哥住在上海。")
    before = await entities(alice)
    one, other = before[0], next(found for found in before[1:] if found["memory_count"] == 1)
    await merge(alice, other, one)

    (decision,) = [made for made in await decided(alice, action="merge") if made["method"] == "user"]
    undone = await alice.post(f"/v1/decisions/{decision['id']}/undo")

    assert decision["text"] == ""
    assert undone.status_code == 200
    assert await entities(alice) == before


async def test_what_cannot_be_merged_is_refused(alice: Client, work: Work) -> None:
    space = await alice.space("garden")
    await tell(alice, work, "Robert lives in Lisbon.", "Bob works at Acme.")
    await tell(alice, work, "Peter lives in Rome.", space=space["id"])
    bob, robert, acme = await entity(alice, "Bob"), await entity(alice, "Robert"), await entity(alice, "Acme")
    await merge(alice, bob, robert)

    for merged, into, word in (
        (robert, robert, "itself"),
        (robert, bob, "merged into this"),
        (bob, acme, "split it first"),
        (bob, await entity(alice, "Peter"), "another space"),
    ):
        refused = await merge(alice, merged, into)
        assert (refused.status_code, word in refused.json()["error"]["message"]) == (400, True)
    assert (await merge(alice, bob, {"id": "nobody"})).status_code == 404
    assert (await alice.post(f"/v1/entities/{bob['id']}/merge", json={})).status_code == 422


async def test_an_alias_is_found_and_taken_back(alice: Client, work: Work) -> None:
    await tell(alice, work, "Robert lives in Lisbon.")
    robert = await entity(alice, "Robert")
    path = f"/v1/entities/{robert['id']}"

    named = (await alice.post(f"{path}/aliases", json={"name": "小罗"})).json()
    again = (await alice.post(f"{path}/aliases", json={"name": "小罗"})).json()
    await tell(alice, work, "小罗负责后端。")
    found = await entities(alice, q="小罗")
    (alias,) = named["aliases"]
    deleted = await alice.delete(f"{path}/aliases/{alias['id']}")
    after = await entity(alice, "小罗")

    assert named == again
    assert alias["name"] == "小罗"
    assert [(one["name"], one["memory_count"]) for one in found] == [("Robert", 2)]
    assert deleted.status_code == 200
    assert (after["id"], after["memory_count"]) == (alias["id"], 1)
    assert (await alice.get(path)).json()["aliases"] == []
    assert (await alice.delete(f"{path}/aliases/{alias['id']}")).status_code == 404


async def test_an_alias_that_no_memory_names_is_gone_without_a_trace(alice: Client, work: Work) -> None:
    await tell(alice, work, "Robert lives in Lisbon.")
    robert = await entity(alice, "Robert")
    named = (await alice.post(f"/v1/entities/{robert['id']}/aliases", json={"name": "Bobby"})).json()
    alias = f"/v1/entities/{named['aliases'][0]['id']}"

    by_alias = (await alice.get(alias)).json()
    split = (await alice.post(f"{alias}/split")).json()

    assert by_alias == named
    assert split == robert
    assert (await alice.get(alias)).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "<private>Bobby</private>"])
async def test_no_name_is_refused(alice: Client, work: Work, name: str) -> None:
    await tell(alice, work, "Robert lives in Lisbon.")
    robert = await entity(alice, "Robert")

    refused = await alice.post(f"/v1/entities/{robert['id']}/aliases", json={"name": name})

    assert (refused.status_code, "name" in refused.json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    ("first", "second"), [("Kubernetes", "Kubernets"), ("Jonathan Smith", "Jonathon Smith"), ("腾讯云平台", "腾讯云平")]
)
async def test_names_alike_are_shown_as_possibly_the_same(alice: Client, work: Work, first: str, second: str) -> None:
    await tell(alice, work, f"Mara works at “{first}”.", f"Every Sunday Jonas paints pictures of “{second}”.")

    one, other = await entity(alice, first), await entity(alice, second)
    got = (await alice.get(f"/v1/entities/{one['id']}")).json()
    await merge(alice, other, one)
    merged = (await alice.get(f"/v1/entities/{one['id']}")).json()

    assert [found["name"] for found in got["possibly_same"]] == [second]
    assert 0.7 <= got["possibly_same"][0]["score"] < 1
    assert merged["possibly_same"] == []


async def test_different_names_are_not(alice: Client, work: Work) -> None:
    await tell(
        alice,
        work,
        "Mara works at Blue Harbor.",
        "Every Sunday Jonas paints Blue Mountain.",
        "我喜欢《北京》和《上海》。",
    )

    found = await entities(alice)
    assert {"Blue Harbor", "Blue Mountain", "北京", "上海"} <= {one["name"] for one in found}
    assert [one["name"] for one in found if one["possibly_same"]] == []


async def test_an_entity_of_another_agents_private_memories_is_not_there(sign_up: SignUp, work: Work) -> None:
    ann = await sign_up("Team", agent="ann")
    await tell(ann, work, "Robert lives in Lisbon.")
    await tell(ann, work, "Roberto works at Acme.", visibility="private")
    secret = await entity(ann, "Roberto")
    robert = await entity(ann, "Robert")
    (job,) = await slots(ann, attribute="employer")
    assert [one["name"] for one in robert["possibly_same"]] == ["Roberto"]

    await merge(ann, secret, robert)
    of_ann = (await ann.get(f"/v1/entities/{robert['id']}")).json()
    decision = (await ann.get("/v1/decisions", params={"action": "merge"})).json()["decisions"][0]
    ann.headers["X-Agent-Id"] = "bob"
    seen = (await ann.get(f"/v1/entities/{robert['id']}")).json()
    texts = [
        (await ann.get(path)).text
        for path in ("/v1/entities", "/v1/slots", f"/v1/entities/{robert['id']}/timeline", "/v1/decisions")
    ]

    assert (of_ann["memory_count"], len(of_ann["aliases"])) == (2, 1)
    assert (seen["memory_count"], seen["aliases"], seen["possibly_same"]) == (1, [], [])
    assert [word for word in ("Roberto", "Acme", "roberto", decision["id"]) for text in texts if word in text] == []
    for path in (f"/v1/entities/{secret['id']}", f"/v1/slots/{job['id']}", f"/v1/decisions/{decision['id']}"):
        assert (await ann.get(path)).status_code == 404
    assert (await merge(ann, robert, secret)).status_code == 404


async def test_what_was_merged_into_something_unseen_keeps_its_own_name(sign_up: SignUp, work: Work) -> None:
    ann = await sign_up("Team", agent="ann")
    await tell(ann, work, "Bob lives in Lisbon.")
    await tell(ann, work, "Robert works at Acme.", visibility="private")
    bob, robert = await entity(ann, "Bob"), await entity(ann, "Robert")
    await merge(ann, bob, robert)
    ann.headers["X-Agent-Id"] = "other"

    assert {one["name"] for one in await entities(ann)} == {"Bob", "Lisbon"}
    assert (await ann.get(f"/v1/entities/{bob['id']}")).json() == {**bob, "possibly_same": []}
    assert (await ann.get(f"/v1/entities/{robert['id']}")).status_code == 404
    assert [one["subject"] for one in await slots(ann)] == ["bob"]


async def test_a_name_that_somebody_gave_in_private_stays_private(sign_up: SignUp, work: Work) -> None:
    ann = await sign_up("Team", agent="ann")
    await tell(ann, work, "Bob lives in Lisbon.", visibility="private")
    bob = await entity(ann, "Bob")
    await ann.post(f"/v1/entities/{bob['id']}/aliases", json={"name": "Bobster"})
    ann.headers["X-Agent-Id"] = "other"
    await tell(ann, work, "Bob works at Acme.")

    assert (await entity(ann, "Bob"))["aliases"] == []
    assert await entities(ann, q="bobster") == []


async def test_a_stranger_sees_nothing_and_a_reader_changes_nothing(
    alice: Client, stranger: Client, sign_up: SignUp, work: Work
) -> None:
    reader = await sign_up("Reader")
    space = await alice.space("garden", role="reader", reader=reader)
    await tell(alice, work, "Robert lives in Lisbon.", "Bob works at Acme.", space=space["id"])
    bob, robert = await entity(alice, "Bob"), await entity(alice, "Robert")
    (slot, _) = await slots(alice)

    assert (await entities(stranger), await slots(stranger)) == ([], [])
    for path in (f"/v1/entities/{bob['id']}", f"/v1/slots/{slot['id']}"):
        for end in ("", "/timeline"):
            assert (await stranger.get(f"{path}{end}")).status_code == 404
            assert (await reader.get(f"{path}{end}")).status_code == 200
    for client, status in ((stranger, 404), (reader, 401)):
        assert (await merge(client, bob, robert)).status_code == status
        assert (await client.post(f"/v1/entities/{bob['id']}/split")).status_code == status
        assert (await client.post(f"/v1/entities/{bob['id']}/aliases", json={"name": "B"})).status_code == status


async def test_what_is_deleted_takes_its_names_with_it(alice: Client, work: Work) -> None:
    await tell(alice, work, "Robert lives in Lisbon.")
    robert = await entity(alice, "Robert")
    (memory,) = (await alice.get("/v1/memories")).json()["memories"]
    await alice.delete(f"/v1/memories/{memory['id']}")

    assert (await entities(alice), await slots(alice)) == ([], [])
    assert (await alice.get(f"/v1/entities/{robert['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/v1/entities", {"sort": "age"}),
        ("/v1/entities", {"cursor": "nonsense"}),
        ("/v1/entities", {"limit": -1}),
        ("/v1/slots", {"cursor": "WyJuYW1lIixmYWxzZSwiYSIsImIiXQ"}),
    ],
)
async def test_a_bad_question_names_the_parameter(alice: Client, path: str, parameters: dict[str, Any]) -> None:
    refused = await alice.get(path, params=parameters)

    assert refused.status_code == 400
    assert next(iter(parameters)) in refused.json()["error"]["message"]

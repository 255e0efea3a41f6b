"""Live copies follow what people say of their origins; a space that takes no secrets in takes none by a share."""

from __future__ import annotations

from tests.api.test_secrets import SECRET
from tests.clients import Client


async def live(client: Client, text: str, space_id: str) -> tuple[str, str]:
    """A memory and its live copy."""
    origin = (await client.store(text))["id"]
    share = {"target_space": space_id, "mode": "live"}
    return origin, (await client.post(f"/v1/memories/{origin}/share", json=share)).json()["id"]


async def state(client: Client, memory_id: str) -> str:
    answer = await client.get(f"/v1/memories/{memory_id}")
    return answer.json()["state"] if answer.status_code == 200 else "gone"


async def test_live_copies_follow_relations_verdicts_and_conflicts(alice: Client) -> None:
    space = (await alice.space("red"))["id"]
    old, copy = await live(alice, "Lena lives in Oslo.", space)
    new = (await alice.store("Lena moved to Rome."))["id"]
    stated = (await alice.relate(new, old, "supersedes")).json()
    assert await state(alice, copy) == "superseded"
    await alice.delete(f"/v1/memories/{new}/relations/{stated['id']}")
    assert await state(alice, copy) == "active"

    wrong, second = await live(alice, "莉娜住在北京。", space)
    await alice.post(f"/v1/memories/{wrong}/feedback", json={"verdict": "wrong"})
    assert await state(alice, second) == await state(alice, wrong) != "active"

    left, third = await live(alice, "The lab is in Lima.", space)
    right = (await alice.store("The lab is in Cusco."))["id"]
    conflict = (await alice.relate(left, right, "contradicts")).json()
    await alice.post(f"/v1/conflicts/{conflict['id']}/resolve", json={"resolution": "retract_both"})
    assert await state(alice, third) == await state(alice, left) != "active"
    (decision, *_) = (await alice.get("/v1/decisions", params={"memory_id": left})).json()["decisions"]
    undone = await alice.post(f"/v1/decisions/{decision['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert await state(alice, third) == await state(alice, left) == "active"


async def test_secret_that_was_kept_is_not_shared_where_none_is_let_in(alice: Client) -> None:
    personal, space = f"personal/{alice.user_id}", (await alice.space("red"))["id"]
    await alice.put(f"/v1/spaces/{personal}/settings", json={"secrets": "off"})
    holds = (await alice.store(f"The key is {SECRET} today."))["id"]
    plain = (await alice.store("The key hangs by the door."))["id"]
    target = {"target_space": space}

    for policy in ("mark", "block"):
        await alice.put(f"/v1/spaces/{space}/settings", json={"secrets": policy})
        refused = await alice.post(f"/v1/memories/{holds}/share", json=target)
        assert (refused.status_code, "secret" in refused.json()["error"]["message"]) == (400, True)
        assert SECRET not in refused.text
    batch = (await alice.post("/v1/memories/batch-share", json={"memory_ids": [holds, plain], **target})).json()
    everything = (await alice.post("/v1/memories/share-all", json=target)).json()
    assert [failed["memory_id"] for failed in batch["failed"]] == [holds]
    assert (everything["total"], everything["skipped_existing"], everything["failed"]) == (2, 1, 1)
    rule = {"source_space": personal}
    await alice.post(f"/v1/spaces/{space}/auto-share-rules", json=rule)
    await alice.store(f"Another key is {SECRET} now.")
    listed = (await alice.get("/v1/memories", params={"space": space})).json()["memories"]
    assert [memory["content"] for memory in listed] == ["The key hangs by the door."]

    await alice.put(f"/v1/spaces/{space}/settings", json={"secrets": "off"})
    assert (await alice.post(f"/v1/memories/{holds}/share", json=target)).status_code == 201


async def test_live_copy_does_not_follow_into_a_secret(alice: Client) -> None:
    personal, space = f"personal/{alice.user_id}", (await alice.space("red"))["id"]
    await alice.put(f"/v1/spaces/{personal}/settings", json={"secrets": "off"})
    origin, copy = await live(alice, "The key hangs by the door. 钥匙在门边。", space)

    await alice.put(f"/v1/memories/{origin}", json={"content": f"The key is {SECRET} today."})
    held = (await alice.get(f"/v1/memories/{copy}", params={"check_stale": "true"})).json()
    await alice.put(f"/v1/memories/{origin}", json={"content": "The key hangs in the hall. 钥匙在走廊。"})
    again = (await alice.get(f"/v1/memories/{copy}", params={"check_stale": "true"})).json()

    assert (held["content"], held["stale_info"]["is_stale"]) == ("The key hangs by the door. 钥匙在门边。", True)
    assert (again["content"], again["stale_info"]["is_stale"]) == ("The key hangs in the hall. 钥匙在走廊。", False)
    await alice.put(f"/v1/memories/{origin}", json={"content": f"The key is {SECRET} today."})
    await alice.delete(f"/v1/memories/{origin}")
    assert await state(alice, copy) == "gone"

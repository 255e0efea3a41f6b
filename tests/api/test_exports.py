"""What a tenant takes away over HTTP."""

from __future__ import annotations

import io
import json
from collections import Counter

from app.cli.exporting import write_all
from app.services.parts import Parts
from app.storage import system
from tests.api.test_audit import told
from tests.api.test_tenants import make_key
from tests.clients import Client


async def test_export_is_that_of_the_command_line(alice: Client, stranger: Client, parts: Parts) -> None:
    first = await alice.store("Lena lives in Oslo.", tags=["home"])
    second = await alice.store("莉娜 lives in Rome.", visibility="private", replaces=[first["id"]])
    await alice.relate(second["id"], (await alice.store("She sends post cards from there."))["id"])
    await alice.say("We deploy on Tuesdays.", session_id="review", speaker="Lena")
    await alice.put("/v1/agent-groups/coders", json={"agents": ["codex"]})
    team = await alice.space("red", stranger=stranger)
    await stranger.store("In a team.", space=team["id"])
    await stranger.store("Somebody else's.")

    answer = await alice.get("/v1/export")

    principal = await parts.graph.read(system.get_tenant_principal, alice.user_id)
    assert principal is not None
    file = io.BytesIO()
    counts = await write_all(file, parts, principal)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    # All but the header, which says when it was made.
    assert answer.content.splitlines()[1:] == file.getvalue().splitlines()[1:]
    assert Counter(line["kind"] for line in lines) == counts
    assert (counts["group"], counts["space"], counts["message"], counts["memory"]) == (1, 2, 1, 4)
    states = {line["content"]: line.get("state", "active") for line in lines if line["kind"] == "memory"}
    assert states["Lena lives in Oslo."] == "superseded"
    assert states["莉娜 lives in Rome."] == "active"
    assert [line.get("author_id") for line in lines if line.get("content") == "In a team."] == [stranger.user_id]
    for space in (f"personal/{alice.user_id}", team["id"]):
        assert (await told(alice, space))[-1][0] == "exported"


async def test_only_a_key_with_the_scope_admin_exports(alice: Client) -> None:
    key = (await make_key(alice, scopes=["read", "write"]))["api_key"]

    answer = await alice.get("/v1/export", headers={"X-API-Key": key})

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "insufficient_scope")
    assert "exported" not in [row[0] for row in await told(alice, f"personal/{alice.user_id}")]

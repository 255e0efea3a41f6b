"""Memories over HTTP: store, read, list, change, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.clients import Client

FIELDS = (
    "id content l0_abstract l1_overview l2_content category memory_type state tier importance confidence access_count "
    "tags scope agent_id session_id tenant_id source relations superseded_by invalidated_at created_at updated_at "
    "last_accessed_at space_id visibility owner_agent_id provenance version task_id"
).split()


async def test_stored_text_is_answered_with_all_fields_and_found_at_once(alice: Client) -> None:
    stored = await alice.store("Deploys go through Argo", tags=["infra"], source="mcp")

    assert list(stored) == FIELDS
    assert stored["memory_type"] == "insight"
    assert await alice.found("how do deploys go through?") == ["Deploys go through Argo"]

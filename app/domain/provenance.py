"""Where a shared memory comes from, and whether it still says what its origin says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class ShareMode(StrEnum):
    """A snapshot stays as it was shared; a live copy follows its origin."""

    SNAPSHOT = "snapshot"
    LIVE = "live"


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """The SHARED_FROM edge of a copy, with what its origin is by now."""

    memory_id: str
    space_id: str
    created_at: datetime
    by: str
    agent: str
    at: datetime
    note: str
    rule: str
    mode: ShareMode
    source_version: int
    current_version: int | None
    is_deleted: bool


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """The provenance of a copy on the wire (contract 2.3), with the note, the rule and the mode of the share."""

    shared_from_space: str
    shared_from_memory: str
    shared_by_user: str
    shared_by_agent: str
    shared_at: str
    original_created_at: str
    source_version: int | None
    note: str | None
    rule_id: str | None
    mode: ShareMode


class StaleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a copy still says what its origin says (contract 2.3)."""

    is_stale: bool
    source_version: int | None
    current_source_version: int | None
    source_deleted: bool


def stale_info(shared: Shared) -> StaleInfo:
    """A copy is stale when its origin is gone or has another version by now."""
    is_moved = shared.current_version != shared.source_version
    return StaleInfo(
        is_stale=shared.is_deleted or is_moved,
        source_version=shared.source_version,
        current_source_version=None if shared.is_deleted else shared.current_version,
        source_deleted=shared.is_deleted,
    )

"""Sharing: what is asked for, the copy that is made, and what is told about it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.errors import Invalid
from app.domain.memories import MAX_NAME_CHARS, Memory, MemoryType, MemoryView, ShortText, facets, parse_choice
from app.domain.principal import SpaceAccess, Visibility
from app.domain.provenance import ShareMode
from app.domain.sharing_rules import NewFilters

# What one request may name, and what one may match (contract 9.5, 9.6).
MAX_BATCH = 500
MAX_SHARED_AT_ONCE = 5_000
MAX_NOTE_CHARS = 2_000


class Action(StrEnum):
    """What a sharing event tells."""

    SHARE = "share"
    PULL = "pull"
    UNSHARE = "unshare"
    BATCH_SHARE = "batch_share"
    RESHARE = "reshare"


Note = Annotated[str, Meta(max_length=MAX_NOTE_CHARS)]
SpaceName = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Into which space a memory is shared, with what words, and whether the copy follows its origin."""

    target_space: SpaceName
    note: Note | None = None
    mode: str | None = None


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """From which space a memory is copied into the personal one, and which agents see it there."""

    source_space: SpaceName
    visibility: str | None = None
    mode: str | None = None


class Unshare(msgspec.Struct, frozen=True, kw_only=True):
    """From which space the copy of a memory is taken back."""

    target_space: SpaceName


class Reshare(msgspec.Struct, frozen=True, kw_only=True):
    """In which space the copy lies that is made anew; without it, wherever it lies."""

    target_space: SpaceName | None = None


class BatchShare(Share, frozen=True, kw_only=True):
    """Which memories are shared into a space."""

    memory_ids: list[str]


class ShareAll(Share, frozen=True, kw_only=True):
    """Which part of the personal space is shared into another one."""

    filters: NewFilters | None = None


class ShareToUser(msgspec.Struct, frozen=True, kw_only=True):
    """With whom a memory is shared: handle or API key."""

    target_user: ShortText
    note: Note | None = None
    mode: str | None = None


class ShareAllToUser(ShareToUser, frozen=True, kw_only=True):
    """Which part of the personal space is shared with somebody."""

    filters: NewFilters | None = None


class SharedToUser(msgspec.Struct, frozen=True):
    """In which space of the two the copy lies, and whether that was made for it."""

    space_id: str
    shared_copy_id: str
    space_created: bool


class SharedAll(msgspec.Struct, frozen=True):
    """How many memories matched, and what became of them."""

    total: int
    shared: int
    skipped_existing: int
    failed: int


class SharedAllToUser(msgspec.Struct, frozen=True):
    """The same, with the space of the two."""

    space_id: str
    space_created: bool
    total: int
    shared: int
    skipped_existing: int
    failed: int


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What is published in an organization: memories, and what else will be by a rule (contract 9.10)."""

    memory_ids: list[str] | None = None
    auto_share_rule: NewFilters | None = None


class Published(msgspec.Struct, frozen=True):
    """What came of it; the rule is null when none was asked for."""

    published: int
    skipped_existing: int
    failed: int
    auto_share_rule_id: str | None


class FailedShare(msgspec.Struct, frozen=True):
    """A memory that could not be shared, and why."""

    memory_id: str
    error: str


class BatchShared(msgspec.Struct, frozen=True):
    """The copies, new or there before, and what could not be shared."""

    succeeded: list[MemoryView]
    failed: list[FailedShare]


class Copies(msgspec.Struct, frozen=True, kw_only=True):
    """How copies are made: where they lie, who sees them, whose share it is and under which action it is told."""

    target: SpaceAccess
    visibility: Visibility
    action: Action
    by: str
    agent: str
    owner_agent: str | None = None
    note: str = ""
    rule: str = ""
    mode: ShareMode = ShareMode.SNAPSHOT
    obeys_quotas: bool = True


class CopyIds(msgspec.Struct, frozen=True):
    """What copies need from outside: the time, and the id of the task that makes vectors which are still to come."""

    now: datetime
    task_id: str


def copy_of(origin: Memory, wanted: Copies, copy_id: str, now: datetime) -> Memory:
    """The memory that a share makes: the text and what is known of it, with a life of its own from now on.

    A message becomes a fact, since it is part of no conversation in the other space.
    """
    copy = msgspec.structs.replace(
        origin,
        id=copy_id,
        kind="memory",
        memory_type=MemoryType.INSIGHT if origin.is_message else origin.memory_type,
        access_count=0,
        uses=0.0,
        repeat_count=0,
        last_accessed_at=None,
        superseded_by=None,
        relations=[],
        # The messages stay in the home space, and so does what they are called.
        evidence_ids=[],
        shared=None,
        space_id=wanted.target.id,
        space_key=wanted.target.space_key,
        visibility=wanted.visibility.words,
        visible_to=wanted.visibility.token,
        owner_agent_id=origin.owner_agent_id if wanted.owner_agent is None else wanted.owner_agent,
        version=1,
        rev=1,
        recorded_at=now,
        created_at=now,
        updated_at=now,
    )
    return msgspec.structs.replace(copy, facets=facets(copy))


def share_key(origin_id: str, space_key: str, visible_to: str) -> str:
    """Unique among copies that are there: one of a memory for one audience of one space."""
    return hashlib.sha256("\n".join((origin_id, space_key, visible_to)).encode()).hexdigest()


def parse_mode(given: str | None) -> ShareMode:
    """Snapshot unless asked for otherwise. Raises Invalid, which names the field."""
    return ShareMode(parse_choice("mode", given, ShareMode, ShareMode.SNAPSHOT))


def check_target(field: str, given: str) -> None:
    """Raises Invalid for a space that is not named."""
    if not given.strip():
        raise Invalid(f"{field} must name a space")


def check_batch(ids: Sequence[str]) -> list[str]:
    """The ids without duplicates. Raises Invalid for none or too many."""
    if not 1 <= len(ids) <= MAX_BATCH:
        raise Invalid(f"memory_ids must have 1 to {MAX_BATCH} entries, not {len(ids)}")
    return list(dict.fromkeys(ids))

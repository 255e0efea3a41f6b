"""What a tenant takes away, page by page: messages, and memories with their relations."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.principal import Principal
from app.storage.graph import Transaction, many
from app.storage.queries import load

QUERIES = load("exports")


class ExportedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was said; `position` is its place in its session."""

    role: str
    content: str
    speaker: str
    said_at: datetime
    session_id: str
    agent_id: str
    source: str
    tags: list[str]
    visibility: str
    position: int


class ExportedRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation with the ids of its ends, its type as on the wire."""

    type: str
    source_id: str
    target_id: str
    label: str | None
    weight: float | None
    method: str


class ExportedMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A memory with the relations that begin at it."""

    id: str
    content: str
    category: str
    memory_type: str
    importance: float
    tags: list[str]
    source: str
    agent_id: str
    visibility: str
    state: str
    valid_from: datetime
    valid_to: datetime
    created_at: datetime
    relations: list[ExportedRelation]


async def list_messages(
    tx: Transaction, principal: Principal, session_id: str, position: int, limit: int
) -> list[ExportedMessage]:
    return await many(
        tx,
        QUERIES["list_exported_messages"],
        ExportedMessage,
        space_key=principal.personal_space().space_key,
        session_id=session_id,
        position=position,
        limit=limit,
    )


async def list_memories(
    tx: Transaction, principal: Principal, after: datetime, after_id: str, limit: int
) -> list[ExportedMemory]:
    return await many(
        tx,
        QUERIES["list_exported_memories"],
        ExportedMemory,
        space_key=principal.personal_space().space_key,
        after=after,
        after_id=after_id,
        limit=limit,
    )

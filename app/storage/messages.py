"""Messages and sessions in the graph."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from app.domain.errors import NotFound
from app.domain.events import EventType, Touched
from app.domain.messages import SessionCursor
from app.domain.principal import Principal
from app.domain.sessions import RecentSession
from app.storage import events, quotas
from app.storage.graph import Transaction, many, one, packed
from app.storage.queries import load

QUERIES = load("messages")
# How far back a window that is sent again is compared with the session; clients resend at most some dozens.
COMPARED_MESSAGES = 1_000
# What every message has of times.
TIMES = ("valid_from", "valid_to", "recorded_at", "retired_at", "created_at", "updated_at")


class SessionWrite(msgspec.Struct, frozen=True, kw_only=True):
    """New messages of one session, each with properties and embedding, and the session's state after them."""

    space_key: str
    session_id: str
    tenant_id: str
    agent_id: str
    source: str
    visible_to: str
    next_position: int
    last_seq: int | None
    messages: list[dict[str, object]]
    now: datetime


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A message behind a search result; `id` is the result's."""

    id: str
    message_id: str
    session_id: str
    role: str
    speaker: str
    said_at: datetime
    content: str


async def get_cursor(tx: Transaction, space_key: str, session_id: str, visible_to: str) -> SessionCursor | None:
    return await one(
        tx,
        QUERIES["get_session_cursor"],
        SessionCursor,
        space_key=space_key,
        session_id=session_id,
        visible_to=visible_to,
        window=COMPARED_MESSAGES,
    )


class LockedSession(msgspec.Struct, frozen=True):
    """What a store must know of the session in the space that it has locked; None when it is new."""

    cursor: SessionCursor | None


async def lock_for_session(tx: Transaction, space_key: str, session_id: str, visible_to: str) -> SessionCursor | None:
    """Locks the space like `lock_space`, and looks there for a session like `get_cursor`."""
    found = await one(
        tx,
        QUERIES["lock_for_session"],
        LockedSession,
        space_key=space_key,
        session_id=session_id,
        visible_to=visible_to,
        window=COMPARED_MESSAGES,
    )
    if found is None:
        raise NotFound("no such space")
    return found.cursor


class SessionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversations, from where and for whom, not older than `since`, and how much of how many."""

    space_key: str
    tenant_id: str
    agent_id: str
    source: str
    visible_to: str
    since: datetime
    window: int
    limit: int


async def list_recent(tx: Transaction, wanted: SessionQuery) -> list[RecentSession]:
    return await many(tx, QUERIES["list_recent_sessions"], RecentSession, **msgspec.structs.asdict(wanted))


async def create_many(tx: Transaction, write: SessionWrite) -> int:
    parameters = {name: getattr(write, name) for name in write.__struct_fields__}
    parameters["messages"] = [_row(message) for message in write.messages]
    created = await one(tx, QUERIES["create_messages"], int, **parameters) or 0
    told = Touched(write.session_id, write.space_key, write.visible_to, str(created))
    events.note(tx, EventType.MESSAGES_ADDED, [told] if created else [])
    quotas.note_rows(tx, write.space_key, write.messages)
    return created


def _row(message: dict[str, Any]) -> dict[str, object]:
    properties = message["properties"]
    return {
        "properties": {name: value for name, value in properties.items() if name not in TIMES},
        "times": {name: properties[name].isoformat() for name in TIMES},
        "embedding": packed(message["embedding"]),
    }


async def get_evidence(tx: Transaction, principal: Principal, ids: list[str]) -> list[Evidence]:
    return await many(
        tx,
        QUERIES["get_evidence"],
        Evidence,
        ids=ids,
        space_keys=principal.space_keys,
        visible=principal.visible,
    )


class FactOfMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that was made from the message `id`."""

    id: str
    memory_id: str
    content: str
    state: str


async def list_facts(tx: Transaction, principal: Principal, ids: list[str]) -> list[FactOfMessage]:
    return await many(
        tx, QUERIES["list_facts"], FactOfMessage, ids=ids, space_keys=principal.space_keys, visible=principal.visible
    )


async def update_outdated(tx: Transaction, space_keys: list[str], ids: list[str]) -> None:
    """Notes of the messages behind these memories whether all that they said has a successor."""
    await many(tx, QUERIES["update_outdated"], object, space_keys=space_keys, ids=ids)


async def delete_all(tx: Transaction, principal: Principal, space_key: str, batch: int) -> int:
    """Erases up to `batch` messages of a space; how many there were."""
    deleted = await one(
        tx,
        QUERIES["delete_all_messages"],
        quotas.Erased,
        space_key=space_key,
        visible=principal.visible,
        batch=batch,
    )
    count = quotas.note_erased(tx, space_key, deleted)
    if count:
        events.note_in_space(tx, EventType.MESSAGES_DELETED, space_key, "", str(count))
    return count

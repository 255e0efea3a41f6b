"""What an export holds, stored again: rows of its lines, each kind with one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from app.domain.events import EventType, Touched
from app.storage import events, quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("account_imports")

Row = dict[str, object]
Rows = Sequence[Mapping[str, object]]


class FileSpace(msgspec.Struct, frozen=True, kw_only=True):
    """A space to make, with the members that it shall have."""

    properties: Row
    joined_at: datetime
    members: list[Row]


class FileSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says was set in a space."""

    admission: str | None
    secrets: str | None
    llm_tokens_a_day: int | None


class Known(msgspec.Struct, frozen=True):
    """That something of a file is there already, under which id."""

    file_id: str
    id: str | None


class Place(msgspec.Struct, frozen=True):
    """How far a conversation is."""

    id: str
    position: int


async def create_space(tx: Transaction, tenant_id: str, space: FileSpace) -> list[str]:
    """The members that are here."""
    return await many(tx, QUERIES["create_file_space"], str, tenant_id=tenant_id, **msgspec.structs.asdict(space))


async def update_settings(tx: Transaction, tenant_id: str, space_key: str, settings: FileSettings) -> None:
    fields = msgspec.structs.asdict(settings)
    await many(tx, QUERIES["update_file_settings"], object, tenant_id=tenant_id, space_key=space_key, **fields)


async def get_owned_key(tx: Transaction, tenant_id: str, space_id: str) -> str | None:
    """The key of a space; None when the tenant does not own it."""
    return await one(tx, QUERIES["get_owned_key"], str, tenant_id=tenant_id, space_id=space_id)


async def update_rev(tx: Transaction, space_key: str, rev: int) -> None:
    await one(tx, QUERIES["update_file_rev"], int, space_key=space_key, rev=rev)


async def list_known(tx: Transaction, space_key: str, rows: Rows) -> dict[str, str]:
    """What is there already, by its id in the file."""
    found = await many(tx, QUERIES["list_known_of_file"], Known, space_key=space_key, rows=list(rows))
    return {known.file_id: known.id for known in found if known.id is not None}


async def create_sessions(tx: Transaction, space_key: str, tenant_id: str, rows: Rows) -> None:
    query = QUERIES["create_file_sessions"]
    await one(tx, query, int, space_key=space_key, tenant_id=tenant_id, rows=list(rows))


async def create_imports(tx: Transaction, space_key: str, rows: Rows) -> None:
    await one(tx, QUERIES["create_file_imports"], int, space_key=space_key, rows=list(rows))


async def list_places(tx: Transaction, space_key: str, ids: Sequence[str]) -> dict[str, int]:
    """The next position in each conversation."""
    found = await many(tx, QUERIES["list_file_places"], Place, space_key=space_key, ids=list(ids))
    return {place.id: place.position for place in found}


async def create_messages(tx: Transaction, space_key: str, rows: Rows) -> None:
    told = await many(tx, QUERIES["create_file_messages"], Touched, space_key=space_key, rows=list(rows))
    events.note(tx, EventType.MESSAGES_ADDED, told)
    quotas.note_rows(tx, space_key, rows)


async def create_entities(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_entities"], object, space_key=space_key, rows=list(rows))


async def create_same(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_same"], object, space_key=space_key, rows=list(rows))


async def create_slots(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_slots"], object, space_key=space_key, rows=list(rows))


async def create_mentions(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_mentions"], object, space_key=space_key, rows=list(rows))


async def create_about(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_about"], object, space_key=space_key, rows=list(rows))


async def create_evidence(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_evidence"], object, space_key=space_key, rows=list(rows))


async def create_ratings(tx: Transaction, space_key: str, tenant_id: str, rows: Rows) -> None:
    query = QUERIES["create_file_ratings"]
    await many(tx, query, object, space_key=space_key, tenant_id=tenant_id, rows=list(rows))


async def create_revisions(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_revisions"], object, space_key=space_key, rows=list(rows))


async def create_merges(tx: Transaction, space_key: str, rows: Rows) -> None:
    await many(tx, QUERIES["create_file_merges"], object, space_key=space_key, rows=list(rows))


async def create_relations(tx: Transaction, space_keys: Sequence[str], rows: Rows) -> None:
    query = QUERIES["create_file_relations"]
    made = await many(tx, query, Touched, space_keys=list(space_keys), rows=list(rows))
    events.note(tx, EventType.RELATION_CREATED, made)


async def create_shares(tx: Transaction, space_key: str, space_keys: Sequence[str], rows: Rows) -> None:
    query = QUERIES["create_file_shares"]
    await many(tx, query, object, space_key=space_key, space_keys=list(space_keys), rows=list(rows))

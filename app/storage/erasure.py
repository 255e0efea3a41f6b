"""Takes spaces and accounts out of use, and what lay in them out of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.events import EventType, Touched
from app.storage import events, quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load
from app.storage.sharing import LiveCopy

QUERIES = load("erasure")


class OwnedSpace(msgspec.Struct, frozen=True):
    """A space of an account, and how many others are in it."""

    id: str
    space_key: str
    others: int


async def close_space(tx: Transaction, space_key: str, now: datetime) -> None:
    await one(tx, QUERIES["close_space"], str, space_key=space_key, now=now)


async def get_former(tx: Transaction, space_key: str) -> list[str] | None:
    """Who was in a space that is being erased; None once it is gone."""
    return await one(tx, QUERIES["get_closed_space"], list[str], space_key=space_key)


async def list_erasable(tx: Transaction, space_key: str, limit: int) -> list[str]:
    return await many(tx, QUERIES["list_erasable"], str, space_key=space_key, limit=limit)


async def list_followers(tx: Transaction, space_key: str, former: list[str], ids: Sequence[str]) -> list[LiveCopy]:
    return await many(tx, QUERIES["list_followers"], LiveCopy, space_key=space_key, former=former, ids=list(ids))


async def delete_followers(tx: Transaction, space_keys: Sequence[str], ids: Sequence[str]) -> None:
    gone = await many(tx, QUERIES["delete_followers"], Touched, space_keys=list(space_keys), ids=list(ids))
    events.note(tx, EventType.MEMORY_DELETED, gone)
    quotas.note_deleted(tx, gone)


async def erase_texts(tx: Transaction, space_keys: Sequence[str], ids: Sequence[str]) -> int:
    """How many memories and messages are gone."""
    return await one(tx, QUERIES["erase_texts"], int, space_keys=list(space_keys), ids=list(ids)) or 0


async def erase_rest(tx: Transaction, space_key: str, limit: int) -> int:
    """How many other nodes are gone; none when nothing is left."""
    return await one(tx, QUERIES["erase_rest"], int, space_key=space_key, limit=limit) or 0


async def erase_space(tx: Transaction, space_key: str) -> None:
    await many(tx, QUERIES["erase_space"], object, space_key=space_key)


async def list_owned(tx: Transaction, tenant_id: str) -> list[OwnedSpace]:
    return await many(tx, QUERIES["list_owned_spaces"], OwnedSpace, tenant_id=tenant_id)


async def close_account(tx: Transaction, tenant_id: str, now: datetime) -> list[str]:
    """The keys of the spaces that the account had deleted and that are not erased yet."""
    return await one(tx, QUERIES["close_account"], list[str], tenant_id=tenant_id, now=now) or []


async def erase_account(tx: Transaction, tenant_id: str, task_id: str) -> None:
    await many(tx, QUERIES["erase_account"], object, tenant_id=tenant_id, task_id=task_id)

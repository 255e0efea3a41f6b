"""Groups of memories in the graph, and what is derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.consolidation import LEAST_MEMORIES, Group
from app.domain.principal import Principal
from app.storage.communities import Moved
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("consolidation")
# More values make no sentence that anybody reads.
MOST_PREMISES = 30
# A model is asked about as many topics of a space in one run; the others have their turn next time.
MOST_TOPICS = 50


class PremiseRows(msgspec.Struct, frozen=True, kw_only=True):
    """A derived memory, the group it stands for and the memories it follows from."""

    id: str
    key: str
    premise_ids: list[str]
    method: str
    decision_id: str


async def get_position(tx: Transaction, space_key: str) -> Moved:
    return await one(tx, QUERIES["get_position"], Moved, space_key=space_key) or Moved(0, 0)


async def mark_position(tx: Transaction, space_key: str, rev: int) -> None:
    await many(tx, QUERIES["mark_position"], object, space_key=space_key, rev=rev)


async def list_open_slots(tx: Transaction, space_key: str, now: datetime) -> list[str]:
    return await many(tx, QUERIES["list_open_slots"], str, space_key=space_key, now=now, least=LEAST_MEMORIES)


async def list_open_communities(tx: Transaction, space_key: str) -> list[str]:
    return await many(tx, QUERIES["list_open_communities"], str, space_key=space_key, limit=MOST_TOPICS)


async def list_groups(tx: Transaction, space_key: str, keys: Sequence[str], now: datetime) -> list[Group]:
    """A group for each key, also for one of which nothing is left."""
    return await many(
        tx, QUERIES["list_groups"], Group, space_key=space_key, keys=list(keys), now=now, most=MOST_PREMISES
    )


async def has_derived(tx: Transaction, space_key: str, memory_id: str) -> bool:
    return await one(tx, QUERIES["get_derived"], str, space_key=space_key, id=memory_id) is not None


async def create_premises(tx: Transaction, space_key: str, rows: PremiseRows, task_id: str, now: datetime) -> None:
    given = msgspec.structs.asdict(rows)
    await many(tx, QUERIES["create_premises"], object, space_key=space_key, task_id=task_id, now=now, **given)


async def mark_group(tx: Transaction, space_key: str, key: str) -> None:
    await many(tx, QUERIES["mark_group"], object, space_key=space_key, key=key)


async def list_conclusions(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[str]:
    return await many(tx, QUERIES["list_conclusions"], str, space_keys=principal.space_keys, ids=list(ids))

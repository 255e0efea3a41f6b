"""What lies in spaces: noted while a transaction works, compared with quotas when the ledger has counted it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import cast

import msgspec

from app.domain.events import Touched
from app.domain.memories import State
from app.domain.principal import Principal
from app.domain.quotas import OwnQuotas, QuotaExceeded, Use, combine, find_exceeded
from app.storage import ledger
from app.storage.graph import Transaction, many, one
from app.storage.ledger import Owner
from app.storage.queries import load

QUERIES = load("quotas")


class Erased(msgspec.Struct, frozen=True):
    """How many memories or messages are gone, how many of them had not been deleted before, and their text."""

    count: int
    kept: int
    text_bytes: int


def note(tx: Transaction, space_key: str, memories: int, text_bytes: int) -> None:
    """Remembers that there are so many more, or fewer, memories and messages in a space, and so many bytes of text."""
    noted = ledger.noted(tx)
    noted.memories[space_key] += memories
    noted.text_bytes[space_key] += text_bytes


def note_waiting(tx: Transaction, space_key: str, memories: int, text_bytes: int) -> None:
    """Remembers that so much was accepted for a space and waits to be stored, where it is counted until then."""
    ledger.noted(tx).waiting[space_key] = Use(memories, text_bytes)


def note_created(tx: Transaction, space_key: str, stored: Iterable[Mapping[str, object]]) -> None:
    """Remembers new memories or messages, by their properties; an export knows deleted ones as well."""
    kept = (properties for properties in stored if properties.get("state") != State.DELETED)
    sizes = [size for properties in kept if isinstance(size := properties.get("text_bytes"), int)]
    note(tx, space_key, len(sizes), sum(sizes))


def note_rows(tx: Transaction, space_key: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Remembers new memories or messages, by rows that have their properties."""
    note_created(tx, space_key, [cast("Mapping[str, object]", row["properties"]) for row in rows])


def note_deleted(tx: Transaction, gone: Iterable[Touched]) -> None:
    """Remembers what is kept no more."""
    for thing in gone:
        note(tx, thing.space_key, -1, -thing.text_bytes)


def note_erased(tx: Transaction, space_key: str, erased: Erased | None) -> int:
    """Remembers what is gone of a space; how many that were, deleted ones included."""
    if erased is None:
        return 0
    note(tx, space_key, -erased.kept, -erased.text_bytes)
    return erased.count


def obey(tx: Transaction, principal: Principal, space_key: str) -> None:
    """Has the transaction end with QuotaExceeded when what it adds to a space does not fit into its owner's quotas.

    What a worker makes of what was accepted before is counted, but not refused.
    """
    noted = ledger.noted(tx)
    noted.obeying.add(space_key)
    noted.check = noted.check or partial(_check, principal)


async def get_noted(tx: Transaction, tenant_id: str) -> Use:
    """What this transaction has added to the spaces of an account so far, or taken away."""
    so_far = ledger.noted(tx)
    owned = await many(tx, QUERIES["list_owned"], str, tenant_id=tenant_id, space_keys=list(so_far.memories))
    return Use(sum(so_far.memories[key] for key in owned), sum(so_far.text_bytes[key] for key in owned))


async def _check(principal: Principal, tx: Transaction, owners: list[Owner]) -> None:
    """Raises QuotaExceeded when what an account has by now is too much."""
    for tenant_id in sorted({owner.tenant_id for owner in owners}):
        mine = [owner for owner in owners if owner.tenant_id == tenant_id]
        limits = combine(principal.quotas, mine[0].own)
        if limits.are_any:
            # The last lock, so that two who write into spaces of one owner never wait for each other crosswise.
            await lock(tx, tenant_id)
            added = Use(sum(one.memories for one in mine), sum(one.text_bytes for one in mine))
            exceeded = find_exceeded(limits, await get_use(tx, tenant_id), added)
            if exceeded:
                raise QuotaExceeded(*exceeded, is_own=tenant_id == principal.tenant_id)


async def lock(tx: Transaction, tenant_id: str) -> None:
    await one(tx, QUERIES["lock_quota"], str, tenant_id=tenant_id)


async def get_owner(tx: Transaction, space_key: str) -> Owner | None:
    return await one(tx, QUERIES["get_owner"], Owner, space_key=space_key)


async def get_own(tx: Transaction, tenant_id: str) -> OwnQuotas | None:
    return await one(tx, QUERIES["get_own_quotas"], OwnQuotas, tenant_id=tenant_id)


async def update_own(tx: Transaction, tenant_id: str, own: OwnQuotas) -> None:
    await one(tx, QUERIES["update_own_quotas"], str, tenant_id=tenant_id, **msgspec.structs.asdict(own))


async def get_use(tx: Transaction, tenant_id: str, now: datetime | None = None) -> Use:
    """What an account has; with a time also the tokens of that day in UTC."""
    day = now.astimezone(UTC).date().isoformat() if now else ""
    return await one(tx, QUERIES["get_use"], Use, tenant_id=tenant_id, day=day) or Use()

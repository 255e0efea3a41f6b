"""What a transaction does to spaces: noted while it works, written by one statement before it commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

import msgspec

from app.domain.events import Change, compact
from app.domain.quotas import OwnQuotas, Use
from app.storage.graph import Transaction, before_commit, many
from app.storage.queries import load

QUERIES = load("ledger")


class Owner(msgspec.Struct, frozen=True):
    """Whose quotas a space counts for, what was added to it, and what an operator gave him."""

    tenant_id: str
    memories: int
    text_bytes: int
    own: OwnQuotas


# Raises when what was added to the spaces of owners is too much for them.
Check = Callable[[Transaction, list[Owner]], Awaitable[None]]


class Noted:
    """What a transaction did so far, by the keys of spaces; and how to check it, where quotas are to be obeyed."""

    def __init__(self) -> None:
        self.memories: defaultdict[str, int] = defaultdict(int)
        self.text_bytes: defaultdict[str, int] = defaultdict(int)
        # What is counted where it waits to be stored.
        self.waiting: dict[str, Use] = {}
        self.obeying: set[str] = set()
        self.check: Check | None = None
        self.changes: list[Change] = []

    def rows(self) -> list[dict[str, object]]:
        """What there is to count, to compare or to tell, by the keys of spaces in order."""
        told: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        for change in compact(self.changes):
            told[change.thing.space_key].append(_row(change))
        return [
            {
                "space_key": space_key,
                "memories": self.memories[space_key],
                "text_bytes": self.text_bytes[space_key],
                "waiting": msgspec.structs.asdict(self.waiting.get(space_key, Use())),
                "obeys": space_key in self.obeying and self._counts(space_key),
                "changes": told[space_key],
            }
            for space_key in sorted({*self.memories, *self.waiting, *told})
            if self._counts(space_key) or told[space_key]
        ]

    def _counts(self, space_key: str) -> bool:
        return bool(self.memories[space_key] or self.text_bytes[space_key] or space_key in self.waiting)


_NOTED: WeakKeyDictionary[Transaction, Noted] = WeakKeyDictionary()


def noted(tx: Transaction) -> Noted:
    """What was noted of a transaction that writes; it is written when the transaction is about to end."""
    if tx not in _NOTED:
        _NOTED[tx] = Noted()
        before_commit(tx, _write)
    return _NOTED[tx]


async def _write(tx: Transaction) -> None:
    ending = _NOTED.pop(tx)
    owners = await many(tx, QUERIES["update_ledger"], Owner, rows=ending.rows())
    if ending.check:
        await ending.check(tx, owners)


def _row(change: Change) -> dict[str, str]:
    return {
        "type": change.type.value,
        "subject_id": change.thing.id,
        "detail": change.thing.detail,
        "visible_to": change.thing.visible_to,
    }

"""Reads of memories as they are counted: how often, and by whom on which day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

Reader = tuple[str, str]


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How often a memory was part of an answer, when last, and to which (tenant, agent)."""

    id: str
    space_key: str
    count: int
    at: datetime
    readers: frozenset[Reader]

    def followed_by(self, later: Access) -> Access:
        """Both as one; of two days the reads count for the later one."""
        return msgspec.structs.replace(
            self, count=self.count + later.count, at=max(self.at, later.at), readers=self.readers | later.readers
        )


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """What one reader was answered in one space on one day."""

    id: str
    space_key: str
    tenant_id: str
    agent_id: str
    at: datetime
    memory_ids: list[str]


def recalls_of(accesses: Iterable[Access]) -> list[Recall]:
    """The events that reads belong to, in the order of their ids, so that two writers do not wait for each other."""
    recalls: dict[str, Recall] = {}
    for access in accesses:
        for tenant_id, agent_id in access.readers:
            event = Recall(
                id=recall_id(access.space_key, (tenant_id, agent_id), access.at),
                space_key=access.space_key,
                tenant_id=tenant_id,
                agent_id=agent_id,
                at=access.at,
                memory_ids=[],
            )
            recalls.setdefault(event.id, event).memory_ids.append(access.id)
    return [recalls[event_id] for event_id in sorted(recalls)]


def recall_id(space_key: str, reader: Reader, at: datetime) -> str:
    """The same for all reads of one agent in one space on one day: a busy day counts once (pipelines 5.1)."""
    parts = "\n".join((space_key, *reader, at.date().isoformat()))
    return hashlib.sha256(parts.encode()).hexdigest()

"""Rules that share by themselves, and shares that wait, in the graph."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.events import Touched
from app.domain.principal import Principal, SpaceAccess
from app.domain.sharing_rules import Filters, Pending, Rule
from app.storage import quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("sharing_rules")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that wants a memory."""

    memory_id: str
    text_bytes: int
    rule_id: str
    created_by: str
    require_approval: bool
    agent: str
    source_space: str
    target: SpaceAccess


async def create(tx: Transaction, rule: Rule, source_key: str, space_key: str) -> None:
    properties = {**msgspec.structs.asdict(rule), "space_key": space_key}
    await one(tx, QUERIES["create_rule"], str, properties=properties, source_key=source_key, space_key=space_key)


async def list_matches(tx: Transaction, principal: Principal, ids: Sequence[str]) -> list[Match]:
    return await many(tx, QUERIES["list_matches"], Match, ids=list(ids), space_keys=principal.space_keys)


async def end(tx: Transaction, space_key: str, rule_id: str, now: datetime) -> str | None:
    """The id of the rule; None when none of the space has it."""
    return await one(tx, QUERIES["end_rule"], str, space_key=space_key, rule_id=rule_id, now=now)


async def withdraw(tx: Transaction, space_key: str, rule_id: str, batch: int, now: datetime) -> list[str]:
    """The ids of copies that are deleted now."""
    parameters = {"space_key": space_key, "rule_id": rule_id, "batch": batch, "now": now}
    gone = await many(tx, QUERIES["withdraw_copies"], Touched, **parameters)
    quotas.note_deleted(tx, gone)
    return [copy.id for copy in gone]


async def delete(tx: Transaction, space_key: str, rule_id: str) -> None:
    await many(tx, QUERIES["delete_rule"], object, space_key=space_key, rule_id=rule_id)


async def create_pending(tx: Transaction, match: Match, now: datetime) -> None:
    await one(
        tx,
        QUERIES["create_pending"],
        str,
        # The same memory waits once for the same rule, however often it is stated.
        id=hashlib.sha256(f"{match.rule_id}\n{match.memory_id}".encode()).hexdigest()[:32],
        memory_id=match.memory_id,
        rule_id=match.rule_id,
        space_key=match.target.space_key,
        target_space=match.target.id,
        source_space=match.source_space,
        by=match.created_by,
        agent=match.agent,
        now=now,
    )


async def list_pending(tx: Transaction, principal: Principal, limit: int, pending_id: str = "") -> list[Pending]:
    """What waits, or the one with this id."""
    return await many(
        tx,
        QUERIES["list_pending"],
        Pending,
        writable_keys=principal.writable_keys,
        space_keys=principal.space_keys,
        visible=principal.visible,
        id=pending_id,
        limit=limit,
    )


async def answer_pending(
    tx: Transaction, principal: Principal, pending_id: str, status: str, now: datetime
) -> str | None:
    """The id of the share that waited; None when it waits no more."""
    return await one(
        tx,
        QUERIES["answer_pending"],
        str,
        id=pending_id,
        status=status,
        writable_keys=principal.writable_keys,
        tenant_id=principal.tenant_id,
        now=now,
    )


async def list_shareable(tx: Transaction, space_key: str, target_key: str, filters: Filters, limit: int) -> list[str]:
    return await many(
        tx,
        QUERIES["list_shareable"],
        str,
        space_key=space_key,
        target_key=target_key,
        limit=limit,
        **msgspec.structs.asdict(filters),
    )


async def get_bridge(tx: Transaction, principal: Principal, user_id: str) -> SpaceAccess | None:
    return await one(tx, QUERIES["get_bridge"], SpaceAccess, tenant_id=principal.tenant_id, user_id=user_id)

"""Spaces and members in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from app.domain.principal import Principal, Role, key_hash
from app.domain.spaces import Space, SpaceKind
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("spaces")


class SpaceWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A space to store."""

    space_id: str
    space_key: str
    kind: SpaceKind
    name: str
    now: datetime


async def get(tx: Transaction, principal: Principal, space_id: str) -> Space | None:
    """A space the principal belongs to, as it is now."""
    return await one(tx, QUERIES["get_space"], Space, tenant_id=principal.tenant_id, space_id=space_id)


async def list_all(tx: Transaction, principal: Principal) -> list[Space]:
    return await many(tx, QUERIES["list_spaces"], Space, tenant_id=principal.tenant_id)


async def create(tx: Transaction, principal: Principal, write: SpaceWrite) -> None:
    fields = {**msgspec.structs.asdict(write), "kind": write.kind.value}
    await one(tx, QUERIES["create_space"], str, tenant_id=principal.tenant_id, **fields)


async def update(tx: Transaction, space_key: str, name: str | None, now: datetime) -> None:
    await one(tx, QUERIES["update_space"], str, space_key=space_key, name=name, now=now)


async def count_owned(tx: Transaction, user_id: str) -> int:
    return await one(tx, QUERIES["count_owned"], int, user_id=user_id) or 0


async def count_members(tx: Transaction, space_key: str) -> int:
    return await one(tx, QUERIES["count_members"], int, space_key=space_key) or 0


async def get_user(tx: Transaction, given: str, now: datetime) -> str | None:
    """The public handle of a user named by handle or API key; of the key only the hash leaves this function."""
    return await one(tx, QUERIES["get_user"], str, user_id=given, hash=key_hash(given), now=now)


async def get_personal_key(tx: Transaction, user_id: str) -> str | None:
    return await one(tx, QUERIES["get_personal_key"], str, user_id=user_id)


async def add_members(tx: Transaction, space_key: str, roles: Mapping[str, Role], now: datetime) -> None:
    rows = [{"user_id": user_id, "role": role.value} for user_id, role in roles.items()]
    await one(tx, QUERIES["add_members"], int, space_key=space_key, members=rows, now=now)


async def update_member(tx: Transaction, space_key: str, user_id: str, role: Role, now: datetime) -> None:
    await one(tx, QUERIES["update_member"], str, space_key=space_key, user_id=user_id, role=role.value, now=now)


async def delete_member(tx: Transaction, space_key: str, user_id: str, now: datetime) -> None:
    await one(tx, QUERIES["delete_member"], str, space_key=space_key, user_id=user_id, now=now)


async def update_owner(tx: Transaction, space_key: str, user_id: str, now: datetime) -> None:
    await one(tx, QUERIES["update_owner"], str, space_key=space_key, user_id=user_id, now=now)

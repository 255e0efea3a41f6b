"""Keys and agent groups of a tenant in the graph."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.principal import AgentGroup, Principal, Scope
from app.domain.tenants import ApiKey
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("tenants")


class KeyWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A key to store: its hash, never itself."""

    key_id: str
    hash: str
    prefix: str
    scopes: list[Scope]
    agent_id: str
    now: datetime
    expires_at: datetime | None


async def create_key(tx: Transaction, principal: Principal, write: KeyWrite) -> ApiKey | None:
    return await one(
        tx,
        QUERIES["create_key"],
        ApiKey,
        tenant_id=principal.tenant_id,
        **{**msgspec.structs.asdict(write), "scopes": [str(scope) for scope in write.scopes]},
    )


async def list_keys(tx: Transaction, principal: Principal) -> list[ApiKey]:
    return await many(tx, QUERIES["list_keys"], ApiKey, tenant_id=principal.tenant_id)


async def delete_key(tx: Transaction, principal: Principal, key_id: str, now: datetime) -> str | None:
    """The id of the key that was revoked; None when the tenant has no such key."""
    return await one(tx, QUERIES["delete_key"], str, tenant_id=principal.tenant_id, key_id=key_id, now=now)


async def update_group(tx: Transaction, principal: Principal, name: str, agents: list[str]) -> AgentGroup | None:
    return await one(tx, QUERIES["update_group"], AgentGroup, tenant_id=principal.tenant_id, name=name, agents=agents)

"""Keys and agent groups of a tenant."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Invalid, NotFound
from app.domain.memories import MAX_NAME_CHARS, timestamp, to_utc
from app.domain.principal import AgentGroup, Principal, Scope, key_hash
from app.domain.tenants import SHOWN_KEY_CHARS, ApiKey, CreatedKey, KeyList, KeyView, NewKey
from app.services import audit
from app.storage import memories, tenants
from app.storage.graph import Transaction
from app.storage.tenants import KeyWrite
from ingest.redaction import redact, redact_id

SHOWN_ID_CHARS = 8


class Secret(msgspec.Struct, frozen=True):
    """A key that was just drawn, its public id, and the time."""

    key: str
    key_id: str
    now: datetime


def tenant_name(given: str, tenant_id: str) -> str:
    """The name of a new tenant without private text; one made of its id when none is given."""
    return redact(given).strip() or f"tenant-{tenant_id[:SHOWN_ID_CHARS]}"


def agent_name(given: str) -> str:
    """The agent a request names, without private text; '' for none. Raises Invalid for what is too long for a name."""
    if len(given) > MAX_NAME_CHARS:
        raise Invalid(f"X-Agent-Id may have at most {MAX_NAME_CHARS} characters")
    return redact_id(given.strip())


async def create_key(tx: Transaction, principal: Principal, new: NewKey, secret: Secret) -> CreatedKey:
    """A further key; the answer is the only place where it is shown. Raises InsufficientScope, Invalid."""
    principal.require(Scope.ADMIN)
    expires_at = to_utc(new.expires_at) if new.expires_at else None
    if expires_at is not None and expires_at <= secret.now:
        raise Invalid("expires_at lies in the past")
    write = KeyWrite(
        key_id=secret.key_id,
        hash=key_hash(secret.key),
        prefix=secret.key[:SHOWN_KEY_CHARS],
        scopes=parse_scopes(new.scopes),
        agent_id=redact_id(new.agent_id or ""),
        now=secret.now,
        expires_at=expires_at,
    )
    stored = await tenants.create_key(tx, principal, write)
    if stored is None:
        raise NotFound("no such tenant")
    made = _entry(principal, AuditAction.KEY_CREATED, stored.id, ", ".join(stored.scopes))
    await audit.record(tx, principal, secret.now, made)
    return CreatedKey(**msgspec.structs.asdict(key_view(stored)), api_key=secret.key)


def _entry(principal: Principal, action: AuditAction, subject: str, detail: str = "") -> Entry:
    """What is done to an account is told in its personal space."""
    space_key = principal.personal_space().space_key
    return Entry(action=action, space_key=space_key, subject=subject, detail=detail)


def parse_scopes(given: list[str] | None) -> list[Scope]:
    """Scopes in the order of their power; read and write when none are named. Raises Invalid, which names the field."""
    wanted = {scope.lower() for scope in given} if given is not None else {Scope.READ, Scope.WRITE}
    if not wanted or not wanted <= set(Scope):
        raise Invalid(f"scopes must be a list of {', '.join(Scope)}")
    return [scope for scope in Scope if scope in wanted]


def key_view(key: ApiKey) -> KeyView:
    """The wire form of a key: its prefix only."""
    return KeyView(
        id=key.id,
        prefix=key.prefix,
        scopes=key.scopes,
        agent_id=key.agent_id or None,
        created_at=timestamp(key.created_at),
        last_used_at=timestamp(key.last_used_at) if key.last_used_at else None,
        expires_at=timestamp(key.expires_at) if key.expires_at else None,
    )


async def list_keys(tx: Transaction, principal: Principal) -> KeyList:
    """The tenant's keys that are not revoked, oldest first. Raises InsufficientScope."""
    principal.require(Scope.ADMIN)
    return KeyList([key_view(key) for key in await tenants.list_keys(tx, principal)])


async def delete_key(tx: Transaction, principal: Principal, key_id: str, now: datetime) -> None:
    """Revokes a key at once. Raises NotFound; Invalid for the last key that could make others."""
    principal.require(Scope.ADMIN)
    # Two at a time would each take the other's key for the one that is left.
    await memories.lock_space(tx, principal.personal_space().space_key)
    keys = await tenants.list_keys(tx, principal)
    if key_id not in {key.id for key in keys}:
        raise NotFound("no such key")
    if not any(Scope.ADMIN in key.scopes and _outlives(key, now) for key in keys if key.id != key_id):
        raise Invalid("this is the last key with the scope admin; create another one first")
    await tenants.delete_key(tx, principal, key_id, now)
    await audit.record(tx, principal, now, _entry(principal, AuditAction.KEY_REVOKED, key_id))


def _outlives(key: ApiKey, now: datetime) -> bool:
    return key.expires_at is None or key.expires_at > now


async def update_group(
    tx: Transaction, principal: Principal, name: str, agents: list[str], now: datetime
) -> AgentGroup:
    """Creates an agent group or replaces its agents. Raises InsufficientScope, Invalid."""
    principal.require(Scope.ADMIN)
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise Invalid(f"name must have 1 to {MAX_NAME_CHARS} characters")
    shown: list[str] = list(dict.fromkeys(redact_id(agent) for agent in agents))
    group = await tenants.update_group(tx, principal, redact_id(name), shown)
    if group is None:
        raise NotFound("no such tenant")
    await audit.record(tx, principal, now, _entry(principal, AuditAction.GROUP_CHANGED, group.name))
    return group

"""The commands `tenant` and `key`, and how commands find the tenant they are about: on the graph itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import click
from rich.table import Column, Table

from app.api.tenants import draw_key, sign_up
from app.cli.failures import Failure
from app.cli.offline import on_graph, set_up
from app.cli.terminal import echo, output
from app.domain.principal import Principal, key_hash
from app.domain.quotas import OwnQuotas, QuotasView, QuotaView
from app.domain.tenants import CreatedKey, CreatedTenant, KeyList, NewKey
from app.services import quotas, tenants
from app.services.parts import Parts
from app.services.tenants import Secret
from app.storage import system
from ingest.redaction import redact

# A key, or else a tenant's id, as the options give them.
Named = tuple[str, str]
SHORT_TIME = 16  # characters: 2026-03-02T10:00


async def get_principal(parts: Parts, named: Named) -> Principal:
    """The tenant that a key or an id names. Raises Failure."""
    key, tenant_id = named
    if tenant_id:
        found = await parts.graph.read(system.get_tenant_principal, tenant_id)
        unknown = f"there is no tenant {tenant_id}; its id is the `user_id` that sign-up answered"
    elif key:
        found = await parts.graph.read(system.get_principal, key_hash(key), parts.clock())
        unknown = "the API key is unknown, revoked or expired; name the tenant with --tenant instead"
    else:
        raise Failure("no tenant is named; set OMEM_API_KEY, or give --tenant with the tenant's id")
    if found is None:
        raise Failure(unknown)
    return found


def create_tenant(name: str) -> None:
    """Signs a tenant up, whatever OMEM_SIGNUP says."""

    async def create(parts: Parts) -> CreatedTenant:
        # A graph that no service has opened yet has no constraints either.
        if not await parts.graph.read(system.list_schema_versions):
            await set_up(parts)
        return await sign_up(parts, redact(name))

    created = on_graph(create)
    click.echo(f"tenant {created.user_id}\nkey    {created.api_key}")
    echo("The key is shown this once; keep it, and give it to `ourmem` as OMEM_API_KEY.")


def give_quota(tenant_id: str, given: tuple[int | None, int | None, int | None], reset: bool) -> None:
    """Gives a tenant quotas of its own, where any are named, and prints all with what is used of them."""

    async def give(parts: Parts) -> QuotasView:
        limited = quotas.limited(parts.settings, await get_principal(parts, ("", tenant_id)))
        if reset or any(value is not None for value in given):
            await parts.graph.write(quotas.update, limited, OwnQuotas(*given), reset)
        return await parts.graph.read(quotas.get, limited, parts.clock())

    shown = on_graph(give)
    table = Table("quota", Column("used", justify="right"), Column("limit", justify="right"))
    for name in QuotasView.__struct_fields__:
        quota: QuotaView = getattr(shown, name)
        table.add_row(name, str(quota.used), "none" if quota.limit is None else str(quota.limit))
    output().print(table)


def create_key(named: Named, scopes: list[str], agent: str, days: int | None) -> None:
    """Makes a key and prints it."""

    async def create(parts: Parts) -> CreatedKey:
        principal = await get_principal(parts, named)
        now = parts.clock()
        expires_at = now + timedelta(days=days) if days else None
        new = NewKey(scopes=scopes or None, agent_id=agent or None, expires_at=expires_at)
        return await parts.graph.write(tenants.create_key, principal, new, Secret(draw_key(), str(uuid4()), now))

    created = on_graph(create)
    click.echo(f"id  {created.id}\nkey {created.api_key}")
    echo("The key is shown this once.")


def list_keys(named: Named) -> None:
    """Prints the keys of a tenant."""

    async def list_all(parts: Parts) -> KeyList:
        return await parts.graph.read(tenants.list_keys, await get_principal(parts, named))

    names = ("key", "scopes", "agent", "created", "last used", "expires")
    table = Table(Column("id", no_wrap=True), *(Column(name, overflow="fold") for name in names))
    for key in on_graph(list_all).keys:
        times = [(moment or "never")[:SHORT_TIME] for moment in (key.created_at, key.last_used_at, key.expires_at)]
        table.add_row(key.id, f"{key.prefix}…", ", ".join(key.scopes), key.agent_id or "any", *times)
    output().print(table)


def revoke_key(key_id: str, named: Named) -> None:
    """Revokes a key."""

    async def revoke(parts: Parts) -> None:
        principal = await get_principal(parts, named)
        await parts.graph.write(tenants.delete_key, principal, key_id, parts.clock())

    on_graph(revoke)
    click.echo(f"The key {key_id} is revoked.")

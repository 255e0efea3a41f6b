"""Settings of a space in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.domain.principal import Principal
from app.domain.space_settings import SpaceSettings
from app.storage.graph import Transaction, one
from app.storage.queries import load

QUERIES = load("space_settings")


async def update(
    tx: Transaction, principal: Principal, space_key: str, change: Mapping[str, str | int], now: datetime
) -> SpaceSettings | None:
    """The settings after the change; None when the tenant does not administer the space any more."""
    return await one(
        tx,
        QUERIES["update_space_settings"],
        SpaceSettings,
        tenant_id=principal.tenant_id,
        space_key=space_key,
        change=change,
        now=now,
    )

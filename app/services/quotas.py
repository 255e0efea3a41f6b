"""What an account keeps of what it may."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.config import Settings
from app.domain.principal import Principal
from app.domain.quotas import OwnQuotas, Quotas, QuotasView, Use, combine, find_exceeded, view
from app.storage import quotas
from app.storage.graph import Transaction


def given(settings: Settings) -> Quotas:
    """What accounts may keep that have no quotas of their own."""
    return Quotas(settings.quota_memories, settings.quota_text_bytes, settings.quota_llm_tokens_a_day)


def limited(settings: Settings, principal: Principal) -> Principal:
    """The principal with what accounts may keep here."""
    return msgspec.structs.replace(principal, quotas=given(settings))


async def get(tx: Transaction, principal: Principal, now: datetime) -> QuotasView:
    """What the caller's account has, and what it may have."""
    own = await quotas.get_own(tx, principal.tenant_id) or OwnQuotas()
    return view(combine(principal.quotas, own), await quotas.get_use(tx, principal.tenant_id, now))


async def update(tx: Transaction, principal: Principal, given: OwnQuotas, reset: bool) -> None:
    """Gives the account quotas of its own; what is not given stays as it was, unless all is to be taken back first."""
    before = None if reset else await quotas.get_own(tx, principal.tenant_id)
    fields = msgspec.structs.asdict(given)
    changed = {name: value for name, value in fields.items() if value is not None}
    await quotas.update_own(tx, principal.tenant_id, msgspec.structs.replace(before or OwnQuotas(), **changed))


async def has_room(tx: Transaction, principal: Principal, space_key: str, text_bytes: int) -> bool:
    """Whether the owner of a space may keep one more memory of this length; where he is limited, others who ask wait.

    What this transaction stores in any of his spaces counts as well.
    """
    owner = await quotas.get_owner(tx, space_key)
    if owner is None:
        return False
    limits = combine(principal.quotas, owner.own)
    if not limits.are_any:
        return True
    await quotas.lock(tx, owner.tenant_id)
    used, new = await quotas.get_use(tx, owner.tenant_id), await quotas.get_noted(tx, owner.tenant_id)
    then = Use(used.memories + new.memories + 1, used.text_bytes + new.text_bytes + text_bytes)
    return find_exceeded(limits, then, Use(1, text_bytes)) is None

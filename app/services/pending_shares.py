"""What rules would share if somebody approved."""

from __future__ import annotations

from datetime import datetime

from app.domain.audit import AuditAction, Entry
from app.domain.errors import NotFound
from app.domain.memories import MemoryView
from app.domain.principal import Principal
from app.domain.sharing import Action, Copies, CopyIds
from app.domain.sharing_rules import PendingView, Rejected, pending_view
from app.services import audit, copying
from app.services.memories import must_get
from app.services.sharing import copy_one
from app.storage import sharing_rules
from app.storage.graph import Transaction

MAX_PENDING = 200


async def list_all(tx: Transaction, principal: Principal) -> list[PendingView]:
    """What waits for the caller: memories he may read, for spaces he may write to; oldest first, at most 200."""
    return [pending_view(pending) for pending in await sharing_rules.list_pending(tx, principal, MAX_PENDING)]


async def approve(tx: Transaction, principal: Principal, pending_id: str, given: CopyIds) -> MemoryView:
    """Shares what waited; the copy. Raises NotFound for what does not wait for the caller."""
    found = await sharing_rules.list_pending(tx, principal, 1, pending_id)
    if not found or await sharing_rules.answer_pending(tx, principal, pending_id, "approved", given.now) is None:
        raise NotFound("no such pending share")
    memory = await must_get(tx, principal, found[0].memory_id)
    copies = Copies(
        target=principal.space(found[0].target_space),
        visibility=copying.FOR_ALL,
        action=Action.SHARE,
        by=principal.tenant_id,
        agent=principal.agent_id,
        rule=found[0].rule_id,
    )
    return (await copy_one(tx, principal, memory, copies, given))[0]


async def reject(tx: Transaction, principal: Principal, pending_id: str, now: datetime) -> Rejected:
    """Says no to what waits; it does not wait again. Raises NotFound for what does not wait for the caller."""
    found = await sharing_rules.list_pending(tx, principal, 1, pending_id)
    if not found or await sharing_rules.answer_pending(tx, principal, pending_id, "rejected", now) is None:
        raise NotFound("no such pending share")
    refused = Entry(action=AuditAction.SHARE_REJECTED, space_key=found[0].space_key, subject=pending_id)
    await audit.record(tx, principal, now, refused)
    return Rejected(rejected=True, id=pending_id)

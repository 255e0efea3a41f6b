"""Rules that share by themselves: create, list, delete, fire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from app.domain.audit import AuditAction, Entry
from app.domain.errors import Invalid, NotFound, Unauthorized
from app.domain.principal import Principal
from app.domain.sharing import Action, Copies, CopyIds, check_target
from app.domain.sharing_rules import (
    RULES_PER_SPACE,
    NewRule,
    Rule,
    RuleView,
    parse_filters,
    rule_view,
)
from app.services import audit, copying, quotas
from app.services.parts import Parts
from app.services.spaces import must_administer
from app.services.spaces import must_get as must_get_space
from app.storage import memories, sharing_rules
from app.storage.graph import Transaction
from app.storage.sharing_rules import Match

# So many copies are withdrawn in one transaction.
WITHDRAW_BATCH = 500


async def create(tx: Transaction, principal: Principal, space_id: str, new: NewRule, given: CopyIds) -> RuleView:
    """A rule that shares into a space. Raises Invalid, NotFound, Unauthorized.

    Whoever makes it must be an admin of both spaces: it gives away what is new in the one and fills the other.
    """
    check_target("source_space", new.source_space)
    space = await must_administer(tx, principal, space_id)
    source = principal.space(new.source_space)
    if not source.role.may_administer():
        raise Unauthorized("only an admin of the source space may have it shared")
    if source.space_key == space.space_key:
        raise Invalid("source_space is the space itself")
    if len(space.rules) >= RULES_PER_SPACE:
        raise Invalid(f"a space has at most {RULES_PER_SPACE} rules")
    filters = parse_filters(new)
    rule = Rule(
        id=str(uuid4()),
        source_space=source.id,
        categories=filters.categories,
        tags=filters.tags,
        min_importance=filters.min_importance,
        require_approval=bool(new.require_approval),
        created_by=principal.tenant_id,
        created_at=given.now,
    )
    await sharing_rules.create(tx, rule, source.space_key, space.space_key)
    # Told in both: the one is given away, the other filled.
    entries = [
        Entry(action=AuditAction.RULE_CREATED, space_key=key, subject=rule.id)
        for key in (source.space_key, space.space_key)
    ]
    await audit.record(tx, principal, given.now, *entries)
    return rule_view(rule)


async def list_all(tx: Transaction, principal: Principal, space_id: str) -> list[RuleView]:
    """The rules that share into a space, for anybody in it. Raises NotFound."""
    return [rule_view(rule) for rule in (await must_get_space(tx, principal, space_id)).rules]


async def delete(parts: Parts, principal: Principal, space_id: str, rule_id: str, *, keeps: bool) -> None:
    """Ends a rule and withdraws what it shared, unless that is to be kept. Raises NotFound, Unauthorized."""
    space_key = await parts.graph.write(_end, principal, space_id, rule_id, parts.clock())
    while not keeps and await parts.graph.write(_withdraw, principal, space_key, rule_id, parts.clock()):
        pass
    await parts.graph.write(sharing_rules.delete, space_key, rule_id)


async def _end(tx: Transaction, principal: Principal, space_id: str, rule_id: str, now: datetime) -> str:
    space = await must_administer(tx, principal, space_id)
    # Also one whose withdrawal was interrupted, which no list shows any more.
    if await sharing_rules.end(tx, space.space_key, rule_id, now) is None:
        raise NotFound("no such rule")
    ended = Entry(action=AuditAction.RULE_DELETED, space_key=space.space_key, subject=rule_id)
    await audit.record(tx, principal, now, ended)
    return space.space_key


async def _withdraw(tx: Transaction, principal: Principal, space_key: str, rule_id: str, now: datetime) -> int:
    await memories.lock_space(tx, space_key)
    ids = await sharing_rules.withdraw(tx, space_key, rule_id, WITHDRAW_BATCH, now)
    await copying.follow(tx, principal, ids, now)
    return len(ids)


async def fire(tx: Transaction, principal: Principal, memory_ids: Sequence[str], now: datetime) -> None:
    """Shares what is newly current by the rules of its space; call it in the transaction that made it so.

    Into a space whose owner may keep no more, nothing is shared by itself: it waits for a member, who is told why then.

    The spaces that rules share into are locked after that of the memories, whatever their keys: where two spaces share
    into each other, Neo4j ends one of two writers that wait for each other, and the driver begins it again.
    """
    for match in await sharing_rules.list_matches(tx, principal, memory_ids):
        if match.require_approval or not await _has_room(tx, principal, match):
            await sharing_rules.create_pending(tx, match, now)
        else:
            await copying.copy_all(tx, principal, [match.memory_id], _copies(match), CopyIds(now, str(uuid4())))


async def _has_room(tx: Transaction, principal: Principal, match: Match) -> bool:
    return await quotas.has_room(tx, principal, match.target.space_key, match.text_bytes)


def _copies(match: Match) -> Copies:
    return Copies(
        target=match.target,
        visibility=copying.FOR_ALL,
        action=Action.SHARE,
        by=match.created_by,
        agent=match.agent,
        rule=match.rule_id,
        # Whoever stores something may not be refused for what others keep; there was room for it.
        obeys_quotas=False,
    )

"""Organizations: set one up, publish in it."""

from __future__ import annotations

from uuid import uuid4

from app.domain.errors import Invalid
from app.domain.principal import Principal, Role, SpaceAccess
from app.domain.sharing import Action, CopyIds, Publication, Published, Share, check_batch
from app.domain.sharing_rules import NewFilters, NewRule
from app.domain.spaces import (
    NewMember,
    NewOrganization,
    OrganizationMade,
    SpaceKind,
    check_name,
    check_size,
    parse_role,
    require_admin,
)
from app.domain.tenants import KEY_PREFIX, SHOWN_KEY_CHARS
from app.services import sharing_rules, spaces
from app.services.bulk_sharing import copy_batches
from app.services.parts import Parts
from app.services.sharing import copies_by
from app.services.spaces import NewSpaceIds
from app.storage import spaces as stored_spaces
from app.storage.graph import Transaction
from ingest.redaction import redact


async def create(tx: Transaction, principal: Principal, new: NewOrganization, given: NewSpaceIds) -> OrganizationMade:
    """An organization of the caller's own. Raises Invalid for a bad name and above a limit."""
    check_name(new.name)
    name = redact(new.name.strip())
    roles: dict[str, Role] = {}
    failed: list[str] = []
    for member in new.members:
        user_id = await _read_member(tx, member, given, roles)
        if user_id is None:
            failed.append(_shown(member.user_id))
    roles.pop(principal.tenant_id, None)
    check_size(SpaceKind.ORGANIZATION, len(roles) + 1)
    space_id = await spaces.create_empty(tx, principal, SpaceKind.ORGANIZATION, name, given)
    await spaces.add_first_members(tx, principal, roles, given)
    return OrganizationMade(space_id, name, len(roles), failed)


async def _read_member(tx: Transaction, member: NewMember, given: NewSpaceIds, roles: dict[str, Role]) -> str | None:
    """Adds a member to the roles; None for a bad role and for somebody unknown."""
    try:
        role = parse_role(member.role)
    except Invalid:
        return None
    user_id = await stored_spaces.get_user(tx, member.user_id, given.now)
    if user_id is not None:
        roles[user_id] = role
    return user_id


def _shown(given: str) -> str:
    """A name as it was sent, and of what looks like a key no more than lists show."""
    return f"{given[:SHOWN_KEY_CHARS]}…" if given.startswith(KEY_PREFIX) else redact(given)


async def publish(parts: Parts, principal: Principal, space_id: str, wanted: Publication) -> Published:
    """Copies memories into an organization, new ones by a rule. Raises NotFound, Invalid, Unauthorized."""
    target = await parts.graph.read(_must_publish, principal, space_id)
    ids = check_batch(wanted.memory_ids) if wanted.memory_ids else []
    copies = copies_by(principal, target, Share(target_space=target.id), Action.BATCH_SHARE)
    shared = await copy_batches(parts, principal, ids, copies)
    rule_id = await _create_rule(parts, principal, target, wanted.auto_share_rule)
    return Published(shared.shared, shared.skipped_existing, shared.failed, rule_id)


async def _must_publish(tx: Transaction, principal: Principal, space_id: str) -> SpaceAccess:
    space = await spaces.must_get(tx, principal, space_id)
    if space.kind is not SpaceKind.ORGANIZATION:
        raise Invalid("only an organization is published in")
    require_admin(space, principal.tenant_id)
    return principal.space(space.id)


async def _create_rule(
    parts: Parts, principal: Principal, target: SpaceAccess, filters: NewFilters | None
) -> str | None:
    if filters is None:
        return None
    rule = NewRule(
        source_space=principal.personal_space().id,
        categories=filters.categories,
        tags=filters.tags,
        min_importance=filters.min_importance,
    )
    given = CopyIds(parts.clock(), str(uuid4()))
    return (await parts.graph.write(sharing_rules.create, principal, target.id, rule, given)).id

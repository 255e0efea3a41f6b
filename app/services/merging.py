"""Which entities are one thing: said by people, kept as an edge with its decision, taken back without a trace."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.decisions import Action, StoredDecision
from app.domain.entities import MAX_NAME_CHARS, Entity, EntityView, Member, Merge, NewAlias
from app.domain.errors import Invalid, NotFound
from app.domain.principal import ALL_AGENTS, Principal, agent_token
from app.services.entities import get, must_get
from app.storage import decisions, entities, memories
from app.storage.entities import EntityRow, NewSame, Written
from app.storage.graph import Transaction
from ingest.linking import entity_id, is_fitting, norm_name
from ingest.redaction import is_empty, redact


class Given(msgspec.Struct, frozen=True):
    """What a write needs from outside: an id and the time."""

    decision_id: str
    now: datetime


async def merge(tx: Transaction, principal: Principal, merged_id: str, request: Merge, given: Given) -> EntityView:
    """Says that an entity is the same as another one; both are read as one from now on. Again it changes nothing.

    Raises NotFound when either is out of sight, Unauthorized for a reader, Invalid for itself, for one of another
    space, for what was merged into this one, and for what was merged into something else.
    """
    entity = await must_get(tx, principal, merged_id)
    into = await entities.get_many(tx, principal, [request.into])
    if not into:
        raise NotFound("into names no entity")
    principal.require_writable(entity.space_key)
    if request.into == merged_id:
        raise Invalid("into names the entity itself")
    if into[0].space_key != entity.space_key:
        raise Invalid("into names an entity of another space")
    await _say_same(tx, principal, (merged_id, request.into), entity.space_key, given)
    return await get(tx, principal, merged_id)


async def _say_same(
    tx: Transaction, principal: Principal, ids: tuple[str, str], space_key: str, given: Given, *, is_name: bool = False
) -> None:
    """Writes the edge with its decision. `is_name` is for a name that no memory need have."""
    rev = await memories.lock_space(tx, space_key)
    same_id, into_id = ids
    earlier = await entities.get_same(tx, space_key, same_id)
    if earlier == into_id:
        return
    if earlier is not None:
        raise Invalid("the entity is merged already; split it first")
    if await entities.is_below(tx, space_key, into_id, same_id):
        raise Invalid("into names what was merged into this entity")
    is_for_all = await entities.is_for_all(tx, space_key, [into_id] if is_name else ids)
    visible_to = ALL_AGENTS if is_for_all else agent_token(principal.tenant_id, principal.agent_id)
    decision = _decision(principal, ids, (space_key, visible_to, rev), given)
    await decisions.create_many(tx, space_key, [decision])
    same = NewSame(
        id=same_id, into_id=into_id, decision_id=given.decision_id, visible_to=visible_to if is_name else None
    )
    await entities.create_same(tx, space_key, same, given.now)


def _decision(principal: Principal, ids: tuple[str, str], place: tuple[str, str, int], given: Given) -> StoredDecision:
    """The record of a merge. It names ids only: a name must not outlive the memories that have it."""
    space_key, visible_to, rev = place
    return StoredDecision(
        id=given.decision_id,
        # No task made it, and undoing those of a task must not find it.
        task_id=given.decision_id,
        space_key=space_key,
        tenant_id=principal.tenant_id,
        visible_to=visible_to,
        rev=rev,
        fact=0,
        action=Action.MERGE,
        requested_action=Action.MERGE,
        text="",
        category="entities",
        reason=f"said to be one thing: entity {ids[0]} is the same as {ids[1]}",
        method="user",
        created_at=given.now,
    )


async def split(tx: Transaction, principal: Principal, merged_id: str, now: datetime) -> EntityView:
    """Takes back that an entity is the same as another one; all is as before. Again it changes nothing.

    Answers with the entity, or with the other one when no memory names the first. Raises NotFound, Unauthorized.
    """
    entity = await must_get(tx, principal, merged_id)
    principal.require_writable(entity.space_key)
    await memories.lock_space(tx, entity.space_key)
    await entities.delete_same(tx, entity.space_key, merged_id, now)
    await entities.delete_unnamed(tx, entity.space_key, merged_id)
    found = await entities.get_many(tx, principal, [merged_id])
    return await get(tx, principal, merged_id if found else entity.head.id)


async def add_alias(tx: Transaction, principal: Principal, named_id: str, new: NewAlias, given: Given) -> EntityView:
    """Gives an entity another name, under which ingest finds it, too. Again it changes nothing.

    Raises NotFound, Unauthorized, and Invalid for no name, a long one, and one that another entity was given.
    """
    entity = await must_get(tx, principal, named_id)
    principal.require_writable(entity.space_key)
    name = redact(" ".join(new.name.split()))
    norm = norm_name(name)
    if is_empty(name) or len(name) > MAX_NAME_CHARS:
        raise Invalid(f"name must have 1 to {MAX_NAME_CHARS} characters")
    if norm not in entity.names:
        alias_id = await _named(tx, entity, name, given)
        await _say_same(tx, principal, (alias_id, entity.head.id), entity.space_key, given, is_name=True)
    return await get(tx, principal, named_id)


async def _named(tx: Transaction, entity: Entity, name: str, given: Given) -> str:
    """The id of the node with a name and a fitting type, which is made when there is none."""
    norm, head = norm_name(name), entity.head
    known = await entities.list_named(tx, entity.space_key, [norm])
    fitting = [one for one in known if is_fitting(one.type, head.type)]
    if fitting:
        return fitting[0].id
    row = EntityRow(id=entity_id(entity.space_key, norm, head.type), name=name, norm_name=norm, type=head.type)
    written = Written(space_key=entity.space_key, task_id=given.decision_id, now=given.now)
    await entities.create_many(tx, [row], written)
    return row.id


async def delete_alias(tx: Transaction, principal: Principal, named_id: str, alias_id: str, now: datetime) -> None:
    """Takes a name from an entity. Raises NotFound for a name it has not, Unauthorized for a reader."""
    entity = await must_get(tx, principal, named_id)
    alias = _alias(entity, alias_id)
    principal.require_writable(entity.space_key)
    await split(tx, principal, alias.id, now)


def _alias(entity: Entity, alias_id: str) -> Member:
    for member in entity.members[1:]:
        if member.id == alias_id:
            return member
    raise NotFound("the entity has no such alias")

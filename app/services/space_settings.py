"""Settings of a space: every member may read them, its admins change them."""

from __future__ import annotations

from datetime import datetime

from app.domain.audit import AuditAction, Entry
from app.domain.errors import NotFound, Unauthorized
from app.domain.memories import parse_choice
from app.domain.principal import Principal, Scope
from app.domain.space_settings import Preset, SecretPolicy, SpaceSettings, SpaceSettingsChange
from app.services import audit
from app.storage import memories, space_settings
from app.storage.graph import Transaction


async def update(
    tx: Transaction, principal: Principal, space_id: str, change: SpaceSettingsChange, now: datetime
) -> SpaceSettings:
    """Changes what is given. Raises InsufficientScope, NotFound, Unauthorized for who is no admin, Invalid."""
    principal.require(Scope.ADMIN)
    space = principal.space(space_id)
    if not space.role.may_administer():
        raise Unauthorized("your role in this space does not allow changing its settings")
    given = given_fields(change)
    await memories.lock_space(tx, space.space_key)
    settings = await space_settings.update(tx, principal, space.space_key, given, now)
    if settings is None:
        raise NotFound("no such space")
    changed = ", ".join(f"{name}={value}" for name, value in given.items())
    entry = Entry(
        action=AuditAction.SETTINGS_CHANGED,
        space_key=space.space_key,
        subject=space.id,
        count=len(given),
        detail=changed,
    )
    await audit.record(tx, principal, now, entry)
    return settings


def given_fields(change: SpaceSettingsChange) -> dict[str, str | int]:
    """The properties that a change sets. Raises Invalid, which names the field."""
    given: dict[str, str | int] = {}
    if change.admission is not None:
        given["admission"] = parse_choice("admission", change.admission, Preset, "")
    if change.secrets is not None:
        given["secrets"] = parse_choice("secrets", change.secrets, SecretPolicy, "")
    if change.llm_tokens_a_day is not None:
        given["llm_tokens_a_day"] = change.llm_tokens_a_day
    return given

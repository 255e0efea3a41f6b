"""Keeps what is spent on language models within what the admins of a space and the operator allow a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app import metrics
from app.domain.budgets import Reservation
from app.domain.principal import SpaceAccess
from app.domain.quotas import combine
from app.providers.llm import ModelFailed
from app.services import quotas
from app.services.parts import Parts
from app.storage import budgets
from app.storage import quotas as stored_quotas
from app.storage.graph import Transaction

SPENT = "the budget of this space for the language model is used up for today"
QUOTA_SPENT = "the account that owns this space has used what it may spend on the language model today"
# How the metrics name the two.
SPACE_LIMIT, ACCOUNT_LIMIT = "tokens a day", "llm_tokens_a_day"
REASONS = {SPACE_LIMIT: SPENT, ACCOUNT_LIMIT: QUOTA_SPENT}


class BudgetSpent(ModelFailed):
    """Nothing more may be spent on the model today, in UTC."""


async def reserve(parts: Parts, space: SpaceAccess, tokens: int) -> list[Reservation]:
    """Sets tokens aside for one call, of the space and of the account that owns it.

    The call may cost more than was set aside, and only then is a limit exceeded: by that one call. Raises BudgetSpent.
    """
    now = parts.clock()
    wanted = Reservation(space.space_key, now.astimezone(UTC).date().isoformat(), tokens)
    reserved, spent = await parts.graph.write(_reserve, parts, space, wanted, now)
    if spent:
        metrics.count_refusal(spent)
        raise BudgetSpent(REASONS[spent])
    return reserved


async def _reserve(
    tx: Transaction, parts: Parts, space: SpaceAccess, wanted: Reservation, now: datetime
) -> tuple[list[Reservation], str]:
    """What was reserved, of the space and of its owner, or the limit that is used up."""
    if await budgets.reserve(tx, wanted, space.settings.llm_tokens_a_day, now) is None:
        return [], SPACE_LIMIT
    owner = await stored_quotas.get_owner(tx, space.space_key)
    if owner is None:
        return [wanted], ""
    limit = combine(quotas.given(parts.settings), owner.own).llm_tokens_a_day
    of_owner = Reservation(owner.tenant_id, wanted.day, wanted.tokens)
    if await budgets.reserve(tx, of_owner, limit, now) is None:
        await budgets.add_use(tx, wanted, -wanted.tokens, now)
        return [], ACCOUNT_LIMIT
    return [wanted, of_owner], ""


async def settle(parts: Parts, reserved: Sequence[Reservation], tokens: int) -> None:
    """Counts what the call cost in place of what was set aside for it."""
    await parts.graph.write(_settle, reserved, tokens, parts.clock())


async def _settle(tx: Transaction, reserved: Sequence[Reservation], tokens: int, now: datetime) -> None:
    for one in reserved:
        await budgets.add_use(tx, one, tokens - one.tokens, now)

"""Keeps what a space spends on language models within what its admins allow a day."""

from __future__ import annotations

from datetime import UTC

from app.domain.budgets import Reservation
from app.domain.principal import SpaceAccess
from app.services.parts import Parts
from app.storage import budgets


async def reserve(parts: Parts, space: SpaceAccess, tokens: int) -> Reservation | None:
    """Sets tokens aside for one call; None when the space has used what it may today.

    The call may cost more than was set aside, and only then is the day's limit exceeded: by that one call.
    """
    now = parts.clock()
    wanted = Reservation(space.space_key, now.astimezone(UTC).date().isoformat(), tokens)
    limit = space.settings.llm_tokens_a_day
    used = await parts.graph.write(budgets.reserve, wanted, limit, now)
    return None if used is None else wanted


async def settle(parts: Parts, reserved: Reservation, tokens: int) -> None:
    """Counts what the call cost in place of what was set aside for it."""
    await parts.graph.write(budgets.add_use, reserved, tokens - reserved.tokens, parts.clock())

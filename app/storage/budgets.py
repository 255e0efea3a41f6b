"""The counters of what language models cost."""

from __future__ import annotations

from datetime import datetime

from app.domain.budgets import Reservation
from app.storage.graph import Transaction, one
from app.storage.queries import load

QUERIES = load("budgets")


async def reserve(tx: Transaction, wanted: Reservation, limit: int, now: datetime) -> int | None:
    """What the payer has used on that day with this; None when the limit had been used before."""
    return await one(
        tx,
        QUERIES["reserve_tokens"],
        int,
        space_key=wanted.payer,
        day=wanted.day,
        tokens=wanted.tokens,
        limit=limit,
        now=now,
    )


async def add_use(tx: Transaction, reserved: Reservation, tokens: int, now: datetime) -> int | None:
    """What the payer has used on the day of the reservation after this many more, or fewer, tokens."""
    return await one(
        tx,
        QUERIES["add_token_use"],
        int,
        space_key=reserved.payer,
        day=reserved.day,
        tokens=tokens,
        now=now,
    )

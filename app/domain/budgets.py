"""What a space may spend on language models, and what is spent."""

from __future__ import annotations

import msgspec


class Reservation(msgspec.Struct, frozen=True):
    """Tokens set aside for one call to a language model, until it is known what it cost; `day` is one in UTC.

    `payer` is the key of a space, or the id of the account that owns it: each has a counter.
    """

    payer: str
    day: str
    tokens: int

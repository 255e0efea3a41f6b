"""What a space may spend on language models, and what is spent."""

from __future__ import annotations

import msgspec


class Reservation(msgspec.Struct, frozen=True):
    """Tokens set aside for one call to a language model, until it is known what it cost; `day` is one in UTC."""

    space_key: str
    day: str
    tokens: int

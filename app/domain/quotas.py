"""What an account may keep and spend: limits of the service, an account's own in their place, and what is used.

An account pays for the spaces that it owns, whoever writes there.
"""

from __future__ import annotations

import msgspec

from app.domain.errors import OurmemError

NO_LIMIT = 0


class Quotas(msgspec.Struct, frozen=True):
    """How many memories and messages, how much text and how many tokens of a language model a day; 0 for no limit."""

    memories: int = NO_LIMIT
    text_bytes: int = NO_LIMIT
    llm_tokens_a_day: int = NO_LIMIT

    @property
    def are_any(self) -> bool:
        """Whether anything that is kept is limited."""
        return bool(self.memories or self.text_bytes)


class OwnQuotas(msgspec.Struct, frozen=True):
    """What an operator gave one account; None leaves it at the settings of the service."""

    memories: int | None = None
    text_bytes: int | None = None
    llm_tokens_a_day: int | None = None


class Use(msgspec.Struct, frozen=True):
    """What lies in the spaces of an account or waits to be stored there, and the tokens of one day."""

    memories: int = 0
    text_bytes: int = 0
    llm_tokens: int = 0


class QuotaView(msgspec.Struct, frozen=True):
    """What is used of a quota; no limit is null."""

    used: int
    limit: int | None


class QuotasView(msgspec.Struct, frozen=True):
    """The quotas of an account."""

    memories: QuotaView
    text_bytes: QuotaView
    llm_tokens_today: QuotaView


class QuotaExceeded(OurmemError):
    """What is to be stored does not fit into the account that would keep it."""

    status, code, prefix = 429, "quota_exceeded", "quota exceeded"

    def __init__(self, quota: str, limit: int, *, is_own: bool) -> None:
        self.quota = quota
        if is_own:
            super().__init__(f"{quota}: this account may keep {limit} {WORDS[quota]}", OWN_WAY_OUT)
        else:
            # How much others may keep is theirs to know.
            super().__init__(f"{quota}: whoever owns the space may keep no more {WORDS[quota]}", OTHER_WAY_OUT)


WORDS = {"memories": "memories and messages", "text_bytes": "bytes of text in memories and messages"}
OWN_WAY_OUT = "delete some, or ask the operator of this service for more; reading, searching and deleting go on"
OTHER_WAY_OUT = "the owner of the space can delete some, or ask the operator of this service for more"


def combine(given: Quotas, own: OwnQuotas) -> Quotas:
    """The limits of an account: its own where it has any."""
    return Quotas(
        given.memories if own.memories is None else own.memories,
        given.text_bytes if own.text_bytes is None else own.text_bytes,
        given.llm_tokens_a_day if own.llm_tokens_a_day is None else own.llm_tokens_a_day,
    )


def find_exceeded(limits: Quotas, used: Use, added: Use) -> tuple[str, int] | None:
    """The first quota, with its limit, that is exceeded by what was added to it; what did not grow is not refused."""
    for quota, limit, use, more in (
        ("memories", limits.memories, used.memories, added.memories),
        ("text_bytes", limits.text_bytes, used.text_bytes, added.text_bytes),
    ):
        if limit and more > 0 and use > limit:
            return quota, limit
    return None


def view(limits: Quotas, used: Use) -> QuotasView:
    """The wire form."""
    return QuotasView(
        QuotaView(used.memories, limits.memories or None),
        QuotaView(used.text_bytes, limits.text_bytes or None),
        QuotaView(used.llm_tokens, limits.llm_tokens_a_day or None),
    )


def text_bytes(text: str) -> int:
    """How much a text counts."""
    return len(text.encode())

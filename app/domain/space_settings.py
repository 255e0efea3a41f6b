"""What the admins of a space may choose: how strict ingest is, what happens to secrets, what models may cost."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

# More than any service reads in a day; without a bound a number could be larger than Neo4j's integers.
MAX_TOKENS_A_DAY = 10**12


class Preset(StrEnum):
    """How strict a space is about what it remembers."""

    BALANCED = "balanced"
    CONSERVATIVE = "conservative"
    HIGH_RECALL = "high_recall"


class SecretPolicy(StrEnum):
    """What happens to keys and card numbers in a text: they are kept, replaced by a marker, or the text is refused."""

    OFF = "off"
    MARK = "mark"
    BLOCK = "block"


class SpaceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a space; `llm_tokens_a_day` of 0 is no limit."""

    admission: Preset = Preset.BALANCED
    secrets: SecretPolicy = SecretPolicy.MARK
    llm_tokens_a_day: int = 0


class SpaceSettingsChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is absent or null stays."""

    admission: str | None = None
    secrets: str | None = None
    llm_tokens_a_day: Annotated[int, Meta(ge=0, le=MAX_TOKENS_A_DAY)] | None = None

"""What is asked of a language model."""

from __future__ import annotations

import msgspec

from app.domain.texts import SafeText


class Prompt(msgspec.Struct, frozen=True):
    """Our own words as `system`; whatever comes from outside is in `user`, redacted and marked as data."""

    system: str
    user: SafeText

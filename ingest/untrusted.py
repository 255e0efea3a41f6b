"""Puts text from outside into a prompt so that no text can end the place where it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from app.domain.texts import SafeText

# As long as a text would have to guess to close its own block: the mark is made of what is in it.
_MARK_CHARACTERS = 16
# JSON leaves these as they are, but who reads may see a new line in them.
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


def as_data(records: Sequence[object]) -> SafeText:
    """The records as lines of JSON between two marks; a text in them stays one JSON string, whatever it contains."""
    lines = "\n".join(msgspec.json.encode(record).decode().translate(_LINE_ENDS) for record in records)
    mark = hashlib.sha256(lines.encode()).hexdigest()[:_MARK_CHARACTERS]
    return SafeText(f"<data-{mark}>\n{lines}\n</data-{mark}>")

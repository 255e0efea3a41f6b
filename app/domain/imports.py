"""What an import is: the items that a file is read as, the record of the import, and its form on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class ItemKind(StrEnum):
    """What an item of a file is."""

    SECTION = "section"
    MESSAGE = "message"
    MEMORY = "memory"


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A section of a text, a message of a conversation or a memory, as its file has it; '' and 0 stand for none.

    `heading` is the path of headings above it, `session` names its conversation; one that begins with `#` counts the
    conversations of a file that names none.
    """

    text: str
    kind: ItemKind = ItemKind.SECTION
    role: str = "document"
    speaker: str = ""
    said_at: datetime | None = None
    session: str = ""
    heading: str = ""
    line_start: int = 0
    line_end: int = 0
    # What only the lines of an export say.
    agent_id: str = ""
    source: str = ""
    tags: list[str] = []
    visibility: str = ""
    category: str = ""
    importance: float | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class ParsedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds: its format, its items in order, what could not be read, and how much holds nothing to keep."""

    format: str
    items: list[Item]
    errors: list[str] = []
    skipped: int = 0

"""The lines of an export, which `docs/export.md` describes; each is one JSON object, told apart by `kind`."""

from __future__ import annotations

import msgspec

from app.domain.memories import Instant, ShortText


class GroupLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="group"):
    """An agent group."""

    name: ShortText
    agents: list[ShortText] = []


class MessageLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="message"):
    """Something said; without `session_id` it belongs to the one session of its file."""

    role: ShortText
    content: str
    speaker: ShortText = ""
    said_at: Instant | None = None
    session_id: ShortText | None = None
    agent_id: ShortText = ""
    source: ShortText = ""
    tags: list[str] = []
    visibility: str = "global"


class MemoryLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="memory"):
    """Something remembered; `replaces` has the ids of the memories it superseded."""

    id: str
    content: str
    category: str = "preferences"
    memory_type: str = "insight"
    importance: float = 0.5
    tags: list[str] = []
    source: ShortText = ""
    agent_id: ShortText = ""
    visibility: str = "global"
    state: str = "active"
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    created_at: Instant | None = None
    replaces: list[str] = []


class RelationLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="relation"):
    """A relation between two memories; SUPERSEDES is said by `replaces` and not here."""

    type: str
    source_id: str
    target_id: str
    label: ShortText | None = None
    weight: float | None = None
    method: str = ""


Line = GroupLine | MessageLine | MemoryLine | RelationLine

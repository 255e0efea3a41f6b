"""What a tenant takes away, page by page, as the lines of the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar, cast

import msgspec

from app.domain.account_lines import (
    DecisionLine,
    EntityLine,
    ForAgents,
    ImportLine,
    Line,
    MemoryLine,
    MessageLine,
    NoiseLine,
    RelationLine,
    RevisionLine,
    SameLine,
    SessionLine,
    ShareLine,
    SlotLine,
)
from app.storage.decisions import DecisionRow, decoded
from app.storage.graph import Transaction, many, one
from app.storage.queries import Query, load

QUERIES = load("exports")
# So much of a list is in memory at a time.
PAGE = 500

AnyLine = TypeVar("AnyLine", bound=Line)
Place = tuple[datetime, str]


class Audience(msgspec.Struct, frozen=True):
    """Who may see something, in words: all, one agent, or a group."""

    visibility: str
    owner_agent_id: str = ""


class Reader(msgspec.Struct, frozen=True):
    """Whose export it is, of which spaces, and the audiences of its agents by their tokens."""

    tenant_id: str
    space_keys: list[str]
    audiences: dict[str, Audience]


class ReadSpace(msgspec.Struct, frozen=True):
    """A space whose lists are read."""

    id: str
    space_key: str
    reader: Reader

    @property
    def parameters(self) -> dict[str, object]:
        """What each of its lists needs."""
        return {"space_key": self.space_key, "tokens": list(self.reader.audiences)}


class Settings(msgspec.Struct, frozen=True):
    """What was set in a space."""

    admission: str | None = None
    secrets: str | None = None
    llm_tokens_a_day: int | None = None


class Links(msgspec.Struct, frozen=True):
    """The relations that begin at a memory, and what it is a copy of."""

    id: str
    created_at: datetime
    relations: list[dict[str, object]]
    shares: list[dict[str, object]]


class ExportedDecision(DecisionRow, frozen=True, kw_only=True):
    """A decision, with the entity that it gave another name."""

    merged: str | None = None


class ExportedNoise(msgspec.Struct, frozen=True):
    """A text that is noise, and its place in the list."""

    visible_to: str
    text_hash: str
    line: dict[str, object]


async def list_agents(tx: Transaction, tenant_id: str, space_keys: Sequence[str]) -> list[str]:
    return await many(tx, QUERIES["list_exported_agents"], str, tenant_id=tenant_id, space_keys=list(space_keys))


async def get_settings(tx: Transaction, space_key: str) -> Settings:
    return await one(tx, QUERIES["list_exported_settings"], Settings, space_key=space_key) or Settings()


async def list_sessions(tx: Transaction, space: ReadSpace, after: str) -> list[SessionLine]:
    query = QUERIES["list_exported_sessions"]
    return await _lines(tx, query, SessionLine, space, **space.parameters, after_id=after, limit=PAGE)


async def list_imports(tx: Transaction, space: ReadSpace, after: Place) -> list[ImportLine]:
    parameters = {"space_key": space.space_key, "tenant_id": space.reader.tenant_id, "limit": PAGE, **_after(after)}
    return await _lines(tx, QUERIES["list_exported_imports"], ImportLine, space, **parameters)


async def list_messages(tx: Transaction, space: ReadSpace, session_id: str, position: int) -> list[MessageLine]:
    parameters = {**space.parameters, "tenant_id": space.reader.tenant_id, "after": session_id}
    query = QUERIES["list_exported_messages"]
    return await _lines(tx, query, MessageLine, space, **parameters, after_position=position, limit=PAGE)


async def list_entities(tx: Transaction, space: ReadSpace, name: str, kind: str) -> list[EntityLine]:
    parameters = {**space.parameters, "after": name, "after_id": kind, "limit": PAGE}
    return await _lines(tx, QUERIES["list_exported_entities"], EntityLine, space, **parameters)


async def list_same(tx: Transaction, space: ReadSpace, ids: Sequence[str]) -> list[SameLine]:
    return await _lines(tx, QUERIES["list_exported_same"], SameLine, space, **space.parameters, ids=list(ids))


async def list_slots(tx: Transaction, space: ReadSpace, last: SlotLine | None) -> list[SlotLine]:
    after = (last.subject, last.attribute, last.context) if last else ("", "", "")
    place = dict(zip(("after", "after_attribute", "after_context"), after, strict=True))
    return await _lines(tx, QUERIES["list_exported_slots"], SlotLine, space, **space.parameters, **place, limit=PAGE)


async def list_memories(tx: Transaction, space: ReadSpace, after: Place) -> list[MemoryLine]:
    parameters = {**space.parameters, "tenant_id": space.reader.tenant_id, "limit": PAGE, **_after(after)}
    return await _lines(tx, QUERIES["list_exported_memories"], MemoryLine, space, **parameters)


async def list_revisions(tx: Transaction, space: ReadSpace, ids: Sequence[str]) -> list[RevisionLine]:
    parameters = {"space_key": space.space_key, "tenant_id": space.reader.tenant_id, "ids": list(ids)}
    return await _lines(tx, QUERIES["list_exported_revisions"], RevisionLine, space, **parameters)


async def list_links(tx: Transaction, space: ReadSpace, after: Place) -> list[Links]:
    """A page of memories with what begins at them; most have nothing."""
    reader = space.reader
    parameters = {**space.parameters, "tenant_id": reader.tenant_id, "space_keys": reader.space_keys}
    return await many(tx, QUERIES["list_exported_links"], Links, **parameters, **_after(after), limit=PAGE)


def link_lines(space: ReadSpace, links: Links) -> list[RelationLine | ShareLine]:
    """The lines of what begins at a memory."""
    relations = [_line(row, RelationLine, space) for row in links.relations]
    return [*relations, *(_line(row, ShareLine, space) for row in links.shares)]


async def list_decisions(tx: Transaction, space: ReadSpace, after: Place) -> list[DecisionLine]:
    query = QUERIES["list_exported_decisions"]
    rows = await many(tx, query, ExportedDecision, **space.parameters, **_after(after), limit=PAGE)
    return [_decision(space, row) for row in rows]


def _decision(space: ReadSpace, row: ExportedDecision) -> DecisionLine:
    stored = decoded(row)
    names = set(DecisionLine.__struct_fields__) & set(stored.__struct_fields__)
    fields = {name: getattr(stored, name) for name in names}
    return _line({**fields, "merged": row.merged, "visible_to": row.visible_to}, DecisionLine, space)


async def list_noise(tx: Transaction, space: ReadSpace, token: str, after_hash: str) -> list[ExportedNoise]:
    parameters = {"space_key": space.space_key, "token": token, "after_hash": after_hash, "limit": PAGE}
    return await many(tx, QUERIES["list_exported_noise"], ExportedNoise, **parameters)


def noise_line(space: ReadSpace, noise: ExportedNoise) -> NoiseLine:
    """The line of a text that is noise."""
    return _line(noise.line, NoiseLine, space)


async def _lines(
    tx: Transaction, query: Query, line: type[AnyLine], space: ReadSpace, **parameters: object
) -> list[AnyLine]:
    rows = await many(tx, query, dict[str, object], **parameters)
    return [_line(row, line, space) for row in rows]


def _line(row: Mapping[str, object], line: type[AnyLine], space: ReadSpace) -> AnyLine:
    """A row as a line of a space, without what is absent and with its audience in words."""
    fields = {**row, "space": space.id}
    token = fields.pop("visible_to", None)
    if isinstance(token, str) and issubclass(line, ForAgents):
        fields |= msgspec.structs.asdict(space.reader.audiences[token])
    return msgspec.convert(_present(fields), line, from_attributes=True)


def _present(value: object) -> object:
    """A value without what is null, inside lists and maps too."""
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {name: _present(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [_present(item) for item in cast("list[object]", value)]
    return value


def _after(place: Place) -> dict[str, object]:
    return {"after": place[0], "after_id": place[1]}

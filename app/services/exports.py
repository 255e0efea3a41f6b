"""What a tenant takes away, line by line; `docs/export.md` describes the lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.exports import GroupLine, Line, MemoryLine, MessageLine, RelationLine
from app.domain.memories import BEGINNING, OPEN_END, WIRE_STATES, State
from app.domain.principal import Principal, Scope
from app.domain.relations import RelationType
from app.services import audit
from app.services.parts import Parts
from app.storage import exports
from app.storage.exports import ExportedMemory, ExportedMessage
from app.storage.graph import Graph, Transaction

PAGE = 1_000


async def stream(parts: Parts, principal: Principal) -> AsyncIterator[bytes]:
    """All lines as JSON, each with its newline, as they are read. Raises InsufficientScope before the first one."""
    await parts.graph.write(_begin, principal, parts.clock())
    return encoded(parts.graph, principal)


async def _begin(tx: Transaction, principal: Principal, now: datetime) -> None:
    principal.require(Scope.ADMIN)
    space_key = principal.personal_space().space_key
    taken = Entry(action=AuditAction.EXPORTED, space_key=space_key, subject=principal.tenant_id)
    await audit.record(tx, principal, now, taken)


async def encoded(graph: Graph, principal: Principal) -> AsyncIterator[bytes]:
    """The lines as they are sent."""
    async for line in lines_of(graph, principal):
        yield msgspec.json.encode(line) + b"\n"


async def lines_of(graph: Graph, principal: Principal) -> AsyncIterator[Line]:
    """Groups, messages session by session, memories oldest first each with its relations."""
    for group in principal.groups:
        yield GroupLine(name=group.name, agents=group.agents)
    place = ("", -1)
    while messages := await graph.read(exports.list_messages, principal, *place, PAGE):
        for message in messages:
            yield message_line(message)
        place = (messages[-1].session_id, messages[-1].position)
    last = (BEGINNING, "")
    while memories := await graph.read(exports.list_memories, principal, *last, PAGE):
        for memory in memories:
            for line in memory_lines(memory):
                yield line
        last = (memories[-1].created_at, memories[-1].id)


def message_line(message: ExportedMessage) -> MessageLine:
    """The line of a message."""
    return msgspec.convert(message, MessageLine, from_attributes=True)


def memory_lines(memory: ExportedMemory) -> list[Line]:
    """The line of a memory, then those of the relations that begin at it."""
    left_out = ("relations", "state", "valid_to")
    fields = {name: getattr(memory, name) for name in memory.__struct_fields__ if name not in left_out}
    replaced = [relation.target_id for relation in memory.relations if relation.type == RelationType.SUPERSEDES]
    line = MemoryLine(
        **fields,
        state=WIRE_STATES[State(memory.state)],
        valid_to=memory.valid_to if memory.valid_to < OPEN_END else None,
        replaces=replaced,
    )
    others = [relation for relation in memory.relations if relation.type != RelationType.SUPERSEDES]
    return [line, *(RelationLine(**msgspec.structs.asdict(relation)) for relation in others)]

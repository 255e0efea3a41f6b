"""The command `export`: everything a tenant has in its personal space as JSON lines, page by page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import msgspec

from app.cli.failures import Failure
from app.cli.offline import on_graph
from app.cli.tenants import Named, get_principal
from app.cli.terminal import echo
from app.domain.exports import GroupLine, Line, MemoryLine, MessageLine, RelationLine
from app.domain.memories import BEGINNING, OPEN_END, WIRE_STATES, State
from app.domain.principal import Principal
from app.domain.relations import RelationType
from app.services.parts import Parts
from app.storage import exports
from app.storage.exports import ExportedMemory, ExportedMessage
from app.storage.graph import Graph

PAGE = 1_000


def export(named: Named, output: Path | None) -> None:
    """Writes the lines to a file, or to standard output, and says how many on stderr."""

    async def write(parts: Parts) -> Counter[str]:
        principal = await get_principal(parts, named)
        # Opened only now, so that a wrong key leaves an earlier export as it is.
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            return await write_all(file, parts.graph, principal)

    try:
        counts = on_graph(write)
    except OSError as error:
        raise Failure(f"{output or 'standard output'} cannot be written: {error.strerror}") from error
    echo(", ".join(f"{count} {kind} lines" for kind, count in counts.items()) or "nothing to export")


async def write_all(file: BinaryIO, graph: Graph, principal: Principal) -> Counter[str]:
    """Writes each line as it comes; how many of each kind."""
    counts: Counter[str] = Counter()
    async for line in lines_of(graph, principal):
        file.write(msgspec.json.encode(line) + b"\n")
        counts[str(line.__struct_config__.tag)] += 1
    return counts


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

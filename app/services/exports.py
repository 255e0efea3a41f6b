"""What a tenant takes away, line by line; `docs/export.md` describes the lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

import msgspec

from app.domain.account_lines import (
    DecisionLine,
    EntityLine,
    GroupLine,
    HeaderLine,
    ImportLine,
    Line,
    MemberPart,
    MemoryLine,
    MessageLine,
    RuleLine,
    SpaceLine,
)
from app.domain.audit import AuditAction, Entry
from app.domain.memories import BEGINNING, Category
from app.domain.principal import ALL_AGENTS, Principal, Scope, agent_token, group_token
from app.domain.spaces import Space
from app.services import audit
from app.services.parts import Parts
from app.storage import exports, spaces
from app.storage.exports import Audience, ExportedNoise, Links, Reader, ReadSpace
from app.storage.graph import Graph, Transaction

Row = TypeVar("Row")
START = (BEGINNING, "")


class Taken(msgspec.Struct, frozen=True):
    """An account and the spaces that it owns, as an export finds them."""

    reader: Reader
    spaces: list[Space]


async def stream(parts: Parts, principal: Principal) -> AsyncIterator[bytes]:
    """All lines as JSON, each with its newline, as they are read. Raises InsufficientScope before the first one."""
    principal.require(Scope.ADMIN)
    return encoded(parts.graph, principal, parts.clock())


async def encoded(graph: Graph, principal: Principal, now: datetime) -> AsyncIterator[bytes]:
    """The lines as they are sent."""
    async for line in lines_of(graph, principal, now):
        yield msgspec.json.encode(line) + b"\n"


async def lines_of(graph: Graph, principal: Principal, now: datetime) -> AsyncIterator[Line]:
    """The account and its groups and spaces, then what lies in each space, then what leads from one thing to others.

    So a line names nothing but what stands before it. It is told in each space that it was exported.
    """
    taken = await graph.write(_begin, principal, now)
    yield HeaderLine(version=2, id=str(uuid4()), user_id=principal.tenant_id, created_at=now)
    for group in principal.groups:
        yield GroupLine(name=group.name, agents=group.agents)
    for space in taken.spaces:
        yield await graph.read(_space_line, space)
    read = [ReadSpace(space.id, space.space_key, taken.reader) for space in taken.spaces]
    for lists in ((_sessions, _imports, _messages, _entities, _slots, _memories), (_decisions, _links, _noise)):
        for space in read:
            for lines in lists:
                async for line in lines(graph, space):
                    yield line
    for rule in _rules(taken):
        yield rule


async def _begin(tx: Transaction, principal: Principal, now: datetime) -> Taken:
    """What is taken; recorded in each of the spaces. Raises InsufficientScope."""
    principal.require(Scope.ADMIN)
    owned = [space for space in await spaces.list_all(tx, principal) if space.owner_id == principal.tenant_id]
    space_keys = [space.space_key for space in owned]
    agents = await exports.list_agents(tx, principal.tenant_id, space_keys)
    told = [Entry(action=AuditAction.EXPORTED, space_key=key, subject=principal.tenant_id) for key in space_keys]
    await audit.record(tx, principal, now, *told)
    return Taken(Reader(principal.tenant_id, space_keys, _audiences(principal, agents)), owned)


def _audiences(principal: Principal, agents: list[str]) -> dict[str, Audience]:
    """Each token of visibility that stands for agents of the tenant, in words."""
    found = {ALL_AGENTS: Audience("global")}
    found |= {agent_token(principal.tenant_id, agent): Audience("private", agent) for agent in ["", *agents]}
    groups = [group.name for group in principal.groups]
    return found | {group_token(principal.tenant_id, name): Audience(f"shared:{name}") for name in groups}


async def _space_line(tx: Transaction, space: Space) -> SpaceLine:
    settings = await exports.get_settings(tx, space.space_key)
    line = SpaceLine(
        id=space.id,
        space_type=space.kind,
        name=space.name,
        members=[MemberPart(user_id=one.user_id, role=one.role, joined_at=one.joined_at) for one in space.members],
        created_at=space.created_at,
        updated_at=space.updated_at,
    )
    fields = msgspec.structs.asdict(line) | msgspec.structs.asdict(settings)
    return msgspec.convert(fields, SpaceLine, from_attributes=True)


def by_time(line: ImportLine | MemoryLine | DecisionLine | Links) -> tuple[object, ...]:
    """The place of what is listed by time."""
    return ((line.created_at, line.id),)


def by_name(line: EntityLine) -> tuple[object, ...]:
    """The place of what is listed by name."""
    return (line.norm_name, line.type)


def by_session(line: MessageLine) -> tuple[object, ...]:
    """The place of what is listed in conversations."""
    return (line.session_id, line.position)


def by_text(noise: ExportedNoise) -> tuple[object, ...]:
    """The place of what is listed by its text."""
    return (noise.visible_to, noise.text_hash)


async def _pages(
    graph: Graph,
    space: ReadSpace,
    read: Callable[..., Awaitable[list[Row]]],
    start: tuple[object, ...],
    place: Callable[[Row], tuple[object, ...]],
) -> AsyncIterator[list[Row]]:
    """The pages of a list; `place` is where the next one begins."""
    last = start
    while page := await graph.read(read, space, *last):
        yield page
        last = place(page[-1])


async def _sessions(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_sessions, ("",), lambda line: (line.id,)):
        for line in page:
            yield line


async def _imports(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_imports, (START,), by_time):
        for line in page:
            yield line


async def _messages(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_messages, ("", -1), by_session):
        for line in page:
            yield line


async def _entities(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    """The entities, and when all are told which of them are the same."""
    async for page in _pages(graph, space, exports.list_entities, ("", ""), by_name):
        for line in page:
            yield line
    async for page in _pages(graph, space, exports.list_entities, ("", ""), by_name):
        for same in await graph.read(exports.list_same, space, [entity.id for entity in page]):
            yield same


async def _slots(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_slots, (None,), lambda line: (line,)):
        for line in page:
            yield line


async def _memories(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    """The memories, each page with what they said before."""
    async for page in _pages(graph, space, exports.list_memories, (START,), by_time):
        for line in page:
            yield line
        for revision in await graph.read(exports.list_revisions, space, [memory.id for memory in page]):
            yield revision


async def _links(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_links, (START,), by_time):
        for links in page:
            for line in exports.link_lines(space, links):
                yield line


async def _decisions(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    async for page in _pages(graph, space, exports.list_decisions, (START,), by_time):
        for line in page:
            yield line


async def _noise(graph: Graph, space: ReadSpace) -> AsyncIterator[Line]:
    for token in space.reader.audiences:
        async for page in _pages(graph, space, exports.list_noise, (token, ""), by_text):
            for noise in page:
                yield exports.noise_line(space, noise)


def _rules(taken: Taken) -> list[RuleLine]:
    """The rules of the account itself between spaces that it owns."""
    owned = {space.id for space in taken.spaces}
    return [
        RuleLine(
            space=space.id,
            id=rule.id,
            source_space=rule.source_space,
            categories=[Category(category) for category in rule.categories],
            tags=rule.tags,
            min_importance=rule.min_importance,
            require_approval=rule.require_approval,
            created_at=rule.created_at,
        )
        for space in taken.spaces
        for rule in space.rules
        if rule.created_by == taken.reader.tenant_id and rule.source_space in owned
    ]

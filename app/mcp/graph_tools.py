"""Tools that ask the graph: relations, conflicts, where a memory comes from, what was true when."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from app.client import Client
from app.domain.conflicts import ConflictView, ResolveRequest
from app.domain.entities import EntityView, MomentView
from app.domain.relations import NewRelation, RelationView
from app.domain.why import QuoteView
from app.mcp.tool import MemoryId, Tool, marked, numbered

Limit = Annotated[int, Meta(ge=1, le=100, description="At most so many (default 20).")]
DEFAULT_LIMIT = 20


class MemoryRelations(Tool, frozen=True, kw_only=True):
    """See how a memory relates to others: what supports, contradicts, replaces, limits or caused it."""

    is_reading: ClassVar[bool] = True

    memory_id: MemoryId
    direction: Annotated[Literal["out", "in", "both"], Meta(description="both when absent.")] | None = None
    type: Annotated[str, Meta(description="Only this type, such as supports or contradicts.")] | None = None
    limit: Limit | None = None

    async def run(self, client: Client) -> str:
        query: dict[str, str | int] = {"direction": self.direction or "both", "limit": self.limit or DEFAULT_LIMIT}
        if self.type:
            query["type"] = self.type
        page = await client.list_relations(self.memory_id, **query)
        return numbered(map(relation_line, page.relations), "No relations.")


def relation_line(relation: RelationView) -> str:
    """A relation as a sentence with the memory at its other end."""
    verb = relation.type if relation.direction == "out" else f"is what the following {relation.type}:"
    label = f" ({relation.label})" if relation.label else ""
    return f"{verb}{label}\n   {relation.memory.content}\n   {marked(relation.memory)}, relation: {relation.id}"


class MemoryRelate(Tool, frozen=True, kw_only=True):
    """State that a memory supports, contradicts, supersedes or contextualizes another one, or is derived from it."""

    memory_id: MemoryId
    type: Literal["supports", "contradicts", "supersedes", "contextualizes", "derived_from"]
    target_id: Annotated[str, Meta(description="The id of the other memory.")]
    label: Annotated[str, Meta(description="For contextualizes: under which condition it holds.")] | None = None

    async def run(self, client: Client) -> str:
        new = NewRelation(type=self.type, target_id=self.target_id, label=self.label)
        relation = await client.create_relation(self.memory_id, new)
        return f"Relation stated (id: {relation.id}): {self.memory_id} {relation.type} {self.target_id}"


class MemoryWhy(Tool, frozen=True, kw_only=True):
    """See why a memory is believed: the words that were said, by whom and when, and the memories it rests on."""

    is_reading: ClassVar[bool] = True

    memory_id: MemoryId

    async def run(self, client: Client) -> str:
        why = await client.get_why(self.memory_id)
        lines = [quote_line(quote) for quote in why.messages]
        for source in why.sources:
            said = "".join(f"\n   {quote_line(quote)}" for quote in source.messages)
            lines.append(f"{source.via}: {source.memory.content}\n   {marked(source.memory)}{said}")
        lines += [f"decision {decision.action}: {decision.reason}" for decision in why.decisions]
        return f"{why.memory.content}\n{marked(why.memory)}\n\n{numbered(lines, 'Stored as it is.')}"


def quote_line(quote: QuoteView) -> str:
    """Words as they were said."""
    return f"{quote.speaker or quote.role}, {quote.said_at[:16]}: “{quote.quote}”"


class ConflictList(Tool, frozen=True, kw_only=True):
    """List what contradicts each other and nobody has decided, each with both memories."""

    is_reading: ClassVar[bool] = True

    limit: Limit | None = None

    async def run(self, client: Client) -> str:
        page = await client.list_conflicts(limit=self.limit or DEFAULT_LIMIT)
        return numbered(map(conflict_lines, page.conflicts), "No conflicts.")


def conflict_lines(conflict: ConflictView) -> str:
    """Both sides of a conflict."""
    sides = {"left": conflict.left.memory, "right": conflict.right.memory}
    shown = [f"   {name}: {memory.content} ({marked(memory)})" for name, memory in sides.items()]
    return "\n".join([f"conflict: {conflict.id}", *shown])


class ConflictResolve(Tool, frozen=True, kw_only=True):
    """Decide a conflict: keep one memory, both in their context, or none. Ask the user first. It can be undone."""

    conflict_id: Annotated[str, Meta(description="The id that conflict_list shows.")]
    resolution: Literal["keep_left", "keep_right", "both_in_context", "retract_both"]
    label: Annotated[str, Meta(description="For both_in_context: under which condition which holds.")] | None = None

    async def run(self, client: Client) -> str:
        wanted = ResolveRequest(resolution=self.resolution, label=self.label)
        conflict = await client.resolve_conflict(self.conflict_id, wanted)
        return f"Conflict {conflict.id} resolved: {conflict.resolution}. Decision: {conflict.decision_id}"


class EntityTimeline(Tool, frozen=True, kw_only=True):
    """See what was true of a person, project, place or thing, and when; the oldest first."""

    is_reading: ClassVar[bool] = True

    entity: Annotated[str, Meta(description="Its name, or its id.")]
    limit: Limit | None = None

    async def run(self, client: Client) -> str:
        found = (await client.list_entities(q=self.entity, limit=1)).entities
        if not found:
            return await self._timeline(client, self.entity, self.entity)
        return await self._timeline(client, found[0].id, entity_name(found[0]))

    async def _timeline(self, client: Client, entity_id: str, name: str) -> str:
        page = await client.get_timeline(entity_id, limit=self.limit or DEFAULT_LIMIT)
        return f"{name}\n\n{numbered(map(moment_line, page.timeline), 'Nothing known.')}"


def entity_name(entity: EntityView) -> str:
    """What an entity is called, and how else."""
    others = f", also {', '.join(alias.name for alias in entity.aliases)}" if entity.aliases else ""
    return f"{entity.name} ({entity.type}{others})"


def moment_line(moment: MomentView) -> str:
    """What was true, from when until when."""
    until = f" until {moment.valid_to[:10]}" if moment.valid_to else ""
    return f"{moment.valid_from[:10]}{until}: {moment.content}\n   id: {moment.memory_id}, {moment.state}"

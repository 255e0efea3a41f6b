"""Tools that store, find, change and delete memories, with the names and arguments of the seed's (contract 12)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from app.client import Client
from app.domain.memories import MemoryChange, NewMemory
from app.domain.messages import NewMessage, NewMessages
from app.domain.search import SearchRequest
from app.mcp.tool import MemoryId, SpaceId, Tags, Tool, as_json, marked, numbered, tagged

SOURCE = "mcp"
DEFAULT_RESULTS = 10
DEFAULT_LISTED = 20
# A line of a list shows so much of a memory, as the seed's does.
LISTED_CHARS = 120


class MemoryStore(Tool, frozen=True, kw_only=True):
    """Store a new memory: a fact, decision, preference or context that will matter later. Write it so that it can be
    understood by itself. Facts are taken out of it and related to what is known already."""

    content: Annotated[str, Meta(description="What to remember.")]
    tags: Tags | None = None
    source: Annotated[str, Meta(description="Where it comes from, such as chat or code-review.")] | None = None
    space: SpaceId | None = None

    async def run(self, client: Client) -> str:
        new = NewMemory(content=self.content, tags=self.tags or [], source=self.source or SOURCE, space=self.space)
        memory = await client.create_memory(new)
        return f"Memory stored (id: {memory.id}):\n{memory.content}"


class MemorySearch(Tool, frozen=True, kw_only=True):
    """Search memories and messages by meaning and words, in any language; the best first. What was replaced by
    something newer is left out unless the question is about the past."""

    is_reading: ClassVar[bool] = True

    query: Annotated[str, Meta(description="A question or words; * for the newest.")]
    limit: Annotated[int, Meta(ge=1, le=50, description="At most so many results (default 10).")] | None = None
    scope: Annotated[str, Meta(description="As older clients send it; everything is global.")] | None = None
    tags: Annotated[list[str], Meta(description="Only memories with all of these tags.")] | None = None
    space: Annotated[str, Meta(description="Only these spaces, separated by commas; all of yours without.")] | None = (
        None
    )
    as_of: Annotated[str, Meta(description="What was true at this time or on this day, such as 2026-03-02.")] | None = (
        None
    )

    async def run(self, client: Client) -> str:
        request = SearchRequest(
            q=self.query,
            limit=self.limit or DEFAULT_RESULTS,
            scope=self.scope,
            tags=self.tags,
            space=self.space,
            as_of=self.as_of,
        )
        answer = await client.search(request)
        lines = [
            f"(score: {hit.score:.2f}){tagged(hit.memory)}\n   {hit.memory.content}\n   {marked(hit.memory)}"
            for hit in answer.results
        ]
        return numbered(lines, "No memories found.")


class MemoryForget(Tool, frozen=True, kw_only=True):
    """Delete a memory by its id."""

    is_destructive: ClassVar[bool] = True

    id: MemoryId

    async def run(self, client: Client) -> str:
        await client.delete_memory(self.id)
        return f"Memory {self.id} deleted."


class MemoryGet(Tool, frozen=True, kw_only=True):
    """Get one memory with all its fields, by its id."""

    is_reading: ClassVar[bool] = True

    id: MemoryId

    async def run(self, client: Client) -> str:
        return as_json(await client.get_memory(self.id))


class MemoryUpdate(Tool, frozen=True, kw_only=True):
    """Correct the text or the tags of a memory. If something new became true, store it instead: the old memory is then
    kept as what was true before."""

    id: MemoryId
    content: Annotated[str, Meta(description="The new text.")] | None = None
    tags: Annotated[list[str], Meta(description="The tags in place of those it has.")] | None = None

    async def run(self, client: Client) -> str:
        memory = await client.update_memory(self.id, MemoryChange(content=self.content, tags=self.tags))
        return f"Memory {memory.id} updated."


class MemoryProfile(Tool, frozen=True, kw_only=True):
    """Get the profile made from all memories: who the user is, preferences, current work. Read it at the beginning of a
    conversation."""

    is_reading: ClassVar[bool] = True

    async def run(self, client: Client) -> str:
        return as_json(msgspec.Raw(await client.get_json("/v1/profile")))


class MemoryList(Tool, frozen=True, kw_only=True):
    """List the newest memories, to see what is remembered without a question."""

    is_reading: ClassVar[bool] = True

    limit: Annotated[int, Meta(ge=1, le=100, description="At most so many (default 20).")] | None = None

    async def run(self, client: Client) -> str:
        page = await client.list_memories(limit=self.limit or DEFAULT_LISTED, offset=0)
        lines = [
            f"({memory.category}){tagged(memory)} {memory.content[:LISTED_CHARS]}\n   {marked(memory)}"
            for memory in page.memories
        ]
        return numbered(lines, "No memories stored yet.")


class MemoryIngest(Tool, frozen=True, kw_only=True):
    """Hand over a conversation: its messages are searchable at once, and facts are taken out of them and related to
    what is known already. Messages of a session that were sent before are not stored again."""

    messages: Annotated[list[NewMessage], Meta(description="The messages in order: role and content.")]
    mode: (
        Annotated[Literal["smart", "raw"], Meta(description="smart finds facts (default), raw only stores.")] | None
    ) = None
    tags: Annotated[list[str], Meta(description="Tags for the messages and their facts.")] | None = None
    session_id: Annotated[str, Meta(description="The conversation that the messages belong to.")] | None = None

    async def run(self, client: Client) -> str:
        new = NewMessages(
            messages=self.messages, mode=self.mode or "smart", tags=self.tags, session_id=self.session_id, source=SOURCE
        )
        return f"Ingestion accepted: {as_json(await client.add_messages(new))}"


class MemoryStats(Tool, frozen=True, kw_only=True):
    """Count the memories by category, type, tier, space, agent and over time."""

    is_reading: ClassVar[bool] = True

    async def run(self, client: Client) -> str:
        return as_json(msgspec.Raw(await client.get_json("/v1/stats")))

"""Memories and messages: store, list, read, change, delete."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from app.api.auth import embedding_ahead
from app.api.documents import documented
from app.api.reading import AnyRequest, convert_body, read_body, read_idempotency, read_object, read_query, read_rev
from app.api.tenants import Status
from app.domain.errors import Invalid
from app.domain.listing import (
    BulkQuery,
    ListQuery,
    MemoryPage,
    parse_bulk,
    parse_filter,
    parse_page,
)
from app.domain.memories import (
    CreatedMemory,
    Memory,
    MemoryChange,
    MemoryView,
    NewMemory,
    RevisionList,
    checked_view,
    created_view,
    revision_view,
    view,
)
from app.domain.messages import AcceptedMessages, NewMessage, NewMessages
from app.domain.principal import Principal
from app.services import deletion, edits, memories, messages
from app.services.memories import ListRequest
from app.services.parts import Parts


class BatchDelete(msgspec.Struct, frozen=True, kw_only=True):
    """What to delete: ids, or a filter that is only counted until it is confirmed (contract 5.7)."""

    memory_ids: list[str] | None = None
    filter: BulkQuery | None = None
    confirm: bool = False


class StaleQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an answer says of a copy that its origin has changed."""

    check_stale: bool = False


class DeletedIds(msgspec.Struct, frozen=True):
    """How many were deleted, and in which way they were named."""

    deleted: int
    mode: str


class WouldDelete(msgspec.Struct, frozen=True):
    """How many a filter would delete."""

    would_delete: int


class DeletedAll(msgspec.Struct, frozen=True):
    """How many memories and messages are gone."""

    deleted: int
    sessions_cleared: int


class NewThing(NewMemory, frozen=True, kw_only=True):
    """What the store route reads: `content` for a memory, or `messages` for a conversation."""

    messages: list[NewMessage] | None = None
    mode: str | None = None
    agent_id: str | None = None
    session_id: str | None = None


async def _embed_ahead(request: AnyRequest, parts: Parts) -> None:
    body = await read_object(request)
    if body.get("messages") is not None:
        messages.embed_ahead(parts, convert_body(body, NewMessages))
    else:
        memories.embed_ahead(parts, convert_body(body, NewMemory))


@post(
    "/v1/memories",
    status_code=201,
    dependencies={"principal": Provide(embedding_ahead(_embed_ahead))},
    operation_class=documented(body=NewThing, headers=("Idempotency-Key",)),
    responses={
        200: ResponseSpec(CreatedMemory, generate_examples=False, description="The text was known."),
        202: ResponseSpec(AcceptedMessages, generate_examples=False, description="The messages are stored."),
    },
)
async def create_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[CreatedMemory | AcceptedMessages]:
    """Store a text as a memory (`content`, 201) or a conversation as messages (`messages`, 202).

    The same text again answers 200 with the memory that is there. A header Idempotency-Key makes a retry safe.
    """
    body = await read_object(request)
    idempotency = await read_idempotency(request, principal)
    if body.get("messages") is not None:
        accepted = await messages.add(parts, principal, convert_body(body, NewMessages), idempotency)
        return Response(accepted, status_code=202)
    stored = await memories.create(parts, principal, convert_body(body, NewMemory), idempotency)
    created = created_view(stored.memory, stored.task_id)
    return Response(created, status_code=201 if stored.is_new else 200, headers=_etag(stored.memory))


@get("/v1/memories", operation_class=documented(query=ListQuery))
async def list_memories(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> MemoryPage:
    """A page of the memories of the personal space, or of those that `space` names; newest first."""
    query = read_query(request, ListQuery)
    own = [principal.personal_space().space_key]
    listing = ListRequest(
        space_keys=principal.readable_spaces(query.space) if query.space else own,
        wanted=parse_filter(query),
        page=parse_page(query),
        check_stale=query.check_stale,
    )
    return await memories.list_page(parts, principal, listing)


@get("/v1/memories/{memory_id:str}", operation_class=documented(query=StaleQuery))
async def get_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[MemoryView]:
    """One memory or message from any space the caller may read; the ETag is what If-Match compares."""
    query = read_query(request, StaleQuery)
    found = await memories.get(parts, principal, memory_id)
    return Response(checked_view(found) if query.check_stale else view(found), headers=_etag(found))


@put("/v1/memories/{memory_id:str}", operation_class=documented(body=MemoryChange, headers=("If-Match",)))
async def update_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[MemoryView]:
    """Change a memory; what it said before is kept. With If-Match only if nobody changed it since."""
    change = await read_body(request, MemoryChange)
    after = await edits.update(parts, principal, memory_id, change, read_rev(request))
    return Response(view(after), headers=_etag(after))


@get("/v1/memories/{memory_id:str}/history", operation_class=documented())
async def list_revisions(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> RevisionList:
    """What a memory said before each edit, newest first."""
    found = await parts.graph.read(memories.list_revisions, principal, memory_id)
    return RevisionList([revision_view(revision) for revision in found])


@delete("/v1/memories/{memory_id:str}", status_code=200, operation_class=documented())
async def delete_memory(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Status:
    """Delete a memory or message; it answers 404 from then on."""
    await parts.graph.write(deletion.delete, principal, memory_id, parts.clock())
    return Status("deleted")


@post("/v1/memories/batch-delete", status_code=200, operation_class=documented(body=BatchDelete))
async def delete_memories(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> DeletedIds | WouldDelete:
    """Delete by ids, or by a filter over the personal space: without `confirm` it is only counted."""
    wanted = await read_body(request, BatchDelete)
    if wanted.memory_ids is not None:
        deleted = await parts.graph.write(deletion.delete_listed, principal, wanted.memory_ids, parts.clock())
        return DeletedIds(deleted, "ids")
    if wanted.filter is None:
        raise Invalid("either memory_ids or filter is needed")
    if wanted.confirm:
        return DeletedIds(await deletion.delete_matching(parts, principal, parse_bulk(wanted.filter)), "filter")
    return WouldDelete(len(await parts.graph.read(deletion.list_matching, principal, parse_bulk(wanted.filter))))


@delete("/v1/memories/all", status_code=200, operation_class=documented(headers=("X-Confirm",)))
async def delete_everything(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> DeletedAll:
    """Delete all memories of the personal space and erase its messages. Needs the header `X-Confirm: delete-all`."""
    if request.headers.get("x-confirm") != "delete-all":
        raise Invalid("the header X-Confirm must be delete-all")
    deleted, cleared = await deletion.delete_all(parts, principal)
    return DeletedAll(deleted, cleared)


def _etag(memory: Memory) -> dict[str, str]:
    return {"ETag": f'"{memory.rev}"'}


router = Router(
    path="/",
    tags=["memories"],
    route_handlers=[
        create_memory,
        list_memories,
        get_memory,
        update_memory,
        list_revisions,
        delete_memory,
        delete_memories,
        delete_everything,
    ],
)

"""Sharing memories between spaces."""

from __future__ import annotations

from uuid import uuid4

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.api.tenants import Status
from app.domain.memories import MemoryView
from app.domain.principal import Principal
from app.domain.sharing import (
    BatchShare,
    BatchShared,
    CopyIds,
    Pull,
    Reshare,
    Share,
    ShareAll,
    ShareAllToUser,
    SharedAll,
    SharedAllToUser,
    SharedToUser,
    ShareToUser,
    Unshare,
)
from app.domain.sharing_rules import PendingView, Rejected
from app.services import bulk_sharing, pending_shares, sharing
from app.services.bulk_sharing import BridgeIds
from app.services.parts import Parts
from app.services.spaces import draw_ids as draw_space_ids

THERE = {200: ResponseSpec(MemoryView, generate_examples=False, description="The copy was there.")}


def draw_ids(parts: Parts) -> CopyIds:
    """The time, and an id for the task that copies may need."""
    return CopyIds(parts.clock(), str(uuid4()))


@post(
    "/v1/memories/{memory_id:str}/share",
    status_code=201,
    operation_class=documented(body=Share),
    responses=THERE,
)
async def share_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[MemoryView]:
    """Copy a memory into another space; 200 with the copy that is there when it was shared before."""
    wanted = await read_body(request, Share)
    copy, is_new = await parts.graph.write(sharing.share, principal, memory_id, wanted, draw_ids(parts))
    return Response(copy, status_code=201 if is_new else 200)


@post("/v1/memories/{memory_id:str}/pull", status_code=201, operation_class=documented(body=Pull), responses=THERE)
async def pull_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[MemoryView]:
    """Copy a memory of another space into the personal one; 200 with the copy that is there."""
    wanted = await read_body(request, Pull)
    copy, is_new = await parts.graph.write(sharing.pull, principal, memory_id, wanted, draw_ids(parts))
    return Response(copy, status_code=201 if is_new else 200)


@post("/v1/memories/{memory_id:str}/unshare", status_code=200, operation_class=documented(body=Unshare))
async def unshare_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Status:
    """Take back the copy of a memory from a space. For whoever shared it and for admins."""
    wanted = await read_body(request, Unshare)
    await parts.graph.write(sharing.unshare, principal, memory_id, wanted, draw_ids(parts))
    return Status("unshared")


@post("/v1/memories/{memory_id:str}/reshare", status_code=200, operation_class=documented(body=Reshare))
async def reshare_memory(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> MemoryView:
    """Replace a copy by a new one of what its origin says now."""
    wanted = await read_body(request, Reshare)
    return await parts.graph.write(sharing.reshare, principal, memory_id, wanted, draw_ids(parts))


@post("/v1/memories/batch-share", status_code=200, operation_class=documented(body=BatchShare))
async def share_memories(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> BatchShared:
    """Copy up to 500 memories into a space; those that cannot be are named with the reason."""
    wanted = await read_body(request, BatchShare)
    return await parts.graph.write(sharing.batch_share, principal, wanted, draw_ids(parts))


@post("/v1/memories/share-all", status_code=200, operation_class=documented(body=ShareAll))
async def share_all(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SharedAll:
    """Copy the personal space, or what of it passes the filters, into another space."""
    return await bulk_sharing.share_all(parts, principal, await read_body(request, ShareAll))


@post("/v1/memories/{memory_id:str}/share-to-user", status_code=201, operation_class=documented(body=ShareToUser))
async def share_to_user(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[SharedToUser]:
    """Share a memory with one user, in a team of the two; 200 with the copy that is there."""
    wanted = await read_body(request, ShareToUser)
    given = BridgeIds(draw_ids(parts), draw_space_ids(parts.clock()))
    shared, is_new = await parts.graph.write(bulk_sharing.share_to_user, principal, memory_id, wanted, given)
    return Response(shared, status_code=201 if is_new else 200)


@post("/v1/memories/share-all-to-user", status_code=200, operation_class=documented(body=ShareAllToUser))
async def share_all_to_user(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SharedAllToUser:
    """Share the personal space, or what of it passes the filters, with one user, in a team of the two."""
    wanted = await read_body(request, ShareAllToUser)
    given = BridgeIds(draw_ids(parts), draw_space_ids(parts.clock()))
    return await bulk_sharing.share_all_to_user(parts, principal, wanted, given)


@get("/v1/shares/pending", operation_class=documented())
async def list_pending(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> list[PendingView]:
    """What rules would share if somebody approved: memories the caller may read, for spaces he writes to."""
    return await parts.graph.read(pending_shares.list_all, principal)


@post("/v1/shares/pending/{pending_id:str}/approve", status_code=200, operation_class=documented())
async def approve_pending(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], pending_id: FromPath[str]
) -> MemoryView:
    """Share what waited; the copy."""
    return await parts.graph.write(pending_shares.approve, principal, pending_id, draw_ids(parts))


@post("/v1/shares/pending/{pending_id:str}/reject", status_code=200, operation_class=documented())
async def reject_pending(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], pending_id: FromPath[str]
) -> Rejected:
    """Do not share what waited; it does not come back."""
    return await parts.graph.write(pending_shares.reject, principal, pending_id, parts.clock())


router = Router(
    path="/",
    tags=["sharing"],
    route_handlers=[
        share_memory,
        pull_memory,
        unshare_memory,
        reshare_memory,
        share_memories,
        share_all,
        share_to_user,
        share_all_to_user,
        list_pending,
        approve_pending,
        reject_pending,
    ],
)

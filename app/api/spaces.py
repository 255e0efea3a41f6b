"""Spaces and their members."""

from __future__ import annotations

from uuid import uuid4

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, is_json, read_body, read_query
from app.api.space_paths import provide_space_id
from app.api.tenants import Status
from app.domain.audit import AuditList, AuditQuery
from app.domain.principal import Principal
from app.domain.spaces import Deletion, NewMember, NewOwner, NewSpace, RoleChange, SpaceChange, SpaceList, SpaceView
from app.services import audit, erasure, members, spaces
from app.services.parts import Parts


@post("/v1/spaces", status_code=201, operation_class=documented(body=NewSpace))
async def create_space(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> SpaceView:
    """Create a space; the caller owns it. `members` names further ones by handle or API key."""
    new = await read_body(request, NewSpace)
    return await parts.graph.write(spaces.create, principal, new, spaces.draw_ids(parts.clock()))


@get("/v1/spaces", operation_class=documented())
async def list_spaces(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[list[SpaceView] | SpaceList]:
    """All spaces of the caller: an object for clients that send a JSON content type, a bare array for all others."""
    found = await parts.graph.read(spaces.list_all, principal)
    # The seed's Node clients read an object and its documentation shows an array; this is how to tell them apart (8.2).
    return Response(SpaceList(found, len(found)) if is_json(request) else found)


@get("/v1/spaces/{kind:str}/{uid:str}", operation_class=documented())
async def get_space(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], space_id: NamedDependency[str]
) -> SpaceView:
    """A space with its members and rules, for anybody in it."""
    return await parts.graph.read(spaces.get, principal, space_id)


@put("/v1/spaces/{kind:str}/{uid:str}", operation_class=documented(body=SpaceChange))
async def update_space(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> SpaceView:
    """Rename a space. For its admins."""
    change = await read_body(request, SpaceChange)
    return await parts.graph.write(spaces.update, principal, space_id, change, parts.clock())


@delete("/v1/spaces/{kind:str}/{uid:str}", status_code=200, operation_class=documented())
async def delete_space(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], space_id: NamedDependency[str]
) -> Deletion:
    """Delete a space: at once nobody is in it any more, and a task erases what lies there. For admins."""
    task_id = str(uuid4())
    await parts.graph.write(erasure.delete_space, principal, space_id, task_id, parts.clock())
    return Deletion("deleted", task_id)


@post("/v1/spaces/{kind:str}/{uid:str}/members", status_code=200, operation_class=documented(body=NewMember))
async def add_member(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> SpaceView:
    """Add a member by handle or API key, without asking; an invitation asks. For admins."""
    new = await read_body(request, NewMember)
    return await parts.graph.write(members.add, principal, space_id, new, parts.clock())


@put("/v1/spaces/{kind:str}/{uid:str}/members/{user_id:str}", operation_class=documented(body=RoleChange))
async def update_member(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
    user_id: FromPath[str],
) -> SpaceView:
    """Change the role of a member. For admins."""
    member = NewMember(user_id, (await read_body(request, RoleChange)).role)
    return await parts.graph.write(members.update, principal, space_id, member, parts.clock())


@delete("/v1/spaces/{kind:str}/{uid:str}/members/{user_id:str}", status_code=200, operation_class=documented())
async def delete_member(
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
    user_id: FromPath[str],
) -> SpaceView:
    """Take a member out of a space. For admins."""
    return await parts.graph.write(members.delete, principal, space_id, user_id, parts.clock())


@post("/v1/spaces/{kind:str}/{uid:str}/leave", status_code=200, operation_class=documented())
async def leave_space(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], space_id: NamedDependency[str]
) -> Status:
    """Leave a space; nothing in it is seen from the next request on."""
    await parts.graph.write(members.leave, principal, space_id, parts.clock())
    return Status("left")


@put("/v1/spaces/{kind:str}/{uid:str}/owner", operation_class=documented(body=NewOwner))
async def update_owner(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> SpaceView:
    """Hand a space over to one of its members; the former owner stays an admin. For the owner."""
    new = await read_body(request, NewOwner)
    return await parts.graph.write(members.hand_over, principal, space_id, new.user_id, parts.clock())


@get("/v1/spaces/{kind:str}/{uid:str}/audit", operation_class=documented(query=AuditQuery))
async def list_audit_events(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> AuditList:
    """Who did what to a space, newest first. For admins."""
    return await parts.graph.read(audit.list_page, principal, space_id, read_query(request, AuditQuery))


router = Router(
    path="/",
    tags=["spaces"],
    dependencies={"space_id": Provide(provide_space_id)},
    route_handlers=[
        create_space,
        list_spaces,
        get_space,
        update_space,
        delete_space,
        add_member,
        update_member,
        delete_member,
        leave_space,
        update_owner,
        list_audit_events,
    ],
)

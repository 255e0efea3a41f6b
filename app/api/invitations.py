"""Invitations to spaces: ask, list, accept, decline."""

from __future__ import annotations

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.api.space_paths import provide_space_id
from app.api.tenants import Status
from app.domain.invitations import InvitationList, InvitationQuery, InvitationView
from app.domain.principal import Principal
from app.domain.spaces import NewMember, SpaceView
from app.services import invitations
from app.services.parts import Parts


@post(
    "/v1/spaces/{kind:str}/{uid:str}/invitations",
    status_code=201,
    operation_class=documented(body=NewMember),
    dependencies={"space_id": Provide(provide_space_id)},
)
async def create_invitation(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> Response[InvitationView]:
    """Ask somebody, by handle or API key, to join a space. For admins."""
    new = await read_body(request, NewMember)
    made, is_new = await parts.graph.write(invitations.create, principal, space_id, new, parts.clock())
    return Response(made, status_code=201 if is_new else 200)


@get("/v1/invitations", operation_class=documented(query=InvitationQuery))
async def list_invitations(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> InvitationList:
    """What the caller was invited to and has not answered, newest first."""
    query = read_query(request, InvitationQuery)
    return await parts.graph.read(invitations.list_page, principal, query, parts.clock())


@post("/v1/invitations/{invitation_id:str}/accept", status_code=200, operation_class=documented())
async def accept_invitation(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], invitation_id: FromPath[str]
) -> SpaceView:
    """Join the space that the caller was invited to."""
    return await parts.graph.write(invitations.accept, principal, invitation_id, parts.clock())


@post("/v1/invitations/{invitation_id:str}/decline", status_code=200, operation_class=documented())
async def decline_invitation(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], invitation_id: FromPath[str]
) -> Status:
    """Say no to an invitation."""
    await parts.graph.write(invitations.decline, principal, invitation_id, parts.clock())
    return Status("declined")


router = Router(
    path="/",
    tags=["spaces"],
    route_handlers=[create_invitation, list_invitations, accept_invitation, decline_invitation],
)

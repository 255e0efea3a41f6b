"""Organizations."""

from __future__ import annotations

from litestar import Router, post
from litestar.di import NamedDependency, Provide

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.api.space_paths import provide_space_id
from app.domain.principal import Principal
from app.domain.sharing import Publication, Published
from app.domain.spaces import NewOrganization, OrganizationMade
from app.services import organizations
from app.services.parts import Parts
from app.services.spaces import draw_ids


@post("/v1/org/setup", status_code=201, operation_class=documented(body=NewOrganization))
async def create_organization(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> OrganizationMade:
    """Create an organization with its members; who cannot be added is named."""
    new = await read_body(request, NewOrganization)
    return await parts.graph.write(organizations.create, principal, new, draw_ids(parts.clock()))


@post("/v1/org/{kind:str}/{uid:str}/publish", status_code=200, operation_class=documented(body=Publication))
async def publish(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> Published:
    """Copy memories into an organization, now and by a rule from now on. For its admins."""
    return await organizations.publish(parts, principal, space_id, await read_body(request, Publication))


router = Router(
    path="/",
    tags=["sharing"],
    dependencies={"space_id": Provide(provide_space_id)},
    route_handlers=[create_organization, publish],
)

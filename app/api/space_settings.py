"""Settings of a space."""

from __future__ import annotations

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.domain.principal import Principal
from app.domain.space_settings import SpaceSettings, SpaceSettingsChange
from app.services import space_settings
from app.services.parts import Parts


@get("/v1/spaces/{kind:str}/{uid:str}/settings", operation_class=documented())
async def get_settings(principal: NamedDependency[Principal], kind: FromPath[str], uid: FromPath[str]) -> SpaceSettings:
    """The settings of a space of which the caller is a member."""
    return principal.space(f"{kind}/{uid}").settings


@put("/v1/spaces/{kind:str}/{uid:str}/settings", operation_class=documented(body=SpaceSettingsChange))
async def update_settings(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    kind: FromPath[str],
    uid: FromPath[str],
) -> SpaceSettings:
    """Change settings of a space; what is left out stays. For admins of the space, with the scope admin."""
    change = await read_body(request, SpaceSettingsChange)
    return await parts.graph.write(space_settings.update, principal, f"{kind}/{uid}", change, parts.clock())


router = Router(path="/", tags=["spaces"], route_handlers=[get_settings, update_settings])

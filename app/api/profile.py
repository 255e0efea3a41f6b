"""What an agent should know of its user when a session begins."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.principal import Principal
from app.domain.profile import ProfileQuery
from app.domain.profile_views import Profile
from app.services import profile
from app.services.parts import Parts


@get("/v1/profile", operation_class=documented(query=ProfileQuery))
async def get_profile(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Profile:
    """What lasts and what the last days brought, as lists and as a text within a budget of tokens."""
    return await profile.get(parts, principal, read_query(request, ProfileQuery))


router = Router(path="/", tags=["profile"], route_handlers=[get_profile])

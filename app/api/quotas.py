"""What an account keeps of what it may."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from app.api.documents import documented
from app.domain.principal import Principal
from app.domain.quotas import QuotasView
from app.services import quotas
from app.services.parts import Parts


@get("/v1/quotas", operation_class=documented())
async def get_quotas(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> QuotasView:
    """How much the account keeps and spends today, and how much it may."""
    return await parts.graph.read(quotas.get, principal, parts.clock())


router = Router(path="/", tags=["tenants"], route_handlers=[get_quotas])

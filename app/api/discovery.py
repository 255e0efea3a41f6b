"""Relations between memories that are there already."""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.discovery import ReconcileAnswer, ReconcileQuery
from app.domain.principal import Principal
from app.services import discovery
from app.services.parts import Parts


@post(
    "/v1/imports/cross-reconcile",
    status_code=200,
    operation_class=documented(query=ReconcileQuery),
    responses={202: ResponseSpec(ReconcileAnswer, generate_examples=False, description="A task goes on with it.")},
)
async def cross_reconcile(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[ReconcileAnswer]:
    """Find how memories relate to each other, as far as they changed since the last time."""
    answer = await discovery.cross_reconcile(parts, principal, read_query(request, ReconcileQuery))
    return Response(answer, status_code=200 if answer.is_over else 202)


router = Router(path="/", tags=["imports"], route_handlers=[cross_reconcile])

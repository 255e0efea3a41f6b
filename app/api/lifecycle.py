"""How memories age, and the periodic work that looks at it."""

from __future__ import annotations

from litestar import Response, Router, get, post
from litestar.di import NamedDependency

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.aging import LifecycleQuery, LifecycleRun, LifecycleView
from app.domain.consolidation import ConsolidationQuery, ConsolidationRun
from app.domain.principal import Principal
from app.services import consolidation, lifecycle, schedule
from app.services.parts import Parts

ACCEPTED = 202


@get("/v1/lifecycle", operation_class=documented())
async def get_lifecycle(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> LifecycleView:
    """The periodic work of the service, and how many memories of the caller wait to be looked at."""
    return await parts.graph.read(schedule.view, principal, parts.settings, parts.clock())


@post("/v1/lifecycle/run", status_code=200, operation_class=documented(query=LifecycleQuery))
async def run_lifecycle(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[LifecycleRun]:
    """Look at what is due in a space now, by a task; with `dry_run` only show what would become of it."""
    query = read_query(request, LifecycleQuery)
    run = await parts.graph.write(lifecycle.start, principal, query, parts.clock())
    return Response(run, status_code=200 if run.dry_run else ACCEPTED)


@post("/v1/lifecycle/consolidate", status_code=200, operation_class=documented(query=ConsolidationQuery))
async def consolidate(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Response[ConsolidationRun]:
    """Derive one memory from many that say alike now, by a task; with `dry_run` only show which groups there are."""
    query = read_query(request, ConsolidationQuery)
    run = await parts.graph.write(consolidation.start, principal, query, parts.llm is not None, parts.clock())
    return Response(run, status_code=200 if run.dry_run else ACCEPTED)


router = Router(path="/", tags=["lifecycle"], route_handlers=[get_lifecycle, run_lifecycle, consolidate])

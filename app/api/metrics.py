"""What this process counted, for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from app import metrics
from app.api.documents import documented
from app.api.reading import AnyRequest
from app.domain.errors import OurmemError
from app.domain.tasks import OpenTasks
from app.services.limits import is_local
from app.services.parts import Parts
from app.storage import system

# What a proxy adds to a request it hands on: then it does not come from this machine, wherever the proxy runs.
HANDED_ON = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
# Phases of tasks that no worker has in hand.
WAITING = ("ready", "behind", "waiting")


@get("/metrics", operation_class=documented(is_public=True), media_type="text/plain")
async def get_metrics(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """Counts and durations in Prometheus' text format; for this machine only unless OMEM_METRICS says otherwise."""
    if not _may_read(request, parts.settings.metrics):
        # As if there were no such path.
        raise NotFoundException
    try:
        tasks, is_up = await parts.graph.read(system.count_open_tasks), 1
    except OurmemError:
        tasks, is_up = [], 0
    up = metrics.gauge("ourmem_graph_up", "Whether Neo4j answered just now.", (), [((), is_up)])
    return Response(metrics.text(up, *_task_gauges(tasks, parts.clock())), media_type=metrics.CONTENT_TYPE)


def _may_read(request: AnyRequest, setting: str) -> bool:
    if setting != "local":
        return setting == "open"
    is_handed_on = any(name in request.headers for name in HANDED_ON)
    return not is_handed_on and request.client is not None and is_local(request.client.host)


def _task_gauges(tasks: Sequence[OpenTasks], now: datetime) -> list[metrics.Metric]:
    since = min((open_.oldest for open_ in tasks if open_.phase in WAITING), default=now)
    counts = [((open_.kind, open_.phase), float(open_.count)) for open_ in tasks]
    return [
        metrics.gauge("ourmem_tasks", "Tasks that have not ended.", ("kind", "phase"), counts),
        metrics.gauge(
            "ourmem_oldest_waiting_task_seconds",
            "Age of the oldest task that no worker has in hand.",
            (),
            [((), max(0.0, (now - since).total_seconds()))],
        ),
    ]


router = Router(path="/", tags=["health"], route_handlers=[get_metrics])

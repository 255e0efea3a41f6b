"""Status of background work."""

from __future__ import annotations

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.principal import Principal
from app.domain.tasks import TaskView
from app.services import tasks
from app.services.parts import Parts
from app.services.tasks import TaskList


class TaskQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are asked for."""

    status: str | None = None
    cursor: str | None = None
    limit: int | None = None


@get("/v1/tasks", operation_class=documented(query=TaskQuery))
async def list_tasks(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> TaskList:
    """The tenant's tasks, newest first."""
    query = read_query(request, TaskQuery)
    return await parts.graph.read(tasks.list_page, principal, query.status, query.cursor, query.limit)


@get("/v1/tasks/{task_id:str}", operation_class=documented())
async def get_task(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], task_id: FromPath[str]
) -> TaskView:
    """How far a task is, and what went wrong."""
    return await parts.graph.read(tasks.get, principal, task_id)


router = Router(path="/", tags=["tasks"], route_handlers=[list_tasks, get_task])

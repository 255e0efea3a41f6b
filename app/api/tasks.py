"""Background work: its state, as it is and as it changes; retry and cancel."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.principal import Principal
from app.domain.tasks import TaskQuery, TaskView
from app.services import tasks
from app.services.parts import Parts
from app.services.tasks import TaskList


@get("/v1/tasks", operation_class=documented(query=TaskQuery))
async def list_tasks(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> TaskList:
    """The tenant's tasks, newest first."""
    return await parts.graph.read(tasks.list_page, principal, read_query(request, TaskQuery))


@get("/v1/tasks/{task_id:str}", operation_class=documented())
async def get_task(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], task_id: FromPath[str]
) -> TaskView:
    """How far a task is, and what went wrong."""
    return await parts.graph.read(tasks.get, principal, task_id)


@post("/v1/tasks/{task_id:str}/retry", status_code=200, operation_class=documented())
async def retry_task(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], task_id: FromPath[str]
) -> TaskView:
    """Queue a failed, partial or cancelled task again."""
    return await parts.graph.write(tasks.retry, principal, task_id, parts.clock())


@post("/v1/tasks/{task_id:str}/cancel", status_code=200, operation_class=documented())
async def cancel_task(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], task_id: FromPath[str]
) -> TaskView:
    """Cancel a queued task, or ask the worker of a running one to stop."""
    return await parts.graph.write(tasks.cancel, principal, task_id, parts.clock())


@get("/v1/tasks/{task_id:str}/events", operation_class=documented())
async def stream_task(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], task_id: FromPath[str]
) -> ServerSentEvent:
    """Server-Sent Events: the task at once and after each change; the stream ends when the task does."""
    states = await tasks.follow(parts, principal, task_id, request.app.state.closing)
    return ServerSentEvent(_events(states))


async def _events(states: AsyncGenerator[TaskView | None]) -> AsyncGenerator[ServerSentEventMessage]:
    async for state in states:
        if state is None:
            yield ServerSentEventMessage(data=None, comment="no news")
        else:
            yield ServerSentEventMessage(data=msgspec.json.encode(state), event="task")


router = Router(path="/", tags=["tasks"], route_handlers=[list_tasks, get_task, retry_task, cancel_task, stream_task])

"""What ingest decided, and undoing it."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.domain.decisions import DecisionCounts, DecisionList, DecisionQuery, DecisionView, Undone, UndoRequest
from app.domain.principal import Principal
from app.services import decisions
from app.services.parts import Parts


@get("/v1/decisions", operation_class=documented(query=DecisionQuery))
async def list_decisions(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> DecisionList:
    """What was decided about facts, newest first; by task, memory, action and space."""
    return await parts.graph.read(decisions.list_page, principal, read_query(request, DecisionQuery))


@get("/v1/decisions/counts", operation_class=documented(query=DecisionQuery))
async def count_decisions(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> DecisionCounts:
    """How often each action was asked for and which was taken instead; of a task or a space."""
    query = read_query(request, DecisionQuery)
    return await parts.graph.read(decisions.count, principal, query.space, query.task_id)


@get("/v1/decisions/{decision_id:str}", operation_class=documented())
async def get_decision(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], decision_id: FromPath[str]
) -> DecisionView:
    """One decision with its reason and scores."""
    return await parts.graph.read(decisions.get, principal, decision_id)


@post("/v1/decisions/{decision_id:str}/undo", status_code=200, operation_class=documented())
async def undo_decision(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], decision_id: FromPath[str]
) -> DecisionView:
    """Take a decision back; 409 names the later decisions that build on it."""
    return await decisions.undo(parts, principal, decision_id)


@post("/v1/decisions/undo", status_code=200, operation_class=documented(body=UndoRequest))
async def undo_task(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Undone:
    """Take back all decisions of a task, latest first; with `dry_run` they are only counted."""
    return await decisions.undo_all(parts, principal, await read_body(request, UndoRequest))


router = Router(
    path="/",
    tags=["decisions"],
    route_handlers=[list_decisions, count_decisions, get_decision, undo_decision, undo_task],
)

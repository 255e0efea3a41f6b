"""Relations of a memory."""

from __future__ import annotations

from uuid import uuid4

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.api.tenants import Status
from app.domain.principal import Principal
from app.domain.relations import NewRelation, RelationList, RelationQuery, RelationView
from app.services import relations
from app.services.parts import Parts
from app.services.relations import NewIds


@get("/v1/memories/{memory_id:str}/relations", operation_class=documented(query=RelationQuery))
async def list_relations(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> RelationList:
    """The relations of a memory in one or both directions, each with the memory at its other end."""
    query = read_query(request, RelationQuery)
    return await parts.graph.read(relations.list_page, principal, memory_id, query)


@post(
    "/v1/memories/{memory_id:str}/relations",
    status_code=201,
    operation_class=documented(body=NewRelation),
    responses={200: ResponseSpec(RelationView, generate_examples=False, description="It was stated before.")},
)
async def create_relation(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], memory_id: FromPath[str]
) -> Response[RelationView]:
    """State a relation to another memory; 200 with the one that is there when it was stated before."""
    new = await read_body(request, NewRelation)
    given = NewIds(relation_id=str(uuid4()), now=parts.clock())
    relation, is_new = await parts.graph.write(relations.create, principal, memory_id, new, given)
    return Response(relation, status_code=201 if is_new else 200)


@delete("/v1/memories/{memory_id:str}/relations/{relation_id:str}", status_code=200, operation_class=documented())
async def delete_relation(
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    memory_id: FromPath[str],
    relation_id: FromPath[str],
) -> Status:
    """Take a relation back; what it had superseded is current again."""
    await parts.graph.write(relations.delete, principal, memory_id, relation_id, parts.clock())
    return Status("deleted")


router = Router(path="/", tags=["relations"], route_handlers=[list_relations, create_relation, delete_relation])

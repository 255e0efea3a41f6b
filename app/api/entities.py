"""What memories are about, and which of it is one thing."""

from __future__ import annotations

from uuid import uuid4

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.api.tenants import Status
from app.domain.entities import (
    EntityList,
    EntityMemories,
    EntityMemoriesQuery,
    EntityQuery,
    EntityView,
    Merge,
    NewAlias,
    Timeline,
    TimelineQuery,
)
from app.domain.principal import Principal
from app.services import entities, merging
from app.services.merging import Given
from app.services.parts import Parts


@get("/v1/entities", operation_class=documented(query=EntityQuery))
async def list_entities(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> EntityList:
    """Who and what the caller's memories name, those with most memories first."""
    return await parts.graph.read(entities.list_page, principal, read_query(request, EntityQuery))


@get("/v1/entities/{entity_id:str}", operation_class=documented())
async def get_entity(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> EntityView:
    """One entity with its other names, and with those that may be the same."""
    return await parts.graph.read(entities.get, principal, entity_id)


@get("/v1/entities/{entity_id:str}/memories", operation_class=documented(query=EntityMemoriesQuery))
async def list_entity_memories(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> EntityMemories:
    """The memories that name an entity, newest first."""
    query = read_query(request, EntityMemoriesQuery)
    return await parts.graph.read(entities.list_memories, principal, entity_id, query)


@get("/v1/entities/{entity_id:str}/timeline", operation_class=documented(query=TimelineQuery))
async def get_entity_timeline(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> Timeline:
    """What was true of an entity when, oldest first."""
    query = read_query(request, TimelineQuery)
    return await parts.graph.read(entities.get_timeline, principal, entity_id, query)


@post("/v1/entities/{entity_id:str}/merge", status_code=200, operation_class=documented(body=Merge))
async def merge_entity(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> EntityView:
    """Say that an entity is the same as another one; both are read as one."""
    given = Given(str(uuid4()), parts.clock())
    return await parts.graph.write(merging.merge, principal, entity_id, await read_body(request, Merge), given)


@post("/v1/entities/{entity_id:str}/split", status_code=200, operation_class=documented())
async def split_entity(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> EntityView:
    """Take back that an entity is the same as another one."""
    return await parts.graph.write(merging.split, principal, entity_id, parts.clock())


@post("/v1/entities/{entity_id:str}/aliases", status_code=200, operation_class=documented(body=NewAlias))
async def add_alias(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], entity_id: FromPath[str]
) -> EntityView:
    """Give an entity another name."""
    given = Given(str(uuid4()), parts.clock())
    return await parts.graph.write(merging.add_alias, principal, entity_id, await read_body(request, NewAlias), given)


@delete("/v1/entities/{entity_id:str}/aliases/{alias_id:str}", status_code=200, operation_class=documented())
async def delete_alias(
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    entity_id: FromPath[str],
    alias_id: FromPath[str],
) -> Status:
    """Take a name from an entity; what was merged into it is an entity of its own again."""
    await parts.graph.write(merging.delete_alias, principal, entity_id, alias_id, parts.clock())
    return Status("deleted")


router = Router(
    path="/",
    tags=["entities"],
    route_handlers=[
        list_entities,
        get_entity,
        list_entity_memories,
        get_entity_timeline,
        merge_entity,
        split_entity,
        add_alias,
        delete_alias,
    ],
)

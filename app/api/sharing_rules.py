"""Rules that share by themselves."""

from __future__ import annotations

from uuid import uuid4

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body, read_query
from app.api.space_paths import provide_space_id
from app.api.tenants import Status
from app.domain.principal import Principal
from app.domain.sharing import CopyIds
from app.domain.sharing_rules import NewRule, RuleView
from app.services import sharing_rules
from app.services.parts import Parts


class KeepQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the copies that a rule made stay when it ends."""

    keep: bool = False


@get("/v1/spaces/{kind:str}/{uid:str}/auto-share-rules", operation_class=documented())
async def list_rules(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], space_id: NamedDependency[str]
) -> list[RuleView]:
    """The rules that share into a space, for anybody in it."""
    return await parts.graph.read(sharing_rules.list_all, principal, space_id)


@post("/v1/spaces/{kind:str}/{uid:str}/auto-share-rules", status_code=201, operation_class=documented(body=NewRule))
async def create_rule(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
) -> RuleView:
    """Share what is new in another space with this one from now on. For admins of both."""
    new = await read_body(request, NewRule)
    given = CopyIds(parts.clock(), str(uuid4()))
    return await parts.graph.write(sharing_rules.create, principal, space_id, new, given)


@delete(
    "/v1/spaces/{kind:str}/{uid:str}/auto-share-rules/{rule_id:str}",
    status_code=200,
    operation_class=documented(query=KeepQuery),
)
async def delete_rule(
    request: AnyRequest,
    parts: NamedDependency[Parts],
    principal: NamedDependency[Principal],
    space_id: NamedDependency[str],
    rule_id: FromPath[str],
) -> Status:
    """End a rule and withdraw what it shared; with `keep=true` that stays. For admins."""
    query = read_query(request, KeepQuery)
    await sharing_rules.delete(parts, principal, space_id, rule_id, keeps=query.keep)
    return Status("deleted")


router = Router(
    path="/",
    tags=["sharing"],
    dependencies={"space_id": Provide(provide_space_id)},
    route_handlers=[list_rules, create_rule, delete_rule],
)

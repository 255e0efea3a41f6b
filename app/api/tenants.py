"""Sign-up, keys and agent groups."""

from __future__ import annotations

import hmac
import secrets
from uuid import uuid4

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.context import note_allowance
from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.domain.errors import Invalid, Unauthorized
from app.domain.principal import AgentGroup, Principal, Scope, key_hash
from app.domain.spaces import Deletion
from app.domain.tenants import (
    KEY_PREFIX,
    SHOWN_KEY_CHARS,
    CreatedKey,
    CreatedTenant,
    GroupMembers,
    KeyList,
    NewKey,
    NewTenant,
)
from app.services import erasure, tenants
from app.services.limits import is_loopback
from app.services.parts import Parts
from app.services.tenants import Secret
from app.storage import system
from app.storage.system import SignUp

# 192 random bits: nobody guesses them, so a hash without salt is enough.
KEY_BYTES = 24


class Status(msgspec.Struct, frozen=True):
    """What became of something that has no form of its own."""

    status: str


def draw_key() -> str:
    """A new API key."""
    return KEY_PREFIX + secrets.token_hex(KEY_BYTES)


@post(
    "/v1/tenants",
    status_code=200,
    operation_class=documented(body=NewTenant, headers=("X-Signup-Token",), is_public=True),
)
async def create_tenant(request: AnyRequest, parts: NamedDependency[Parts]) -> CreatedTenant:
    """Sign up: a tenant with its first key and its personal space. No key is needed."""
    new = await read_body(request, NewTenant)
    check_sign_up(request, parts)
    if not is_loopback(parts.settings.host):
        address = request.client.host if request.client else ""
        note_allowance(parts.limits.check_sign_up(address, parts.clock()))
    return await sign_up(parts, new.name)


def check_sign_up(request: AnyRequest, parts: Parts) -> None:
    """Raises Unauthorized when sign-up is closed, or needs a token that the request does not carry."""
    settings = parts.settings
    if settings.signup == "closed":
        raise Unauthorized("sign-up is closed here; ask for a tenant")
    given = request.headers.get("x-signup-token", "")
    if settings.signup == "token" and not hmac.compare_digest(given.encode(), settings.signup_token.encode()):
        raise Unauthorized("sign-up needs the right token in the header X-Signup-Token")


async def sign_up(parts: Parts, name: str) -> CreatedTenant:
    """Creates a tenant whatever the sign-up setting says; the command line uses it too."""
    key, tenant_id = draw_key(), str(uuid4())
    await parts.graph.write(
        system.create_tenant,
        SignUp(
            tenant_id=tenant_id,
            name=tenants.tenant_name(name, tenant_id),
            key_id=str(uuid4()),
            hash=key_hash(key),
            prefix=key[:SHOWN_KEY_CHARS],
            scopes=list(Scope),
            # One token of the text index: lower case, no dash, a digit at the end (architecture §2).
            space_key=f"s{uuid4().hex}0",
            now=parts.clock(),
        ),
    )
    return CreatedTenant(id=key, api_key=key, status="active", user_id=tenant_id)


@delete("/v1/tenants/me", status_code=202, operation_class=documented(headers=("X-Confirm",)))
async def delete_tenant(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Deletion:
    """Delete the account with all that is its own. Needs the scope admin and the header `X-Confirm: delete-all`."""
    principal.require(Scope.ADMIN)
    if request.headers.get("x-confirm") != "delete-all":
        raise Invalid("the header X-Confirm must be delete-all")
    task_id = str(uuid4())
    await parts.graph.write(erasure.delete_account, principal, task_id, parts.clock())
    return Deletion("deleting", task_id)


@post("/v1/keys", status_code=201, operation_class=documented(body=NewKey))
async def create_key(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> CreatedKey:
    """Create a further key; it is shown in this answer and never again. Needs the scope admin."""
    new = await read_body(request, NewKey)
    secret = Secret(key=draw_key(), key_id=str(uuid4()), now=parts.clock())
    return await parts.graph.write(tenants.create_key, principal, new, secret)


@get("/v1/keys", operation_class=documented())
async def list_keys(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> KeyList:
    """The keys of the tenant that are not revoked, each by its prefix. Needs the scope admin."""
    return await parts.graph.read(tenants.list_keys, principal)


@delete("/v1/keys/{key_id:str}", status_code=200, operation_class=documented())
async def delete_key(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], key_id: FromPath[str]
) -> Status:
    """Revoke a key; it stops working at once. Needs the scope admin."""
    await parts.graph.write(tenants.delete_key, principal, key_id, parts.clock())
    return Status("revoked")


@put("/v1/agent-groups/{name:str}", operation_class=documented(body=GroupMembers))
async def update_group(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], name: FromPath[str]
) -> AgentGroup:
    """Create an agent group or replace its agents; they see what is `shared:<name>`. Needs the scope admin."""
    new = await read_body(request, GroupMembers)
    return await parts.graph.write(tenants.update_group, principal, name, new.agents, parts.clock())


@get("/v1/agent-groups", operation_class=documented())
async def list_groups(principal: NamedDependency[Principal]) -> dict[str, list[AgentGroup]]:
    """The agent groups of the tenant."""
    return {"groups": principal.groups}


router = Router(
    path="/",
    tags=["tenants"],
    route_handlers=[create_tenant, delete_tenant, create_key, list_keys, delete_key, update_group, list_groups],
)

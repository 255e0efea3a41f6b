"""Connectors: connect a repository, take its webhooks."""

from __future__ import annotations

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_body
from app.api.tenants import Status
from app.domain.connectors import REFUSED, Connected, ConnectionList, Delivery, NewConnection, Received
from app.domain.errors import Unauthorized
from app.domain.memories import MAX_NAME_CHARS
from app.domain.principal import Principal, key_hash
from app.services import connectors, quotas
from app.services.parts import Parts
from app.storage import system

# GitHub sends no larger ones.
MAX_PAYLOAD_BYTES = 25 * 1024 * 1024
WEBHOOK_HEADERS = ("X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256")


@post("/v1/connectors/github/connect", status_code=200, operation_class=documented(body=NewConnection))
async def connect_github(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> Connected:
    """Connect a repository of GitHub: its issues, pull requests, comments and commits are remembered from now on."""
    return await connectors.connect(parts, principal, await read_body(request, NewConnection))


@post(
    "/v1/connectors/github/webhook/{token:str}",
    status_code=200,
    operation_class=documented(headers=WEBHOOK_HEADERS, is_public=True),
    request_max_body_size=MAX_PAYLOAD_BYTES,
)
async def receive_github(request: AnyRequest, parts: NamedDependency[Parts], token: FromPath[str]) -> Received:
    """What GitHub calls for one connection. It needs no key, but the signature of that connection."""
    return await receive(request, parts, token)


@post(
    "/v1/connectors/github/webhook",
    status_code=200,
    operation_class=documented(headers=("X-Tenant-Id", *WEBHOOK_HEADERS), is_public=True),
    request_max_body_size=MAX_PAYLOAD_BYTES,
)
async def receive_relayed(request: AnyRequest, parts: NamedDependency[Parts]) -> Received:
    """The same for a relay that can send headers: X-Tenant-Id has the last part of the connection's address."""
    return await receive(request, parts, request.headers.get("x-tenant-id", ""))


async def receive(request: AnyRequest, parts: Parts, token: str) -> Received:
    """Takes a call. The connection is looked up before the body is read, so strangers send nothing."""
    registered = await parts.graph.read(system.get_connection, key_hash(token))
    if registered is None:
        raise Unauthorized(REFUSED)
    delivery = Delivery(
        event=request.headers.get("x-github-event", "unknown")[:MAX_NAME_CHARS],
        id=request.headers.get("x-github-delivery", "")[:MAX_NAME_CHARS],
        signature=request.headers.get("x-hub-signature-256", ""),
        body=await request.body(),
    )
    registered = msgspec.structs.replace(registered, principal=quotas.limited(parts.settings, registered.principal))
    return await connectors.receive(parts, registered, token, delivery)


@get("/v1/connectors", operation_class=documented())
async def list_connections(parts: NamedDependency[Parts], principal: NamedDependency[Principal]) -> ConnectionList:
    """The connections of the tenant, newest first."""
    return await parts.graph.read(connectors.list_all, principal)


@delete("/v1/connectors/{connection_id:str}", status_code=200, operation_class=documented())
async def delete_connection(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], connection_id: FromPath[str]
) -> Status:
    """End a connection: its webhook is refused from now on; what it brought stays."""
    await parts.graph.write(connectors.delete, principal, connection_id, parts.clock())
    return Status("deleted")


router = Router(
    path="/",
    tags=["connectors"],
    route_handlers=[connect_github, receive_github, receive_relayed, list_connections, delete_connection],
)

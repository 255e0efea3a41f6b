"""MCP over streamable HTTP at /mcp. Each tool calls this application's own routes, so that keys, scopes, spaces, limits
and errors are theirs, and nothing can be reached here that cannot be reached there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from litestar import Litestar, Request, asgi
from litestar.exceptions import MethodNotAllowedException, PermissionDeniedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from app.api.auth import find_principal
from app.api.cors import config_of
from app.api.reading import AnyRequest, read_header
from app.client import Client
from app.domain.errors import Unauthorized
from app.mcp.server import Context, make_server
from app.services.parts import Parts

PATH = "/mcp"
STATE = "mcp"
# Tools call the application itself, so the name is never looked up.
INSIDE = "http://ourmem"
# Pages on the user's own machine, such as an inspector of tools.
LOCAL_PAGES = {"localhost", "127.0.0.1", "::1"}
BEARER = "bearer "
# What OMEM_CORS_ORIGINS says by default; here it names nobody.
EVERYBODY = "*"


@asynccontextmanager
async def serving_tools(app: Litestar) -> AsyncGenerator[None]:
    """The life of the transport: each request stands for itself and is answered with JSON, so any process serves it."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=INSIDE) as http:

        def client_for(context: Context) -> Client:
            assert context.request is not None  # noqa: S101 - the transport is HTTP
            request: AnyRequest = Request(context.request.scope)
            return Client(INSIDE, read_key(request), http).acting_as(read_header(request, "x-agent-id"))

        manager = StreamableHTTPSessionManager(make_server(client_for), json_response=True, stateless=True)
        async with manager.run():
            app.state[STATE] = manager
            yield


def mcp_route(parts: Callable[[], Parts]) -> ASGIRouteHandler:
    """The route, for the parts of a running service."""

    @asgi(PATH, copy_scope=True)
    async def answer_mcp(scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = Request(scope)
        check_origin(request.headers.get("origin", ""), parts().settings.cors_origins)
        key = read_key(request)
        if not key:
            raise Unauthorized("the header X-API-Key or Authorization is missing")
        await find_principal(request, parts(), key)
        if request.method != "POST":
            # There are no sessions to listen to or to end.
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        manager: StreamableHTTPSessionManager = request.app.state[STATE]
        await manager.handle_request(scope, receive, send)  # type: ignore[arg-type]

    return answer_mcp


def read_key(request: AnyRequest) -> str:
    """The key of a request: X-API-Key as everywhere, or Authorization, which is all that some MCP clients can send."""
    given = request.headers.get("authorization", "")
    bearer = given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else ""
    return request.headers.get("x-api-key", "") or bearer


def check_origin(origin: str, allowed: str) -> None:
    """Raises PermissionDeniedException for a page from elsewhere that no setting names, as the protocol asks."""
    is_named = allowed != EVERYBODY and config_of(allowed).is_origin_allowed(origin)
    # Programs send no origin.
    if origin and not is_named and urlsplit(origin).hostname not in LOCAL_PAGES:
        raise PermissionDeniedException("web pages from elsewhere may not use /mcp")

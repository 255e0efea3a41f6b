"""Which web pages may read an answer, and what browsers are told to do with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = "ETag, X-Bookmark, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"
ALLOWED = {
    "access-control-allow-methods": "*",
    "access-control-allow-headers": "*",
    "access-control-expose-headers": EXPOSED,
}
# Answers are JSON for programs: nothing in them is to be guessed at, framed or kept in a cache of somebody else.
SECURITY = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
DATA = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
HTTPS = {"strict-transport-security": "max-age=31536000"}


@cache
def config_of(origins: str) -> CORSConfig:
    """What a setting allows: `*`, a list with commas in which `*` may stand for a part of a name, or `none`."""
    return CORSConfig(allow_origins=[] if origins == "none" else [name.strip() for name in origins.split(",")])


def guard_browsers(app: ASGIApp, origins: Callable[[], str]) -> ASGIApp:
    """Answers OPTIONS on any path with 200 and without a key (contract 1.5); adds to every answer what browsers need.

    Keys travel in a header that no browser adds by itself, so by default any page may call, as the seed's clients
    expect. Litestar's own middleware knows no path without a route, so only its rules are used.
    """

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        added = {**_allowed(config_of(origins()), scope), **_security(scope)}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in added.items():
                    if name not in headers:
                        headers[name] = value
            await send(message)

        if scope["method"] == "OPTIONS":
            await send_guarded({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await app(scope, receive, send_guarded)

    return respond


def _allowed(config: CORSConfig, scope: Scope) -> dict[str, str]:
    if config.is_allow_all_origins:
        return {"access-control-allow-origin": "*", **ALLOWED}
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), "")
    if not origin or not config.is_origin_allowed(origin):
        return {"vary": "Origin"}
    return {"access-control-allow-origin": origin, "vary": "Origin", **ALLOWED}


def _security(scope: Scope) -> dict[str, str]:
    is_data = scope["path"].startswith("/v1/")
    return {**SECURITY, **(DATA if is_data else {}), **(HTTPS if scope["scheme"] == "https" else {})}

"""Answers browsers that ask first, and says which pages may read an answer."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# Keys travel in a header that no browser adds by itself, so any page may call, as the seed's clients expect (1.5).
ALLOWED = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "*",
    "access-control-allow-headers": "*",
    "access-control-expose-headers": "ETag",
}


def allow_origins(app: ASGIApp) -> ASGIApp:
    """Lets any page read any answer, and answers OPTIONS on any path with 200 and without a key (contract 1.5)."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in ALLOWED.items():
                    headers[name] = value
            await send(message)

        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await send_allowed({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await app(scope, receive, send_allowed)

    return respond

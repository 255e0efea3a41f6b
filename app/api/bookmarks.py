"""Read your own writes in a cluster, through any process: answers say what was seen, and a request may bring it."""

from __future__ import annotations

from collections.abc import Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.storage.graph import Graph

HEADER = "X-Bookmark"


def carry_bookmarks(app: ASGIApp, graph: Callable[[], Graph]) -> ASGIApp:
    """Hands the bookmarks of a request to all its transactions, and those of the process to the caller."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        at_hand = graph()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and (seen := await at_hand.list_bookmarks()):
                MutableScopeHeaders.from_message(message)[HEADER] = ",".join(seen)
            await send(message)

        with at_hand.seeing(_given(scope)):
            await app(scope, receive, send_marked)

    return respond


def _given(scope: HTTPScope) -> list[str]:
    wanted = HEADER.lower().encode()
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return [bookmark.strip() for value in values for bookmark in value.split(",") if bookmark.strip()]

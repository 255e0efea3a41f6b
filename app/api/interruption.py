"""What the server gives up when it ends: such a request is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import answer_domain
from app.api.reading import AnyRequest
from app.domain.errors import Unavailable

MESSAGE = "the service is ending and did not come to an answer; what was asked for may be done or not"
HINT = "send it again; where a route takes an Idempotency-Key, with the one of the first time nothing is done twice"


def answer_interrupted(app: ASGIApp, is_closing: Callable[[], bool]) -> ASGIApp:
    """Answers 503 where the server cancels an open request at its end, which it would report as our mistake.

    An answer that has begun is cut off; its connection is closed by the server.
    """

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = scope["type"] != "http"

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await app(scope, receive, send_noting)
        except asyncio.CancelledError:
            if not is_closing():
                raise
            if not has_begun:
                await _answer(scope, receive, send)

    return respond


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request: AnyRequest = Request(scope)
    response = answer_domain(request, Unavailable(MESSAGE, HINT))
    answer = response.to_asgi_response(app=None, request=request)  # pyright: ignore[reportUnknownMemberType]
    await answer(scope, receive, send)

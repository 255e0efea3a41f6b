"""What belongs to one request from its first byte to its last: its id, and what its answer says of limits."""

from __future__ import annotations

import logging
import re
import time
from contextvars import ContextVar
from uuid import uuid4

import msgspec
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app import metrics
from app.domain.rate_limits import Allowance

LOG = logging.getLogger("app.access")
HEADER = "X-Request-Id"
# Ids of proxies and tracing are taken over; anything else would let a caller write into the log.
GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
NO_REQUEST = "-"


class RequestContext(msgspec.Struct):
    """A request at hand; the allowance is that of the limit with the least left."""

    id: str
    allowance: Allowance | None = None


CURRENT: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def request_id() -> str:
    """The id of the request at hand, `-` outside of one."""
    context = CURRENT.get()
    return context.id if context else NO_REQUEST


def note_allowance(allowance: Allowance | None) -> None:
    """Lets the answer say what is left of a limit."""
    context = CURRENT.get()
    if context and allowance:
        context.allowance = allowance


def limit_headers(allowance: Allowance) -> dict[str, str]:
    """What is left of a limit, in the headers that clients know."""
    return {
        "RateLimit-Limit": str(allowance.limit),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": str(allowance.reset_seconds),
    }


def identify(app: ASGIApp) -> ASGIApp:
    """Gives each request an id, which its answer and its log lines carry, and logs what became of it."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        context, started = RequestContext(_given_id(scope) or uuid4().hex), time.perf_counter()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers[HEADER] = context.id
                for name, value in (limit_headers(context.allowance) if context.allowance else {}).items():
                    headers[name] = value
                _note(scope, message["status"], time.perf_counter() - started)
            await send(message)

        token = CURRENT.set(context)
        try:
            await app(scope, receive, send_named)
        finally:
            CURRENT.reset(token)

    return respond


def _given_id(scope: Scope) -> str:
    wanted = HEADER.lower().encode()
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")
    return given if GIVEN.fullmatch(given) else ""


def _note(scope: HTTPScope, status: int, seconds: float) -> None:
    """The path as it is declared: a real one may hold the name of a group, or a key in the id of a space."""
    route = scope["path_template"] if "path_template" in scope else "?"  # noqa: SIM401 - `get` has no type
    metrics.count_request(scope["method"], metrics.OTHER if route == "?" else route, status, seconds)
    LOG.info("%s %s %d in %d ms", scope["method"], route, status, round(seconds * 1000))

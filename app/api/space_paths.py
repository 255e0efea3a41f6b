"""Lets a path name a space with a colon, as the seed's clients may."""

from __future__ import annotations

import re

from litestar.types import ASGIApp, Receive, Scope, Send

# The servers hand on a decoded path: `personal%2Fann` and `personal/ann` are two segments, `personal:ann` is one.
COLON_ID = re.compile(r"(?<=^/v1/spaces/)(personal|team|org):")


def two_segments(app: ASGIApp) -> ASGIApp:
    """Hands on `/v1/spaces/team:x/…` as `/v1/spaces/team/x/…`, so that every route of a space is declared once."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = COLON_ID.sub(r"\1/", scope["path"], count=1)
        await app(scope, receive, send)

    return respond

"""Space ids in paths: `team/<id>`, `team%2F<id>` and `team:<id>` are the same."""

from __future__ import annotations

import re

from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

# The servers hand on a decoded path: `personal%2Fann` and `personal/ann` are two segments, `personal:ann` is one.
COLON_ID = re.compile(r"^/v1/(spaces|org)/(personal|team|org):(?=[^/])")


def two_segments(app: ASGIApp) -> ASGIApp:
    """Hands on `/v1/spaces/team:x/…` as `/v1/spaces/team/x/…`, so that every route of a space is declared once."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = COLON_ID.sub(r"/v1/\1/\2/", scope["path"])
        await app(scope, receive, send)

    return respond


async def provide_space_id(kind: FromPath[str], uid: FromPath[str]) -> str:
    """The id that the two segments of a path make."""
    return f"{kind}/{uid}"

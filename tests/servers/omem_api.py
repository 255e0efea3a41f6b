"""A local HTTP server that answers as ourmem/omem 0.3 does where it is read: pages, spaces as a bare list, search."""

from __future__ import annotations

import json
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "11111111-2222-4333-8444-555555555555"


def memory(number: int, content: str, **fields: Any) -> dict[str, Any]:
    """A memory with the 29 fields as that server fills them."""
    at = f"2026-03-01T09:{number // 60:02}:{number % 60:02}.101995123+00:00"
    return {
        "id": f"00000000-0000-4000-8000-{number:012}", "content": content, "l0_abstract": "", "l1_overview": "",
        "l2_content": content, "category": "preferences", "memory_type": "pinned", "state": "active",
        "tier": "peripheral", "importance": 0.5, "confidence": 0.5, "access_count": 0, "tags": [], "scope": "global",
        "agent_id": None, "session_id": None, "tenant_id": KEY, "source": None, "relations": [], "superseded_by": None,
        "invalidated_at": None, "created_at": at, "updated_at": at, "last_accessed_at": None, "space_id": "",
        "visibility": "global", "owner_agent_id": "", "provenance": None, "version": 1, **fields,
    }  # fmt: skip


class OmemServer:
    """Listens on a free port of this machine while the `with` block runs; knows one key."""

    def __init__(self) -> None:
        self.memories: list[dict[str, Any]] = []
        self.spaces: list[dict[str, Any]] = []
        self.shared: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[str] = []
        # Statuses and bodies that the next requests get whatever they ask.
        self.script: deque[tuple[int, bytes]] = deque()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> OmemServer:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, query: dict[str, str], key: str | None) -> tuple[int, bytes]:
        self.requests.append(path)
        if self.script:
            return self.script.popleft()
        if key != KEY:
            return 401, b'{"error":{"code":"unauthorized","message":"unauthorized: invalid API key"}}'
        body: Any = None
        if path == "/v1/memories":
            first, limit = int(query["offset"]), int(query["limit"])
            shown = sorted(self.memories, key=lambda one: one["created_at"], reverse=query.get("order") != "asc")
            counts = {"total_count": len(self.memories), "limit": limit, "offset": first}
            body = {"memories": shown[first : first + limit], **counts}
        elif path == "/v1/spaces":
            body = self.spaces
        elif path == "/v1/memories/search":
            # It drops the weakest result, which is another one for each query.
            found = self.shared[query["space"]]
            weakest = len(query["q"]) % max(1, len(found))
            body = {"results": [{"memory": one, "score": 0.8} for at, one in enumerate(found) if at != weakest]}
        return (404, b"") if body is None else (200, json.dumps(body).encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                status, body = server.answer(parts.path, query, self.headers.get("X-API-Key"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        return Handler

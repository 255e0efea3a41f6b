"""A local HTTP server that speaks GitHub's REST API and does what it is told: right, wrong, slow, limited, down.

    with GitHubServer() as server:
        server.issues = [issue(1, "Water the garden")]
        server.script("/repos/acme/tea/issues", status(503))
        ...  # point OMEM_GITHUB_API_URL at server.url; afterwards server.hooks has the webhooks that were made

Scripted replies are used up in order, path by path; then each path gives its right answer. Webhooks are sent by tests
themselves: `event` makes the headers and the body that GitHub would send to a hook.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

TOKEN = "ghp_test"


class Request(NamedTuple):
    """What a client asked; names of headers in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Reply(NamedTuple):
    """What goes over the wire; `seconds` is how long it takes to come."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0


Answer = Callable[[Request], Reply]


def to_reply(body: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    return Reply(json.dumps(body).encode(), status, headers)


def status(code: int, *headers: tuple[str, str]) -> Answer:
    """A refusal whose words repeat the token, which nobody may ever see."""
    return lambda request: to_reply({"message": f"no: {request.headers.get('authorization')}"}, code, *headers)


def limited(_: Request) -> Reply:
    return to_reply({"message": "API rate limit exceeded"}, 403, ("X-RateLimit-Remaining", "0"), ("Retry-After", "60"))


def slow(seconds: float) -> Answer:
    return lambda _: to_reply([])._replace(seconds=seconds)


def malformed(_: Request) -> Reply:
    return Reply(b'[{"number": ')


def moved(_: Request) -> Reply:
    return to_reply({}, 301, ("Location", "http://169.254.169.254/latest/meta-data"))


def issue(number: int, title: str, body: str = "", at: str = "2026-03-01T09:00:00Z", **more: Any) -> dict[str, Any]:
    """An issue as GitHub sends it."""
    made = {"number": number, "title": title, "body": body, "user": {"login": "ann"}, "state": "open"}
    return {**made, "created_at": at, "updated_at": at, "labels": [], "html_url": "https://github.com/acme/tea", **more}


def comment(number: int, text: str, issue_number: int = 1, at: str = "2026-03-01T10:00:00Z") -> dict[str, Any]:
    """A comment as GitHub sends it."""
    address = f"https://api.github.com/repos/acme/tea/issues/{issue_number}"
    user = {"login": "bob"}
    return {"id": number, "body": text, "user": user, "created_at": at, "updated_at": at, "issue_url": address}


def commit(sha: str, message: str, **files: list[str]) -> dict[str, Any]:
    """A commit of a push."""
    author = {"name": "Ann", "username": "ann"}
    lists = {"added": [], "modified": [], "removed": [], **files}
    return {"id": sha, "message": message, "author": author, "timestamp": "2026-03-01T11:00:00+01:00", **lists}


def listed_commit(sha: str, message: str) -> dict[str, Any]:
    """A commit of a list."""
    author = {"name": "Ann", "email": "ann@example.org", "date": "2026-03-01T08:00:00Z"}
    return {"sha": sha, "commit": {"message": message, "author": author}, "author": {"login": "ann"}}


class Hook(NamedTuple):
    """A webhook that somebody made: where it calls and what it signs with."""

    id: int
    address: str
    secret: str

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def token(self) -> str:
        return self.path.rpartition("/")[2]


def event(hook: Hook, name: str, delivery: str = "", **payload: Any) -> dict[str, Any]:
    """A call as GitHub makes it, as arguments of a client's `post`."""
    body = json.dumps({"repository": {"full_name": "acme/tea"}, **payload}, ensure_ascii=False).encode()
    return {"url": hook.path, "content": body, "headers": signed(hook.secret, body, name, delivery or str(uuid4()))}


def signed(secret: str, body: bytes, name: str, delivery: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": name, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={digest}"}
    return {**headers, "Content-Type": "application/json"}


class GitHubServer:
    """Listens on a free port of this machine while the `with` block runs; has the one repository acme/tea."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.commits: list[dict[str, Any]] = []
        self.hooks: list[Hook] = []
        self._script: dict[str, deque[Answer]] = defaultdict(deque)
        self._stopped = Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> GitHubServer:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def script(self, path: str, *answers: Answer) -> None:
        """The next answers at a path."""
        self._script[path].extend(answers)

    def clear(self) -> None:
        """As it was when it began, but for its webhooks."""
        self.issues, self.comments, self.commits, self.requests = [], [], [], []
        self._script.clear()

    def stop(self) -> None:
        """Down: connections are refused, and slow replies end at once."""
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        scripted = self._script[request.path]
        reply = (scripted.popleft() if scripted else self._right)(request)
        self._stopped.wait(reply.seconds)
        return reply

    def _right(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return status(401)(request)
        root = "/repos/acme/tea"
        lists = {"/issues": self.issues, "/issues/comments": self.comments, "/commits": self.commits}
        rest = request.path.lower().removeprefix(root)
        if rest == request.path.lower():
            return status(404)(request)
        if rest.startswith("/hooks"):
            return self._hook(request, rest)
        return page_of(lists[rest], request.query) if rest in lists else to_reply({"full_name": "acme/tea"})

    def _hook(self, request: Request, rest: str) -> Reply:
        config = request.body["config"]
        number = int(rest.rpartition("/")[2]) if request.method == "PATCH" else len(self.hooks) + 1
        if request.method == "PATCH" and number not in [hook.id for hook in self.hooks]:
            return status(404)(request)
        self.hooks = [hook for hook in self.hooks if hook.id != number]
        self.hooks.append(Hook(number, config["url"], config["secret"]))
        return to_reply({"id": number, "events": request.body["events"]}, 200 if request.method == "PATCH" else 201)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.reply(Request(self.command, parts.path, query, headers, body))
                try:
                    self._send(reply)
                except ConnectionError:
                    # The client did not wait for a slow reply.
                    self.close_connection = True

            do_POST = do_PATCH = do_GET  # noqa: N815

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in (("Content-Type", "application/json"), *reply.headers):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        return Handler


def page_of(entries: list[dict[str, Any]], query: dict[str, str]) -> Reply:
    size, page = int(query["per_page"]), int(query["page"])
    return to_reply(entries[(page - 1) * size : page * size])

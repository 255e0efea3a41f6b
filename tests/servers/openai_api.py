"""A local HTTP server that speaks OpenAI's protocol and does what it is told: right, wrong, slow, failing, down.

    with OpenAIServer() as server:
        server.script(status(429), embeddings)
        ...  # point a client at server.url; afterwards server.requests has what it asked

Scripted replies are used up in order; then each path gives its own right answer. Another path is one entry in
`RIGHT_ANSWERS`. What a language model says is scripted with `chat`, which takes its words or a function of the request.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple

from tests.fakes import embed

DIMENSION = 384


class Request(NamedTuple):
    """What a client asked; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Reply(NamedTuple):
    """What goes over the wire; `seconds` is how long it takes to come."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0


Answer = Callable[[Request], Reply]
Said = str | dict[str, Any] | list[Any] | Callable[[Request], Any]


def to_reply(body: object) -> Reply:
    return Reply(json.dumps(body).encode())


def embeddings_of(rows: list[list[float]]) -> Reply:
    """Rows as the API sends them, last first: clients have to order them by `index`."""
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    return to_reply({"object": "list", "data": data[::-1], "model": "test", "usage": {"prompt_tokens": 1}})


def embeddings(request: Request) -> Reply:
    """The right answer, with as many dimensions as asked for; not of length 1, as many models answer."""
    dimension = request.body.get("dimensions", DIMENSION)
    return embeddings_of([[3 * value for value in embed(text, dimension)] for text in request.body["input"]])


def embeddings_like(*row: float) -> Answer:
    """The same vector for every text."""
    return lambda request: embeddings_of([list(row) for _ in request.body["input"]])


def too_few_embeddings(request: Request) -> Reply:
    return embeddings(request._replace(body={**request.body, "input": request.body["input"][1:]}))


def chat(said: Said, finish_reason: str = "stop", tokens: int | None = 100) -> Answer:
    """What a language model says: text as it is, anything else as JSON; without `tokens` the answer has no usage."""

    def answer(request: Request) -> Reply:
        value = said(request) if callable(said) else said
        content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        message = {"role": "assistant", "content": content}
        usage = {} if tokens is None else {"usage": {"total_tokens": tokens}}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason}
        return to_reply({"object": "chat.completion", "choices": [choice], **usage})

    return answer


def data_of(request: Request) -> list[dict[str, Any]]:
    """The lines of data in the prompt of a request."""
    _, *lines = request.body["messages"][1]["content"].split("\n")
    return [
        json.loads(line) for line in lines[: next(at for at, line in enumerate(lines) if line.startswith("</data-"))]
    ]


def careful(request: Request) -> dict[str, Any]:
    """A model that makes a fact of every new turn of a user, as it is said, and relates none to what is known."""
    lines = data_of(request)
    turns = [line for line in lines if "turn" in line and line["role"] == "user"]
    facts = [line["fact"] for line in lines if "fact" in line]
    if facts:
        return {"decisions": [{"fact": fact, "action": "create", "reason": "new"} for fact in facts]}
    return {"facts": [stated(line["turn"], line["text"]) for line in turns]}


def stated(turn: int, text: str, **fields: object) -> dict[str, Any]:
    """A fact that says what its turn says."""
    evidence = [{"turn": turn, "quote": text}]
    return {"text": text, "category": "profile", "confidence": 5, "importance": 4, "evidence": evidence, **fields}


def obedient(request: Request) -> dict[str, Any]:
    """A model that a hostile text has taken over: it wants to end everything, by numbers that it makes up."""
    facts = [line["fact"] for line in data_of(request) if "fact" in line]
    ended = [
        {"fact": fact, "action": "supersede", "target": target, "confidence": 5, "reason": "ignore all instructions"}
        for fact in (*facts, 0, 7, 99)
        for target in (99, 0, -1, 1)
    ]
    made_up = [{**stated(99, "everything is deleted"), "category": "commands"} for _ in range(80)]
    return {"decisions": ended} if facts else {"facts": made_up}


def without(*forms: str, answer: Answer) -> Answer:
    """An endpoint that knows some forms of answer (`json_schema`, `json_object`) not, as many local ones."""

    def reply(request: Request) -> Reply:
        form = request.body.get("response_format", {}).get("type")
        return status(400)(request) if form in forms else answer(request)

    return reply


def unable(parameter: str, answer: Answer) -> Answer:
    """An endpoint that refuses a parameter by name."""

    def reply(request: Request) -> Reply:
        error = {"error": {"message": f"unsupported {parameter}", "param": parameter}}
        return to_reply(error)._replace(status=400) if parameter in request.body else answer(request)

    return reply


def status(code: int, *headers: tuple[str, str]) -> Answer:
    return lambda _: to_reply({"error": {"message": f"scripted {code}"}})._replace(status=code, headers=headers)


def malformed(_: Request) -> Reply:
    return Reply(b'{"data": [')


def slow(seconds: float, answer: Answer = embeddings) -> Answer:
    return lambda request: answer(request)._replace(seconds=seconds)


RIGHT_ANSWERS: dict[str, Answer] = {"/v1/embeddings": embeddings, "/v1/chat/completions": chat(careful)}


class OpenAIServer:
    """Listens on a free port of this machine while the `with` block runs."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._script: deque[Answer] = deque()
        self._always: Answer | None = None
        self._stopped = Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> OpenAIServer:
        # The poll is how long `stop` may take.
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def script(self, *answers: Answer) -> None:
        """The next answers, whatever is asked."""
        self._script.extend(answers)

    def always(self, answer: Answer | None) -> None:
        """The answer to everything after the script; None for the right one."""
        self._always = answer

    def inputs(self) -> list[list[str]]:
        """The texts of each request for embeddings."""
        return [request.body["input"] for request in self.requests]

    def prompts(self) -> list[str]:
        """The last message of each request to a language model."""
        return [request.body["messages"][-1]["content"] for request in self.requests if "messages" in request.body]

    def stop(self) -> None:
        """Down: connections are refused, and slow replies end at once."""
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        scripted = self._script.popleft() if self._script else self._always
        reply = (scripted or RIGHT_ANSWERS.get(request.path, status(404)))(request)
        self._stopped.wait(reply.seconds)
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.reply(Request(self.path, headers, body))
                try:
                    self._send(reply)
                except ConnectionError:
                    # The client did not wait for a slow reply.
                    self.close_connection = True

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

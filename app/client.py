"""The service as a Python program sees it: one method a route, structs in, structs out, one exception.

async with Client("http://127.0.0.1:8080", api_key) as client:
    await client.create_memory(NewMemory(content="We deploy on Fridays."))
    answer = await client.search(SearchRequest(q="when do we deploy?"))
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from app.domain.account_lines import AccountImported
from app.domain.conflicts import ConflictList, ConflictView, ResolveRequest
from app.domain.decisions import DecisionList, DecisionView
from app.domain.discovery import ReconcileAnswer
from app.domain.entities import EntityList, Timeline
from app.domain.errors import OurmemError
from app.domain.events import EventPage
from app.domain.graphs import PathAnswer
from app.domain.imports import ImportPage, ImportView
from app.domain.listing import MemoryPage
from app.domain.memories import CreatedMemory, MemoryChange, MemoryView, NewMemory
from app.domain.messages import AcceptedMessages, NewMessages
from app.domain.previews import Preview
from app.domain.principal import AgentGroup
from app.domain.profile_views import Profile
from app.domain.relation_stats import RelationStats
from app.domain.relations import NewRelation, RelationList, RelationView
from app.domain.search import SearchAnswer, SearchRequest
from app.domain.sharing import Pull, Reshare, Share
from app.domain.spaces import NewMember, NewSpace, SpaceList, SpaceView
from app.domain.stats import AgentStatsList, SpaceStatsList, Stats
from app.domain.tag_stats import TagStats
from app.domain.tasks import TaskStatus, TaskView
from app.domain.tenants import CreatedTenant, GroupMembers, NewTenant
from app.domain.why import WhyAnswer

Shape = TypeVar("Shape")

# A store of 1,000 long messages embeds for some seconds before it answers.
TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.2
# The first wait for a task, and which share of what it took so far every later one is: so much later its end is seen.
FIRST_POLL_SECONDS, POLL_SHARE = 0.02, 0.05
OPEN = (TaskStatus.QUEUED, TaskStatus.RUNNING)
BOOKMARK = "X-Bookmark"
UNREACHABLE, UNEXPECTED = "unreachable", "unexpected_answer"
# What a service that listens everywhere is called on its own machine.
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class ErrorDetail(msgspec.Struct, frozen=True):
    """What an error says."""

    code: str = ""
    message: str = ""
    hint: str = ""


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every error (contract 1.2)."""

    error: ErrorDetail = ErrorDetail()


class ServiceError(OurmemError):
    """What the service refused or could not do, in its words; status 0 and code `unreachable` when nothing answered."""

    def __init__(self, status: int, detail: ErrorDetail, request_id: str = "") -> None:
        super().__init__(detail.message, detail.hint)
        self.status, self.code, self.message = status, detail.code, detail.message
        # The request as the log of the service names it; '' where the answer does not say it.
        self.request_id = request_id


class Client:
    """A tenant at a service. Every method raises ServiceError for what is no success."""

    def __init__(self, url: str, api_key: str = "", http: httpx.AsyncClient | None = None) -> None:
        self.url = url.rstrip("/")
        # Through no proxy: the service is usually on this machine.
        self._http = http or httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._headers = {"X-API-Key": api_key} if api_key else {}

    def acting_as(self, agent_id: str) -> Client:
        """The same tenant as one of its agents, over the same connections."""
        client = Client(self.url, http=self._http)
        client._headers = {**self._headers, "X-Agent-ID": agent_id} if agent_id else self._headers
        return client

    def with_key(self, api_key: str) -> Client:
        """Another tenant over the same connections."""
        return Client(self.url, api_key, self._http)

    async def create_tenant(self, name: str, token: str = "") -> CreatedTenant:
        """Signs up; `token` is what OMEM_SIGNUP_TOKEN asks for."""
        headers = {"X-Signup-Token": token} if token else {}
        return await self._send("POST", "/v1/tenants", CreatedTenant, body=NewTenant(name), headers=headers)

    async def import_account(self, chunks: AsyncIterator[bytes]) -> AccountImported:
        """Sends the file of an export; a large one takes minutes."""
        form = {"content": chunks, "timeout": None}
        return await self._send("POST", "/v1/imports/export", AccountImported, form=form)

    async def create_memory(self, new: NewMemory, idempotency_key: str = "") -> CreatedMemory:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return await self._send("POST", "/v1/memories", CreatedMemory, body=new, headers=headers)

    async def add_messages(self, new: NewMessages) -> AcceptedMessages:
        return await self._send("POST", "/v1/memories", AcceptedMessages, body=new)

    async def preview(self, new: NewMessages) -> Preview:
        """What would come of messages, of which nothing is stored."""
        return await self._send("POST", "/v1/ingest/preview", Preview, body=new)

    async def get_memory(self, memory_id: str) -> MemoryView:
        return await self._send("GET", memory_path(memory_id), MemoryView)

    async def list_memories(self, **query: str | int) -> MemoryPage:
        """A page of the list; the query is that of GET /v1/memories."""
        return await self._send("GET", "/v1/memories", MemoryPage, query=query)

    async def update_memory(self, memory_id: str, change: MemoryChange) -> MemoryView:
        return await self._send("PUT", memory_path(memory_id), MemoryView, body=change)

    async def delete_memory(self, memory_id: str) -> None:
        await self._send("DELETE", memory_path(memory_id), msgspec.Raw)

    async def search(self, request: SearchRequest) -> SearchAnswer:
        return await self._send("POST", "/v1/memories/search", SearchAnswer, body=request)

    async def get_why(self, memory_id: str) -> WhyAnswer:
        return await self._send("GET", memory_path(memory_id, "/why"), WhyAnswer)

    async def create_relation(self, memory_id: str, new: NewRelation) -> RelationView:
        return await self._send("POST", memory_path(memory_id, "/relations"), RelationView, body=new)

    async def list_relations(self, memory_id: str, **query: str | int) -> RelationList:
        """A page of the relations; the query is that of GET /v1/memories/{id}/relations."""
        return await self._send("GET", memory_path(memory_id, "/relations"), RelationList, query=query)

    async def cross_reconcile(self, **query: str | int) -> ReconcileAnswer:
        """Relations between memories not compared yet; the query is that of POST /v1/imports/cross-reconcile."""
        return await self._send("POST", "/v1/imports/cross-reconcile", ReconcileAnswer, query=query)

    async def list_conflicts(self, **query: str | int) -> ConflictList:
        """A page of open conflicts; the query is that of GET /v1/conflicts."""
        return await self._send("GET", "/v1/conflicts", ConflictList, query=query)

    async def resolve_conflict(self, conflict_id: str, wanted: ResolveRequest) -> ConflictView:
        path = f"/v1/conflicts/{quote(conflict_id, safe='')}/resolve"
        return await self._send("POST", path, ConflictView, body=wanted)

    async def get_path(self, start: str, end: str, **query: str | int) -> PathAnswer:
        """The shortest paths between two ids, with what each step says."""
        return await self._send("GET", "/v1/graph/path", PathAnswer, query={"from": start, "to": end, **query})

    async def get_profile(self, **query: str | int) -> Profile:
        """What an agent should know when a session begins; the query is that of GET /v1/profile."""
        return await self._send("GET", "/v1/profile", Profile, query=query)

    async def get_stats(self, **query: str | int) -> Stats:
        """How many memories there are of which kind; the query is that of GET /v1/stats."""
        return await self._send("GET", "/v1/stats", Stats, query=query)

    async def get_tag_stats(self, **query: str | int) -> TagStats:
        """How often tags are used; the query is that of GET /v1/stats/tags."""
        return await self._send("GET", "/v1/stats/tags", TagStats, query=query)

    async def get_relation_stats(self, **query: str | int) -> RelationStats:
        """The most important memories that relate to each other; the query is that of GET /v1/stats/relations."""
        return await self._send("GET", "/v1/stats/relations", RelationStats, query=query)

    async def get_space_stats(self) -> SpaceStatsList:
        return await self._send("GET", "/v1/stats/spaces", SpaceStatsList)

    async def get_agent_stats(self) -> AgentStatsList:
        return await self._send("GET", "/v1/stats/agents", AgentStatsList)

    async def list_entities(self, **query: str | int) -> EntityList:
        """A page of entities; the query is that of GET /v1/entities."""
        return await self._send("GET", "/v1/entities", EntityList, query=query)

    async def get_timeline(self, entity_id: str, **query: str | int) -> Timeline:
        """A page of an entity's timeline; the query is that of GET /v1/entities/{id}/timeline."""
        return await self._send("GET", f"/v1/entities/{quote(entity_id, safe='')}/timeline", Timeline, query=query)

    async def share_memory(self, memory_id: str, wanted: Share) -> MemoryView:
        return await self._send("POST", memory_path(memory_id, "/share"), MemoryView, body=wanted)

    async def pull_memory(self, memory_id: str, wanted: Pull) -> MemoryView:
        return await self._send("POST", memory_path(memory_id, "/pull"), MemoryView, body=wanted)

    async def reshare_memory(self, memory_id: str, wanted: Reshare) -> MemoryView:
        return await self._send("POST", memory_path(memory_id, "/reshare"), MemoryView, body=wanted)

    async def create_space(self, new: NewSpace) -> SpaceView:
        return await self._send("POST", "/v1/spaces", SpaceView, body=new)

    async def list_spaces(self) -> SpaceList:
        return await self._send("GET", "/v1/spaces", SpaceList)

    async def add_member(self, space_id: str, new: NewMember) -> SpaceView:
        """The space with its new member."""
        return await self._send("POST", f"/v1/spaces/{quote(space_id, safe='')}/members", SpaceView, body=new)

    async def list_decisions(self, **query: str | int) -> DecisionList:
        """A page of decisions; the query is that of GET /v1/decisions."""
        return await self._send("GET", "/v1/decisions", DecisionList, query=query)

    async def undo_decision(self, decision_id: str) -> DecisionView:
        return await self._send("POST", f"/v1/decisions/{quote(decision_id, safe='')}/undo", DecisionView)

    async def list_events(self, **query: str | int) -> EventPage:
        """What changed after a cursor; the query is that of GET /v1/events, `wait` the seconds to wait for news."""
        return await self._send("GET", "/v1/events", EventPage, query=query)

    async def create_import(self, name: str, content: bytes, form: dict[str, str]) -> ImportView:
        """Uploads a file; `form` has the other parts, without those that are empty."""
        parts = {key: value for key, value in form.items() if value}
        sent = {"files": {"file": (name, content)}, "data": parts}
        return await self._send("POST", "/v1/imports", ImportView, form=sent)

    async def list_imports(self, **query: str | int) -> ImportPage:
        """A page of imports; the query is that of GET /v1/imports."""
        return await self._send("GET", "/v1/imports", ImportPage, query=query)

    async def get_import(self, import_id: str) -> ImportView:
        return await self._send("GET", f"/v1/imports/{quote(import_id, safe='')}", ImportView)

    async def update_group(self, name: str, agents: list[str]) -> AgentGroup:
        return await self._send(
            "PUT", f"/v1/agent-groups/{quote(name, safe='')}", AgentGroup, body=GroupMembers(agents)
        )

    async def get_task(self, task_id: str) -> TaskView:
        return await self._send("GET", f"/v1/tasks/{quote(task_id, safe='')}", TaskView)

    async def wait_for(self, task_ids: Iterable[str], seconds: float) -> list[TaskView]:
        """The tasks in this order, each when it has ended, or as it is when none has ended for so many seconds."""
        tasks: list[TaskView] = []
        last = time.monotonic()
        for task_id in task_ids:
            # Tasks announce nothing, so they are asked.
            while (task := await self.get_task(task_id)).status in OPEN:
                waited = time.monotonic() - last
                if waited >= seconds:
                    break
                await asyncio.sleep(min(POLL_SECONDS, max(FIRST_POLL_SECONDS, POLL_SHARE * waited)))
            last = last if task.status in OPEN else time.monotonic()
            tasks.append(task)
        return tasks

    async def get_json(self, path: str, **query: str | int) -> bytes:
        """The JSON of any path as it came, for what is only shown."""
        return bytes(await self._send("GET", path, msgspec.Raw, query=query))

    async def _send(self, method: str, path: str, shape: type[Shape], **what: Any) -> Shape:
        """Sends `body` or `form`, `query`, `headers` and reads the answer."""
        body, form = what.get("body"), what.get("form")
        sent: dict[str, Any] = form or {"content": None if body is None else msgspec.json.encode(body)}
        media = {} if form else {"Content-Type": "application/json"}
        try:
            answer = await self._http.request(
                method,
                path,
                params=what.get("query"),
                # An agent may have a name that is not ASCII.
                headers=httpx.Headers({**media, **self._headers, **what.get("headers", {})}, encoding="utf-8"),
                **sent,
            )
        except httpx.TimeoutException as error:
            raise unreachable(
                f"the service at {self.url} has not answered for {TIMEOUT_SECONDS:.0f} s; try again"
            ) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(
                f"no service answers at {self.url}; start `ourmem up`, or name the right address"
            ) from error
        if seen := answer.headers.get(BOOKMARK):
            # In a cluster: whichever process answers next shows at least what this one has.
            self._headers = {**self._headers, BOOKMARK: seen}
        if not answer.is_success:
            raise refusal(answer)
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except msgspec.MsgspecError as error:
            unlike = f"{method} {path} answered what this client does not know ({error}); both must be of one version"
            raise ServiceError(answer.status_code, ErrorDetail(UNEXPECTED, unlike)) from error

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def memory_path(memory_id: str, rest: str = "") -> str:
    """The path of a memory, whatever its id holds."""
    return f"/v1/memories/{quote(memory_id, safe='')}{rest}"


def refusal(answer: httpx.Response) -> ServiceError:
    """What an answer that is no success says."""
    try:
        detail = msgspec.json.decode(answer.content, type=ErrorBody).error
    except msgspec.MsgspecError:
        detail = ErrorDetail()
    if not detail.message:
        what = f"{answer.request.url.copy_with(query=None)} answered {answer.status_code}, which is no ourmem"
        detail = ErrorDetail(detail.code, what)
    return ServiceError(answer.status_code, detail, answer.headers.get("x-request-id", ""))


def unreachable(message: str) -> ServiceError:
    """There was no answer at all."""
    return ServiceError(0, ErrorDetail(UNREACHABLE, message))


def address(host: str, port: int) -> str:
    """Where a client on this machine reaches a service that listens on this host."""
    name = ANY_HOST.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

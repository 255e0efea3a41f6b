"""The tools, the profile as resource and prompt, as a server of the SDK; whatever the transport, calls go over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import mcp_types as types
import msgspec
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError

from app.client import Client, ServiceError
from app.mcp import graph_tools, import_tools, memory_tools, space_tools
from app.mcp.tool import Tool

TOOLS: dict[str, type[Tool]] = {
    "memory_store": memory_tools.MemoryStore,
    "memory_search": memory_tools.MemorySearch,
    "memory_forget": memory_tools.MemoryForget,
    "memory_get": memory_tools.MemoryGet,
    "memory_update": memory_tools.MemoryUpdate,
    "memory_profile": memory_tools.MemoryProfile,
    "memory_list": memory_tools.MemoryList,
    "memory_ingest": memory_tools.MemoryIngest,
    "memory_stats": memory_tools.MemoryStats,
    "space_create": space_tools.SpaceCreate,
    "space_list": space_tools.SpaceList,
    "space_add_member": space_tools.SpaceAddMember,
    "memory_share": space_tools.MemoryShare,
    "memory_pull": space_tools.MemoryPull,
    "memory_reshare": space_tools.MemoryReshare,
    "memory_relations": graph_tools.MemoryRelations,
    "memory_relate": graph_tools.MemoryRelate,
    "memory_why": graph_tools.MemoryWhy,
    "conflict_list": graph_tools.ConflictList,
    "conflict_resolve": graph_tools.ConflictResolve,
    "entity_timeline": graph_tools.EntityTimeline,
    "import_create": import_tools.ImportCreate,
    "import_list": import_tools.ImportList,
    "import_get": import_tools.ImportGet,
}
INSTRUCTIONS = """\
ourmem is a memory that outlasts this conversation and is shared with other agents. Search it before you answer
questions about the user, their projects and earlier decisions. Store what will matter later as soon as you learn it:
one fact or decision each, understandable by itself. memory_why says where a memory comes
from, conflict_list what contradicts."""
# As the seed's server names it.
PROFILE_URI = "omem://profile"
PROFILE_PATH = "/v1/profile"
PROFILE_PROMPT = "profile"
PROFILE_TEXT = "The profile made from all memories: who the user is, preferences, current work."
JSON = "application/json"

Context = ServerRequestContext[Any, Any]
# The client in the name of whoever sent a request.
ClientFor = Callable[[Context], Client]


class ProfileText(msgspec.Struct):
    """What of a profile is told an agent."""

    profile: str = ""


class Handlers:
    """Answers the requests of the protocol with a client for each."""

    def __init__(self, client_for: ClientFor) -> None:
        self._client_for = client_for

    async def list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        del context, params  # All tools fit on one page, whoever asks.
        return types.ListToolsResult(tools=[described(name, kind) for name, kind in TOOLS.items()])

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """The text of a tool, or in words what went wrong, so that the model can mend it."""
        kind = TOOLS.get(params.name)
        if kind is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name}")
        try:
            tool = msgspec.convert(params.arguments or {}, kind)
        except msgspec.ValidationError as error:
            return answer(f"{params.name}: {error}".replace("`$.", "`").replace("`$`", "the arguments"), is_error=True)
        try:
            return answer(await tool.run(self._client_for(context)))
        except ServiceError as error:
            return answer(f"{params.name} failed: {in_words(error)}", is_error=True)

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        del context, params
        profile = types.Resource(
            name="user-profile", title="User Profile", uri=PROFILE_URI, description=PROFILE_TEXT, mime_type=JSON
        )
        return types.ListResourcesResult(resources=[profile])

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """The profile as JSON."""
        if params.uri != PROFILE_URI:
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {params.uri}")
        text = (await self._profile(context)).decode()
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=PROFILE_URI, mime_type=JSON, text=text)]
        )

    async def list_prompts(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        del context, params
        return types.ListPromptsResult(
            prompts=[types.Prompt(name=PROFILE_PROMPT, title="User Profile", description=PROFILE_TEXT)]
        )

    async def get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """The profile as text, to begin a conversation with."""
        if params.name != PROFILE_PROMPT:
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name}")
        profile = msgspec.json.decode(await self._profile(context), type=ProfileText).profile
        content = types.TextContent(type="text", text=profile or "Nothing is remembered of the user yet.")
        return types.GetPromptResult(
            description=PROFILE_TEXT, messages=[types.PromptMessage(role="user", content=content)]
        )

    async def _profile(self, context: Context) -> bytes:
        try:
            return await self._client_for(context).get_json(PROFILE_PATH)
        except ServiceError as error:
            raise MCPError(types.INTERNAL_ERROR, in_words(error)) from error


def make_server(client_for: ClientFor) -> Server[Any]:
    """The server, for any transport."""
    handlers = Handlers(client_for)
    return Server(
        "ourmem",
        version=version("ourmem"),
        title="ourmem",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_read_resource=handlers.read_resource,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
    )


def described(name: str, kind: type[Tool]) -> types.Tool:
    """A tool as clients see it; descriptions are docstrings without their line breaks."""
    title = name.replace("_", " ").capitalize()
    return types.Tool(
        name=name,
        title=title,
        description=" ".join((kind.__doc__ or "").split()),
        input_schema=input_schema(kind),
        annotations=types.ToolAnnotations(
            title=title, read_only_hint=kind.is_reading, destructive_hint=kind.is_destructive, open_world_hint=False
        ),
    )


def input_schema(kind: type[Tool]) -> dict[str, Any]:
    """The JSON Schema of the arguments, itself an object as the protocol wants it."""
    _, definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = definitions.pop(kind.__name__)
    fields = {name: without_null(field) for name, field in schema["properties"].items()}
    shared = {"$defs": definitions} if definitions else {}
    return {"type": "object", "properties": fields, "required": schema["required"], **shared}


def without_null(field: dict[str, Any]) -> dict[str, Any]:
    """An optional field as what it is when it is there: models fill it better, and null is still accepted."""
    return field["anyOf"][0] if "anyOf" in field else field


def answer(text: str, *, is_error: bool = False) -> types.CallToolResult:
    """A text as the result of a tool."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)


def in_words(error: ServiceError) -> str:
    """What a service said, what to do about it, and for its own mistakes how its log names the request."""
    is_theirs = error.status >= 500  # noqa: PLR2004
    request = f"request {error.request_id}" if is_theirs and error.request_id else ""
    return "; ".join(part for part in (error.message, error.hint, request) if part)

"""Says in the OpenAPI document what the framework cannot see: what routes read by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)
from msgspec.json import schema_components

from app.api.errors import ErrorBody

HUMP = re.compile(r"(?<=[a-z])([A-Z])")
JSON = "application/json"
FORM = "multipart/form-data"
AGENT = "X-Agent-Id"
CONFIRM = "X-Confirm"
HEADERS = {
    AGENT: "The agent that asks; it sees what is visible to it.",
    "Idempotency-Key": "A retry with the same key and request answers as the first one did.",
    "If-Match": "An ETag of the memory; the change is made only if nobody changed it since.",
    CONFIRM: "Must be `delete-all`.",
    "X-GitHub-Delivery": "The id of the call; a call that is known stores nothing.",
    "X-GitHub-Event": "What the call is about.",
    "X-Hub-Signature-256": "`sha256=` and the HMAC of the body with the connection's secret.",
    "X-Tenant-Id": "The last part of the connection's webhook address.",
    "X-Signup-Token": "Needed where sign-up asks for a token.",
}


def documented(
    query: type[msgspec.Struct] | None = None,
    body: type[msgspec.Struct] | None = None,
    headers: tuple[str, ...] = (),
    *,
    form: type[msgspec.Struct] | None = None,
    is_public: bool = False,
) -> type[Operation]:
    """The OpenAPI operation of a route with what it reads itself, and the error object as any other answer."""
    names = headers if is_public else (AGENT, *headers)

    @dataclass
    class Documented(Operation):
        def __post_init__(self) -> None:
            given = self.parameters or []
            self.parameters = [*given, *(_parameters(query) if query else []), *(_header(name) for name in names)]
            # The framework's own 400 has another shape than ours.
            answers = {status: answer for status, answer in (self.responses or {}).items() if status != "400"}
            self.responses = {**answers, "default": _error()}
            if body is not None:
                self.request_body = RequestBody(content={JSON: OpenAPIMediaType(schema=_schema(body))}, required=True)
            if form is not None:
                self.request_body = RequestBody(content={FORM: OpenAPIMediaType(schema=_schema(form))}, required=True)
            if is_public:
                self.security = []

    return Documented


def _parameters(query: type[msgspec.Struct]) -> list[Parameter | Reference]:
    properties, required = _fields(query)
    return [
        Parameter(name=name, param_in="query", required=name in required, schema=_plain(schema))
        for name, schema in properties.items()
    ]


def _header(name: str) -> Parameter:
    is_needed = name == CONFIRM
    schema = Schema(type=OpenAPIType.STRING, const="delete-all") if is_needed else Schema(type=OpenAPIType.STRING)
    return Parameter(name=name, param_in="header", required=is_needed, schema=schema, description=HEADERS[name])


def _error() -> OpenAPIResponse:
    content = {JSON: OpenAPIMediaType(schema=_schema(ErrorBody))}
    return OpenAPIResponse(description="Any failure, with its status.", content=content)


def _schema(body: type[msgspec.Struct]) -> Schema:
    properties, required = _fields(body)
    fields: dict[str, Reference | Schema] = {name: _plain(schema) for name, schema in properties.items()}
    return Schema(type=OpenAPIType.OBJECT, title=body.__name__, properties=fields, required=sorted(required))


def _plain(schema: Any) -> Schema:
    """A JSON schema as Litestar's own type, whose fields are spelled in snake case."""
    fields = {HUMP.sub(lambda hump: "_" + hump[1].lower(), key): _nested(key, value) for key, value in schema.items()}
    return Schema(**fields)


def _nested(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _plain(schema) for name, schema in value.items()}
    if key == "items":
        return _plain(value)
    return [_plain(schema) for schema in value] if key == "anyOf" else value


def _fields(shape: type[msgspec.Struct]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Property schemas of a struct with nothing left to refer to, and the names that are required."""
    _, components = schema_components([shape])
    resolved = _resolve(components[shape.__name__], components)
    return resolved["properties"], set(resolved.get("required", []))


def _resolve(schema: Any, components: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolve(item, components) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    fields = cast("dict[str, Any]", schema)
    if "$ref" in fields:
        return _resolve(components[fields["$ref"].rpartition("/")[2]], components)
    return {key: _resolve(value, components) for key, value in fields.items()}

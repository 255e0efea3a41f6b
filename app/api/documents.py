"""Says in the OpenAPI document what routes read that read their body and query themselves."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Parameter, Reference, RequestBody, Schema
from msgspec.json import schema_components

HUMP = re.compile(r"(?<=[a-z])([A-Z])")


def documented(query: type[msgspec.Struct] | None = None, body: type[msgspec.Struct] | None = None) -> type[Operation]:
    """The OpenAPI operation of a route that reads these itself."""

    class Documented(Operation):
        def __post_init__(self) -> None:
            if query is not None:
                self.parameters = [*(self.parameters or []), *_parameters(query)]
            if body is not None:
                self.request_body = RequestBody(
                    content={"application/json": OpenAPIMediaType(schema=_schema(body))}, required=True
                )

    return Documented


def _parameters(query: type[msgspec.Struct]) -> list[Parameter]:
    properties, required = _fields(query)
    return [
        Parameter(name=name, param_in="query", required=name in required, schema=_plain(schema))
        for name, schema in properties.items()
    ]


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

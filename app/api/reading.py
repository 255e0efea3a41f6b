"""Reads requests strictly: wrong types are errors that name the field, never coerced."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from app.domain.errors import Invalid, Unprocessable, UnsupportedMedia
from app.domain.principal import Principal
from app.services.tasks import request_hash, retry_hash

Shape = TypeVar("Shape")
Query = TypeVar("Query", bound=msgspec.Struct)
AnyRequest = Request[Any, Any, State]

MAX_IDEMPOTENCY_KEY_CHARS = 256
# A memory is not changed 10^18 times.
MAX_REV_DIGITS = 18
BOOLEANS = {"true": True, "false": False}


def is_json(request: AnyRequest) -> bool:
    """Whether the request says that it carries JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


async def read_json(request: AnyRequest) -> object:
    """The decoded body. Raises UnsupportedMedia without a JSON content type, Invalid when it is not JSON."""
    if not is_json(request):
        raise UnsupportedMedia("the request needs Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise Invalid("the body is nested too deeply") from error


async def read_object(request: AnyRequest) -> dict[str, Any]:
    """The body as a map. Raises Unprocessable for any other JSON."""
    return convert_body(await read_json(request), dict[str, Any])


def convert_body(value: object, shape: type[Shape]) -> Shape:
    """A decoded body as a struct. Raises Unprocessable, which names the field that is missing or has the wrong type."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Unprocessable(str(error).replace("`$.", "`").replace("`$`", "the body")) from error


async def read_body(request: AnyRequest, shape: type[Shape]) -> Shape:
    """The body as a struct; unknown fields are ignored (contract 1.3)."""
    return convert_body(await read_json(request), shape)


def read_query(request: AnyRequest, shape: type[Query]) -> Query:
    """The query string as a struct; the last of repeated parameters wins. Raises Invalid, which names the parameter."""
    given = dict(request.query_params.multi_items())
    hints = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
    values = {name: _spelled(name, text, hints[name]) for name, text in given.items() if name in hints}
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(str(error).replace("`$.", "`")) from error


def _spelled(name: str, text: str, hint: object) -> object:
    """Booleans are `true` or `false` and nothing else (contract 1.3)."""
    if hint is not bool:
        return text
    if text not in BOOLEANS:
        raise Invalid(f"{name} must be true or false, not {text!r}")
    return BOOLEANS[text]


def read_header(request: AnyRequest, name: str) -> str:
    """A header, '' without one. Servers hand on one character for each byte of what is UTF-8 where it is not ASCII."""
    given = request.headers.get(name, "")
    try:
        return given.encode("latin-1").decode()
    except UnicodeError:
        return given


async def read_idempotency(request: AnyRequest, principal: Principal) -> tuple[str, str] | None:
    """The hashes of the Idempotency-Key, which is the tenant's own, and of the request; None without a key."""
    key = read_header(request, "idempotency-key")
    if not key:
        return None
    if len(key) > MAX_IDEMPOTENCY_KEY_CHARS:
        raise Invalid(f"Idempotency-Key may have at most {MAX_IDEMPOTENCY_KEY_CHARS} characters")
    return retry_hash(principal, key), request_hash(request.url.path, await read_json(request))


def read_rev(request: AnyRequest) -> int | None:
    """The revision that If-Match names, as our ETag spells it; None without one. Raises Invalid for anything else."""
    given = request.headers.get("if-match", "").strip()
    if given in ("", "*"):
        return None
    number = given.removeprefix("W/").strip('"')
    if not number.isdecimal() or len(number) > MAX_REV_DIGITS:
        raise Invalid('If-Match must be an ETag of this memory, such as "3"')
    return int(number)

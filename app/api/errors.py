"""Every failure as the contract's error object; also what the framework raises itself."""

from __future__ import annotations

import logging

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from app import metrics
from app.api.context import limit_headers, request_id
from app.api.reading import AnyRequest
from app.domain.errors import OurmemError, RateLimited, Unavailable
from app.domain.quotas import QuotaExceeded

LOG = logging.getLogger(__name__)
# What the framework refuses by itself: unknown paths, wrong methods, bodies over the limit.
CODES = {
    400: "validation_error",
    403: "forbidden_origin",
    404: "not_found",
    405: "method_not_allowed",
}
TOO_LARGE = 413


class ErrorDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """Code and message, what helps where we know it, and of our own failures by which id the log has them."""

    code: str
    message: str
    hint: str = ""
    request_id: str = ""


class ErrorBody(msgspec.Struct, frozen=True):
    """The shape of every error (contract 1.2)."""

    error: ErrorDetail


def answer_domain(request: AnyRequest, error: OurmemError) -> Response[ErrorBody]:
    """What a service raised, with its own status."""
    # Only here: two answers 404 must not differ, or they would tell a foreign id from an unknown one.
    is_ours = error.status >= 500  # noqa: PLR2004
    if is_ours:
        LOG.warning("%s %s: %s", request.method, _route(request), error.message)
    if isinstance(error, QuotaExceeded):
        metrics.count_refusal(error.quota)
    detail = ErrorDetail(error.code, error.message, error.hint, request_id() if is_ours else "")
    return _answer(error.status, detail, _wait_headers(error))


def _wait_headers(error: OurmemError) -> dict[str, str]:
    """When to try again, where that is known."""
    if isinstance(error, RateLimited) and error.allowance:
        return {"Retry-After": str(error.allowance.reset_seconds), **limit_headers(error.allowance)}
    return {"Retry-After": "2"} if isinstance(error, Unavailable) else {}


def answer_http(request: AnyRequest, error: HTTPException) -> Response[ErrorBody]:
    """What the framework raised. A path that exists asks for a key before it says which methods it has."""
    if isinstance(error, MethodNotAllowedException) and _wants_key(request):
        return _answer(401, ErrorDetail("unauthorized", "unauthorized: the header X-API-Key is missing"), {})
    if isinstance(error, NotFoundException):
        return _answer(404, ErrorDetail("not_found", "not found: no such path"), {})
    if error.status_code == TOO_LARGE:
        return _answer(TOO_LARGE, _too_large(request), {})
    code = CODES.get(error.status_code, "internal_error" if error.status_code >= 500 else "validation_error")  # noqa: PLR2004
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return _answer(error.status_code, ErrorDetail(code, error.detail), headers)


def _too_large(request: AnyRequest) -> ErrorDetail:
    """The words of the framework do not say what would have been little enough."""
    limit = request.route_handler.resolve_request_max_body_size()
    message = f"content too long: the body has more than the {limit} bytes that are accepted here"
    return ErrorDetail("content_too_long", message, "send it in several requests, or as a file to /v1/imports")


def answer_unexpected(request: AnyRequest, error: Exception) -> Response[ErrorBody]:
    """What nobody foresaw: the id of the request for the log, and nothing of the inside."""
    LOG.error("%s %s failed", request.method, _route(request), exc_info=error)
    message = f"internal error: see the log for {request_id()}"
    return _answer(500, ErrorDetail("internal_error", message, request_id=request_id()), {})


def _route(request: AnyRequest) -> str:
    """The path as it is declared: a real one may hold the name of a group, or a key in the id of a space."""
    return request.scope["path_template"] if "path_template" in request.scope else "?"  # noqa: SIM401 - `get` has no type


def _wants_key(request: AnyRequest) -> bool:
    return request.scope["path"].startswith("/v1/") and not request.headers.get("x-api-key")


def _answer(status: int, detail: ErrorDetail, headers: dict[str, str]) -> Response[ErrorBody]:
    return Response(ErrorBody(detail), status_code=status, headers=headers, media_type="application/json")

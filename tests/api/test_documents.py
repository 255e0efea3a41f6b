"""The OpenAPI document says what the routes take and answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Client

# Webhooks are signed instead.
WEBHOOKS = {"/v1/connectors/github/webhook", "/v1/connectors/github/webhook/{token}"}
PUBLIC = {"/health", "/health/live", "/health/ready", "/version", "/metrics", "/v1/tenants", *WEBHOOKS}


@pytest.fixture
async def operations(anonymous: Client) -> dict[tuple[str, str], dict[str, Any]]:
    paths = (await anonymous.get("/openapi.json")).json()["paths"]
    return {(method, path): operation for path, methods in paths.items() for method, operation in methods.items()}


def names(operation: dict[str, Any], place: str) -> set[str]:
    return {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == place}


async def test_page_of_the_document_works_without_the_internet(anonymous: Client) -> None:
    page = await anonymous.get("/docs")

    assert page.status_code == 200
    assert "https://" not in page.text.replace("https://www.w3.org", "")
    assert (await anonymous.get("/docs/static/swagger-ui-bundle.js")).status_code == 200


async def test_every_operation_is_explained(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert [place for place, operation in operations.items() if not operation.get("description")] == []


async def test_any_other_answer_is_the_error_object(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    shapes = {
        tuple(operation["responses"]["default"]["content"]["application/json"]["schema"]["properties"])
        for operation in operations.values()
    }

    assert shapes == {("error",)}
    assert [place for place, operation in operations.items() if "400" in operation["responses"]] == []


async def test_few_operations_need_no_key(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert {path for (_, path), operation in operations.items() if operation.get("security") == []} == PUBLIC


async def test_query_body_and_headers_are_listed(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    search, create = operations["get", "/v1/memories/search"], operations["post", "/v1/memories"]
    body = create["requestBody"]["content"]["application/json"]["schema"]["properties"]

    assert {"q", "limit", "tags", "space", "include"} <= names(search, "query")
    assert names(create, "header") == {"X-Agent-Id", "Idempotency-Key"}
    assert {"content", "replaces", "visibility", "messages"} <= set(body)
    assert set(create["responses"]) == {"200", "201", "202", "default"}

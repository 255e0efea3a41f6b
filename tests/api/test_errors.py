"""Every failure is the contract's error object, also what the framework raises itself."""

from __future__ import annotations

import httpx
import pytest

from app.domain.listing import Cursor, encode
from tests.clients import Client

JSON = {"Content-Type": "application/json"}
TWO_MEGABYTES = 2 * 1024 * 1024
# Everybody can send these; those with a body need one.
ROUTES_WITH_A_BODY = [
    ("POST", "/v1/tenants"),
    ("POST", "/v1/keys"),
    ("PUT", "/v1/agent-groups/x"),
    ("POST", "/v1/memories"),
    ("PUT", "/v1/memories/x"),
    ("POST", "/v1/memories/batch-delete"),
    ("POST", "/v1/memories/search"),
    ("POST", "/v1/memories/x/relations"),
]


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is nothing but an error object."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(body) == {"error"}
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "hint"}
    return answer.status_code, body["error"]["code"]


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/nope", "/v1/memories/x/nope", "/%00", "/内存"])
async def test_unknown_path_is_not_found_with_and_without_a_key(alice: Client, anonymous: Client, path: str) -> None:
    assert error(await alice.get(path)) == (404, "not_found")
    assert error(await anonymous.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/memories", {"GET", "POST"}),
        ("POST", "/v1/memories/x", {"GET", "PUT", "DELETE"}),
        ("GET", "/v1/memories/batch-delete", {"POST"}),
        ("PUT", "/v1/tenants", {"POST"}),
        ("DELETE", "/v1/tasks/x", {"GET"}),
    ],
)
async def test_wrong_method_names_the_right_ones(alice: Client, method: str, path: str, allowed: set[str]) -> None:
    answer = await alice.request(method, path)

    assert error(answer) == (405, "method_not_allowed")
    assert allowed <= {name.strip() for name in answer.headers["allow"].split(",")}


async def test_wrong_method_without_a_key_asks_for_the_key_first(anonymous: Client) -> None:
    assert error(await anonymous.patch("/v1/memories")) == (401, "unauthorized")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_memory_named_all_is_looked_up_by_nobody(alice: Client, method: str) -> None:
    assert error(await alice.request(method, "/v1/memories/all", json={})) == (405, "method_not_allowed")


@pytest.mark.parametrize(("method", "path"), ROUTES_WITH_A_BODY)
@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"\xff\xfe", b'{"content": NaN}'])
async def test_body_that_is_no_json_is_invalid(alice: Client, method: str, path: str, body: bytes) -> None:
    answer = await alice.request(method, path, content=body, headers=JSON)

    assert error(answer) == (400, "validation_error")


async def test_body_that_is_nested_too_deeply_is_invalid(alice: Client) -> None:
    body = b'{"content": "x", "tags": ' + b"[" * 5000 + b"]" * 5000 + b"}"

    assert error(await alice.post("/v1/memories", content=body, headers=JSON)) == (400, "validation_error")


@pytest.mark.parametrize(("method", "path"), ROUTES_WITH_A_BODY)
@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_body_that_does_not_say_it_is_json_is_refused(
    alice: Client, method: str, path: str, media_type: str
) -> None:
    headers = {"Content-Type": media_type} if media_type else {}

    answer = await alice.request(method, path, content=b"{}", headers=headers)

    assert error(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"]
)
async def test_body_may_say_it_is_json_in_other_words(alice: Client, media_type: str) -> None:
    answer = await alice.post("/v1/memories", content=b'{"content": "x"}', headers={"Content-Type": media_type})

    assert answer.status_code == 201


@pytest.mark.parametrize(("method", "path"), ROUTES_WITH_A_BODY)
@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"'])
async def test_body_that_is_no_object_is_unprocessable(alice: Client, method: str, path: str, body: str) -> None:
    assert error(await alice.request(method, path, content=body, headers=JSON)) == (422, "validation_error")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": 7}, "content"),
        ({"content": "x", "tags": "a"}, "tags"),
        ({"content": "x", "tags": [1]}, "tags"),
        ({"content": "x", "importance": "high"}, "importance"),
        ({"content": "x", "importance": 1.5}, "importance"),
        ({"content": "x", "valid_from": "2026-01-01"}, "valid_from"),
        ({"content": "x", "replaces": "y"}, "replaces"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "user"}]}, "content"),
        ({"messages": [{"content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": None}]}, "content"),
        ({"messages": [{"role": "user", "content": "x", "seq": -1}]}, "seq"),
        ({"messages": [{"role": "user", "content": "x", "seq": 2**63}]}, "seq"),
    ],
)
async def test_wrong_type_names_the_field(alice: Client, body: dict[str, object], field: str) -> None:
    answer = await alice.post("/v1/memories", json=body)

    assert error(answer) == (422, "validation_error")
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/memories", {}, "content"),
        ("/v1/memories", {"content": ""}, "content"),
        ("/v1/memories", {"content": "x", "category": "preference"}, "category"),
        ("/v1/memories", {"content": "x", "memory_type": "fact"}, "memory_type"),
        ("/v1/memories", {"content": "x", "visibility": "public"}, "visibility"),
        ("/v1/memories", {"messages": []}, "messages"),
        ("/v1/memories", {"messages": [{"role": "user", "content": "x"}], "mode": "fast"}, "mode"),
        ("/v1/memories/search", {"q": "x", "category": "preference"}, "category"),
        ("/v1/memories/search", {"q": "x", "include": ["all"]}, "include"),
        ("/v1/memories/search", {"q": "x", "since": "yesterday"}, "since"),
        ("/v1/memories/batch-delete", {}, "memory_ids"),
    ],
)
async def test_wrong_value_names_the_field(alice: Client, path: str, body: dict[str, object], field: str) -> None:
    answer = await alice.post(path, json=body)

    assert error(answer) == (400, "validation_error")
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/memories/search", "q"),
        ("/v1/memories/search?q=x&limit=-1", "limit"),
        ("/v1/memories/search?q=x&limit=abc", "limit"),
        ("/v1/memories/search?q=x&limit=", "limit"),
        ("/v1/memories/search?q=x&limit=1.5", "limit"),
        ("/v1/memories/search?q=x&include_trace=1", "include_trace"),
        ("/v1/memories/search?q=x&include_trace=True", "include_trace"),
        ("/v1/memories/search?q=x&min_score=high", "min_score"),
        ("/v1/memories/search?q=x&min_score=2", "min_score"),
        ("/v1/memories/search?q=x&min_score=nan", "min_score"),
        ("/v1/memories/search?q=x&memory_type=fact", "memory_type"),
        ("/v1/memories/search?q=x&include=everything", "include"),
        ("/v1/memories/search?q=x&as_of=2026-13-01", "as_of"),
        ("/v1/memories?limit=-1", "limit"),
        ("/v1/memories?offset=-1", "offset"),
        ("/v1/memories?offset=x", "offset"),
        ("/v1/memories?offset=99999999999999999999", "offset"),
        ("/v1/memories?cursor=x", "cursor"),
        ("/v1/memories?since=x", "since"),
        ("/v1/tasks?status=done", "status"),
        ("/v1/tasks?cursor=!!", "cursor"),
        ("/v1/tasks?limit=-1", "limit"),
    ],
)
async def test_wrong_parameter_is_named(alice: Client, path: str, parameter: str) -> None:
    answer = await alice.get(path)

    assert error(answer) == (400, "validation_error")
    assert parameter in answer.json()["error"]["message"]


@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
@pytest.mark.parametrize("after", ["9999-12-31T23:59:59.999999-12:00", "0001-01-01T00:00:00+12:00"])
async def test_cursor_may_lie_at_the_ends_of_time(alice: Client, sort: str, after: str) -> None:
    cursor = encode(Cursor(sort, True, after, "x"))

    assert (await alice.get("/v1/memories", params={"cursor": cursor})).status_code == 200


@pytest.mark.parametrize("place", [("importance", "high"), ("created_at", "noon"), ("id", "x"), ("tags", "1")])
async def test_cursor_of_another_make_is_refused(alice: Client, place: tuple[str, str]) -> None:
    cursor = encode(Cursor(place[0], True, place[1], "x"))

    assert error(await alice.get("/v1/memories", params={"cursor": cursor})) == (400, "validation_error")


@pytest.mark.parametrize("query", ["direction=up", "type=likes", "cursor=x", "limit=-1"])
async def test_wrong_parameter_of_relations_is_named(alice: Client, query: str) -> None:
    stored = await alice.store("Tea is ready.")

    answer = await alice.get(f"/v1/memories/{stored['id']}/relations?{query}")

    assert error(answer) == (400, "validation_error")
    assert query.partition("=")[0] in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/tenants", "/v1/memories", "/v1/memories/search"])
async def test_body_over_two_megabytes_is_too_long(alice: Client, path: str) -> None:
    answer = await alice.post(path, content=b" " * (TWO_MEGABYTES + 1), headers=JSON)

    assert error(answer) == (413, "content_too_long")
    assert str(TWO_MEGABYTES) in answer.json()["error"]["message"]


async def test_body_of_two_megabytes_is_read(alice: Client) -> None:
    body = b'{"content": "x"}'

    answer = await alice.post("/v1/memories", content=body + b" " * (TWO_MEGABYTES - len(body)), headers=JSON)

    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/", "/nope", "/health", "/v1/memories", "/v1/memories/x", "/v1/spaces/team%2Fx"])
async def test_browser_may_ask_anywhere_without_a_key(anonymous: Client, path: str) -> None:
    answer = await anonymous.options(path, headers={"Origin": "https://example.org"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "*"
    assert answer.headers["access-control-allow-methods"] == "*"


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/nope", 404), ("/v1/memories", 401)])
async def test_browser_may_read_any_answer(anonymous: Client, path: str, status: int) -> None:
    answer = await anonymous.get(path, headers={"Origin": "https://example.org"})

    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_json_content_type_without_a_body_is_fine(alice: Client, method: str) -> None:
    stored = await alice.store("Tea is ready.")

    assert (await alice.request(method, f"/v1/memories/{stored['id']}", headers=JSON)).status_code == 200


async def test_answers_are_compact_json(alice: Client) -> None:
    stored = await alice.store("Tea is ready.")

    answer = await alice.get("/v1/memories")

    assert f'"id":"{stored["id"]}"' in answer.text
    assert ', "' not in answer.text


async def test_list_has_no_word_error_in_quotes(alice: Client) -> None:
    await alice.store("Tea is ready.")

    assert '"error"' not in (await alice.get("/v1/memories?limit=20&offset=0")).text

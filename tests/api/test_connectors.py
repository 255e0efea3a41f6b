"""Repositories of GitHub over HTTP: connected, read, followed by signed webhooks, edited, closed and deleted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import httpx
import msgspec
import pytest
from neo4j import AsyncDriver

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.servers.github_api import (
    TOKEN,
    GitHubServer,
    Hook,
    comment,
    commit,
    event,
    issue,
    limited,
    listed_commit,
    malformed,
    moved,
    signed,
    slow,
    status,
)

Work = Callable[[], Awaitable[int]]
OURS = "https://memory.example.org"
LATER, LATEST = "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"


@pytest.fixture
def github() -> Generator[GitHubServer]:
    """A GitHub of this test alone."""
    with GitHubServer() as server:
        yield server


@pytest.fixture
async def ann(github: GitHubServer, parts: Parts, sign_up: SignUp) -> Client:
    """A tenant of a service that knows the local GitHub and waits a second for it."""
    settings = msgspec.structs.replace(parts.settings, github_api_url=github.url, github_timeout_secs=1)
    return await sign_up("Ann", parts=msgspec.structs.replace(parts, settings=settings))


@pytest.fixture
async def hook(ann: Client, github: GitHubServer) -> Hook:
    """The webhook of the connected repository acme/tea."""
    assert (await connect(ann)).status_code == 200
    github.clear()
    return github.hooks[-1]


async def connect(client: Client, **fields: object) -> httpx.Response:
    body = {"access_token": TOKEN, "repo": "acme/tea", "webhook_url": OURS, **fields}
    return await client.post("/v1/connectors/github/connect", json=body)


async def send(client: Client, hook: Hook, name: str, **payload: Any) -> dict[str, Any]:
    """Sends an event as GitHub does; the answer, which must be 200."""
    answer = await client.post(**event(hook, name, **payload))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def messages(client: Client) -> list[dict[str, Any]]:
    """The messages of the tenant, oldest first."""
    listed = (await client.get("/v1/memories?memory_type=session&limit=200")).json()["memories"]
    return sorted(listed, key=lambda memory: (memory["created_at"], memory["content"]))


async def texts(client: Client) -> list[str]:
    return [message["content"] for message in await messages(client)]


async def facts(client: Client, word: str) -> list[str]:
    listed = (await client.get("/v1/memories?limit=200")).json()["memories"]
    return [memory["content"] for memory in listed if word in memory["content"]]


async def test_connect_gives_github_an_address_and_secret_of_its_own(
    ann: Client, github: GitHubServer, driver: AsyncDriver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = (await connect(ann)).json()

    [made] = github.hooks
    assert answer["status"] == "connected"
    assert (answer["repo"], answer["webhook_id"]) == ("acme/tea", made.id)
    assert made.address.startswith(f"{OURS}/v1/connectors/github/webhook/")
    listed = (await ann.get("/v1/connectors")).text
    stored = str((await driver.execute_query("MATCH (node:Connection) RETURN properties(node)")).records)
    shown = str(answer) + listed + stored + caplog.text
    assert not [secret for secret in (TOKEN, made.secret, made.token) if secret in shown]


async def test_connecting_again_renews_the_secret_and_keeps_the_connection(ann: Client, github: GitHubServer) -> None:
    first = (await connect(ann)).json()
    old = github.hooks[-1]
    second = (await connect(ann, repo="Acme/Tea", webhook_url=f"{OURS}/v1/connectors/github/webhook/")).json()

    [new] = github.hooks
    assert (first["connection_id"], first["webhook_id"]) == (second["connection_id"], second["webhook_id"])
    assert (await ann.post(**event(old, "ping"))).status_code == 401
    assert (await ann.post(**event(new, "ping"))).status_code == 200
    github.script("/repos/acme/tea/hooks/1", status(500))
    assert (await connect(ann)).status_code == 503
    assert (await ann.post(**event(new, "ping"))).status_code == 200


async def test_what_a_repository_has_is_read_page_by_page(ann: Client, github: GitHubServer) -> None:
    github.issues = [issue(number, f"Bed {number}") for number in range(104, 0, -1)]
    github.comments = [comment(1, "We decided to use drip irrigation.", 7), comment(2, "<private>mine</private>", 7)]
    github.commits = [listed_commit("b" * 40, "Switch to drip irrigation"), listed_commit("a" * 40, "Fix a typo")]

    answer = (await connect(ann)).json()
    again = (await connect(ann)).json()

    counts = {"issues": 104, "comments": 2, "commits": 2, "refused": 0, "is_complete": True, "stopped_by": None}
    assert answer["fetched"] == {**counts, "memories_created": 107}
    assert again["fetched"] == {**counts, "memories_created": 0}
    assert "Comment on #7 by bob:\n\nWe decided to use drip irrigation." in await ann.found("drip irrigation")
    paths = [request.query.get("page") for request in github.requests if request.path.endswith("/issues")]
    assert paths[:2] == ["1", "2"]


@pytest.mark.parametrize(
    ("path", "answer", "code", "words"),
    [
        ("", status(404), 400, "repo is not known"),
        ("", status(401), 400, "access_token is not accepted"),
        ("/hooks", status(403), 400, "access_token does not allow"),
        ("/hooks", status(422), 400, "access_token is refused"),
        ("", limited, 429, "rate limit"),
        ("", moved, 400, "renamed or moved"),
        ("", status(502), 503, "status 502"),
        ("/hooks", malformed, 503, "cannot be read"),
        ("", slow(3), 503, "did not answer in time"),
    ],
)
async def test_refusal_of_github_is_told_in_our_words_and_leaves_nothing(
    ann: Client, github: GitHubServer, path: str, answer: Any, code: int, words: str
) -> None:
    github.script(f"/repos/acme/tea{path}", answer)

    refused = await connect(ann)

    assert refused.status_code == code, refused.text
    assert words in refused.json()["error"]["message"]
    assert TOKEN not in refused.text
    assert (await ann.get("/v1/connectors")).json() == {"connections": []}


async def test_fetch_that_is_stopped_says_so_and_goes_on_later(ann: Client, github: GitHubServer) -> None:
    github.issues = [issue(1, "Water the garden")]
    github.comments = [comment(1, "Every evening.")]
    github.script("/repos/acme/tea/issues/comments", limited, malformed)

    first, second, third = [(await connect(ann)).json()["fetched"] for _ in range(3)]

    assert (first["memories_created"], first["is_complete"]) == (1, False)
    assert "rate limit" in first["stopped_by"]
    assert "cannot be read" in second["stopped_by"]
    assert (third["memories_created"], third["is_complete"]) == (1, True)


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"access_token": ""}, 400, "access_token"),
        ({"access_token": "a\r\nHost: b"}, 400, "access_token"),
        ({"access_token": None}, 422, "access_token"),
        ({"repo": " "}, 400, "repo"),
        ({"repo": "acme/.."}, 400, "repo"),
        ({"repo": "acme/tea/../../orgs"}, 400, "repo"),
        ({"repo": "acme/tea?x=1"}, 400, "repo"),
        ({"repo": "acme/tea\n"}, 400, "repo"),
        ({"webhook_url": 1}, 422, "webhook_url"),
        ({"webhook_url": "ftp://x"}, 400, "webhook_url"),
        ({"webhook_url": "https://user:pass@x"}, 400, "webhook_url"),
        ({"webhook_url": "https://[x"}, 400, "webhook_url"),
        ({"space": "team/unknown"}, 404, "space"),
    ],
)
async def test_bad_connect_names_the_field_and_asks_nobody(
    ann: Client, github: GitHubServer, fields: dict[str, object], code: int, named: str
) -> None:
    refused = await connect(ann, **fields)

    assert refused.status_code == code, refused.text
    assert named in refused.json()["error"]["message"]
    assert github.requests == []


async def test_events_become_messages_with_the_tags_of_the_contract(ann: Client, hook: Hook, work: Work) -> None:
    pull = {**issue(2, "Drip lines", "Replaces the hoses."), "head": {"ref": "drip"}, "base": {"ref": "main"}}
    pushed = commit("abcdef1234567890", "Use drip lines\n\nbecause hoses leak", added=["src/灌溉.py"], removed=["a.md"])
    review = {"id": 9, "body": "好的，合并吧。", "state": "APPROVED", "user": {"login": "小明"}, "submitted_at": LATER}

    answers = [
        await send(ann, hook, "issues", action="opened", issue=issue(1, "浇水", "我们决定每天傍晚浇水。")),
        await send(
            ann,
            hook,
            "issue_comment",
            action="created",
            issue=issue(1, "浇水", "我们决定每天傍晚浇水。"),
            comment=comment(5, "好。"),
        ),
        await send(ann, hook, "pull_request", action="opened", pull_request=pull),
        await send(ann, hook, "pull_request_review", action="submitted", pull_request=pull, review=review),
        await send(ann, hook, "push", ref="refs/heads/main", commits=[pushed]),
        await send(ann, hook, "ping", zen="Keep it logically awesome."),
        await send(ann, hook, "star", action="created"),
    ]
    await work()

    assert [answer["memories_created"] for answer in answers] == [1, 1, 1, 1, 1, 0, 0]
    assert answers[-1]["event_type"] == "star"
    stored = {message["content"]: message for message in await messages(ann)}
    tags = {content: set(message["tags"]) for content, message in stored.items()}
    assert tags["Issue #1 by ann: 浇水\n\n我们决定每天傍晚浇水。"] == {"repo:acme/tea", "github:issue", "issue:1"}
    assert "github:issue_comment" in tags["Comment on #1 by bob:\n\n好。"]
    assert tags["Pull request #2 by ann: Drip lines (drip → main)\n\nReplaces the hoses."] >= {
        "github:pull_request",
        "pr:2",
    }
    assert "github:review" in tags["Review of #2 by 小明 (approved):\n\n好的，合并吧。"]
    [pushed_text] = [text for text in stored if text.startswith("Commit abcdef12 by ann: Use drip lines")]
    assert tags[pushed_text] >= {"github:push", "commit:abcdef12", "file:src/灌溉.py", "repo:acme/tea"}
    assert {message["source"] for message in stored.values()} == {"github:acme/tea"}
    assert await ann.found("每天傍晚浇水")


async def test_replay_and_edit_leave_one_thing_in_two_versions(
    ann: Client, hook: Hook, work: Work, driver: AsyncDriver
) -> None:
    opened = event(hook, "issues", action="opened", issue=issue(1, "Tools", "The garden port is 8080."))
    first = [(await ann.post(**opened)).json()["memories_created"] for _ in range(2)]
    again = await send(ann, hook, "issues", action="opened", issue=issue(1, "Tools", "The garden port is 8080."))
    await work()
    edited = issue(1, "Tools", "The garden port is 9090.", updated_at=LATER)
    together = await asyncio.gather(*(send(ann, hook, "issues", action="edited", issue=edited) for _ in range(3)))
    await work()
    late = await send(
        ann, hook, "issues", action="edited", issue=issue(1, "Tools", "Late.", updated_at="2026-03-01T12:00:00Z")
    )
    await work()

    assert [*first, again["memories_created"], late["memories_created"]] == [1, 0, 0, 0]
    assert sorted(answer["memories_created"] for answer in together) == [0, 0, 1]
    assert [text for text in await texts(ann) if "Tools" in text] == [
        "Issue #1 by ann: Tools\n\nThe garden port is 9090."
    ]
    found = await driver.execute_query(
        "MATCH (object:ExternalObject {kind: 'issue'})<-[of:VERSION_OF]-(episode:Episode {tenant_id: $id}) "
        "RETURN object.key AS key, object.version AS version, of.number AS number, episode.state AS state "
        "ORDER BY number",
        id=ann.user_id,
    )
    assert len({row["key"] for row in found.records}) == 1
    assert [(row["version"], row["number"], row["state"]) for row in found.records] == [
        (2, 1, "superseded"),
        (2, 2, "active"),
    ]
    assert [text for text in await facts(ann, "port") if "8080" in text] == []
    assert [text for text in await facts(ann, "port") if "9090" in text]


async def test_close_and_reopen_supersede_the_status(ann: Client, hook: Hook, work: Work) -> None:
    await send(ann, hook, "issues", action="opened", issue=issue(1, "Water"))
    await work()
    await send(ann, hook, "issues", action="closed", issue=issue(1, "Water", state="closed", updated_at=LATER))
    await work()
    closed = await facts(ann, "status")
    await send(ann, hook, "issues", action="reopened", issue=issue(1, "Water", updated_at=LATEST))
    await work()

    assert closed == ["The status of acme/tea#1 is closed."]
    assert await facts(ann, "status") == ["The status of acme/tea#1 is open."]
    [slot] = [one for one in (await ann.get("/v1/slots")).json()["slots"] if one["attribute"] == "status"]
    timeline = (await ann.get(f"/v1/slots/{slot['id']}/timeline")).json()
    assert slot["subject"] == "acme/tea#1"
    assert len(timeline["timeline"]) == 3


async def test_deletion_takes_back_what_was_said_and_what_followed(ann: Client, hook: Hook, work: Work) -> None:
    said = comment(5, "The garden port is 9090.")
    await ann.store("The garden port is 9090 behind the proxy.")
    await send(ann, hook, "issue_comment", action="created", issue=issue(1, "Water"), comment=said)
    await send(
        ann,
        hook,
        "issue_comment",
        action="created",
        issue=issue(1, "Water"),
        comment=comment(6, "The tea label is red."),
    )
    await work()
    kept = await facts(ann, "proxy")
    gone = await send(ann, hook, "issue_comment", action="deleted", issue=issue(1, "Water"), comment=said)
    back = await send(
        ann, hook, "issue_comment", action="edited", issue=issue(1, "Water"), comment={**said, "updated_at": LATEST}
    )
    await work()

    assert (gone["memories_created"], back["memories_created"]) == (0, 0)
    assert not [text for text in await texts(ann) if "9090" in text]
    assert await facts(ann, "proxy") == kept
    await send(ann, hook, "issues", action="deleted", issue=issue(1, "Water"))
    await work()
    assert await texts(ann) == []
    assert await facts(ann, "status") == []
    assert await facts(ann, "label") == []


async def test_webhook_without_the_right_signature_stores_nothing(ann: Client, anonymous: Client, hook: Hook) -> None:
    call = event(hook, "issues", action="opened", issue=issue(1, "Water"))
    body, headers = call["content"], call["headers"]

    async def sent(path: str = hook.path, **changed: str) -> int:
        kept = {name: value for name, value in {**headers, **changed}.items() if value}
        return (await anonymous.post(path, content=body, headers=kept)).status_code

    assert await sent(**{"X-Hub-Signature-256": ""}) == 401
    assert await sent(**{"X-Hub-Signature-256": headers["X-Hub-Signature-256"][7:]}) == 400
    assert await sent(**{"X-Hub-Signature-256": "sha256=xyz"}) == 400
    assert await sent(**{"X-Hub-Signature-256": "sha256=" + "0" * 64}) == 401
    assert await sent(**signed(hook.token, body, "issues", "1")) == 401
    assert await sent(f"{hook.path}0") == 401
    assert await sent("/v1/connectors/github/webhook", **{"X-Tenant-Id": ann.user_id}) == 401
    assert await texts(ann) == []
    assert await sent("/v1/connectors/github/webhook", **{"X-Tenant-Id": hook.token}) == 200
    assert len(await texts(ann)) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"issue": {"number": "x"}}', b"[" * 100_000, b"\xff\xfe", b'"x"'])
async def test_signed_nonsense_is_refused(ann: Client, hook: Hook, body: bytes) -> None:
    refused = await ann.post(hook.path, content=body, headers=signed(hook.secret, body, "issues", "1"))

    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["code"] == "validation_error"


async def test_private_text_and_secrets_of_a_repository_are_not_kept(
    ann: Client, hook: Hook, driver: AsyncDriver
) -> None:
    key = "AKIA" + "QYLPMN5HFXT7ZKW2"
    body = f"Use <private>zebra</private> and {key}."
    await send(ann, hook, "issues", action="opened", issue=issue(1, "Keys", body))
    await ann.put(f"/v1/spaces/personal/{ann.user_id}/settings", json={"secrets": "block"})
    refused = await ann.post(**event(hook, "issues", action="opened", issue=issue(2, "Keys", body)))

    [kept] = [text for text in await texts(ann) if "Keys" in text]
    assert (key in kept, "zebra" in kept) == (False, False)
    assert refused.status_code == 400
    assert key not in refused.text
    found = await driver.execute_query(
        "MATCH (n:Episode {tenant_id: $id}) RETURN collect(n.content) AS all", id=ann.user_id
    )
    assert len(found.records[0]["all"]) == 2


async def test_webhook_stores_where_its_connection_says_as_long_as_its_tenant_may(
    ann: Client, github: GitHubServer, stranger: Client
) -> None:
    space = await ann.space("garden", member=stranger)
    assert (await connect(ann, space=space["id"], fetch=False)).json()["fetched"] is None
    hook = github.hooks[-1]
    await send(ann, hook, "issues", action="opened", issue=issue(1, "Water"))
    await ann.put(f"/v1/spaces/{space['id']}/owner", json={"user_id": stranger.user_id})
    await ann.post(f"/v1/spaces/{space['id']}/leave")

    refused = await ann.post(**event(hook, "issues", action="opened", issue=issue(2, "Prune")))

    listed = (await stranger.get("/v1/memories", params={"space": space["id"], "memory_type": "session"})).json()
    assert [one["content"] for one in listed["memories"] if "Issue" in one["content"]] == ["Issue #1 by ann: Water"]
    assert refused.status_code == 401


async def test_connections_are_listed_and_end(ann: Client, hook: Hook, stranger: Client) -> None:
    await send(ann, hook, "issues", action="opened", issue=issue(1, "Water"))
    [listed] = (await ann.get("/v1/connectors")).json()["connections"]

    assert (listed["repo"], listed["provider"], listed["delivery_count"]) == ("acme/tea", "github", 1)
    assert (await stranger.get("/v1/connectors")).json() == {"connections": []}
    assert (await stranger.delete(f"/v1/connectors/{listed['id']}")).status_code == 404
    assert (await ann.delete(f"/v1/connectors/{listed['id']}")).json() == {"status": "deleted"}
    assert (await ann.delete(f"/v1/connectors/{listed['id']}")).status_code == 404
    assert (await ann.post(**event(hook, "ping"))).status_code == 401
    assert len(await texts(ann)) == 2


async def test_body_of_a_stranger_is_not_even_read(anonymous: Client) -> None:
    body = json.dumps({"zen": "x" * 30_000_000}).encode()

    answer = await anonymous.post("/v1/connectors/github/webhook/0", content=body)

    assert answer.status_code in (401, 413)

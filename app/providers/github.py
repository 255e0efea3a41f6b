"""GitHub's REST API as far as a connection needs it: webhooks, and lists of issues, comments and commits.

Only the host of `OMEM_GITHUB_API_URL` is asked: redirects are not followed, addresses in answers are not used. A token
lives as long as the client.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import httpx
import msgspec

from app.config import Settings
from app.domain.errors import Invalid, OurmemError, RateLimited, Unavailable
from app.domain.github import Comment, Issue, ListedCommit

Shape = TypeVar("Shape")

EVENTS = ["push", "issues", "issue_comment", "pull_request", "pull_request_review"]
# A page of a hundred issues, each as long as GitHub lets it be, has 6.5 MB; more is no answer of GitHub.
MAX_ANSWER_BYTES = 20 * 1024 * 1024
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, EMPTY, GONE, TOO_MANY = 401, 403, 404, 409, 410, 429
# From these statuses on an answer is a redirect, a refusal, a failure.
REDIRECT, REFUSED, SERVER_ERROR = 300, 400, 500


class RepositoryAnswer(msgspec.Struct, frozen=True):
    """What we read of a repository."""

    full_name: str = ""


class HookAnswer(msgspec.Struct, frozen=True):
    """What we read of a webhook."""

    id: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """An answer of GitHub; `wait` is for how many seconds it asks to be left alone, '' for none."""

    status: int
    body: bytes
    is_limited: bool
    wait: str


class GitHub:
    """A client with somebody's token, to be used as a context manager."""

    def __init__(self, settings: Settings, token: str) -> None:
        self._seconds = settings.github_timeout_secs
        self._client = httpx.AsyncClient(
            base_url=settings.github_api_url.rstrip("/"),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "ourmem",
            },
            follow_redirects=False,
            timeout=self._seconds,
        )

    async def __aenter__(self) -> GitHub:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get_name(self, repo: str) -> str:
        """A repository's name as GitHub spells it.

        As all calls here raises Invalid for what GitHub refuses, RateLimited, and Unavailable when it is away.
        """
        return _parse(await self._ask("GET", f"/repos/{repo}", "repo"), RepositoryAnswer).full_name

    async def set_hook(self, repo: str, address: str, secret: str, known_id: int | None) -> int | None:
        """The number of the webhook that calls the address: the known one changed, or a new one."""
        config = {"url": address, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
        body = {"config": config, "events": EVENTS, "active": True}
        if known_id is not None:
            changed = await self._send("PATCH", f"/repos/{repo}/hooks/{known_id}", body)
            if changed.status not in (NOT_FOUND, GONE):
                return _parse(self._checked(changed, "access_token"), HookAnswer).id
        made = await self._ask("POST", f"/repos/{repo}/hooks", "access_token", {"name": "web", **body})
        return _parse(made, HookAnswer).id

    async def list_issues(self, repo: str, page: int, size: int) -> list[Issue]:
        """Issues and pull requests, the latest changed first."""
        path = f"/repos/{repo}/issues?state=all&sort=updated&direction=desc&per_page={size}&page={page}"
        return _parse(await self._ask("GET", path, "repo"), list[Issue])

    async def list_comments(self, repo: str, page: int, size: int) -> list[Comment]:
        """Comments on issues and pull requests, the latest changed first."""
        path = f"/repos/{repo}/issues/comments?sort=updated&direction=desc&per_page={size}&page={page}"
        return _parse(await self._ask("GET", path, "repo"), list[Comment])

    async def list_commits(self, repo: str, page: int, size: int) -> list[ListedCommit]:
        """Commits of the main branch, the latest first."""
        answer = await self._send("GET", f"/repos/{repo}/commits?per_page={size}&page={page}")
        # So GitHub answers for a repository without any commit.
        return [] if answer.status == EMPTY else _parse(self._checked(answer, "repo"), list[ListedCommit])

    async def _ask(self, method: str, path: str, field: str, body: object = None) -> bytes:
        return self._checked(await self._send(method, path, body), field)

    async def _send(self, method: str, path: str, body: object = None) -> Answer:
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            # The client's own limit is for each piece of an answer; one that drips must end as well.
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(method, path, content=content, headers=headers) as answer,
            ):
                return await _read(answer)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Unavailable(
                "GitHub did not answer in time; OMEM_GITHUB_TIMEOUT_SECS says how long it may take"
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable("GitHub cannot be reached; try again later") from error

    def _checked(self, answer: Answer, field: str) -> bytes:
        if answer.status < REDIRECT:
            return answer.body
        raise _failure(answer, field)


async def _read(answer: httpx.Response) -> Answer:
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.aiter_bytes():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise Unavailable("GitHub's answer is larger than any page is")
    wait = answer.headers.get("retry-after", "")
    is_used_up = answer.headers.get("x-ratelimit-remaining") == "0" or bool(wait)
    is_limited = answer.status_code == TOO_MANY or (answer.status_code == FORBIDDEN and is_used_up)
    return Answer(answer.status_code, b"".join(pieces), is_limited, wait if wait.isdecimal() else "")


def _failure(answer: Answer, field: str) -> OurmemError:
    """What GitHub's status means, in our own words: its own text may repeat what it was sent."""
    status = answer.status
    if answer.is_limited:
        when = f"try again in {answer.wait} seconds" if answer.wait else "try again later"
        return RateLimited(f"GitHub's rate limit is used up; {when}")
    if status >= SERVER_ERROR:
        return Unavailable(f"GitHub answered with status {status}; try again later")
    if status < REFUSED:
        return Invalid("repo was renamed or moved; use its new name")
    words = {
        UNAUTHORIZED: "access_token is not accepted by GitHub",
        FORBIDDEN: "access_token does not allow this for the repository",
        NOT_FOUND: "repo is not known to GitHub, or access_token does not allow this for it",
    }
    return Invalid(words.get(status, f"{field} is refused by GitHub with status {status}"))


def _parse(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unavailable("GitHub's answer cannot be read") from error

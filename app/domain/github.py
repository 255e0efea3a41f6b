"""What GitHub sends, in the fields that are read here; anything may be missing, nothing has another type."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from app.domain.errors import Invalid

Shape = TypeVar("Shape")


class Login(msgspec.Struct, frozen=True):
    """An account."""

    login: str = ""


class PullRequestMark(msgspec.Struct, frozen=True):
    """What an issue carries that is a pull request."""

    merged_at: datetime | None = None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue, or a pull request as GitHub lists it among them."""

    number: int
    title: str = ""
    body: str | None = None
    user: Login | None = None
    state: str = "open"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pull_request: PullRequestMark | None = None


class Branch(msgspec.Struct, frozen=True):
    """One side of a pull request."""

    ref: str = ""


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request with its branches."""

    number: int
    title: str = ""
    body: str | None = None
    user: Login | None = None
    state: str = "open"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    merged_at: datetime | None = None
    head: Branch = Branch()
    base: Branch = Branch()


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment; a list of them names the issue by its address, whose last part is the number."""

    id: int
    body: str | None = None
    user: Login | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    issue_url: str = ""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review of a pull request."""

    id: int
    body: str | None = None
    user: Login | None = None
    state: str = ""
    submitted_at: datetime | None = None


class CommitAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote a commit."""

    name: str = ""
    username: str = ""
    date: datetime | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of a push, with the files that it changes."""

    id: str
    message: str = ""
    author: CommitAuthor = CommitAuthor()
    timestamp: datetime | None = None
    added: list[str] = []
    modified: list[str] = []
    removed: list[str] = []


class ListedText(msgspec.Struct, frozen=True, kw_only=True):
    """What a listed commit says."""

    message: str = ""
    author: CommitAuthor = CommitAuthor()


class ListedCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit as the list of a repository has it, without files."""

    sha: str
    commit: ListedText = ListedText()


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook, whatever the event."""

    action: str = ""
    issue: Issue | None = None
    comment: Comment | None = None
    pull_request: PullRequest | None = None
    review: Review | None = None
    commits: list[Commit] = []


def parse_payload(body: bytes) -> Payload:
    """The body of a webhook. Raises Invalid when it is no JSON, or not as GitHub sends it."""
    try:
        return msgspec.json.decode(body, type=Payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not as GitHub sends it: {error}") from error
    except RecursionError as error:
        raise Invalid("the body is nested too deeply") from error

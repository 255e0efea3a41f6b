"""What an event of a repository says: texts of its things, without private text, with who says them and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from app.domain.connectors import Thing, ThingKind
from app.domain.github import Comment, Commit, CommitAuthor, Issue, ListedCommit, Login, Payload, PullRequest, Review
from app.domain.memories import MAX_CONTENT_CHARS, MAX_NAME_CHARS
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from ingest.redaction import is_empty, redact

# Who says what GitHub itself says.
GITHUB = "GitHub"
# A commit of more files says with their names nothing that their number does not.
MAX_FILES = 50
SHORT_HASH = 8
# Actions after which the thing is there no more.
GONE = ("deleted", "transferred")
# A commit is read for facts only when its message gives a reason or says what is done from now on (pipelines 9.1).
_DECISION = re.compile(
    r"\b(?:decid|switch|migrat|replac|deprecat|instead|because|so that|from now on|no longer|adopt|revert|breaking|"
    r"drop(?:s|ped|ping)? support|in favou?r of|moved? (?:to|from))|"
    r"决定|改用|换成|迁移|弃用|废弃|因为|由于|不再|统一|改为",
    re.IGNORECASE,
)


def read_event(event: str, payload: Payload, repo: str, secrets: SecretPolicy) -> list[Thing]:
    """The things that an event is about; none for an event that is not known.

    Raises Invalid where the space refuses secrets and a text holds one.
    """
    match event:
        case "push":
            return [commit_thing(commit, repo, secrets) for commit in payload.commits]
        case "issues" | "issue_comment" if payload.issue:
            is_gone = event == "issues" and payload.action in GONE
            things = issue_things(payload.issue, repo, secrets, is_gone=is_gone)
            return [*things, *_comments(payload, payload.issue.number, repo, secrets)]
        case "pull_request" | "pull_request_review" if payload.pull_request:
            things = pull_request_things(payload.pull_request, repo, secrets)
            return [*things, *_reviews(payload, payload.pull_request.number, repo, secrets)]
        case _:
            return []


def _comments(payload: Payload, number: int, repo: str, secrets: SecretPolicy) -> list[Thing]:
    if payload.comment is None:
        return []
    thing = comment_thing(payload.comment, number, repo, secrets, is_gone=payload.action == "deleted")
    return [thing] if thing else []


def _reviews(payload: Payload, number: int, repo: str, secrets: SecretPolicy) -> list[Thing]:
    thing = _review_thing(payload.review, number, repo, secrets) if payload.review else None
    return [thing] if thing else []


def issue_things(issue: Issue, repo: str, secrets: SecretPolicy, *, is_gone: bool = False) -> list[Thing]:
    """An issue and its status; a pull request among issues is told without its branches."""
    tags = _tags(repo, "github:issue", f"issue:{issue.number}")
    if issue.pull_request is not None:
        tags = _tags(repo, "github:pull_request", f"pr:{issue.number}")
    word, kind = ("Issue", ThingKind.ISSUE) if issue.pull_request is None else ("Pull request", ThingKind.PULL_REQUEST)
    text = _headed(f"{word} #{issue.number} by {_login(issue.user)}: {issue.title}", issue.body)
    thing = Thing(
        kind=kind,
        external_id=str(issue.number),
        thread=f"#{issue.number}",
        text=_safe(text, secrets, "issue"),
        speaker=redact(_login(issue.user), secrets, "user"),
        tags=tags,
        at=issue.updated_at or issue.created_at,
        is_deleted=is_gone,
        is_summary=issue.pull_request is not None and not is_gone,
    )
    is_merged = issue.pull_request is not None and issue.pull_request.merged_at is not None
    return [thing, _status(thing, repo, "merged" if is_merged else issue.state)]


def pull_request_things(pull: PullRequest, repo: str, secrets: SecretPolicy) -> list[Thing]:
    """A pull request and its status."""
    branches = f" ({pull.head.ref} → {pull.base.ref})" if pull.head.ref or pull.base.ref else ""
    head = f"Pull request #{pull.number} by {_login(pull.user)}: {pull.title}{branches}"
    thing = Thing(
        kind=ThingKind.PULL_REQUEST,
        external_id=str(pull.number),
        thread=f"#{pull.number}",
        text=_safe(_headed(head, pull.body), secrets, "pull_request"),
        speaker=redact(_login(pull.user), secrets, "user"),
        tags=_tags(repo, "github:pull_request", f"pr:{pull.number}"),
        at=pull.updated_at or pull.created_at,
    )
    return [thing, _status(thing, repo, "merged" if pull.merged_at else pull.state)]


def _status(of: Thing, repo: str, status: str) -> Thing:
    """Whether an issue is open, as a sentence that extraction reads as a slot with one value at a time."""
    return Thing(
        kind=ThingKind.STATUS,
        external_id=of.external_id,
        thread=of.thread,
        text=redact(f"The status of {repo}#{of.external_id} is {status[:MAX_NAME_CHARS]}."),
        speaker=GITHUB,
        tags=of.tags,
        at=of.at,
        is_fact=True,
        is_deleted=of.is_deleted,
    )


def comment_thing(
    comment: Comment, number: int, repo: str, secrets: SecretPolicy, *, is_gone: bool = False
) -> Thing | None:
    """A comment; None when it says nothing."""
    text = _safe(comment.body or "", secrets, "comment")
    if is_empty(text) and not is_gone:
        return None
    return Thing(
        kind=ThingKind.COMMENT,
        external_id=str(comment.id),
        thread=f"#{number}",
        text=SafeText(f"Comment on #{number} by {redact(_login(comment.user), secrets, 'user')}:\n\n{text}"),
        speaker=redact(_login(comment.user), secrets, "user"),
        tags=_tags(repo, "github:issue_comment", f"issue:{number}"),
        at=comment.updated_at or comment.created_at,
        is_deleted=is_gone,
    )


def _review_thing(review: Review, number: int, repo: str, secrets: SecretPolicy) -> Thing | None:
    text = _safe(review.body or "", secrets, "review")
    if is_empty(text):
        return None
    login = redact(_login(review.user), secrets, "user")
    state = redact(review.state, secrets, "state").lower()[:MAX_NAME_CHARS]
    return Thing(
        kind=ThingKind.REVIEW,
        external_id=str(review.id),
        thread=f"#{number}",
        text=SafeText(f"Review of #{number} by {login} ({state}):\n\n{text}"),
        speaker=login,
        tags=_tags(repo, "github:review", f"pr:{number}"),
        at=review.submitted_at,
    )


def commit_thing(commit: Commit, repo: str, secrets: SecretPolicy) -> Thing:
    """A commit with the names of the files it changes; no file becomes a memory of its own."""
    short = redact(commit.id, secrets, "commit")[:SHORT_HASH]
    author = _author(commit.author, secrets)
    changes = [("Added", commit.added), ("Modified", commit.modified), ("Removed", commit.removed)]
    files = "\n".join(f"{word}: {_names(names)}" for word, names in changes if names)
    text = _headed(f"Commit {short} by {author}: {commit.message.strip()}", files)
    paths = [*commit.added, *commit.modified, *commit.removed][:MAX_FILES]
    return Thing(
        kind=ThingKind.COMMIT,
        external_id=commit.id[:MAX_NAME_CHARS],
        thread="commits",
        text=_safe(text, secrets, "commit"),
        speaker=author,
        tags=_tags(repo, "github:push", f"commit:{short}", *(redact(f"file:{path}", secrets) for path in paths)),
        at=commit.timestamp,
        is_read=bool(_DECISION.search(commit.message)),
    )


def listed_commit_thing(listed: ListedCommit, repo: str, secrets: SecretPolicy) -> Thing:
    """A commit from the list of a repository; a push tells its files, so this is no version of what a push told."""
    text = listed.commit
    commit = Commit(id=listed.sha, message=text.message, author=text.author, timestamp=text.author.date)
    return msgspec.structs.replace(commit_thing(commit, repo, secrets), is_summary=True)


def number_of(comment: Comment) -> int | None:
    """The number of the issue that a listed comment belongs to."""
    last = comment.issue_url.rpartition("/")[2]
    return int(last) if last.isdecimal() and len(last) <= SHORT_HASH else None


def _author(author: CommitAuthor, secrets: SecretPolicy) -> str:
    return redact(author.username or author.name or "unknown", secrets, "author")[:MAX_NAME_CHARS]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_FILES} more" if len(names) > MAX_FILES else ""
    return ", ".join(names[:MAX_FILES]) + more


def _login(user: Login | None) -> str:
    return (user.login if user and user.login else "unknown")[:MAX_NAME_CHARS]


def _headed(head: str, body: str | None) -> str:
    return f"{head}\n\n{body.strip()}" if body and body.strip() else head


def _safe(text: str, secrets: SecretPolicy, field: str) -> SafeText:
    """The text without private parts. GitHub's longest texts fit; of a longer one the beginning is kept, marked."""
    shown = redact(text.replace("\r\n", "\n"), secrets, field)
    return shown if len(shown) <= MAX_CONTENT_CHARS else SafeText(shown[: MAX_CONTENT_CHARS - 1] + "…")


def _tags(repo: str, *more: str) -> list[str]:
    return [tag for tag in (f"repo:{repo}", *more) if len(tag) <= MAX_NAME_CHARS]

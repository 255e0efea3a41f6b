"""Connections to repositories, what is known of each thing there, and how its versions follow each other."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from app.domain.errors import Invalid, Unauthorized
from app.domain.memories import MAX_NAME_CHARS, text_hash, timestamp
from app.domain.principal import Principal
from app.domain.texts import SafeText

# What GitHub allows as owner and name; anything else could name another path of its API (`..`, `?`, `#`).
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}")
WEBHOOK_PATH = "/v1/connectors/github/webhook"
_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")
REFUSED = "the webhook is unknown, or its signature is wrong"


class NewConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A repository to connect (contract 11.2), the space it goes to, and whether what it has now is fetched."""

    access_token: str
    repo: str
    webhook_url: str
    space: str | None = None
    fetch: bool = True


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connected repository.

    The secret that signs its webhooks is made of `secret_key` and of the token in its address; of that only the hash
    is stored, so neither who reads the graph nor who sees the address can sign.
    """

    id: str
    tenant_id: str
    agent_id: str
    space_id: str
    space_key: str
    provider: str = "github"
    repo: str
    token_hash: str
    secret_key: str
    webhook_id: int | None = None
    delivery_count: int = 0
    created_at: datetime
    last_delivery_at: datetime | None = None


class Registered(msgspec.Struct, frozen=True):
    """A connection and the principal that it stores for."""

    connection: Connection
    principal: Principal


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What of a repository was read at once; where `is_complete` is false, `stopped_by` says why it ended earlier."""

    issues: int = 0
    comments: int = 0
    commits: int = 0
    memories_created: int = 0
    # What the space refuses for the secrets in it.
    refused: int = 0
    is_complete: bool = True
    stopped_by: str | None = None


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a connect."""

    status: str
    repo: str
    webhook_id: int | None
    connection_id: str
    space_id: str
    fetched: Fetched | None


class Received(msgspec.Struct, frozen=True):
    """The answer to a webhook (contract 11.1)."""

    event_type: str
    memories_created: int


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A connection on the wire: nothing that opens it."""

    id: str
    provider: str
    repo: str
    space_id: str
    agent_id: str | None
    webhook_id: int | None
    delivery_count: int
    created_at: str
    last_delivery_at: str | None


class ConnectionList(msgspec.Struct, frozen=True):
    """The connections of a tenant, newest first."""

    connections: list[ConnectionView]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a webhook as it came."""

    event: str
    id: str
    signature: str
    body: bytes


class ThingKind(StrEnum):
    """What a repository has; a status is a thing of its own, since it changes without the text."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"
    COMMENT = "comment"
    REVIEW = "review"
    COMMIT = "commit"
    STATUS = "status"


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a thing: what it says without private text, who says it, and since when."""

    kind: ThingKind
    # Its number, id or hash at GitHub.
    external_id: str
    # The issue or pull request it belongs to, as `#12`, or `commits`.
    thread: str
    text: SafeText = SafeText("")
    speaker: str = ""
    tags: list[str] = []
    at: datetime | None = None
    is_fact: bool = False
    # Whether facts are looked for in it.
    is_read: bool = True
    is_deleted: bool = False
    # GitHub tells less of it than it knows, so it is no version of what is known already.
    is_summary: bool = False


class KnownThing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a thing: its newest version."""

    key: str
    version: int
    text_hash: str
    updated_at: datetime
    is_deleted: bool = False


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is new, or says something else than before, or is gone; the number is that of its version."""

    thing: Thing
    key: str
    number: int
    text_hash: str
    at: datetime


def view(connection: Connection) -> ConnectionView:
    """The wire form of a connection."""
    last = connection.last_delivery_at
    return ConnectionView(
        id=connection.id,
        provider=connection.provider,
        repo=connection.repo,
        space_id=connection.space_id,
        agent_id=connection.agent_id or None,
        webhook_id=connection.webhook_id,
        delivery_count=connection.delivery_count,
        created_at=timestamp(connection.created_at),
        last_delivery_at=timestamp(last) if last else None,
    )


def check_new(new: NewConnection) -> None:
    """Raises Invalid, which names the field that cannot be used."""
    for name in ("access_token", "repo"):
        if not getattr(new, name).strip():
            raise Invalid(f"{name} must not be empty")
    if not new.access_token.isascii() or not new.access_token.isprintable() or len(new.access_token) > MAX_NAME_CHARS:
        raise Invalid("access_token is no token of GitHub")
    if not _REPOSITORY.fullmatch(new.repo):
        raise Invalid("repo must be owner/name")
    hook_address(new.webhook_url, "")


def check_name(found: str, asked: str) -> str:
    """A repository as GitHub spells it. Raises Invalid when it answers about another one."""
    if found and found.lower() != asked.lower():
        raise Invalid("repo was renamed or moved; use its new name")
    return found or asked


def hook_address(given: str, token: str) -> str:
    """The address that GitHub calls for one connection: that of this service as the caller gave it, and the token.

    `given` is the address of the service, or of the webhook route. Raises Invalid for anything else.
    """
    try:
        parts = urlsplit(given.strip())
        is_plain = parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError as error:
        raise Invalid("webhook_url is no address") from error
    if parts.scheme not in ("http", "https") or not is_plain or parts.query or parts.fragment:
        raise Invalid("webhook_url must be an http(s) address of this service, without password, query and fragment")
    path = parts.path.rstrip("/").removesuffix(WEBHOOK_PATH)
    return f"{parts.scheme}://{parts.netloc}{path}{WEBHOOK_PATH}/{token}"


def signing_secret(secret_key: str, token: str) -> str:
    """What GitHub signs the webhooks of a connection with."""
    return hmac.new(secret_key.encode(), token.encode(), hashlib.sha256).hexdigest()


def check_signature(secret: str, given: str, body: bytes) -> None:
    """Raises Unauthorized without a signature or for a wrong one, Invalid for what is none (contract 11.1)."""
    if not given:
        raise Unauthorized("the header X-Hub-Signature-256 is missing")
    match = _SIGNATURE.fullmatch(given.strip())
    if match is None:
        raise Invalid("X-Hub-Signature-256 must be sha256= and 64 hexadecimal digits")
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, match[1].lower()):
        raise Unauthorized(REFUSED)


def delivery_key(connection_id: str, delivery: Delivery) -> str:
    """What is unique to one call of a webhook; without an id the same body is the same call."""
    name = delivery.id or hashlib.sha256(delivery.body).hexdigest()
    return _digest(connection_id, name)


def thing_key(space_key: str, repo: str, kind: str, external_id: str) -> str:
    """What is unique to one thing of one repository in one space."""
    return _digest(space_key, "github", repo.lower(), kind, external_id)


def plan_versions(
    things: Sequence[Thing], keys: Sequence[str], known: Mapping[str, KnownThing], now: datetime
) -> list[Version]:
    """The things that are new or changed, in order; `keys` belong to `things`.

    What is older than what is known came late and changes nothing; what was deleted never comes back.
    """
    latest = dict(known)
    found: list[Version] = []
    for thing, key in zip(things, keys, strict=True):
        before = latest.get(key)
        if not _is_news(thing, before):
            continue
        version = Version(
            thing=thing,
            key=key,
            number=before.version + 1 if before else 1,
            text_hash=text_hash(thing.text),
            at=min(thing.at or now, now),
        )
        found.append(version)
        latest[key] = KnownThing(
            key=key,
            version=version.number,
            text_hash=version.text_hash,
            updated_at=version.at,
            is_deleted=thing.is_deleted,
        )
    return found


def _is_news(thing: Thing, before: KnownThing | None) -> bool:
    if before is None:
        return not thing.is_deleted
    if before.is_deleted or thing.is_summary:
        return False
    if thing.is_deleted:
        return True
    is_late = thing.at is not None and thing.at < before.updated_at
    return not is_late and text_hash(thing.text) != before.text_hash


def session_name(repo: str, thread: str) -> str:
    """The conversation that a thing of a repository belongs to."""
    return f"github:{repo}{thread if thread.startswith('#') else f' {thread}'}"[:MAX_NAME_CHARS]


def source_name(repo: str) -> str:
    """Where the memories of a repository come from (contract 11.1)."""
    return f"github:{repo}"[:MAX_NAME_CHARS]


def threads_gone(things: Iterable[Thing]) -> list[str]:
    """The issues and pull requests that are deleted as a whole, with all that was said there."""
    heads = (ThingKind.ISSUE, ThingKind.PULL_REQUEST)
    return list(dict.fromkeys(thing.thread for thing in things if thing.is_deleted and thing.kind in heads))


def _digest(*parts: str) -> str:
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()

"""Connections to repositories: make one, take what its webhook says, list and delete them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import uuid4

import msgspec

from app.domain.audit import AuditAction, Entry
from app.domain.connectors import (
    Connected,
    Connection,
    ConnectionList,
    Delivery,
    Fetched,
    NewConnection,
    Received,
    Registered,
    Thing,
    check_name,
    check_new,
    check_signature,
    delivery_key,
    hook_address,
    signing_secret,
    view,
)
from app.domain.errors import Invalid, NotFound, OurmemError, RateLimited, Unauthorized, Unavailable
from app.domain.github import Comment, parse_payload
from app.domain.principal import Principal, key_hash
from app.domain.space_settings import SecretPolicy
from app.providers.github import GitHub
from app.services import audit, connector_storing
from app.services.connector_storing import Call
from app.services.parts import Parts
from app.storage import connectors, memories
from app.storage.graph import Transaction
from ingest.github_events import comment_thing, issue_things, listed_commit_thing, number_of, read_event

# 192 random bits each, as in keys of the API.
SECRET_BYTES = 24
# GitHub's largest page. Ten of each list are a thousand issues, which is what one answer can wait for.
PAGE_ITEMS = 100
MAX_PAGES = 10
# After this the answer comes with what there is; proxies give up after a minute.
FETCH_SECONDS = 45.0

Listable = TypeVar("Listable")


async def connect(parts: Parts, principal: Principal, new: NewConnection) -> Connected:
    """Connects a repository: GitHub gets a webhook with an address and a secret of its own; then what there is is read.

    The access token is used for this and forgotten. The same repository again gets a new secret and goes on. Raises
    Invalid for what cannot be used or GitHub refuses, RateLimited, Unavailable, NotFound, Unauthorized for the space.
    """
    check_new(new)
    space = principal.writable_space(new.space)
    token = secrets.token_hex(SECRET_BYTES)
    draft = Connection(
        id=str(uuid4()),
        tenant_id=principal.tenant_id,
        agent_id=principal.agent_id,
        space_id=space.id,
        space_key=space.space_key,
        repo=new.repo,
        token_hash=key_hash(token),
        secret_key=secrets.token_hex(SECRET_BYTES),
        created_at=parts.clock(),
    )
    hook = (hook_address(new.webhook_url, token), signing_secret(draft.secret_key, token))
    async with GitHub(parts.settings, new.access_token.strip()) as github:
        # Asked before anything is stored: a token without rights must not end the connection that there is.
        draft = msgspec.structs.replace(draft, repo=check_name(await github.get_name(new.repo), new.repo))
        connection = await _make(parts, principal, github, draft, hook)
        fetched = await _fetch(parts, principal, connection, github) if new.fetch else None
    return Connected(
        status="connected",
        repo=connection.repo,
        webhook_id=connection.webhook_id,
        connection_id=connection.id,
        space_id=space.id,
        fetched=fetched,
    )


async def _make(
    parts: Parts, principal: Principal, github: GitHub, draft: Connection, hook: tuple[str, str]
) -> Connection:
    """The connection with its webhook. Without one it is as it was before."""
    before = await parts.graph.read(connectors.get_of_repository, draft)
    # Stored before GitHub knows the address, which it calls at once.
    connection = await parts.graph.write(_keep, draft)
    try:
        webhook_id = await github.set_hook(connection.repo, hook[0], hook[1], connection.webhook_id)
    except OurmemError:
        if before is None:
            await parts.graph.write(connectors.delete, principal, connection.id)
        else:
            await parts.graph.write(connectors.create, before)
        raise
    connection = msgspec.structs.replace(connection, webhook_id=webhook_id)
    action = AuditAction.CONNECTION_RENEWED if before else AuditAction.CONNECTION_CREATED
    await parts.graph.write(_finish, principal, connection, action, parts.clock())
    return connection


async def _keep(tx: Transaction, draft: Connection) -> Connection:
    """Stores a connection. Raises NotFound when its space was deleted meanwhile."""
    await memories.lock_space(tx, draft.space_key)
    return await connectors.create(tx, draft)


async def _finish(
    tx: Transaction, principal: Principal, connection: Connection, action: AuditAction, now: datetime
) -> None:
    await memories.lock_space(tx, connection.space_key)
    await connectors.update_webhook(tx, connection, connection.webhook_id)
    await audit.record(tx, principal, now, _entry(action, connection))


def _entry(action: AuditAction, connection: Connection) -> Entry:
    return Entry(action=action, space_key=connection.space_key, subject=connection.id, detail=connection.repo)


async def _fetch(parts: Parts, principal: Principal, connection: Connection, github: GitHub) -> Fetched:
    """Reads issues, comments and commits page by page; what stops it is said, and what was read stays."""
    fetched = Fetched()
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            for source in _sources(github, connection.repo, principal.settings_of(connection.space_key).secrets):
                fetched = await _read_list(parts, principal, connection, (source, fetched))
    except (RateLimited, Unavailable) as error:
        return _stopped(fetched, error.message)
    except TimeoutError:
        return _stopped(fetched, "it took too long; connect again to go on")
    return fetched


def _stopped(fetched: Fetched, reason: str) -> Fetched:
    return msgspec.structs.replace(fetched, is_complete=False, stopped_by=reason)


class Listed(msgspec.Struct, frozen=True):
    """The things of a page, how many entries it had, and how many the space refuses for the secrets in them."""

    things: list[Thing]
    count: int
    refused: int


class Source(msgspec.Struct, frozen=True):
    """A list of a repository: the field of `Fetched` that counts it, and its pages."""

    name: str
    page: Callable[[int], Awaitable[Listed]]


def _sources(github: GitHub, repo: str, policy: SecretPolicy) -> list[Source]:
    def commented(comment: Comment) -> list[Thing]:
        number = number_of(comment)
        thing = None if number is None else comment_thing(comment, number, repo, policy)
        return [thing] if thing else []

    return [
        _source("issues", partial(github.list_issues, repo), lambda issue: issue_things(issue, repo, policy)),
        _source("comments", partial(github.list_comments, repo), commented),
        _source("commits", partial(github.list_commits, repo), lambda one: [listed_commit_thing(one, repo, policy)]),
    ]


def _source(
    name: str, list_page: Callable[[int, int], Awaitable[Sequence[Listable]]], read: Callable[[Listable], list[Thing]]
) -> Source:
    async def page(number: int) -> Listed:
        entries = await list_page(number, PAGE_ITEMS)
        things: list[Thing] = []
        refused = 0
        # From the oldest on, so that conversations have their order.
        for entry in reversed(entries):
            try:
                things += read(entry)
            except Invalid:
                refused += 1
        return Listed(things, len(entries), refused)

    return Source(name, page)


async def _read_list(
    parts: Parts, principal: Principal, connection: Connection, so_far: tuple[Source, Fetched]
) -> Fetched:
    """What is read by now, with the pages of a list, the latest first."""
    source, fetched = so_far
    for number in range(1, MAX_PAGES + 1):
        listed = await source.page(number)
        call = Call(connection=connection, things=listed.things, vectors=0)
        created = await connector_storing.store(parts, principal, call) if listed.things else 0
        counts = {
            source.name: getattr(fetched, source.name) + listed.count,
            "refused": fetched.refused + listed.refused,
        }
        fetched = msgspec.structs.replace(fetched, **counts, memories_created=fetched.memories_created + created)
        if listed.count < PAGE_ITEMS:
            return fetched
    return _stopped(fetched, f"of {source.name} there are more than the latest {MAX_PAGES * PAGE_ITEMS}")


async def receive(parts: Parts, registered: Registered, token: str, delivery: Delivery) -> Received:
    """Stores what a webhook says, once however often it is sent, in the space that its connection names.

    Raises Unauthorized for a wrong signature and when the tenant may not write to the space any more; Invalid.
    """
    connection = registered.connection
    check_signature(signing_secret(connection.secret_key, token), delivery.signature, delivery.body)
    principal = registered.principal.acting_as(connection.agent_id)
    if connection.space_key not in principal.writable_keys:
        raise Unauthorized("the connection may not write to its space any more")
    payload = parse_payload(delivery.body)
    policy = principal.settings_of(connection.space_key).secrets
    things = await asyncio.to_thread(read_event, delivery.event, payload, connection.repo, policy)
    call = Call(connection=connection, things=things, delivery_key=delivery_key(connection.id, delivery))
    return Received(delivery.event, await connector_storing.store(parts, principal, call))


async def list_all(tx: Transaction, principal: Principal) -> ConnectionList:
    """The caller's connections, newest first."""
    return ConnectionList([view(connection) for connection in await connectors.list_all(tx, principal)])


async def delete(tx: Transaction, principal: Principal, connection_id: str, now: datetime) -> None:
    """Ends a connection: its webhook opens nothing any more; what it brought stays. Raises NotFound."""
    listed = await connectors.list_all(tx, principal)
    connection = next((one for one in listed if one.id == connection_id), None)
    if connection is None:
        raise NotFound("no such connection")
    await memories.lock_space(tx, connection.space_key)
    if not await connectors.delete(tx, principal, connection_id):
        raise NotFound("no such connection")
    await audit.record(tx, principal, now, _entry(AuditAction.CONNECTION_DELETED, connection))

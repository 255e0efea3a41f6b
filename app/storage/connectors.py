"""Connections, the things of repositories and their versions in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.connectors import Connection, KnownThing, ThingKind
from app.domain.events import Touched
from app.domain.memories import State
from app.domain.principal import Principal
from app.domain.tasks import Task
from app.storage import quotas
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("connectors")


class ThreadThing(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said on an issue or a pull request."""

    key: str
    kind: ThingKind
    external_id: str
    thread: str


class ThingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thing as it is known from now on."""

    key: str
    provider: str = "github"
    repo: str
    kind: str
    external_id: str
    thread: str
    version: int
    text_hash: str
    updated_at: datetime
    is_deleted: bool


class EndRow(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the versions of a thing so far."""

    key: str
    state: State
    at: datetime
    retired_at: datetime


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """The message that is a version of a thing."""

    key: str
    episode_id: str
    number: int
    at: datetime


async def get_of_repository(tx: Transaction, draft: Connection) -> Connection | None:
    """The connection that there is to the same repository in the same space."""
    keys = {"tenant_id": draft.tenant_id, "space_key": draft.space_key, "repo": draft.repo}
    return await one(tx, QUERIES["get_connection_of_repository"], Connection, **keys)


async def create(tx: Transaction, connection: Connection) -> Connection:
    """The connection as it is stored: with another id when the repository was connected to the space before."""
    fields = {name: value for name, value in msgspec.structs.asdict(connection).items() if value is not None}
    keys = {"tenant_id": connection.tenant_id, "space_key": connection.space_key}
    return await one(tx, QUERIES["create_connection"], Connection, properties=fields, **keys) or connection


async def update_webhook(tx: Transaction, connection: Connection, webhook_id: int | None) -> None:
    await one(
        tx,
        QUERIES["update_webhook"],
        str,
        id=connection.id,
        tenant_id=connection.tenant_id,
        webhook_id=webhook_id,
    )


async def list_all(tx: Transaction, principal: Principal) -> list[Connection]:
    given = {"tenant_id": principal.tenant_id, "space_keys": principal.space_keys}
    return await many(tx, QUERIES["list_connections"], Connection, **given)


async def delete(tx: Transaction, principal: Principal, connection_id: str) -> bool:
    """Whether there was one."""
    given = {"tenant_id": principal.tenant_id, "space_keys": principal.space_keys}
    return await one(tx, QUERIES["delete_connection"], str, id=connection_id, **given) is not None


async def create_delivery(tx: Transaction, connection: Connection, key: str, times: tuple[datetime, datetime]) -> bool:
    """Whether the call is new; `times` are now, and before when calls are forgotten."""
    now, forget_before = times
    given = {"connection_id": connection.id, "space_key": connection.space_key, "key": key}
    created = await one(tx, QUERIES["create_delivery"], str, now=now, forget_before=forget_before, **given)
    return created is not None


async def list_things(tx: Transaction, space_key: str, keys: Sequence[str]) -> dict[str, KnownThing]:
    found = await many(tx, QUERIES["list_things"], KnownThing, space_key=space_key, keys=list(keys))
    return {thing.key: thing for thing in found}


async def list_thread(tx: Transaction, space_key: str, repo: str, threads: Sequence[str]) -> list[ThreadThing]:
    given = {"space_key": space_key, "repo": repo, "threads": list(threads)}
    return await many(tx, QUERIES["list_thread"], ThreadThing, **given)


async def update_things(tx: Transaction, task: Task, rows: Sequence[ThingRow]) -> None:
    given = [msgspec.structs.asdict(row) for row in rows]
    await many(tx, QUERIES["update_things"], object, rows=given, space_key=task.space_key, task_id=task.id)


async def end_versions(tx: Transaction, space_key: str, rows: Sequence[EndRow], now: datetime) -> list[str]:
    """The ids of the messages that ended."""
    given = [{**msgspec.structs.asdict(row), "state": row.state.value} for row in rows]
    ended = await many(tx, QUERIES["end_versions"], Touched, rows=given, space_key=space_key, now=now)
    quotas.note_deleted(tx, [message for message in ended if message.detail == State.DELETED])
    return [message.id for message in ended]


async def add_versions(tx: Transaction, space_key: str, rows: Sequence[VersionRow]) -> None:
    given = [msgspec.structs.asdict(row) for row in rows]
    await many(tx, QUERIES["add_versions"], object, rows=given, space_key=space_key)


async def list_unsaid(tx: Transaction, task: Task) -> list[str]:
    """The ids of the decisions behind what no version that holds says any more."""
    return await many(tx, QUERIES["list_unsaid"], str, space_key=task.space_key, task_id=task.id)

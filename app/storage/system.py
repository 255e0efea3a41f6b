"""What works without a principal: keys, sign-up, leases, health, schema.  Few modules may import it (rule 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.connectors import Registered
from app.domain.principal import Principal, Scope, SpaceAccess
from app.domain.tasks import Hold, OpenTasks, Progress, Task, TaskStatus
from app.domain.tenants import KeyUse
from app.storage.graph import Transaction, many, one, packed
from app.storage.queries import load

QUERIES = load("system")


class EmbeddingModel(msgspec.Struct, frozen=True, kw_only=True):
    """Whose vectors are in the graph; `next_*` and `cursor` are set while vectors of another model are being made."""

    name: str
    dimension: int
    next_name: str | None = None
    next_dimension: int | None = None
    cursor: str | None = None


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant to create, with the hash of its first key."""

    tenant_id: str
    name: str
    key_id: str
    hash: str
    prefix: str
    scopes: list[Scope]
    space_key: str
    now: datetime


class Lease(msgspec.Struct, frozen=True):
    """Who works on a task, and until when unless it renews."""

    task_id: str
    worker: str
    lease_until: datetime


class Claim(msgspec.Struct, frozen=True):
    """What a worker took, None when another one was faster; and the tenant whose turn it was."""

    tenant_id: str
    task: Task | None


class Outcome(msgspec.Struct, frozen=True):
    """How an attempt at a task ended, and when it is due again if it is."""

    status: str
    error: str
    due_at: datetime
    now: datetime


async def get_principal(tx: Transaction, key_hash: str, now: datetime) -> Principal | None:
    return await one(tx, QUERIES["get_principal"], Principal, hash=key_hash, now=now)


async def count_open_tasks(tx: Transaction) -> list[OpenTasks]:
    return await many(tx, QUERIES["count_open_tasks"], OpenTasks)


async def get_busy_space(tx: Transaction) -> SpaceAccess | None:
    """A space that was written to more often than others, to be read by whoever makes the database ready."""
    return await one(tx, QUERIES["get_busy_space"], SpaceAccess)


async def get_task_principal(tx: Transaction, task: Task) -> Principal | None:
    """The principal a task runs for, acting as the agent that asked; None when the tenant is gone."""
    found = await one(tx, QUERIES["get_task_principal"], Principal, tenant_id=task.tenant_id, kind=task.kind.value)
    return found.acting_as(task.agent_id) if found else None


async def get_connection(tx: Transaction, token_hash: str) -> Registered | None:
    """The connection that a webhook's address belongs to; None also when its tenant is gone."""
    return await one(tx, QUERIES["get_connection"], Registered, token_hash=token_hash)


async def create_tenant(tx: Transaction, sign_up: SignUp) -> None:
    fields = msgspec.structs.asdict(sign_up)
    scopes = [str(scope) for scope in sign_up.scopes]
    await one(tx, QUERIES["create_tenant"], str, **{**fields, "scopes": scopes})


async def touch_keys(tx: Transaction, uses: Sequence[KeyUse]) -> None:
    await many(tx, QUERIES["touch_keys"], object, uses=[msgspec.structs.asdict(use) for use in uses])


async def wake_tasks(tx: Transaction, now: datetime, limit: int) -> None:
    await many(tx, QUERIES["wake_tasks"], object, now=now, limit=limit)


async def claim_task(tx: Transaction, worker: str, after: str, now: datetime, lease_until: datetime) -> Claim | None:
    """None when no task is due."""
    given = {"worker": worker, "after": after, "now": now, "lease_until": lease_until}
    return await one(tx, QUERIES["claim_task"], Claim, **given)


async def renew_task(tx: Transaction, lease: Lease) -> Hold | None:
    """None when the worker holds the task no more."""
    return await one(tx, QUERIES["renew_task"], Hold, **msgspec.structs.asdict(lease))


async def report_task(tx: Transaction, lease: Lease, progress: Progress) -> Hold | None:
    """None when the worker holds the task no more."""
    fields = {**msgspec.structs.asdict(lease), **_stored(progress)}
    return await one(tx, QUERIES["report_task"], Hold, **fields)


async def finish_task(tx: Transaction, lease: Lease, status: TaskStatus, progress: Progress, now: datetime) -> bool:
    """Whether the worker still held the task when it ended."""
    finished = await one(
        tx,
        QUERIES["finish_task"],
        str,
        task_id=lease.task_id,
        worker=lease.worker,
        status=str(status),
        now=now,
        **_stored(progress),
    )
    return finished is not None


def _stored(progress: Progress) -> dict[str, object]:
    """Progress as a node holds it."""
    counts = msgspec.json.encode(progress.counts, order="sorted").decode()
    return {
        "done_count": progress.done,
        "total_count": progress.total,
        "counts": counts,
        "tokens": progress.tokens,
        "errors": progress.errors,
    }


async def postpone_task(tx: Transaction, lease: Lease, outcome: Outcome) -> bool:
    """Whether the worker still held the task when it gave it back."""
    fields = {"task_id": lease.task_id, "worker": lease.worker, **msgspec.structs.asdict(outcome)}
    return await one(tx, QUERIES["postpone_task"], str, **fields) is not None


async def release_task(tx: Transaction, lease: Lease) -> None:
    await one(tx, QUERIES["release_task"], str, task_id=lease.task_id, worker=lease.worker)


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """An index as the database has it; only vector indexes have a dimension."""

    name: str
    type: str
    state: str
    dimension: int | None = None


async def get_server_version(tx: Transaction) -> str:
    return await one(tx, QUERIES["get_server_version"], str) or ""


async def list_schema_versions(tx: Transaction) -> list[int]:
    return await many(tx, QUERIES["list_schema_versions"], int)


async def create_schema_version(tx: Transaction, number: int, file: str, now: datetime) -> None:
    await one(tx, QUERIES["create_schema_version"], int, number=number, file=file, now=now)


async def list_indexes(tx: Transaction) -> list[Index]:
    return await many(tx, QUERIES["list_indexes"], Index)


async def await_indexes(tx: Transaction, seconds: int) -> None:
    await many(tx, QUERIES["await_indexes"], object, seconds=seconds)


async def ping(tx: Transaction) -> bool:
    return await one(tx, QUERIES["ping"], int) == 1


async def get_embedding_model(tx: Transaction) -> EmbeddingModel | None:
    return await one(tx, QUERIES["get_embedding_model"], EmbeddingModel)


async def create_embedding_model(tx: Transaction, name: str, dimension: int) -> EmbeddingModel | None:
    """The recorded model: this one, or the one that was there before."""
    return await one(tx, QUERIES["create_embedding_model"], EmbeddingModel, name=name, dimension=dimension)


class Embeddable(msgspec.Struct, frozen=True, kw_only=True):
    """What a vector is made of, and whether the node has one or waits for its task to make it."""

    id: str
    content: str
    speaker: str
    has_embedding: bool


class CheckedPage(msgspec.Struct, frozen=True):
    """Where a page of nodes ends, None when it is empty, and how many of its vectors no search can find."""

    last: str | None
    lost: int


async def get_tenant_principal(tx: Transaction, tenant_id: str) -> Principal | None:
    return await one(tx, QUERIES["get_tenant_principal"], Principal, tenant_id=tenant_id)


async def delete_tenant(tx: Transaction, tenant_id: str) -> None:
    await many(tx, QUERIES["delete_tenant"], object, tenant_id=tenant_id)


async def begin_reembedding(tx: Transaction, name: str, dimension: int) -> EmbeddingModel | None:
    """The record with the cursor where an interrupted change to the same model goes on; None without vectors."""
    return await one(tx, QUERIES["begin_reembedding"], EmbeddingModel, name=name, dimension=dimension)


async def end_reembedding(tx: Transaction) -> None:
    await one(tx, QUERIES["end_reembedding"], EmbeddingModel)


async def drop_vector_index(tx: Transaction) -> None:
    await many(tx, QUERIES["drop_vector_index"], object)


async def list_embeddable(tx: Transaction, after: str, limit: int) -> list[Embeddable]:
    return await many(tx, QUERIES["list_embeddable"], Embeddable, after=after, limit=limit)


async def count_embeddable(tx: Transaction, after: str) -> int:
    return await one(tx, QUERIES["count_embeddable"], int, after=after) or 0


async def update_embeddings(tx: Transaction, name: str, cursor: str, vectors: dict[str, list[float]]) -> None:
    rows = [{"id": node_id, "embedding": packed(vector)} for node_id, vector in vectors.items()]
    await many(tx, QUERIES["update_embeddings"], object, name=name, cursor=cursor, rows=rows)


async def count_waiting(tx: Transaction) -> int:
    return await one(tx, QUERIES["count_waiting"], int) or 0


async def check_vectors(tx: Transaction, after: str, dimension: int, limit: int) -> CheckedPage:
    found = await one(tx, QUERIES["check_vectors"], CheckedPage, after=after, dimension=dimension, limit=limit)
    return found or CheckedPage(None, 0)


async def count_unindexed(tx: Transaction, after: str, dimension: int, sample: int, nearest: int) -> int:
    """How many of a sample are not among the nearest of their own vectors."""
    given = {"after": after, "dimension": dimension, "sample": sample, "nearest": nearest}
    return await one(tx, QUERIES["count_unindexed"], int, **given) or 0

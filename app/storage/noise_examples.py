"""What spaces have learned to be noise, in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from app.domain.memories import Memory
from app.domain.noise_examples import MAX_EXAMPLES, NoiseExample
from app.domain.principal import Principal
from app.storage.graph import Transaction, many, one
from app.storage.queries import load

QUERIES = load("noise_examples")


class ExamplePage(msgspec.Struct, frozen=True, kw_only=True):
    """Which examples a list shows: of these spaces, used since, older than a (time, id)."""

    space_keys: list[str]
    since: datetime
    before: datetime
    before_id: str
    limit: int


async def create(tx: Transaction, example: NoiseExample) -> None:
    fields = msgspec.structs.asdict(example)
    stored = {name: str(value) if isinstance(value, str) else value for name, value in fields.items()}
    await one(
        tx,
        QUERIES["create_noise_example"],
        str,
        space_key=example.space_key,
        visible_to=example.visible_to,
        text_hash=example.text_hash,
        properties=stored,
    )


async def list_all(tx: Transaction, principal: Principal, page: ExamplePage) -> list[NoiseExample]:
    fields = msgspec.structs.asdict(page)
    return await many(tx, QUERIES["list_noise_examples"], NoiseExample, **fields, visible=principal.visible)


async def list_learned(
    tx: Transaction, principal: Principal, space_key: str, model: str, since: datetime
) -> list[NoiseExample]:
    return await many(
        tx,
        QUERIES["list_learned"],
        NoiseExample,
        space_key=space_key,
        visible=principal.visible,
        model=model,
        since=since,
        limit=MAX_EXAMPLES,
    )


async def get(tx: Transaction, principal: Principal, example_id: str) -> NoiseExample | None:
    seen = {"space_keys": principal.space_keys, "visible": principal.visible}
    return await one(tx, QUERIES["get_noise_example"], NoiseExample, id=example_id, **seen)


async def add_hits(tx: Transaction, space_key: str, hits: Mapping[str, int], now: datetime) -> None:
    """Counts by the id of an example how many messages were dropped for it."""
    rows = [{"id": example_id, "count": count} for example_id, count in hits.items()]
    await many(tx, QUERIES["add_noise_hits"], object, space_key=space_key, hits=rows, now=now)


async def delete(tx: Transaction, principal: Principal, example_id: str) -> None:
    seen = {"space_keys": principal.writable_keys, "visible": principal.visible}
    await one(tx, QUERIES["delete_noise_example"], int, id=example_id, **seen)


async def delete_confirmation(tx: Transaction, memory: Memory) -> None:
    await many(
        tx,
        QUERIES["delete_confirmation"],
        object,
        space_key=memory.space_key,
        visible_to=memory.visible_to,
        text_hash=memory.text_hash,
        memory_id=memory.id,
    )


async def delete_unused(tx: Transaction, space_key: str, before: datetime) -> None:
    await many(tx, QUERIES["delete_unused"], object, space_key=space_key, before=before)

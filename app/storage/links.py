"""What hangs together with what a search has found, and what contradicts it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.links import Edge, Link
from app.domain.memories import OPEN_END
from app.domain.principal import Principal
from app.storage.graph import Transaction, many, one
from app.storage.queries import load
from app.storage.search import Hit, Scope, filters_of

QUERIES = load("links")

# An entity that more memories mention than this says nothing and leads everywhere (hub control, pipelines 4.5).
HUB_DEGREE = 50
# Of each found memory through each kind of edge (pipelines 4.5).
NEIGHBOURS = 25
OPPONENTS = 50
# Of the community that an overview is about.
MEMBERS = 50


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Where the steps begin: found ids, and the subjects and attributes of slots; `asker_spaces` resolves `I`."""

    seed_ids: list[str]
    known_ids: list[str]
    subjects: list[str]
    attributes: list[str]
    asker_spaces: list[str]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step to a memory or message; `hit` is what it is when nobody knew it yet."""

    from_id: str
    to_id: str
    edge: Edge
    via: str
    degree: int
    hit: Hit | None

    @property
    def link(self) -> Link:
        return Link(from_id=self.from_id, to_id=self.to_id, edge=self.edge, via=self.via, degree=self.degree)


class Opponent(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that contradicts a result; `of` is the result's id."""

    of: str
    memory_id: str
    content: str
    confidence: float
    since: datetime


async def list_all(tx: Transaction, principal: Principal, scope: Scope, tags: list[str], ask: Ask) -> list[Step]:
    query = QUERIES["list_links"]
    steps = await one(
        tx,
        query,
        list[Step],
        **filters_of(principal, scope, query),
        **msgspec.structs.asdict(ask),
        tags=tags,
        hub_degree=HUB_DEGREE,
        limit=NEIGHBOURS,
        latest=OPEN_END,
    )
    return steps or []


async def list_community(
    tx: Transaction, principal: Principal, scope: Scope, tags: list[str], ids: tuple[list[str], list[str]]
) -> list[Step]:
    """From the first ids, which name a topic; the second ones are known already."""
    query = QUERIES["list_community"]
    seed_ids, known_ids = ids
    steps = await one(
        tx,
        query,
        list[Step],
        **filters_of(principal, scope, query),
        seed_ids=seed_ids,
        known_ids=known_ids,
        tags=tags,
        limit=MEMBERS,
    )
    return steps or []


async def list_opponents(tx: Transaction, principal: Principal, ids: list[str]) -> list[Opponent]:
    return await many(
        tx,
        QUERIES["list_opponents"],
        Opponent,
        space_keys=principal.space_keys,
        visible=principal.visible,
        ids=ids,
        limit=OPPONENTS,
    )

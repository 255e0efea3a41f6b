"""The legs of search in the graph."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.memories import BEGINNING, OPEN_END, Memory, State, Tier
from app.domain.principal import Principal
from app.storage.graph import Transaction, has_index_failed, many, one, packed
from app.storage.queries import Query, load

QUERIES = load("search")

VECTOR_LIMIT = 100
# Of those so many are read: of LoCoMo's evidence as much is among the first results as when all are.
READ_LIMIT = 60
# Of more memories than this none are compared one by one: that would take seconds for each batch of discovery.
MOST_COMPARED = 500
# What the full-text index may return before our own scoring; its order depends on other tenants' texts.
TEXT_LIMIT = 200
# The index orders text by code points. Cypher itself orders it by UTF-16, where this is not the highest.
HIGHEST = "\U0010ffff"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where and among what a search looks; what does not filter is a range that matches everything."""

    space_keys: list[str]
    kinds: list[str]
    states: list[str]
    categories: list[str]
    memory_types: list[str]
    source_from: str = ""
    source_to: str = HIGHEST
    agent_from: str = ""
    agent_to: str = HIGHEST
    session_from: str = ""
    session_to: str = HIGHEST
    valid_from_min: datetime = BEGINNING
    valid_from_max: datetime = OPEN_END
    valid_to_min: datetime
    recorded_at_max: datetime = OPEN_END
    retired_at_min: datetime
    # Whether what has a successor is an answer, too. When it is not, the legs find it all the same and follow it.
    has_past: bool = False

    @property
    def leg_states(self) -> list[str]:
        """The states of what the legs find."""
        return self.states if self.has_past else [*self.states, State.SUPERSEDED.value]

    @property
    def leg_valid_to_min(self) -> datetime:
        """From when on what the legs find must be over at the earliest."""
        return self.valid_to_min if self.has_past else BEGINNING


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """What one leg found: the memory or message, and the text that matched; score is the index's, for `vector` only."""

    id: str
    # The memory it is a copy of, at the end of the chain; its own id for all others.
    origin_id: str
    leg: str
    score: float | None
    text: str
    kind: str
    space_key: str
    state: str
    session_id: str
    # Of a message its place in the session.
    position: int | None = None
    speaker: str
    text_hash: str
    tags: list[str]
    # Of a fact the messages it is from; of a message whether all that it said has a successor.
    evidence_ids: list[str]
    outdated: bool
    importance: float
    confidence: float
    pinned: bool
    tier: Tier
    centrality: float
    uses: float
    used_at: datetime
    created_at: datetime
    valid_from: datetime


class TextQueries(msgspec.Struct, frozen=True):
    """What the text legs are asked, one Lucene query each or none."""

    english: list[str]
    cjk: list[str]


class Nearest(msgspec.Struct, frozen=True):
    """What the vector leg is asked, and what is known already of what it may find."""

    embedding: list[float]
    known: list[Hit] = []
    limit: int = VECTOR_LIMIT
    read_limit: int = READ_LIMIT


class Near(msgspec.Struct, frozen=True):
    """What the vector leg found; `hit` is what it is when nobody knew it yet."""

    id: str
    score: float
    hit: Hit | None


async def search_vector(tx: Transaction, principal: Principal, scope: Scope, wanted: Nearest) -> list[Hit]:
    query = QUERIES["search_vector_leg"]
    known = {hit.id: hit for hit in wanted.known}
    found = await one(
        tx,
        query,
        list[Near],
        **filters_of(principal, scope, query),
        embeddings=[packed(wanted.embedding)],
        known_ids=list(known),
        vector_limit=wanted.limit,
        read_limit=wanted.read_limit,
    )
    return [near.hit or msgspec.structs.replace(known[near.id], leg="vector", score=near.score) for near in found or []]


async def search_texts(tx: Transaction, principal: Principal, scope: Scope, texts: TextQueries) -> list[Hit]:
    query = QUERIES["search_text_legs"]
    hits = await one(
        tx,
        query,
        list[Hit],
        # What else filters is part of the Lucene queries.
        **filters_of(principal, scope, query),
        english_queries=texts.english,
        cjk_queries=texts.cjk,
        text_limit=TEXT_LIMIT,
    )
    return hits or []


async def search_by_ids(
    tx: Transaction, principal: Principal, scope: Scope, embedding: list[float], ids: list[str]
) -> list[Hit]:
    query = QUERIES["search_by_ids"]
    return await many(
        tx,
        query,
        Hit,
        **filters_of(principal, scope, query),
        embedding=embedding,
        ids=ids,
        vector_limit=VECTOR_LIMIT,
    )


async def list_tagged(tx: Transaction, principal: Principal, scope: Scope, tags: list[str], limit: int) -> list[str]:
    return await many(
        tx,
        QUERIES["list_tagged"],
        str,
        space_keys=scope.space_keys,
        visible=principal.visible,
        states=scope.states,
        first_tag=tags[0],
        tags=tags,
        limit=limit,
    )


async def list_recent(tx: Transaction, principal: Principal, scope: Scope, tags: list[str], limit: int) -> list[Hit]:
    query = QUERIES["list_recent"]
    return await many(tx, query, Hit, **filters_of(principal, scope, query), tags=tags, limit=limit, latest=OPEN_END)


async def list_compared(tx: Transaction, principal: Principal, space_key: str) -> list[str] | None:
    """What to compare one by one, since the vector index has failed; None when it is to be asked, or that is much."""
    if not has_index_failed():
        return None
    limit = MOST_COMPARED + 1
    ids = await many(tx, QUERIES["list_compared"], str, space_key=space_key, visible=principal.visible, limit=limit)
    return ids if len(ids) < limit else None


class Neighbour(msgspec.Struct, frozen=True):
    """A memory that lies close to another, and the index's score of how close."""

    id: str
    score: float


async def list_neighbours(tx: Transaction, principal: Principal, memory: Memory, limit: int) -> list[Neighbour]:
    return await many(
        tx,
        QUERIES["list_neighbours"],
        Neighbour,
        id=memory.id,
        space_key=memory.space_key,
        visible=principal.visible,
        limit=limit,
        compared=await list_compared(tx, principal, memory.space_key),
    )


def cosine_of(score: float) -> float:
    """The cosine in [-1,1] of a score of the vector index, which is (1 + cos) / 2; converted here and nowhere else."""
    return 2 * score - 1


def filters_of(principal: Principal, scope: Scope, query: Query) -> dict[str, object]:
    """Those parts of the scope that a query filters by."""
    filters: dict[str, object] = {
        **msgspec.structs.asdict(scope),
        "leg_states": scope.leg_states,
        "leg_valid_to_min": scope.leg_valid_to_min,
        "visible": principal.visible,
    }
    return {name: value for name, value in filters.items() if name in query.parameters}

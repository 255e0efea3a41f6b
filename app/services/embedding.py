"""Vectors for what is about to be stored: at once as far as the limit allows, the rest by the task of the write."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from uuid import uuid4

import msgspec

from app.domain.memories import Memory
from app.domain.messages import embedding_text
from app.domain.texts import SafeText
from app.providers.embedder import EmbeddingFailed
from app.services.parts import Parts
from app.storage import memories
from ingest import chunking
from ingest.redaction import is_empty

LOG = logging.getLogger(__name__)
# So many vectors are made before the answer; a text of 100,000 characters has more and gets the rest from its task.
INLINE_VECTORS = 64
# A text of one piece has 200 tokens, and in English a token has four to five characters.
BEGUN_CHARS = 1_000


class StoredText(msgspec.Struct, frozen=True, kw_only=True):
    """A memory or message ready to be stored: node properties, its vector, its pieces with theirs."""

    properties: dict[str, object]
    embedding: list[float] | None
    chunks: list[dict[str, object]]
    # How many vectors the task still has to make.
    missing: int


class EmbeddedText(msgspec.Struct, frozen=True):
    """The pieces of a text with a vector each; most texts are one piece."""

    pieces: list[str]
    vectors: list[list[float]]


async def embed(
    parts: Parts,
    records: Sequence[Memory],
    task_id: str,
    headings: Mapping[str, str] | None = None,
    limit: int = INLINE_VECTORS,
) -> list[StoredText]:
    """Stored forms of memories or messages, in order.

    A text of one piece carries its own vector; a longer one has none, its pieces have. What is beyond the limit, or
    all when the model fails, is marked with the task that will make the vector. `headings` says by id below which
    headings a text stands, which then belongs to what it says.
    """
    above = headings or {}
    pieces = [chunking.split(SafeText(record.content)) for record in records]
    texts = [
        embedding_text(above.get(record.id) or record.speaker, piece)
        for record, parts_ in zip(records, pieces, strict=True)
        for piece in parts_
    ]
    vectors = iter(await _embed_some(parts, texts, limit))
    return [
        _stored(record, split, [next(vectors) for _ in split], task_id)
        for record, split in zip(records, pieces, strict=True)
    ]


def begin(parts: Parts, speaker: str, text: SafeText) -> None:
    """Begins with the vector of a text that is likely to be stored, if it is one piece."""
    pieces = chunking.split(text) if len(text) <= BEGUN_CHARS and not is_empty(text) else []
    if len(pieces) == 1:
        parts.embedder.begin(embedding_text(speaker, pieces[0]), "document")


async def _embed_some(parts: Parts, texts: Sequence[str], limit: int) -> list[list[float] | None]:
    now = texts[:limit]
    try:
        made = await parts.embedder.embed_documents(now) if now else []
    except EmbeddingFailed as error:
        LOG.warning("stored without vectors, a task will make them: %s", error)
        return [None] * len(texts)
    return [*made, *([None] * (len(texts) - len(now)))]


async def embed_facts(parts: Parts, texts: Sequence[str]) -> list[EmbeddedText]:
    """Texts of facts with all their vectors. Raises EmbeddingFailed: a fact without one would seem new to everybody."""
    pieces = [chunking.split(SafeText(text)) for text in texts]
    flat = [piece for split in pieces for piece in split]
    vectors = iter(await parts.embedder.embed_documents(flat) if flat else [])
    return [EmbeddedText(list(split), [next(vectors) for _ in split]) for split in pieces]


def stored(record: Memory, embedded: EmbeddedText) -> StoredText:
    """The stored form of a memory whose vectors are made."""
    return _stored(record, embedded.pieces, embedded.vectors, "")


def waiting(record: Memory, task_id: str) -> StoredText:
    """The stored form of a memory whose vectors its task makes afterwards."""
    pieces = chunking.split(SafeText(record.content))
    return _stored(record, pieces, [None] * len(pieces), task_id)


def _stored(record: Memory, pieces: Sequence[str], vectors: Sequence[list[float] | None], task_id: str) -> StoredText:
    properties = memories.properties(record)
    if len(pieces) == 1:
        waits: dict[str, object] = {} if vectors[0] else {"embed_task": task_id}
        return StoredText(properties={**properties, **waits}, embedding=vectors[0], chunks=[], missing=len(waits))
    shared = memories.search_properties(record)
    chunks = [
        _chunk(shared, index, piece, vector, task_id)
        for index, (piece, vector) in enumerate(zip(pieces, vectors, strict=True))
    ]
    return StoredText(properties=properties, embedding=None, chunks=chunks, missing=list(vectors).count(None))


def _chunk(
    shared: dict[str, object], index: int, piece: str, vector: list[float] | None, task_id: str
) -> dict[str, object]:
    waits = {} if vector else {"embed_task": task_id}
    properties = {**shared, "id": str(uuid4()), "position": index, "content": piece, **waits}
    return {"properties": properties, "embedding": vector}


async def check_model(parts: Parts) -> str:
    """`ok`, or what keeps the embedding model from answering."""
    try:
        await parts.embedder.embed_queries(["ready?"])
    except EmbeddingFailed as error:
        return str(error)
    return "ok"

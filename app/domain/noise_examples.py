"""Texts that somebody called noise: what a space has learned not to remember."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from app.domain.memories import timestamp

# An example that nothing was like for so long is forgotten (pipelines 2.4).
EXAMPLE_LIFE = timedelta(days=90)
# So many are compared with a message, those used last first; each costs a product of two vectors.
MAX_EXAMPLES = 500
# What is shown and stored of an example's text; only shorter ones are compared by meaning.
MAX_TEXT_CHARS = 200


class NoiseExample(msgspec.Struct, frozen=True, kw_only=True):
    """An example as it is stored, for the audience of the memory it was; without a vector only its text counts."""

    id: str
    space_id: str
    space_key: str
    visible_to: str
    text: str
    text_hash: str
    embedding: list[float] = []
    # Whose vector it is: vectors of two models are never compared.
    model: str = ""
    source: str = "feedback"
    # Of which memories somebody said so.
    memory_ids: list[str]
    hits: int = 0
    created_at: datetime
    last_hit_at: datetime | None = None

    @property
    def confirmations(self) -> int:
        """How often the text was called noise."""
        return len(self.memory_ids)


class NoiseExampleView(msgspec.Struct, frozen=True, kw_only=True):
    """An example on the wire; `hits` counts the messages that were dropped for it."""

    id: str
    text: str
    space_id: str
    source: str
    confirmations: int
    hits: int
    created_at: str
    last_hit_at: str | None


class NoiseExampleList(msgspec.Struct, frozen=True):
    """A page of examples, newest first; `next_cursor` is null on the last one."""

    noise_examples: list[NoiseExampleView]
    next_cursor: str | None


class NoiseExampleQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which examples: of the personal space, or of those in a comma list."""

    space: str | None = None
    limit: int | None = None
    cursor: str | None = None


def example_view(example: NoiseExample) -> NoiseExampleView:
    """The wire form of an example."""
    return NoiseExampleView(
        id=example.id,
        text=example.text,
        space_id=example.space_id,
        source=example.source,
        confirmations=example.confirmations,
        hits=example.hits,
        created_at=timestamp(example.created_at),
        last_hit_at=timestamp(example.last_hit_at) if example.last_hit_at else None,
    )

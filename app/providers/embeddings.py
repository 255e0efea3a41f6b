"""What every model of embeddings has to keep to: unit vectors of one length, or one sentence on why there are none."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Literal, Protocol

# Asymmetric models read a question and the text that answers it with different prompts.
Role = Literal["query", "document"]
ROLES: tuple[Role, ...] = ("query", "document")

# Embedded once, to learn the dimension of a model.
PROBE = "How long are your vectors?"

# Below this a vector has no direction worth the name; torch's own `normalize` draws the line here too.
SMALLEST_NORM = 1e-12


class EmbeddingFailed(Exception):
    """There are no embeddings: one sentence that says why and, where it helps, what to do."""


class Encoder(Protocol):
    """A model behind the cache: it embeds every text it is given, in order."""

    @property
    def model(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    async def load(self) -> None: ...

    async def encode(self, texts: Sequence[str], role: Role) -> list[array[float]]: ...

    async def close(self) -> None: ...


def to_unit(row: Sequence[float], dimension: int) -> array[float]:
    """The row at length 1, in 32 bits as Neo4j stores it; raises EmbeddingFailed when it is no embedding."""
    if len(row) != dimension:
        raise EmbeddingFailed(
            f"the embedding model answered with {len(row)} numbers instead of {dimension};"
            " check OMEM_EMBED_MODEL and OMEM_EMBED_DIM"
        )
    norm = math.hypot(*row)
    if not math.isfinite(norm) or norm < SMALLEST_NORM:
        raise EmbeddingFailed("the embedding model answered with a vector of no direction: all zeros, or not numbers")
    return array("f", [value / norm for value in row])

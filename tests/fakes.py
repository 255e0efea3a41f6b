"""The only fakes: a clock that stands still until it is told to move, and an embedder without a model."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.providers.embeddings import Role

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
WORD = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
# A word says more than two letters of it do, yet `key` and `keys` have to stay close.
WORD_WEIGHT = 2.0


class FixedClock:
    """A clock for `Parts`: calling it tells the time."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FixedEmbedder:
    """Vectors that are closer the more words and pairs of letters two texts share; the same on every machine."""

    def __init__(self, dimension: int = 384, model: str = "fixed") -> None:
        self.model = model
        self.dimension = dimension

    async def load(self) -> None: ...

    async def embed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        return [embed(text, self.dimension) for text in texts]

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return await self.embed_queries(texts)

    def begin(self, text: str, role: Role) -> None: ...

    async def close(self) -> None: ...


def embed(text: str, dimension: int) -> list[float]:
    """A unit vector; each feature adds to one place of it or takes away, so that unrelated texts are near zero."""
    vector = [0.0] * dimension
    for feature, weight in features(text.casefold()):
        code = zlib.crc32(feature.encode())
        vector[(code >> 1) % dimension] += weight if code & 1 else -weight
    norm = math.hypot(*vector)
    return [value / norm for value in vector]


def features(text: str) -> Iterator[tuple[str, float]]:
    """Words of alphabets, and pairs of neighbouring characters, which is what Chinese is compared by."""
    yield from ((word, WORD_WEIGHT) for word in WORD.findall(text))
    padded = f" {' '.join(text.split())} "
    yield from ((padded[start : start + 2], 1.0) for start in range(len(padded) - 1))

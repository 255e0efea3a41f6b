"""How far a text answers a question: a cross-encoder, where the settings name one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.config import Settings
from app.providers.cross_encoder import ModelThread, ScoreRows, load_cross_encoder

VARIABLE = "OMEM_RERANKER_MODEL"
# One label is how relevant a text is; of two the second says that it is.
MOST_LABELS = 2
# Each try of a model that is always too slow costs one search its whole patience.
PAUSE_SECONDS = 60.0


class RerankingFailed(Exception):
    """The model cannot be loaded or used; one sentence that a tenant may read."""


class Reranker(Protocol):
    """Reads a question with each of some texts."""

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """For each text the probability that it answers the question. Raises RerankingFailed."""
        ...

    async def close(self) -> None: ...


def make_reranker(settings: Settings) -> Reranker | None:
    """The model of the settings, None when they name none; it is loaded by the first question."""
    return CrossEncoderReranker(settings.reranker_model) if settings.reranker_model else None


class CrossEncoderReranker:
    """A cross-encoder with one label or two, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = ModelThread("reranker")
        self._rows: ScoreRows | None = None

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """All texts in one batch."""
        pairs = [(question, text) for text in texts]
        return await self._thread.run(lambda: self._score(pairs), RerankingFailed, VARIABLE)

    async def close(self) -> None:
        """Ends after the question that is being read."""
        self._thread.close()

    def _score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        if self._rows is None:
            rows, labels = load_cross_encoder(self._name)
            if len(labels) > MOST_LABELS:
                raise RerankingFailed(f"{VARIABLE} must name a model with one label or two, not {', '.join(labels)}")
            self._rows = rows
        return [row[-1] for row in self._rows(pairs)]

"""Whether one text follows from another or excludes it: a cross-encoder, where the settings name one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.config import Settings
from app.domain.discovery import Entailment
from app.providers.cross_encoder import ModelThread, ScoreRows, load_cross_encoder

VARIABLE = "OMEM_NLI_MODEL"
# Padding makes large batches slow on a processor, and others wait for one of them at most.
BATCH = 16
# How models name the three: `entailment`, `ENTAILMENT`, `contradiction`; some have only numbers, which say nothing.
ENTAILS, NEUTRAL, CONTRADICTS = "entail", "neutral", "contradict"


class EntailmentFailed(Exception):
    """The model cannot be loaded or used; one sentence that a tenant may read."""


class Entailer(Protocol):
    """Reads pairs of texts as premise and hypothesis."""

    @property
    def name(self) -> str:
        """The name recorded with what it decided."""
        ...

    async def read(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        """For each pair of premise and hypothesis how far the second follows. Raises EntailmentFailed."""
        ...

    async def close(self) -> None: ...


def make_entailer(settings: Settings) -> Entailer | None:
    """The model of the settings, None when they name none; it is loaded by the first pair."""
    return CrossEncoderModel(settings.nli_model) if settings.nli_model else None


class CrossEncoderModel:
    """A cross-encoder for natural language inference by name or folder, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ModelThread("entailment")
        self._model: tuple[ScoreRows, list[int]] | None = None

    async def read(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        """The pairs in batches, so that two callers take turns."""
        found: list[Entailment] = []
        for start in range(0, len(pairs), BATCH):
            found += await self._read(pairs[start : start + BATCH])
        return found

    async def close(self) -> None:
        """Ends after the batch that is being read."""
        self._thread.close()

    async def _read(self, batch: Sequence[tuple[str, str]]) -> list[Entailment]:
        return await self._thread.run(lambda: self._read_batch(batch), EntailmentFailed, VARIABLE)

    def _read_batch(self, batch: Sequence[tuple[str, str]]) -> list[Entailment]:
        if self._model is None:
            rows, labels = load_cross_encoder(self.name)
            self._model = rows, order_of(labels)
        rows, order = self._model
        return [Entailment(*(row[place] for place in order)) for row in rows(batch)]


def order_of(labels: Sequence[str]) -> list[int]:
    """Where a model has entailment, neutrality and contradiction. Raises EntailmentFailed when it has other labels."""
    folded = [label.casefold() for label in labels]
    places = [[at for at, label in enumerate(folded) if wanted in label] for wanted in (ENTAILS, NEUTRAL, CONTRADICTS)]
    if any(len(found) != 1 for found in places):
        raise EntailmentFailed(
            f"{VARIABLE} must name a model with the labels entailment, neutral and contradiction, "
            f"not {', '.join(labels)}"
        )
    return [found[0] for found in places]

"""Whether one text follows from another or excludes it: a cross-encoder, where the settings name one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, cast

from app.config import Settings
from app.domain.discovery import Entailment
from app.providers.sentence_model import QUIET

# Rows of probabilities in the order of the model's own labels.
ScoreRows = Callable[[Sequence[tuple[str, str]]], list[list[float]]]
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
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="entailment")
        self._model: tuple[ScoreRows, list[int]] | None = None

    async def read(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        """The pairs in batches, so that two callers take turns."""
        found: list[Entailment] = []
        for start in range(0, len(pairs), BATCH):
            found += await self._in_thread(pairs[start : start + BATCH])
        return found

    async def close(self) -> None:
        """Ends after the batch that is being read."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, batch: Sequence[tuple[str, str]]) -> list[Entailment]:
        job = asyncio.get_running_loop().run_in_executor(self._worker, self._read_batch, batch)
        await asyncio.wait([job])
        error = job.exception()
        if error is None or isinstance(error, EntailmentFailed):
            return job.result()
        # What the library says may name folders of this machine.
        raise EntailmentFailed(f"the model of OMEM_NLI_MODEL cannot be used ({type(error).__name__})") from error

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
            "OMEM_NLI_MODEL must name a model with the labels entailment, neutral and contradiction, "
            f"not {', '.join(labels)}"
        )
    return [found[0] for found in places]


def load_cross_encoder(name: str) -> tuple[ScoreRows, list[str]]:
    """A model by name or folder, as a function of pairs, with its labels; raises whatever the libraries raise."""
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    # Seconds: here and not at the top, as most services name no such model.
    import torch  # noqa: PLC0415
    from sentence_transformers import CrossEncoder  # noqa: PLC0415

    try:
        # What lies on this disk is not looked up on the network, which may be slow, or none.
        model = CrossEncoder(name, local_files_only=True)
    except OSError:
        if Path(name).exists():
            raise
        model = CrossEncoder(name)
    # Its annotations also name packages that are not installed.
    predict = cast("Callable[..., Any]", model.predict)  # pyright: ignore[reportUnknownMemberType]
    names = cast("dict[int, str]", cast("Any", model.config).id2label)

    def score(pairs: Sequence[tuple[str, str]]) -> list[list[float]]:
        rows = predict(list(pairs), activation_fn=torch.nn.Softmax(dim=-1), show_progress_bar=False)
        return cast("list[list[float]]", rows.tolist())

    return score, [name for _, name in sorted(names.items())]

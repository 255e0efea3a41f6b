"""Cross-encoders by name or folder, as sentence-transformers reads them; each works in a thread of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from app.providers.sentence_model import QUIET

Result = TypeVar("Result")
# Rows of probabilities in the order of the model's own labels; one label alone has a row of its own probability.
ScoreRows = Callable[[Sequence[tuple[str, str]]], list[list[float]]]


class ModelThread:
    """One thread, so that a model is loaded once and no two batches share the processor."""

    def __init__(self, name: str) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[[], Result], failure: type[Exception], variable: str) -> Result:
        """What the work gives; what a library raises becomes `failure`, since it may name folders of this machine.

        Whoever is cancelled leaves no work in the queue.
        """
        job = asyncio.get_running_loop().run_in_executor(self._worker, work)
        try:
            await asyncio.wait([job])
        except asyncio.CancelledError:
            job.cancel()
            raise
        error = job.exception()
        if error is None or isinstance(error, failure):
            return job.result()
        raise failure(f"the model of {variable} cannot be used ({type(error).__name__})") from error

    def close(self) -> None:
        """Ends after the batch that is being read."""
        self._worker.shutdown(wait=False, cancel_futures=True)


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
    activation = torch.nn.Sigmoid() if len(names) == 1 else torch.nn.Softmax(dim=-1)

    def score(pairs: Sequence[tuple[str, str]]) -> list[list[float]]:
        rows = predict(list(pairs), activation_fn=activation, show_progress_bar=False)
        return cast("list[list[float]]", rows.reshape(len(pairs), -1).tolist())

    return score, [name for _, name in sorted(names.items())]

"""The model in this process: one thread of its own, small batches, and queries before documents."""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import TypeVar

import msgspec

from app.domain.texts import estimate_tokens
from app.providers.embeddings import PROBE, ROLES, EmbeddingFailed, Role, to_unit
from app.providers.sentence_model import EncodeRows, load_sentence_model

T = TypeVar("T")

MAX_BATCH_TEXTS = 64
# Padding counted. One core does 106-125 texts a second in batches of 128 tokens, 122-132 of 256, 121-138 of 512, and
# 100 in batches of 32 texts. A query that comes during an import waits for one batch: 40 ms in all instead of 12.
MAX_BATCH_TOKENS = 256
# Who brings so few texts stores what somebody has just said and waits for it; imports bring more at once.
FEW_TEXTS = 8
# The lines in which texts wait, those that go first before the others: of what role, and whether of who brings few.
LINES: Sequence[tuple[Role, bool]] = tuple((role, is_few) for role in ROLES for is_few in (True, False))


class Waiting(msgspec.Struct, eq=False):
    """A text in the queue, about how many tokens it has, and who is told."""

    text: str
    tokens: int
    future: asyncio.Future[array[float]]


class LocalEncoder:
    """A sentence-transformers model; it is loaded by `load` or by the first text, in its thread either way."""

    def __init__(self, model: str, dimension: int = 0) -> None:
        # sentence-transformers takes its own models with and without the prefix; the graph knows one name for each.
        self.model = model.removeprefix("sentence-transformers/")
        self.dimension = dimension
        self._rows: EncodeRows | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._lanes: dict[tuple[Role, bool], deque[Waiting]] = {line: deque() for line in LINES}
        self._draining: asyncio.Task[None] | None = None
        self._is_closed = False

    async def load(self) -> None:
        await self._loaded()

    async def encode(self, texts: Sequence[str], role: Role) -> list[array[float]]:
        """Embeddings in the order of the texts, which wait in line with those of other callers."""
        if self._is_closed:
            raise EmbeddingFailed("the embedding model is closed")
        loop = asyncio.get_running_loop()
        waiting = [Waiting(text, estimate_tokens(text), loop.create_future()) for text in texts]
        # Texts of one length share a batch, so that little of it is padding.
        self._lanes[role, len(texts) <= FEW_TEXTS].extend(sorted(waiting, key=attrgetter("tokens")))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await asyncio.gather(*(one.future for one in waiting))

    async def close(self) -> None:
        """Ends after the batch that is being made; texts still in line fail."""
        self._is_closed = True
        for lane in self._lanes.values():
            _settle(lane, EmbeddingFailed("the embedding model is closed"))
            lane.clear()
        if self._draining is not None:
            await self._draining
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        while line := next((line for line in LINES if self._lanes[line]), None):
            role, _ = line
            await self._encode_batch(_take_batch(self._lanes[line]), role)

    async def _encode_batch(self, batch: list[Waiting], role: Role) -> None:
        texts = [waiting.text for waiting in batch]
        try:
            rows = await self._loaded()
            _settle(batch, await self._in_thread(lambda: self._embed(rows, texts, role), "failed"))
        except EmbeddingFailed as error:
            _settle(batch, error)

    async def _loaded(self) -> EncodeRows:
        way_out = "cannot be loaded, set OMEM_EMBED_MODEL to another name or folder, or unset it"
        return self._rows or await self._in_thread(self._load, way_out)

    async def _in_thread(self, work: Callable[[], T], failure: str) -> T:
        """The outcome of the work in the model's thread, where whatever goes wrong is the model's failure."""
        job = asyncio.get_running_loop().run_in_executor(self._worker, work)
        await asyncio.wait([job])
        error = job.exception()
        if error is None or isinstance(error, EmbeddingFailed):
            return job.result()
        reason = f"{type(error).__name__} {error}".partition("\n")[0]
        raise EmbeddingFailed(f"the embedding model {self.model} {failure}: {reason}") from error

    def _load(self) -> EncodeRows:
        # Only the one thread comes here, so two callers cannot load it twice.
        if self._rows is None:
            rows = load_sentence_model(self.model)
            row = rows([PROBE], "query")[0]
            self.dimension = len(to_unit(row, self.dimension or len(row)))
            self._rows = rows
        return self._rows

    def _embed(self, rows: EncodeRows, texts: list[str], role: Role) -> list[array[float]]:
        return [to_unit(row, self.dimension) for row in rows(texts, role)]


def _take_batch(lane: deque[Waiting]) -> list[Waiting]:
    """The head of the line as far as it fits into one batch; a long text is a batch by itself."""
    batch, longest = [lane.popleft()], 0
    while lane and len(batch) < MAX_BATCH_TEXTS:
        longest = max(longest, batch[-1].tokens, lane[0].tokens)
        if longest * (len(batch) + 1) > MAX_BATCH_TOKENS:
            break
        batch.append(lane.popleft())
    return batch


def _settle(batch: Sequence[Waiting], outcome: Sequence[array[float]] | EmbeddingFailed) -> None:
    """Tells those who still wait."""
    for position, waiting in enumerate(batch):
        if waiting.future.done():
            continue
        if isinstance(outcome, EmbeddingFailed):
            waiting.future.set_exception(outcome)
        else:
            waiting.future.set_result(outcome[position])

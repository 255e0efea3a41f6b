"""What every participant gets: the same texts, questions and vectors; and the questions in slices that take turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # pyright: ignore[reportMissingTypeStubs]

from app.config import load_settings
from app.providers.embedder import Embedder, make_embedder
from tests.evaluation.conversations import Conversation

# Few enough that a busy moment hits both sides of a ratio, enough for a median.
SLICE = 40


class Item(msgspec.Struct, frozen=True):
    """One turn as the peers store it: they have no field for who spoke, so the text says it."""

    id: str
    session: str
    speaker: str
    text: str
    said_at: str


class Asked(msgspec.Struct, frozen=True):
    """One question about one conversation; `gold` stays with us."""

    conversation: str
    text: str
    gold: list[str]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that is stored and asked, with the vectors of all texts, so that no peer needs a model."""

    conversations: dict[str, list[Item]]
    questions: list[Asked]
    vectors: dict[str, list[float]]
    dimension: int
    stop_words: list[str]
    # What the model took by itself: for each question alone, and for a turn among many.
    embedding_ms: list[float]
    embedded_a_second: float


def slices(questions: Sequence[Asked]) -> Iterator[list[int]]:
    """The places of the questions, some dozen at a time, never of two conversations."""
    start = 0
    for place in range(1, len(questions) + 1):
        is_last = place == len(questions) or questions[place].conversation != questions[start].conversation
        if is_last or place - start == SLICE:
            yield list(range(start, place))
            start = place


def items(conversation: Conversation) -> list[Item]:
    """The turns of a conversation."""
    return [
        Item(turn.id, number, turn.speaker, f"{turn.speaker}: {turn.content}", turn.said_at.isoformat())
        for number, turns in conversation.sessions.items()
        for turn in turns
    ]


def prepare(chosen: Sequence[Conversation], limit: int | None, note: Callable[[str], None]) -> Job:
    """The work for all, with vectors of the model that the service has by default."""
    conversations = {one.name: items(one) for one in chosen}
    questions = [Asked(one.name, row.text, sorted(row.gold)) for one in chosen for row in one.questions[:limit]]
    note(f"embedding {sum(map(len, conversations.values()))} turns and {len(questions)} questions")
    with asyncio.Runner() as runner:
        embedder = make_embedder(load_settings())
        runner.run(embedder.load())
        texts = [item.text for stored in conversations.values() for item in stored]
        started = time.perf_counter()
        vectors = dict(zip(texts, runner.run(embedder.embed_documents(texts)), strict=True))
        rate = len(texts) / (time.perf_counter() - started)
        names = sorted({name for stored in conversations.values() for name in _names(stored)})
        vectors |= dict(zip(names, runner.run(embedder.embed_documents(names)), strict=True))
        spent = [_embed(runner, embedder, asked.text, vectors) for asked in questions]
        job = Job(
            conversations=conversations,
            questions=questions,
            vectors=vectors,
            dimension=embedder.dimension,
            stop_words=sorted(ENGLISH_STOP_WORDS),
            embedding_ms=spent,
            embedded_a_second=rate,
        )
        runner.run(embedder.close())
    return job


def _names(stored: Sequence[Item]) -> Iterator[str]:
    """What Graphiti makes nodes of: speakers and sessions."""
    for item in stored:
        yield item.speaker
        yield f"Session {item.session}"


def _embed(runner: asyncio.Runner, embedder: Embedder, text: str, vectors: dict[str, list[float]]) -> float:
    """The milliseconds that the vector of one question takes; the vector itself goes into the map."""
    started = time.perf_counter()
    vectors[text] = runner.run(embedder.embed_queries([text]))[0]
    return (time.perf_counter() - started) * 1000

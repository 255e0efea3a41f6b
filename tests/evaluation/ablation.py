"""What each lever of search is worth: LoCoMo asked over HTTP with everything, then with one lever off at a time."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from unittest import mock

import msgspec

from app.cli import program
from app.cli.databases import Database, Use, connect, open_database
from app.client import Client
from app.config import Settings, load_settings
from app.domain import calibration, ranking, readings, texts
from app.domain.search import SearchRequest
from app.domain.wording import Alike
from app.main import make_parts, prepare, running
from app.providers.embedder import make_embedder
from app.services import legs, search, understanding
from app.storage.search import TextQueries
from tests.evaluation.conversations import Conversation, Question
from tests.evaluation.locomo import asking, store, turns_by_text, turns_found
from tests.evaluation.scores import Estimate, estimate, median, recall
from tests.serving import Tenant

EVERYTHING = "everything"
DEPTHS = (1, 5, 10)
# Where the constants and functions stand that a lever changes; a constant stands in each module that imports it.
MODULES = (calibration, ranking, readings, texts, legs, search, understanding)


async def _nothing(*_: object, **__: object) -> list[object]:
    return []


async def _no_vector(*_: object) -> None:
    return None


def _no_texts(*_: object) -> TextQueries:
    return TextQueries([], [])


def _no_words(*_: object) -> Alike:
    return {}


def _weights(**changed: float) -> dict[str, object]:
    return {
        "LATIN_WEIGHTS": calibration.LATIN_WEIGHTS._replace(**changed),
        "CJK_WEIGHTS": calibration.CJK_WEIGHTS._replace(**changed),
    }


# Readings are remembered with their penalties, so that they are made anew where one of these is taken away.
_ANEW: dict[str, object] = {"_remembered": vars(readings)["_read"]}

# What is put in whose place to take a lever away.
LEVERS: dict[str, dict[str, object]] = {
    EVERYTHING: {},
    "without the turns around": _weights(before=0.0, around=0.0) | {"COSINE_BEFORE": 0.0, "COSINE_AFTER": 0.0},
    "without the best of its session": {"SESSION_SHARE": 0.0},
    "without the named speaker": {"OTHER_SPEAKER_PENALTY": 0.0},
    "without times for `when`": {"UNTIMED_PENALTY": 0.0},
    "without names for `who`": {"UNNAMED_PENALTY": 0.0},
    "without periods that are named": {"OTHER_TIME_PENALTY": 0.0},
    "without the length of a turn": {"SHORTNESS_PENALTY": 0.0} | _ANEW,
    "without whether a turn asks": {"ASKS_PENALTY": 0.0} | _ANEW,
    "with question words": {"_ENGLISH_STOP_WORDS": frozenset[str]()},
    "without words of like meaning": {"alike_words": _no_words},
    "without BM25 beside coverage": _weights(bm25=0.0),
    "without the graph": {"_follow": _nothing},
    "without vectors": {"_embed": _no_vector},
    "without full text": {"text_queries": _no_texts},
    "vectors alone": _weights(coverage=0.0, full=0.0, bm25=0.0, before=0.0, around=0.0)
    | {"text_queries": _no_texts, "COSINE_BEFORE": 0.0, "COSINE_AFTER": 0.0, "SESSION_SHARE": 0.0}
    | {"OTHER_SPEAKER_PENALTY": 0.0, "UNTIMED_PENALTY": 0.0, "UNNAMED_PENALTY": 0.0}
    | {"OTHER_TIME_PENALTY": 0.0, "_follow": _nothing},
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question with one lever off."""

    lever: str
    conversation: str
    recall: dict[str, float]
    seconds: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Recall with a lever off, what was lost in recall@10 question by question, and the median time of a search."""

    lever: str
    recall: dict[str, Estimate]
    lost: Estimate
    p50_ms: float


@contextmanager
def taken_away(changes: Mapping[str, object]) -> Generator[None]:
    """The program with these things replaced wherever its modules hold them. Raises KeyError for one that none has."""
    with ExitStack() as stack:
        for name, value in changes.items():
            holders = _holders(name)
            for module in holders:
                stack.enter_context(mock.patch.object(module, name, value))
        yield


def _holders(name: str) -> list[ModuleType]:
    found = [module for module in MODULES if hasattr(module, name)]
    if not found:
        raise KeyError(name)
    return found


@contextmanager
def inside() -> Generator[str]:
    """The address of a service in a thread of this process, whose levers can be taken away."""
    with tempfile.TemporaryDirectory() as folder:
        settings = msgspec.structs.replace(load_settings(), port=0, home=Path(folder), signup="open")
        with open_database(settings, Use.EITHER) as database, program.bind(settings) as listener:
            yield from _serve(settings, database, listener)


def _serve(settings: Settings, database: Database, listener: socket.socket) -> Generator[str]:
    if database.server:
        database.server.wait()
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        parts = make_parts(settings, connect(database), make_embedder(settings))
        await prepare(parts)
        async with running(parts), program.serving(parts, listener):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        thread.join()


def ask_all(tenant: Callable[[], Tenant], chosen: Sequence[Conversation], limit: int | None) -> list[Outcome]:
    """Stores each conversation and asks its questions, each with every lever in turn, so that all see one machine."""
    outcomes: list[Outcome] = []
    for conversation in chosen:
        with tenant() as owner:
            store(owner, conversation)
            by_text = turns_by_text(conversation)
            for question in conversation.questions[:limit]:
                outcomes += _ask_with_each(owner, conversation.name, question, by_text)
    return outcomes


def _ask_with_each(
    owner: Tenant, name: str, question: Question, by_text: Mapping[tuple[str, str], list[str]]
) -> Iterator[Outcome]:
    # The vector of the question is kept from here on, so the times are without embedding.
    owner.call(Client.search, SearchRequest(q=question.text, limit=1))
    for lever, changes in LEVERS.items():
        with taken_away(changes):
            yield _ask(owner, name, question, by_text, lever)


def _ask(
    owner: Tenant, name: str, question: Question, by_text: Mapping[tuple[str, str], list[str]], lever: str
) -> Outcome:
    started = time.perf_counter()
    answer = owner.call(Client.search, asking(question.text))
    seconds = time.perf_counter() - started
    found = turns_found(answer, by_text)
    return Outcome(
        lever=lever,
        conversation=name,
        recall={str(depth): recall(question.gold, found, depth) for depth in DEPTHS},
        seconds=seconds,
    )


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """A row of each lever."""
    return [_row(lever, outcomes) for lever in LEVERS]


def _row(lever: str, outcomes: Sequence[Outcome]) -> Row:
    mine = [one for one in outcomes if one.lever == lever]
    whole = [one for one in outcomes if one.lever == EVERYTHING]
    lost = [before.recall["10"] - after.recall["10"] for before, after in zip(whole, mine, strict=True)]
    return Row(
        lever=lever,
        recall={str(depth): estimate([one.recall[str(depth)] for one in mine]) for depth in DEPTHS},
        lost=estimate(lost),
        p50_ms=round(median([one.seconds for one in mine]) * 1000, 1),
    )

"""Evidence recall on LoCoMo: turns are stored as messages, questions searched, hits compared with the evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import click
import msgspec

from app.client import Client
from app.domain.messages import NewMessage, NewMessages
from app.domain.search import SearchAnswer, SearchRequest
from tests.evaluation.baseline import Bm25
from tests.evaluation.conversations import CATEGORIES, Conversation, Question, Turn
from tests.evaluation.scores import Estimate, estimate, median, recall
from tests.serving import Tenant

DEPTHS = (1, 5, 10, 20)
SEARCH_LIMIT = 20
# In mode raw a message is stored as it is, with and without an LLM, so figures stay comparable.
MODE = "raw"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question: the turns of each hit, best first, and those of plain BM25."""

    conversation: str
    question: str
    category: int
    gold: list[str]
    found: list[list[str]]
    bm25: list[list[str]]
    seconds: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Recall at each depth over some questions, and the median time of a search."""

    name: str
    questions: int
    recall: dict[str, Estimate]
    bm25: dict[str, Estimate]
    p50_ms: float


def ask_all(
    tenant: Callable[[], Tenant], chosen: Sequence[Conversation], limit: int | None, note: Callable[[str], None]
) -> list[Outcome]:
    """Stores and asks conversation by conversation, each with its tenant. Refuses to go on when nothing was stored."""
    outcomes: list[Outcome] = []
    for conversation in chosen:
        note(f"{conversation.name}: storing {len(conversation.turns)} turns")
        asked = conversation.questions[:limit]
        with tenant() as owner:
            store(owner, conversation)
            note(f"{conversation.name}: asking {len(asked)} questions")
            outcomes += _ask(owner, conversation, asked)
    return outcomes


def store(tenant: Tenant, conversation: Conversation) -> None:
    """Posts every session as messages and waits for their tasks. Raises ClickException when no message is there."""
    tasks = [
        tenant.call(Client.add_messages, _window(conversation, number, turns)).task_id
        for number, turns in conversation.sessions.items()
    ]
    tenant.wait_for(tasks)
    if tenant.call(Client.list_memories, memory_type="session", limit=0).total_count == 0:
        raise click.ClickException(
            f"{conversation.name} was sent, but no memory was stored; there is nothing to measure"
        )


def _window(conversation: Conversation, number: str, turns: Sequence[Turn]) -> NewMessages:
    messages = [
        NewMessage(role="user", speaker=turn.speaker, content=turn.content, said_at=turn.said_at) for turn in turns
    ]
    return NewMessages(messages=messages, session_id=_session_id(conversation, number), mode=MODE)


def _session_id(conversation: Conversation, number: str) -> str:
    return f"{conversation.name}/{number}"


def _ask(tenant: Tenant, conversation: Conversation, asked: Sequence[Question]) -> list[Outcome]:
    by_text = turns_by_text(conversation)
    turns = conversation.turns
    words = Bm25([f"{turn.speaker}: {turn.content}" for turn in turns])
    outcomes: list[Outcome] = []
    for question in asked:
        started = time.perf_counter()
        answer = tenant.call(Client.search, asking(question.text))
        seconds = time.perf_counter() - started
        outcome = Outcome(
            conversation=conversation.name,
            question=question.text,
            category=question.category,
            gold=sorted(question.gold),
            found=turns_found(answer, by_text),
            bm25=[[turns[place].id] for place in words.best(question.text, SEARCH_LIMIT)],
            seconds=seconds,
        )
        outcomes.append(outcome)
    return outcomes


def asking(text: str) -> SearchRequest:
    """A search that leaves nothing out."""
    return SearchRequest(q=text, limit=SEARCH_LIMIT, min_score=0)


def turns_by_text(conversation: Conversation) -> dict[tuple[str, str], list[str]]:
    """Which turns a message stands for: those of its session with its text, as the API does not know LoCoMo's ids."""
    found: dict[tuple[str, str], list[str]] = {}
    for number, turns in conversation.sessions.items():
        for turn in turns:
            found.setdefault((_session_id(conversation, number), turn.content.strip()), []).append(turn.id)
    return found


def turns_found(answer: SearchAnswer, by_text: Mapping[tuple[str, str], list[str]]) -> list[list[str]]:
    """The turns that each result of a search stands for, best first."""
    hits = [(hit.memory.session_id, hit.memory.content.strip()) for hit in answer.results]
    return [by_text.get(hit, []) for hit in hits]


def figures(name: str, outcomes: Sequence[Outcome]) -> Figures:
    """The figures over some outcomes."""
    return Figures(
        name=name,
        questions=len(outcomes),
        recall={str(depth): estimate([recall(one.gold, one.found, depth) for one in outcomes]) for depth in DEPTHS},
        bm25={str(depth): estimate([recall(one.gold, one.bm25, depth) for one in outcomes]) for depth in DEPTHS},
        p50_ms=round(median([one.seconds for one in outcomes]) * 1000, 1),
    )


def tables(outcomes: Sequence[Outcome]) -> dict[str, list[Figures]]:
    """Recall over everything by category, then of each conversation."""
    names = dict.fromkeys(one.conversation for one in outcomes)
    categories = {name: [one for one in outcomes if one.category == number] for number, name in CATEGORIES.items()}
    conversations = {name: [one for one in outcomes if one.conversation == name] for name in names}
    return {
        "category": [*(figures(name, part) for name, part in categories.items() if part), figures("all", outcomes)],
        "conversation": [figures(name, part) for name, part in conversations.items()],
    }

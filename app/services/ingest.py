"""From stored messages to facts, decisions and relations, window by window, each in one transaction."""

from __future__ import annotations

from collections import Counter

import msgspec

from app.domain.decisions import StoredDecision
from app.domain.facts import Fact, Utterance
from app.domain.memories import Memory
from app.domain.principal import Principal, SpaceAccess
from app.domain.tasks import Progress, Report, Task
from app.domain.texts import SafeText
from app.services import embedding, noise
from app.services.assimilation import Draft, assimilate
from app.services.parts import Parts
from app.storage import decisions
from app.storage.graph import Transaction
from ingest.extraction import USER, extract
from ingest.planning import Said

# New turns of one window, and turns before it that only explain them (pipelines 2.3).
WINDOW_TURNS, CONTEXT_TURNS = 12, 4


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Ingests all messages that wait for the task. Raises what a model or the graph raises; then it goes on later."""
    counts: Counter[str] = Counter()
    await parts.graph.write(decisions.delete_lost_marks, task.space_key, task.id)
    waiting = await parts.graph.read(decisions.count_waiting, task.space_key, task.id)
    total = task.stored_count + waiting
    progress = Progress(done=task.stored_count, total=total)
    while window := await parts.graph.read(_read_window, task):
        made = await _ingest_window(parts, principal, task, window)
        counts.update(decision.action for decision in made)
        counts["facts"] += len(made)
        progress = Progress(done=progress.done + len(window.messages), total=total, counts=dict(counts))
        await report(progress)
    return progress


class Window(msgspec.Struct, frozen=True):
    """Messages to read and those right before them."""

    messages: list[decisions.Said]
    context: list[decisions.Said]


async def _read_window(tx: Transaction, task: Task) -> Window | None:
    messages = await decisions.list_window(tx, task.space_key, task.id, WINDOW_TURNS)
    if not messages:
        return None
    return Window(messages, await decisions.list_context(tx, messages[0], CONTEXT_TURNS))


async def _ingest_window(parts: Parts, principal: Principal, task: Task, window: Window) -> list[StoredDecision]:
    space = _space(principal, task.space_key)
    heard, hits = await _without_noise(parts, principal, task.space_key, window)
    facts = _facts(heard)
    said = [_said(space, fact, window) for fact in facts]
    draft = Draft(
        space=space,
        task_id=task.id,
        anchor=window.messages[0].id,
        said=said,
        texts=await embedding.embed_facts(parts, [one.fact.text for one in said]),
        done_ids=[message.id for message in window.messages],
        now=parts.clock(),
    )
    made = await assimilate(parts, principal, draft)
    if hits:
        await parts.graph.write(noise.count_hits, task.space_key, hits, parts.clock())
    return made


async def _without_noise(
    parts: Parts, principal: Principal, space_key: str, window: Window
) -> tuple[Window, dict[str, int]]:
    """The window without the messages that nothing is remembered from, and the examples that these are like."""
    texts = [SafeText(message.content) for message in window.messages]
    judged = await noise.judge(parts, principal, space_key, texts)
    heard = [message for message, found in zip(window.messages, judged, strict=True) if found is None]
    hits = Counter(found.example_id for found in judged if found and found.example_id)
    return Window(heard, window.context), dict(hits)


def _space(principal: Principal, space_key: str) -> SpaceAccess:
    return next(space for space in principal.spaces if space.space_key == space_key)


def _facts(window: Window) -> list[Fact]:
    """What the new messages say; what is quoted from the context only was said before."""
    read = [_utterance(message) for message in (*window.context, *window.messages)]
    new = {message.id for message in window.messages}
    return [fact for fact in extract(read) if all(quote.utterance_id in new for quote in fact.quotes)]


def _utterance(message: Memory) -> Utterance:
    return Utterance(
        id=message.id, role=message.role, speaker=message.speaker, said_at=message.valid_from, text=message.content
    )


def _said(space: SpaceAccess, fact: Fact, window: Window) -> Said:
    origins = {message.id: message for message in window.messages}
    origin = origins[fact.quotes[0].utterance_id]
    return Said(fact=_of_speaker(space, fact, origin), origin=origin)


def _of_speaker(space: SpaceAccess, fact: Fact, origin: Memory) -> Fact:
    """In a shared space two nameless speakers are two people."""
    if space.kind == "personal" or fact.subject != USER:
        return fact
    return msgspec.structs.replace(fact, subject=f"{USER} {origin.tenant_id[:8]}")

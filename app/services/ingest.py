"""From stored messages to facts, decisions and relations, window by window, each in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from app.domain.facts import Fact, Utterance
from app.domain.memories import Memory
from app.domain.principal import Principal, SpaceAccess
from app.domain.tasks import MAX_ATTEMPTS, Progress, Report, Task
from app.domain.texts import SafeText
from app.services import embedding, models, noise
from app.services.assimilation import Draft, Outcome, assimilate
from app.services.models import Extracted
from app.services.parts import Parts
from app.storage import decisions, entities
from app.storage.graph import Transaction
from ingest.extraction import USER
from ingest.planning import Said
from ingest.stating import stated_fact
from ingest.windows import Window as ReadWindow
from ingest.windows import make_windows

# New turns of one window, and turns before it that only explain them (pipelines 2.3).
WINDOW_TURNS, CONTEXT_TURNS = 12, 4
# The role of sections of files.
DOCUMENT = "document"


async def run(parts: Parts, principal: Principal, task: Task, report: Report) -> Progress:
    """Ingests all messages that wait for the task. Raises what a model or the graph raises; then it goes on later."""
    await parts.graph.write(decisions.delete_lost_marks, task.space_key, task.id)
    waiting = await parts.graph.read(decisions.count_waiting, task.space_key, task.id)
    progress = Progress(done=task.stored_count, total=task.stored_count + waiting)
    while window := await parts.graph.read(_read_window, task):
        outcome = await _ingest_window(parts, principal, task, window)
        progress = _further(progress, len(window.messages), outcome)
        await report(progress)
    return progress


def _further(progress: Progress, messages: int, outcome: Outcome) -> Progress:
    counts = Counter(progress.counts)
    counts.update(decision.action for decision in outcome.decisions)
    counts["facts"] += len(outcome.decisions)
    return Progress(
        done=progress.done + messages,
        total=progress.total,
        counts=dict(counts),
        tokens=progress.tokens + outcome.tokens,
        errors=list(dict.fromkeys([*progress.errors, *outcome.notes])),
    )


class Window(msgspec.Struct, frozen=True):
    """Messages to read and those right before them."""

    messages: list[decisions.Said]
    context: list[decisions.Said]


async def _read_window(tx: Transaction, task: Task) -> Window | None:
    messages = await decisions.list_window(tx, task.space_key, task.id, WINDOW_TURNS)
    if not messages:
        return None
    return Window(messages, await decisions.list_context(tx, messages[0], CONTEXT_TURNS))


async def _ingest_window(parts: Parts, principal: Principal, task: Task, window: Window) -> Outcome:
    space = _space(principal, task.space_key)
    heard, hits = await _without_noise(parts, principal, task.space_key, window)
    names = await parts.graph.read(entities.list_of_session, principal, window.messages[0]) if parts.llm else []
    stated = [message for message in heard.messages if message.as_fact]
    new = utterances_of([message for message in heard.messages if not message.as_fact])
    before = utterances_of(heard.context)
    read = await read_facts(parts, space, make_windows(new, before), names, is_last=task.attempts >= MAX_ATTEMPTS)
    facts = [*map(stated_fact, utterances_of(stated), (message.category for message in stated)), *read.facts]
    said = [_said(space, fact, window) for fact in facts]
    draft = Draft(
        space=space,
        task_id=task.id,
        anchor=window.messages[0].id,
        said=said,
        texts=await embedding.embed_facts(parts, [one.fact.text for one in said]),
        done_ids=[message.id for message in window.messages],
        now=parts.clock(),
        task=task,
    )
    outcome = await assimilate(parts, principal, draft)
    if hits:
        await parts.graph.write(noise.count_hits, task.space_key, hits, parts.clock())
    return Outcome(outcome.decisions, read.tokens + outcome.tokens, [*read.notes, *outcome.notes])


async def read_facts(
    parts: Parts, space: SpaceAccess, windows: Sequence[ReadWindow], names: Sequence[str], *, is_last: bool
) -> Extracted:
    """The facts of windows of one session, by a language model where there is one, else by rules."""
    found = [await models.extract_window(parts, space, window, names, is_last_attempt=is_last) for window in windows]
    return Extracted(
        # A fact that no message states is none.
        [fact for part in found for fact in part.facts if fact.quotes],
        sum(part.tokens for part in found),
        sum(part.dropped for part in found),
        list(dict.fromkeys(note for part in found for note in part.notes)),
    )


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


def utterances_of(messages: Sequence[Memory]) -> list[Utterance]:
    """Messages as extraction reads them; what a file says is said by the one who imports it."""
    return [
        Utterance(
            id=message.id,
            role=USER if message.role == DOCUMENT else message.role,
            speaker=message.speaker,
            said_at=message.valid_from,
            text=message.content,
        )
        for message in messages
    ]


def _said(space: SpaceAccess, fact: Fact, window: Window) -> Said:
    origins = {message.id: message for message in window.messages}
    # What a memory takes over from its message is not how that was read.
    origin = msgspec.structs.replace(origins[fact.quotes[0].utterance_id], as_fact=None)
    return Said(fact=_of_speaker(space, fact, origin), origin=origin)


def _of_speaker(space: SpaceAccess, fact: Fact, origin: Memory) -> Fact:
    """In a shared space two nameless speakers are two people."""
    if space.kind == "personal" or fact.subject != USER:
        return fact
    return msgspec.structs.replace(fact, subject=f"{USER} {origin.tenant_id[:8]}")

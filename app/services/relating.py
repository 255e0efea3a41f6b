"""What a directly stored text does to what is known: the same decisions as for a fact from a conversation."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from app.domain.facts import Fact, Utterance
from app.domain.memories import Memory, State
from app.domain.principal import Principal
from app.domain.tasks import Progress, Task
from app.domain.texts import is_mostly_cjk
from app.services import embedding
from app.services.assimilation import Draft, Outcome, assimilate
from app.services.parts import Parts
from app.services.tasks import hold
from app.storage import memories, relations, search
from app.storage.graph import Transaction
from ingest.discovery import CLOSE_CJK_COSINE, CLOSE_COSINE
from ingest.extraction import extract
from ingest.planning import Said

NEIGHBOURS = 5


async def run(parts: Parts, principal: Principal, task: Task) -> Progress:
    """Decides about the memory of the task and links it to what lies close to it; nothing when it is gone."""
    memory = await parts.graph.read(memories.get, principal, task.memory_id)
    if memory is None:
        return Progress(done=1, total=1)
    counts: Counter[str] = Counter()
    outcome = Outcome([])
    if memory.state is State.ACTIVE:
        draft = Draft(
            space=principal.space(memory.space_id),
            task_id=task.id,
            anchor=memory.id,
            said=[Said(fact=read(memory), origin=memory, is_stored=True)],
            texts=await embedding.embed_facts(parts, [memory.content]),
            done_ids=[],
            now=parts.clock(),
            task=task,
        )
        outcome = await assimilate(parts, principal, draft)
        counts.update(decision.action for decision in outcome.decisions)
    await parts.graph.write(link_close, principal, task, parts.clock())
    return Progress(1, 1, dict(counts), outcome.tokens, outcome.notes)


def read(memory: Memory) -> Fact:
    """What a stored text states, under its own words and category.

    A text that says several things is one fact without a slot: no part of it can stand for the whole.
    """
    said = _extract(memory, memory.content) or _extract(memory, f"The user {memory.content}")
    mentions = {mention.name: mention for fact in said for mention in fact.mentions}
    about = said[0] if len(said) == 1 else Fact(text="", category="")
    return msgspec.structs.replace(
        about,
        text=memory.content,
        category=memory.category,
        mentions=list(mentions.values()),
        said_at=memory.valid_from,
        speaker=memory.speaker,
        importance=memory.importance,
        quotes=[],
    )


def _extract(memory: Memory, text: str) -> list[Fact]:
    said = extract([Utterance(id="", role="user", speaker="", said_at=memory.valid_from, text=text)])
    return said if text == memory.content or any(fact.attribute for fact in said) else []


async def link_close(tx: Transaction, principal: Principal, task: Task, now: datetime) -> None:
    """Links a memory to those that lie close to it."""
    memory = await memories.get(tx, principal, task.memory_id)
    if memory is None:
        return
    found = await search.list_neighbours(tx, principal, memory, NEIGHBOURS + 1)
    cosines = {neighbour.id: search.cosine_of(neighbour.score) for neighbour in found}
    line = CLOSE_CJK_COSINE if is_mostly_cjk(memory.content) else CLOSE_COSINE
    close = {other_id: cosine for other_id, cosine in cosines.items() if cosine >= line}
    if close:
        await memories.lock_space(tx, memory.space_key)
        await hold(tx, task)
        await relations.create_similarities(tx, memory, close, task.id, now)

"""Verdicts on memories and messages: they raise, retract or bring back, and teach a space what noise is."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain.feedback import NewFeedback, Rating, Verdict, after_feedback, check_verdict, parse_verdict
from app.domain.memories import Memory
from app.domain.noise_examples import EXAMPLE_LIFE, MAX_TEXT_CHARS, NoiseExample
from app.domain.principal import Principal
from app.providers.embedder import EmbeddingFailed
from app.services import belief, copying
from app.services.memories import free_key, must_get
from app.services.parts import Parts
from app.storage import feedback, memories, messages, noise_examples
from app.storage.graph import Transaction


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what its write needs from outside; the vector is that of the text, where it may be noise."""

    verdict: Verdict
    example_id: str
    embedding: list[float]
    model: str
    now: datetime


async def give(parts: Parts, principal: Principal, memory_id: str, new: NewFeedback) -> Memory:
    """The memory after a verdict, which counts once however often it is given.

    Raises Invalid for an unknown verdict or one that the memory's state or pin forbids, NotFound, Unauthorized.
    """
    verdict = parse_verdict(new.verdict)
    memory = await parts.graph.read(must_get, principal, memory_id)
    given = Given(
        verdict=verdict,
        example_id=str(uuid4()),
        embedding=await _embedding(parts, memory.content) if verdict is Verdict.NOISE else [],
        model=parts.embedder.model,
        now=parts.clock(),
    )
    return await parts.graph.write(_give, principal, memory_id, given)


async def _embedding(parts: Parts, text: str) -> list[float]:
    """The vector of a text that is short enough to be compared; none while the model fails."""
    if len(text) > MAX_TEXT_CHARS:
        return []
    try:
        return (await parts.embedder.embed_documents([text]))[0]
    except EmbeddingFailed:
        return []


async def _give(tx: Transaction, principal: Principal, memory_id: str, given: Given) -> Memory:
    principal.require_writable((await must_get(tx, principal, memory_id)).space_key)
    memory = await _locked(tx, principal, memory_id)
    check_verdict(memory, given.verdict)
    before = await feedback.get(tx, principal, memory_id)
    has_raised = before is not None and before.has_raised
    after = after_feedback(memory, given.verdict, has_raised, given.now)
    if after is not memory:
        key = None if after.is_message else await free_key(tx, after)
        await feedback.apply(tx, principal, after, key)
        await copying.follow(tx, principal, [memory_id], given.now)
        if after.state is not memory.state:
            await messages.update_outdated(tx, [memory.space_key], [memory_id])
            await belief.update(tx, memory.space_key, [memory_id])
    rating = Rating(given.verdict, has_raised or given.verdict is Verdict.USEFUL)
    if rating != before:
        await feedback.add(tx, principal, memory_id, rating, given.now)
    await _learn(tx, after, given)
    return await must_get(tx, principal, memory_id)


async def _locked(tx: Transaction, principal: Principal, memory_id: str) -> Memory:
    """The memory as it is once its space is locked."""
    await memories.lock_space(tx, (await must_get(tx, principal, memory_id)).space_key)
    return await must_get(tx, principal, memory_id)


async def _learn(tx: Transaction, memory: Memory, given: Given) -> None:
    if given.verdict is not Verdict.NOISE:
        await noise_examples.delete_confirmation(tx, memory)
        return
    await noise_examples.delete_unused(tx, memory.space_key, given.now - EXAMPLE_LIFE)
    example = NoiseExample(
        id=given.example_id,
        space_id=memory.space_id,
        space_key=memory.space_key,
        visible_to=memory.visible_to,
        text=memory.content[:MAX_TEXT_CHARS],
        text_hash=memory.text_hash,
        embedding=given.embedding,
        model=given.model,
        memory_ids=[memory.id],
        created_at=given.now,
    )
    await noise_examples.create(tx, example)

"""Leads a memory back to what it comes from, as far as the caller may see."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.belief import Voice, independent_weights, witness_of
from app.domain.decisions import decision_view
from app.domain.memories import view
from app.domain.principal import Principal
from app.domain.why import Origin, QuoteView, Source, Via, WhyAnswer, quote_view, source_view
from app.services.candidates import asserter
from app.services.memories import must_get
from app.storage import why
from app.storage.graph import Transaction

# So many steps back; a chain of values of one attribute is seldom longer.
MOST_STEPS = 5
MOST_SOURCES = 100
SUPPORTS = Via.SUPPORTS.upper()


async def get(tx: Transaction, principal: Principal, memory_id: str) -> WhyAnswer:
    """Why a memory is there: messages, sources step by step, decisions. Raises NotFound."""
    memory = await must_get(tx, principal, memory_id)
    steps = await _steps(tx, principal, memory.id)
    quotes = await _quotes(tx, principal, [memory.id, *(origin.memory.id for _, origin in steps)])
    return WhyAnswer(
        memory=view(memory),
        user_id=memory.tenant_id,
        agent_id=memory.agent_id or None,
        messages=quotes.get(memory.id, []),
        sources=_sources(steps, quotes),
        decisions=[decision_view(one) for one in await why.list_decisions(tx, principal, memory.id)],
    )


async def _steps(tx: Transaction, principal: Principal, memory_id: str) -> list[tuple[int, Origin]]:
    """What the memory comes from with the number of steps, breadth first; each memory is followed once."""
    steps: list[tuple[int, Origin]] = []
    seen, frontier = {memory_id}, [memory_id]
    for depth in range(1, MOST_STEPS + 1):
        if not frontier or len(steps) >= MOST_SOURCES:
            break
        found = await why.list_origins(tx, principal, frontier)
        steps += [(depth, origin) for origin in found]
        frontier = list(dict.fromkeys(one.memory.id for one in found if one.memory.id not in seen))
        seen.update(frontier)
    return steps[:MOST_SOURCES]


async def _quotes(tx: Transaction, principal: Principal, ids: Sequence[str]) -> dict[str, list[QuoteView]]:
    by_memory: dict[str, list[QuoteView]] = {}
    for quoted in await why.list_quotes(tx, principal, list(dict.fromkeys(ids))):
        by_memory.setdefault(quoted.of, []).append(quote_view(quoted))
    return by_memory


def _sources(steps: Sequence[tuple[int, Origin]], quotes: dict[str, list[QuoteView]]) -> list[Source]:
    """The steps in their order, with the supports of each memory last and the most independent of them first."""
    weights = _independence([origin for _, origin in steps if origin.via == SUPPORTS])
    views = [
        source_view(
            origin,
            depth,
            weights.get((origin.of, origin.memory.id)) if origin.via == SUPPORTS else None,
            quotes.get(origin.memory.id, []),
        )
        for depth, origin in steps
    ]
    return sorted(views, key=lambda one: (one.depth, one.of, one.via is Via.SUPPORTS, -(one.independence or 0.0)))


def _independence(supports: Sequence[Origin]) -> dict[tuple[str, str], float]:
    """What each support counts, by what it supports and who does."""
    voices: dict[str, list[Voice]] = {}
    for one in supports:
        memory = one.memory
        witness = witness_of(asserter(memory.speaker, memory.tenant_id), memory.session_id)
        voice = Voice(id=memory.id, witness=witness, weight=one.weight, strength=memory.base_confidence)
        voices.setdefault(one.of, []).append(voice)
    return {
        (of, memory_id): weight
        for of, said in voices.items()
        for memory_id, weight in independent_weights(said).items()
    }

"""What pairs of memories are to each other: asked of rules and the judge first, of models where those leave it open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from app.domain.principal import SpaceAccess
from app.providers.entailment import EntailmentFailed
from app.services import models
from app.services.parts import Parts
from ingest.discovery import Opinion, Pair, Verdict, first_opinion, verdict, with_answer, with_entailment
from ingest.entailing import BothWays


class Judged(msgspec.Struct, frozen=True):
    """A verdict for each pair, what a language model used, and why a model did not answer."""

    verdicts: list[Verdict]
    tokens: int = 0
    notes: list[str] = []


async def judge_all(parts: Parts, space: SpaceAccess, pairs: Sequence[Pair]) -> Judged:
    """The verdicts in the order of the pairs. Never raises for a model: what it does not answer is the judge's."""
    # Judging is arithmetic over two texts, up to milliseconds a pair: others want answers meanwhile.
    opinions = await asyncio.to_thread(lambda: [first_opinion(pair) for pair in pairs])
    notes = await _read(parts, opinions)
    places = [place for place, opinion in enumerate(opinions) if opinion.is_open]
    asked = [(opinions[place].pair.newer, opinions[place].pair.older) for place in places]
    answered = await models.answer_pairs(parts, space, asked)
    for number, answer in answered.answers.items():
        opinions[places[number]] = with_answer(opinions[places[number]], answer)
    return Judged([verdict(opinion) for opinion in opinions], answered.tokens, [*notes, *answered.notes])


async def _read(parts: Parts, opinions: list[Opinion]) -> list[str]:
    """Changes the open opinions to what a model of entailment says; why it said nothing."""
    places = [place for place, opinion in enumerate(opinions) if opinion.is_open]
    if parts.entailer is None or not places:
        return []
    texts = [(opinions[place].pair.older.text, opinions[place].pair.newer.text) for place in places]
    try:
        read = await parts.entailer.read([*texts, *((newer, older) for older, newer in texts)])
    except EntailmentFailed as error:
        return [f"decided by the judge: {error}"]
    for place, forward, backward in zip(places, read[: len(places)], read[len(places) :], strict=True):
        opinions[place] = with_entailment(opinions[place], BothWays(forward, backward))
    return []

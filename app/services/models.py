"""What a language model does for ingest, and what happens without one: rules and the judge take its place.

Nothing is lost with it. What passes (the endpoint is slow, busy or down) is Unavailable, so that a task tries again
later, until its last attempt; what does not pass (a key that is refused, an answer that cannot be read, a day's budget
that is used up) is done without the model at once, and a note says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import TypeVar

import msgspec

from app import metrics
from app.domain.consolidation import Group as Topic
from app.domain.consolidation import Summary
from app.domain.discovery import Statement
from app.domain.errors import Unavailable
from app.domain.facts import Fact
from app.domain.principal import SpaceAccess
from app.domain.prompts import Prompt
from app.domain.texts import estimate_tokens
from app.providers.llm import AnswerCut, Completion, LanguageModel, ModelAway, ModelFailed
from app.services import budgets
from app.services.budgets import BudgetSpent
from app.services.parts import Parts
from ingest.answers import Answer
from ingest.candidates import Known
from ingest.model_consolidation import SummaryAnswer, read_summary, summary_prompt
from ingest.model_extraction import ExtractionAnswer, extraction_prompt, is_worth_asking
from ingest.model_facts import read_facts
from ingest.model_reconciliation import (
    Group,
    ReconciliationAnswer,
    group_facts,
    open_facts,
    read_answers,
    reconciliation_prompt,
)
from ingest.model_relations import MAX_PAIRS, RelationAnswer, read_relations, relation_prompt
from ingest.windows import Window, extract_locally, halved

Shape = TypeVar("Shape")

# Set aside for what the model writes: a window of twelve turns yields a dozen facts of about a hundred tokens.
ANSWER_TOKENS = 1500
METHOD = "llm"


class Extracted(msgspec.Struct, frozen=True):
    """Facts of a window, what they cost, how many the model gave that no turn says, and why it was done without it."""

    facts: list[Fact]
    tokens: int = 0
    dropped: int = 0
    notes: list[str] = []


class Answered(msgspec.Struct, frozen=True):
    """Answers by the index of their fact, what they cost, and why some facts have none."""

    answers: dict[int, Answer]
    tokens: int = 0
    notes: list[str] = []


class Summed(msgspec.Struct, frozen=True):
    """What the model says of a topic, else why that is not believed, or a note why it said nothing this time."""

    summary: Summary | None
    reason: str = ""
    tokens: int = 0
    notes: list[str] = []


async def extract_window(
    parts: Parts, space: SpaceAccess, window: Window, entities: Sequence[str] = (), *, is_last_attempt: bool = False
) -> Extracted:
    """The facts of a window; `entities` are the names of its session, latest first.

    Raises Unavailable when the model is away for the moment, except at the last attempt.
    """
    if parts.llm is None:
        return Extracted(extract_locally(window))
    if not is_worth_asking(window):
        return Extracted([])
    try:
        given = await _ask(parts, parts.llm, space, extraction_prompt(window, entities), ExtractionAnswer)
    except AnswerCut as error:

        def again(half: Window) -> Awaitable[Extracted]:
            return extract_window(parts, space, half, entities, is_last_attempt=is_last_attempt)

        return await _extract_halves(again, window, error)
    except ModelFailed as error:
        if isinstance(error, ModelAway) and not is_last_attempt:
            raise Unavailable(str(error)) from error
        return Extracted(extract_locally(window), error.tokens, notes=[f"read by rules: {error}"])
    found = read_facts(given.value, window, entities)
    return Extracted(found.facts, given.tokens, sum(found.dropped.values()))


async def _extract_halves(again: Callable[[Window], Awaitable[Extracted]], window: Window, cut: AnswerCut) -> Extracted:
    """The facts of a window whose answer was too long for the model, from two smaller ones."""
    halves = halved(window)
    if not halves:
        return Extracted(extract_locally(window), cut.tokens, notes=[f"read by rules: {cut}"])
    found = [await again(half) for half in halves]
    return Extracted(
        [fact for half in found for fact in half.facts],
        cut.tokens + sum(half.tokens for half in found),
        sum(half.dropped for half in found),
        [note for half in found for note in half.notes],
    )


async def answer_open(
    parts: Parts,
    space: SpaceAccess,
    facts: Sequence[Fact],
    candidates: Sequence[Sequence[Known]],
    hashes: Sequence[str],
) -> Answered:
    """The model's answers for the facts that no rule decides, for `decide` with the same three lists.

    Never raises for the model: what it does not answer is left to the judge.
    """
    if parts.llm is None:
        return Answered({})
    groups = group_facts(open_facts(facts, candidates, hashes))
    found = await asyncio.gather(*(_answer_group(parts, parts.llm, space, group) for group in groups))
    return Answered(
        {index: answer for part in found for index, answer in part.answers.items()},
        sum(part.tokens for part in found),
        list(dict.fromkeys(note for part in found for note in part.notes)),
    )


async def _answer_group(parts: Parts, llm: LanguageModel, space: SpaceAccess, group: Group) -> Answered:
    """The answers for one group; an answer with numbers that there are not is asked for once more, with the error."""
    try:
        first = await _ask(parts, llm, space, reconciliation_prompt(group), ReconciliationAnswer)
    except ModelFailed as error:
        return Answered({}, error.tokens, [f"decided by the judge: {error}"])
    checked = read_answers(first.value, group)
    if not checked.errors:
        return Answered(checked.answers, first.tokens)
    try:
        again = reconciliation_prompt(group, list(checked.errors.values()))
        second = await _ask(parts, llm, space, again, ReconciliationAnswer)
    except ModelFailed as error:
        return Answered(checked.answers, first.tokens + error.tokens)
    better = read_answers(second.value, group).answers
    mended = {index: better[index] for index in checked.errors}
    return Answered(checked.answers | mended, first.tokens + second.tokens)


async def answer_pairs(parts: Parts, space: SpaceAccess, pairs: Sequence[tuple[Statement, Statement]]) -> Answered:
    """The model's answers about pairs of a newer and an older memory, by their places; left out is left to the judge.

    Never raises for the model.
    """
    if parts.llm is None:
        return Answered({})
    starts = range(0, len(pairs), MAX_PAIRS)
    groups = [pairs[start : start + MAX_PAIRS] for start in starts]
    found = await asyncio.gather(*(_answer_pairs(parts, parts.llm, space, group) for group in groups))
    return Answered(
        {
            start + place: answer
            for start, part in zip(starts, found, strict=True)
            for place, answer in part.answers.items()
        },
        sum(part.tokens for part in found),
        list(dict.fromkeys(note for part in found for note in part.notes)),
    )


async def _answer_pairs(
    parts: Parts, llm: LanguageModel, space: SpaceAccess, pairs: Sequence[tuple[Statement, Statement]]
) -> Answered:
    try:
        given = await _ask(parts, llm, space, relation_prompt(pairs), RelationAnswer)
    except ModelFailed as error:
        return Answered({}, error.tokens, [f"decided by the judge: {error}"])
    return Answered(read_relations(given.value, len(pairs)), given.tokens)


async def sum_up(parts: Parts, space: SpaceAccess, topic: Topic) -> Summed:
    """What the model says of a topic. Never raises for the model: one that is away is asked the next time."""
    if parts.llm is None:
        return Summed(None, notes=["no language model"])
    try:
        given = await _ask(parts, parts.llm, space, summary_prompt(topic), SummaryAnswer)
    except ModelFailed as error:
        # What was paid for and cannot be read is not asked for again.
        if error.tokens and not isinstance(error, ModelAway | BudgetSpent):
            return Summed(None, str(error), error.tokens)
        return Summed(None, "", error.tokens, [f"left for the next time: {error}"])
    summary, reason = read_summary(given.value, topic)
    return Summed(summary, reason, given.tokens)


async def _ask(
    parts: Parts, llm: LanguageModel, space: SpaceAccess, prompt: Prompt, shape: type[Shape]
) -> Completion[Shape]:
    """An answer that is paid for by the space. Raises ModelFailed, BudgetSpent among it."""
    wanted = estimate_tokens(prompt.system) + estimate_tokens(prompt.user) + ANSWER_TOKENS
    reserved = await budgets.reserve(parts, space, wanted)
    started = perf_counter()
    try:
        completion = await llm.complete(prompt, shape)
    except ModelFailed as error:
        outcome = "away" if isinstance(error, ModelAway) else "failed"
        metrics.count_llm(outcome, error.tokens, perf_counter() - started)
        await budgets.settle(parts, reserved, error.tokens)
        raise
    metrics.count_llm("answered", completion.tokens, perf_counter() - started)
    await budgets.settle(parts, reserved, completion.tokens)
    return completion

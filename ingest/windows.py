"""Cuts a conversation into windows that a language model can read whole, so that nothing of it is left out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain.facts import Fact, Quote, Utterance
from app.domain.texts import SafeText, estimate_tokens
from ingest.chunking import split_spans
from ingest.extraction import extract

# New turns a call and turns before them (pipelines 2.3).
MAX_TURNS, CONTEXT_TURNS = 12, 4
# A small local model reads 8,192 tokens: prompt and answer need half of them.
MAX_TOKENS = 3000
# Enough to know what a pronoun means; of a longer turn its end is shown.
CONTEXT_TOKENS = 400
# A turn is not cut into less when an answer about it would be too long: its sentences belong together.
SMALLEST_TOKENS = 100


class Turn(msgspec.Struct, frozen=True):
    """A message, or the part of a long one that begins `offset` characters into it."""

    utterance: Utterance
    offset: int = 0


class Window(msgspec.Struct, frozen=True):
    """Turns to read facts from, and what was said before them, from which nothing is read."""

    turns: list[Turn]
    context: list[Turn]


def make_windows(new: Sequence[Utterance], before: Sequence[Utterance] = ()) -> list[Window]:
    """Windows that together hold every character of the new messages; `before` are the last ones already read."""
    turns = [part for utterance in new for part in _parts(Turn(utterance), MAX_TOKENS)]
    history = [Turn(utterance) for utterance in before]
    windows: list[Window] = []
    while turns:
        count = _fitting(turns)
        windows.append(Window(turns[:count], _context(history)))
        history += turns[:count]
        turns = turns[count:]
    return windows


def halved(window: Window) -> list[Window]:
    """The window in two, a single turn at a sentence; nothing when it is too small for that."""
    turns = window.turns
    if len(turns) == 1:
        tokens = estimate_tokens(turns[0].utterance.text)
        turns = _parts(turns[0], tokens // 2 + 1) if tokens > SMALLEST_TOKENS else turns
    if len(turns) == 1:
        return []
    middle = len(turns) // 2
    return [
        Window(turns[:middle], window.context),
        Window(turns[middle:], _context([*window.context, *turns[:middle]])),
    ]


def extract_locally(window: Window) -> list[Fact]:
    """The facts that the local engine finds in the turns of a window."""
    # Two parts of one message may be turns of one window, so a quote must name the turn until it is placed.
    numbered = [msgspec.structs.replace(turn.utterance, id=str(place)) for place, turn in enumerate(window.turns)]
    return [
        msgspec.structs.replace(fact, quotes=[_placed(quote, window.turns) for quote in fact.quotes])
        for fact in extract(numbered)
    ]


def _placed(quote: Quote, turns: Sequence[Turn]) -> Quote:
    turn = turns[int(quote.utterance_id)]
    return Quote(turn.utterance.id, turn.offset + quote.start, turn.offset + quote.end)


def _parts(turn: Turn, max_tokens: int) -> list[Turn]:
    text = SafeText(turn.utterance.text)
    return [_part(turn, start, end) for start, end in split_spans(text, max_tokens, overlap_tokens=0)]


def _part(turn: Turn, start: int, end: int) -> Turn:
    part = msgspec.structs.replace(turn.utterance, text=turn.utterance.text[start:end])
    return Turn(part, turn.offset + start)


def _fitting(turns: Sequence[Turn]) -> int:
    """How many of the first turns fill a window; at least one, since no part is larger than that."""
    tokens = 0
    for count, turn in enumerate(turns[:MAX_TURNS]):
        tokens += estimate_tokens(turn.utterance.text)
        if count and tokens > MAX_TOKENS:
            return count
    return min(len(turns), MAX_TURNS)


def _context(history: Sequence[Turn]) -> list[Turn]:
    kept: list[Turn] = []
    room = CONTEXT_TOKENS
    for turn in reversed(history[-CONTEXT_TURNS:]):
        pieces = _parts(turn, CONTEXT_TOKENS // CONTEXT_TURNS)
        tokens = [estimate_tokens(piece.utterance.text) for piece in pieces]
        # As many of the last pieces as there is room for.
        first = next((at for at in range(len(pieces)) if sum(tokens[at:]) <= room), len(pieces))
        if first == len(pieces):
            break
        room -= sum(tokens[first:])
        kept.append(_part(turn, pieces[first].offset - turn.offset, len(turn.utterance.text)))
    return kept[::-1]

"""Facts out of texts that are facts as they are: entries of memory files, sections that somebody wants whole."""

from __future__ import annotations

import msgspec

from app.domain.facts import Fact, Quote, Utterance
from ingest.extraction import extract
from ingest.mentions import find_mentions

# Somebody wrote it down as something to remember, which is more than that it was said (extraction has 0.6 to 0.85).
_CONFIDENCE = 0.85
# A reading stands for a text when it quotes at least this share of it; less is one thing of several that it says.
_WHOLE_SHARE = 0.8
_ROLE = "user"


def stated_fact(utterance: Utterance, category: str) -> Fact:
    """The text as one fact; where it says one thing only, with the slot that extraction reads in it."""
    whole = Quote(utterance.id, 0, len(utterance.text))
    read = _reading(utterance)
    base = read or Fact(text="", category=category, mentions=find_mentions(utterance.text), said_at=utterance.said_at)
    return msgspec.structs.replace(
        base, text=utterance.text, category=category, speaker=utterance.speaker, confidence=_CONFIDENCE, quotes=[whole]
    )


def _reading(utterance: Utterance) -> Fact | None:
    facts = extract([msgspec.structs.replace(utterance, role=_ROLE)])
    if len(facts) != 1:
        return None
    length = sum(quote.end - quote.start for quote in facts[0].quotes)
    return facts[0] if length >= _WHOLE_SHARE * len(utterance.text) else None

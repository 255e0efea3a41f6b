"""Plain BM25 over single turns: what any gain has to be measured against (LoCoMo is kind to words)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from app.domain.texts import query_terms, terms

# Robertson's usual values.
K1, B = 1.2, 0.75


class Bm25:
    """An index over some texts, with the terms that the service uses."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(terms(text)) for text in texts]
        self._lengths = [counts.total() for counts in self._counts]
        self._usual = max(sum(self._lengths) / len(texts), 1.0)
        self._containing = Counter(term for counts in self._counts for term in counts)

    def best(self, query: str, limit: int) -> list[int]:
        """The places of the texts that fit best, best first."""
        asked = query_terms(query)
        scores = [self._score(asked, place) for place in range(len(self._counts))]
        return sorted(range(len(scores)), key=lambda place: -scores[place])[:limit]

    def _score(self, asked: Sequence[str], place: int) -> float:
        counts = self._counts[place]
        saturation = K1 * (1 - B + B * self._lengths[place] / self._usual)
        return sum(self._information(term) * counts[term] / (counts[term] + saturation) for term in asked)

    def _information(self, term: str) -> float:
        containing = self._containing[term]
        return math.log1p((len(self._counts) - containing + 0.5) / (containing + 0.5))

"""What the words of a question say, and how much of it the texts that were found for it have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.domain.readings import Reading
from app.domain.texts import cjk_characters, query_terms

# The words of like meaning of each term, with how much alike they are, in (0, 1].
Alike = Mapping[str, Mapping[str, float]]

# Robertson's usual values.
_K1, _B = 1.2, 0.75
# Without them a word that each of three candidates has would say nothing, and a single one that is missing all.
_IMAGINED_TEXTS = 10
# A question rarely has more terms; of a longer text, such as a whole message sent as a query, so many are enough.
_ENOUGH_TERMS = 12
# A Chinese character says less than a bigram, but finds what was said in other words (abstention: AUC + 0.05).
_CHARACTER_WEIGHT = 0.5


class Standing(NamedTuple):
    """The index of a candidate and those of the turns around it, by their distance."""

    at: int
    around: Mapping[int, int]


class Wording:
    """The terms of a question with their information, and which of them a text has: a set of terms is a bit mask."""

    def __init__(self, query: str, readings: Sequence[Reading], alike: Alike) -> None:
        weights = _term_weights(query)
        self._bits = {term: 1 << place for place, term in enumerate(weights)}
        self.masks = [self._mask(reading) for reading in readings]
        self.information = {
            term: weight * _idf(len(readings), sum(1 for mask in self.masks if mask & self._bits[term]))
            for term, weight in weights.items()
        }
        share = min(1.0, _ENOUGH_TERMS / max(len(weights), 1))
        self._enough = sum(self.information.values()) * share or 1.0
        self._usual_length = max(math.fsum(reading.length for reading in readings) / max(len(readings), 1), 1.0)
        self._coverages = {0: 0.0}
        self._alike: dict[str, list[tuple[int, float]]] = {}
        for term, words in alike.items():
            bit, information = self._bits[term], self.information[term]
            for word, likeness in words.items():
                self._alike.setdefault(word, []).append((bit, likeness * information))

    def _mask(self, reading: Reading) -> int:
        mask = 0
        for term in self._bits.keys() & reading.counts.keys():
            mask |= self._bits[term]
        return mask

    def coverage(self, mask: int) -> float:
        """The share of the question's information that these terms are."""
        known = self._coverages.get(mask)
        if known is None:
            covered = math.fsum(self.information[term] for term, bit in self._bits.items() if mask & bit)
            known = self._coverages[mask] = min(covered / self._enough, 1.0)
        return known

    def likeness(self, index: int, reading: Reading) -> float:
        """The share of the question's information that words of like meaning stand for where a text lacks its own."""
        mask = self.masks[index]
        best: dict[int, float] = {}
        for word in self._alike.keys() & reading.counts.keys():
            for bit, worth in self._alike[word]:
                if not mask & bit and worth > best.get(bit, 0.0):
                    best[bit] = worth
        return min(math.fsum(best.values()) / self._enough, 1.0)

    def window(self, place: Standing, distances: Iterable[int]) -> int:
        """The terms of a text and of the turns at these distances."""
        mask = self.masks[place.at]
        for distance in distances:
            if distance in place.around:
                mask |= self.masks[place.around[distance]]
        return mask

    def bm25(self, index: int, reading: Reading) -> float:
        """The same, with terms that a text repeats, and those of a short text, counting more."""
        if not self.masks[index]:
            return 0.0
        saturation = _K1 * (1 - _B + _B * reading.length / self._usual_length)
        counts = reading.counts
        counted = math.fsum(
            self.information[term] * counts[term] / (counts[term] + saturation)
            for term in self._bits.keys() & counts.keys()
        )
        return min(counted / self._enough, 1.0)


def _term_weights(query: str) -> dict[str, float]:
    asked = query_terms(query)
    characters = dict.fromkeys((one for term in asked for one in cjk_characters(term)), _CHARACTER_WEIGHT)
    return characters | {term: 1.0 for term in asked if term not in characters}


def _idf(texts: int, containing: int) -> float:
    """As in BM25, always positive, with some texts imagined that do not contain the term."""
    return math.log1p((texts + _IMAGINED_TEXTS - containing + 0.5) / (containing + 0.5))

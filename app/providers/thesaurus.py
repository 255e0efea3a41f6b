"""Words of like meaning, by the vectors that the bundled model has for words before it reads them in a sentence.

They are there whatever model embeds the texts, and cost no run of a model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import as_file, files
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from app.domain.periods import MONTHS, WEEKDAYS
from app.domain.texts import terms
from app.providers.sentence_model import BUNDLED_PACKAGE

Vectors = NDArray[np.float32]

# What is less alike than this is so by chance; and so many of the words above it are the nearest.
LEAST_COSINE = 0.15
MOST_WORDS = 64
# The most frequent terms, as the tokenizer's pieces stand in that order; to compare one with all takes 0.6 ms.
MOST_TERMS = 8000
# The tokenizer's pieces of words, its signs and its other scripts are no words to us.
_WORD = re.compile(r"[a-z]{3,}")
# What stands in a row is used alike, and the next of its row is another thing; `may` is a verb more often.
_NUMBERS = """
    one two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand million
    first second third fourth fifth sixth seventh eighth ninth tenth"""
_COUNTED = frozenset(terms(" ".join((*WEEKDAYS, *MONTHS, _NUMBERS)))) - {"may"}
_VECTORS = "embeddings.word_embeddings.weight"
_CACHED_TERMS = 2048


class _Table(NamedTuple):
    """The terms that have a vector, and the vectors of length 1, one a row."""

    rows: dict[str, int]
    terms: list[str]
    vectors: Vectors


class Thesaurus:
    """English only: the bundled model has no words of other scripts. It is read when the first word is looked up."""

    def __init__(self) -> None:
        self.near = lru_cache(maxsize=_CACHED_TERMS)(self._near)

    def load(self) -> None:
        """Reads the vectors, which takes half a second, so that no search has to."""
        _read()

    def _near(self, term: str) -> Mapping[str, float]:
        """The terms most like a term of `texts.terms`, itself left out, each with how much alike it is, in (0, 1]."""
        rows, known, vectors = _read()
        row = rows.get(term)
        if row is None:
            return {}
        # Not by `@`, whose threads wait for each other for 15 ms on a busy machine; this takes half of one.
        cosines = np.einsum("ij,j->i", vectors, vectors[row])
        cosines[row] = 0.0
        nearest = np.argpartition(-cosines, MOST_WORDS)[:MOST_WORDS]
        likeness = (cosines - LEAST_COSINE) / (1 - LEAST_COSINE)
        return {known[place]: float(likeness[place]) for place in nearest if likeness[place] > 0}


@cache
def _read() -> _Table:
    with as_file(files(BUNDLED_PACKAGE) / "model") as folder:
        pieces = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        # The package does not say what it returns.
        with cast("Any", safe_open(folder / "model.safetensors", framework="numpy")) as weights:
            vectors = cast("Vectors", weights.get_tensor(_VECTORS))
    # All lie in one direction from the origin, which would make all alike.
    vectors = vectors - vectors.mean(axis=0)
    forms: dict[str, list[int]] = {}
    for place, piece in enumerate(pieces):
        if _WORD.fullmatch(piece) and len(found := terms(piece)) == 1 and found[0] not in _COUNTED:
            forms.setdefault(found[0], []).append(place)
    known = list(forms)[:MOST_TERMS]
    table = np.stack([vectors[forms[term]].mean(axis=0) for term in known])
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return _Table({term: row for row, term in enumerate(known)}, known, table)

"""The constants that turn evidence into a relevance in [0, 1], fitted with the bundled embedding model.

Weights are log-odds, fitted by softmax over the turns of two LoCoMo conversations and half of the scenarios, and
rounded, as the optimum is flat. The other conversations and scenarios gave the same recall@10 within two points.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Background(NamedTuple):
    """Mean and deviation of the cosine between a question and a text that has nothing to do with it."""

    mean: float
    deviation: float

    def z(self, cosine: float) -> float:
        """How many deviations a cosine is above what chance gives."""
        return (cosine - self.mean) / self.deviation


class Weights(NamedTuple):
    """What each kind of evidence adds, for the questions of one script."""

    cosine: float
    coverage: float
    # For the part of the coverage above `FULL_FROM`: a rare id that is there must beat any cosine.
    full: float
    bm25: float
    # The deviations assumed where there is no vector.
    usual_z: float
    # The evidence at which relevance is one half. Of 1,110 pairs of a trivia question and a conversation or scenario
    # 98 % stay below the threshold; of the answerable questions 1 % do in LoCoMo, in the scenarios 4 % of the English
    # and 8 % of the Chinese ones.
    midpoint: float


# Over 200,000 random pairs of a question and a turn. To the bundled model everything Chinese is alike.
LATIN_BACKGROUND = Background(mean=0.12, deviation=0.11)
CJK_BACKGROUND = Background(mean=0.53, deviation=0.10)
LATIN_WEIGHTS = Weights(cosine=0.8, coverage=3.4, full=2.0, bm25=1.0, usual_z=2.5, midpoint=3.0)
# For Chinese the words lead. Its coverage is lower, since a bigram occurs by itself less often than a word.
CJK_WEIGHTS = Weights(cosine=0.4, coverage=6.0, full=2.0, bm25=1.0, usual_z=1.0, midpoint=1.2)

FULL_FROM = 0.7
HIGHEST_Z = 6.0
# Of turns that fit equally, these are less often the answer: one that asks, one without a time when a time is asked,
# and one by somebody else than the speaker whom the question names.
ASKS_PENALTY = 0.6
UNTIMED_PENALTY = 1.7
OTHER_SPEAKER_PENALTY = 1.5
# A few words ("cheers") are alike to many questions and answer none: per natural logarithm below a usual length.
SHORTNESS_PENALTY = 0.8
USUAL_TERMS = 20
SHORTEST_TERMS = 2
CJK_TERMS_PER_WORD = 1.5
# A turn in the session of a strong hit is more likely the answer, which is worth 4 points of recall@10. The limit keeps
# what is irrelevant by itself below the cut.
SESSION_SHARE = 1 / 2
SESSION_LIMIT = 1.5


def logistic(evidence: float) -> float:
    """The probability of some log-odds."""
    return 1 / (1 + math.exp(-max(min(evidence, 60.0), -60.0)))

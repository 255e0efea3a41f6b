"""The constants that turn evidence into a relevance in [0, 1], fitted with the bundled embedding model.

Weights are log-odds, near those that a softmax over the turns of two LoCoMo conversations gives (recall@10 on the
three others 0.81, in four choices of the two), and rounded, as the optimum is flat.
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
    # What the turns before, and those around, add to the coverage: an answer does not repeat its question.
    before: float
    around: float
    # The deviations assumed where there is no vector.
    usual_z: float
    # The evidence at which relevance is one half, a little above where most right answers of the scenarios come
    # through, since what stands around a turn raises what is no answer, too.
    midpoint: float


# Over 200,000 random pairs of a question and a turn. To the bundled model everything Chinese is alike.
LATIN_BACKGROUND = Background(mean=0.12, deviation=0.11)
CJK_BACKGROUND = Background(mean=0.53, deviation=0.10)
LATIN_WEIGHTS = Weights(cosine=0.8, coverage=4.6, full=0.5, bm25=0.5, before=1.5, around=1.5, usual_z=2.5, midpoint=3.2)
# For Chinese the words lead. Its coverage is lower, since a bigram occurs by itself less often than a word.
CJK_WEIGHTS = Weights(cosine=0.4, coverage=6.0, full=2.0, bm25=1.0, before=1.5, around=1.5, usual_z=1.0, midpoint=1.4)

FULL_FROM = 0.7
HIGHEST_Z = 6.0
# Of turns that fit equally, these are less often the answer: one that asks, one without a time when a time is asked,
# one that names nothing new when a name is asked, and one by somebody else than the speaker whom the question names.
ASKS_PENALTY = 0.6
UNTIMED_PENALTY = 2.2
UNNAMED_PENALTY = 1.2
OTHER_SPEAKER_PENALTY = 1.5
# What was said at another time than the question names, and does not name that time itself.
OTHER_TIME_PENALTY = 1.6
# What the cosines of the turns before and after add, above that of the least alike text found.
COSINE_BEFORE, COSINE_AFTER = 0.3, 0.1
# A few words ("cheers") are alike to many questions and answer none: per natural logarithm below a usual length.
SHORTNESS_PENALTY = 1.0
USUAL_TERMS = 20
SHORTEST_TERMS = 2
CJK_TERMS_PER_WORD = 1.5
# A turn in the session of a strong hit is more likely the answer, which is worth 2 points of recall@10 beside what
# the turns around it add. The limit keeps
# what is irrelevant by itself below the cut.
SESSION_SHARE = 0.3
SESSION_LIMIT = 1.5


def logistic(evidence: float) -> float:
    """The probability of some log-odds."""
    return 1 / (1 + math.exp(-max(min(evidence, 60.0), -60.0)))

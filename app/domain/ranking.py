"""How relevant each candidate of a search is: one calibrated number that orders, cuts and abstains.

Evidence is a sum of log-odds: of the cosine, of the share of the question's information that a text contains, and of
a few general signs. It uses the candidates only, so what other tenants store changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.answer_types import asks_name, asks_time, words_of
from app.domain.answerability import ABSTAIN_BELOW
from app.domain.calibration import (
    CJK_BACKGROUND,
    CJK_WEIGHTS,
    COSINE_AFTER,
    COSINE_BEFORE,
    FULL_FROM,
    HIGHEST_Z,
    LATIN_BACKGROUND,
    LATIN_WEIGHTS,
    OTHER_SPEAKER_PENALTY,
    OTHER_TIME_PENALTY,
    SESSION_LIMIT,
    SESSION_SHARE,
    UNNAMED_PENALTY,
    UNTIMED_PENALTY,
    Background,
    Weights,
    logistic,
)
from app.domain.links import Drawn, Link, draw
from app.domain.periods import Period
from app.domain.readings import Reading, read_turn
from app.domain.texts import is_mostly_cjk, normalised, terms
from app.domain.turns import AROUND, BEFORE, Place, Turns
from app.domain.wording import Alike, Standing, Wording

# Below this a single result is dropped (pipelines 4.4).
DROP_BELOW = ABSTAIN_BELOW / 2

# Fewer vectors than this mean that there were no more.
_FULL_VECTOR_LEG = 20
_LOWEST_PRIOR, _HIGHEST_PRIOR = 0.75, 1.35
# What keeps the odds of a certainty finite.
_SMALLEST_DOUBT = 1e-12


class Candidate(msgspec.Struct, frozen=True):
    """What somebody said that a leg found; `cosine` is None when the vector leg did not return it."""

    id: str
    text: str
    cosine: float | None
    session_id: str = ""
    speaker: str = ""
    # Where it was said, or the message that it is from, and since when it holds.
    place: Place | None = None
    since: datetime | None = None


class Scored(msgspec.Struct, frozen=True):
    """How relevant a candidate is, and what each kind of evidence would make of it alone; all in [0, 1]."""

    id: str
    relevance: float
    p_vector: float
    p_text: float
    bm25: float
    link: Link | None = None


class _Question(msgspec.Struct, frozen=True):
    """What is asked, and the signs to look for."""

    words: Wording
    # A question without words, such as an emoji: it is looked for as it is. '' for all others.
    literal: str
    asks_time: bool
    # The words that are no names to one who asks for names: those of the question and of who speaks. None for others.
    no_names: frozenset[str] | None
    periods: Sequence[Period]
    speakers: frozenset[str]
    weights: Weights
    # How far the cosine of each candidate lies above chance, and that of the least alike.
    deviations: Sequence[float]
    least: float


class Judged(msgspec.Struct, frozen=True):
    """A candidate by itself: what its vector and its words say, and with all other signs, in log-odds."""

    candidate: Candidate
    by_vector: float
    by_text: float
    coverage: float
    bm25: float
    evidence: float


class Assessment(msgspec.Struct, frozen=True):
    """What the candidates of a question are by themselves, before one leads to another."""

    judged: list[Judged]
    # Drawn towards the best of its session.
    evidence: dict[str, float]
    weights: Weights
    has_vector: bool


def assess(
    query: str, candidates: Sequence[Candidate], *, has_vector: bool, alike: Alike, periods: Sequence[Period] = ()
) -> Assessment:
    """What each candidate is by itself: all that takes time, and needs no links.

    Without vectors the words decide alone; `periods` are the times that the query names, `alike` the words that mean
    nearly what its own do.
    """
    readings = [read_turn(candidate.speaker, candidate.text) for candidate in candidates]
    words = Wording(query, readings, alike)
    question = _question(query, candidates, words, readings, has_vector=has_vector, periods=periods)
    turns = Turns([candidate.place for candidate in candidates])
    judged = [
        _judged(question, candidate, reading, Standing(index, turns.around(index)))
        for index, (candidate, reading) in enumerate(zip(candidates, readings, strict=True))
    ]
    evidence = dict(zip([one.id for one in candidates], _shared_in_session(judged), strict=True))
    return Assessment(judged, evidence, question.weights, has_vector)


def order(assessment: Assessment, links: Sequence[Link] = ()) -> list[Scored]:
    """The candidates with what the links between them make of them, the most relevant first."""
    drawn = draw(assessment.evidence, links, assessment.weights.midpoint)
    scored = [_scored(assessment, judged, drawn[judged.candidate.id]) for judged in assessment.judged]
    return sorted(scored, key=lambda one: (-one.relevance, -one.bm25, one.id))


def likely(assessment: Assessment) -> list[str]:
    """The ids of what would not be dropped, the most relevant first, before anything leads on."""
    order_of = {one.candidate.id: (-assessment.evidence[one.candidate.id], -one.bm25) for one in assessment.judged}
    least = assessment.weights.midpoint + math.log(DROP_BELOW / (1 - DROP_BELOW))
    kept = [one for one, (evidence, _) in order_of.items() if -evidence >= least]
    return sorted(kept, key=lambda one: (order_of[one], one))


def prior(importance: float, confidence: float, activation: float, pinned: bool, boost: float = 0) -> float:
    """The bounded factor of pipelines 4.6: it orders what is about as relevant, and lifts nothing irrelevant."""
    centred = 0.15 * (importance - 0.5) + 0.15 * (confidence - 0.5) + 0.10 * (activation - 0.5)
    return min(max(math.exp(2 * centred + 0.10 * pinned + boost), _LOWEST_PRIOR), _HIGHEST_PRIOR)


def weigh(relevance: float, factor: float) -> float:
    """A relevance whose odds are multiplied by a prior: near-ties change places, nothing else does."""
    odds = factor * relevance / max(1 - relevance, _SMALLEST_DOUBT)
    return odds / (1 + odds)


def _question(
    query: str,
    candidates: Sequence[Candidate],
    words: Wording,
    readings: Sequence[Reading],
    *,
    has_vector: bool,
    periods: Sequence[Period],
) -> _Question:
    is_cjk = is_mostly_cjk(query)
    weights = CJK_WEIGHTS if is_cjk else LATIN_WEIGHTS
    backgrounds = [CJK_BACKGROUND if is_cjk and reading.is_cjk else LATIN_BACKGROUND for reading in readings]
    cosines = [candidate.cosine if has_vector else None for candidate in candidates]
    deviations = _deviations(cosines, backgrounds, weights.usual_z)
    return _Question(
        words=words,
        literal="" if words.information else normalised(query),
        asks_time=asks_time(query),
        no_names=words_of({query, *(candidate.speaker for candidate in candidates)}) if asks_name(query) else None,
        periods=periods,
        speakers=_named_speakers(query, candidates),
        weights=weights,
        deviations=deviations,
        least=min(deviations, default=0.0),
    )


def _named_speakers(query: str, candidates: Sequence[Candidate]) -> frozenset[str]:
    said = set(terms(query))
    speakers = {candidate.speaker for candidate in candidates if candidate.speaker}
    names = {speaker: terms(speaker) for speaker in speakers}
    return frozenset(speaker for speaker, name in names.items() if name and said.issuperset(name))


def _deviations(cosines: Sequence[float | None], backgrounds: Sequence[Background], usual: float) -> list[float]:
    """What a full vector leg left out is about as near as the last it returned; otherwise it has no vector yet."""
    known = [
        None if cosine is None else min(background.z(cosine), HIGHEST_Z)
        for cosine, background in zip(cosines, backgrounds, strict=True)
    ]
    returned = [z for z in known if z is not None]
    unknown = min(returned) if len(returned) >= _FULL_VECTOR_LEG else usual
    return [unknown if z is None else z for z in known]


def _judged(question: _Question, candidate: Candidate, reading: Reading, place: Standing) -> Judged:
    words, weights = question.words, question.weights
    said, bm25 = words.coverage(words.masks[place.at]), words.bm25(place.at, reading)
    coverage = said or _has_literal(question, reading)
    full = max(coverage - FULL_FROM, 0.0) / (1 - FULL_FROM)
    # A word that is as good as one of the question counts as much.
    covered = coverage + words.likeness(place.at, reading)
    own = weights.coverage * covered + weights.full * full + weights.bm25 * bm25
    before, around = _gained(question, place, said)
    by_text = own + weights.before * before + weights.around * around
    by_vector = weights.cosine * question.deviations[place.at] + _context(question, place)
    evidence = by_vector + by_text - _penalty(question, candidate, reading)
    return Judged(candidate, by_vector, by_text, coverage, bm25, evidence)


def _gained(question: _Question, place: Standing, coverage: float) -> tuple[float, float]:
    """What the turns before, and those around a text, have of the question and it has not."""
    if not place.around:
        return 0.0, 0.0
    words = question.words
    before = words.coverage(words.window(place, BEFORE)) - coverage
    return before, words.coverage(words.window(place, AROUND)) - coverage


def _has_literal(question: _Question, reading: Reading) -> float:
    """1.0 when the text has a question without words as it is, as if all its words were there."""
    return float(question.literal != "" and question.literal in normalised(reading.text))


def _context(question: _Question, place: Standing) -> float:
    """How much more alike than the least alike text the turns before and after are."""
    # A question without words, such as an emoji, has no topic that a conversation could share.
    if not place.around or not question.words.information:
        return 0.0
    before, after = place.around.get(-1), place.around.get(1)
    above_before = 0.0 if before is None else question.deviations[before] - question.least
    above_after = 0.0 if after is None else question.deviations[after] - question.least
    return COSINE_BEFORE * above_before + COSINE_AFTER * above_after


def _penalty(question: _Question, candidate: Candidate, reading: Reading) -> float:
    is_other = bool(question.speakers and candidate.speaker) and candidate.speaker not in question.speakers
    return (
        reading.penalty
        + UNTIMED_PENALTY * (question.asks_time and not reading.has_time)
        + UNNAMED_PENALTY * _lacks_name(question, reading)
        + OTHER_SPEAKER_PENALTY * is_other
        + OTHER_TIME_PENALTY * _is_of_other_time(question, candidate)
    )


def _lacks_name(question: _Question, reading: Reading) -> bool:
    return question.no_names is not None and not reading.is_cjk and reading.names <= question.no_names


def _is_of_other_time(question: _Question, candidate: Candidate) -> bool:
    since = candidate.since
    if not question.periods or since is None:
        return False
    return not any(period.tells_of(since) for period in question.periods)


def _shared_in_session(judged: Sequence[Judged]) -> list[float]:
    """The evidence of each candidate, drawn towards the best of its session; the best keeps its own."""
    best: dict[str, float] = {}
    keys = [
        f"session {one.candidate.session_id}" if one.candidate.session_id else f"alone {one.candidate.id}"
        for one in judged
    ]
    for key, one in zip(keys, judged, strict=True):
        best[key] = max(best.get(key, one.evidence), one.evidence)
    return [
        one.evidence + min(SESSION_SHARE * (best[key] - one.evidence), SESSION_LIMIT)
        for key, one in zip(keys, judged, strict=True)
    ]


def _scored(assessment: Assessment, judged: Judged, drawn: Drawn) -> Scored:
    weights, has_vector = assessment.weights, assessment.has_vector and judged.candidate.cosine is not None
    by_text = judged.by_text + weights.cosine * weights.usual_z
    return Scored(
        id=judged.candidate.id,
        relevance=logistic(drawn.evidence - weights.midpoint),
        p_vector=logistic(judged.by_vector - weights.midpoint) if has_vector else 0.0,
        p_text=logistic(by_text - weights.midpoint) if judged.coverage else 0.0,
        bm25=judged.bm25,
        link=drawn.link,
    )

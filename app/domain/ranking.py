"""How relevant each candidate of a search is: one calibrated number that orders, cuts and abstains.

Evidence is a sum of log-odds: of the cosine, of the share of the question's information that a text contains, and of
a few general signs. It uses the candidates only, so what other tenants store changes nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime
from functools import lru_cache

import msgspec

from app.domain.answerability import ABSTAIN_BELOW
from app.domain.calibration import (
    ASKS_PENALTY,
    CJK_BACKGROUND,
    CJK_TERMS_PER_WORD,
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
    SHORTEST_TERMS,
    SHORTNESS_PENALTY,
    UNTIMED_PENALTY,
    USUAL_TERMS,
    Weights,
    logistic,
)
from app.domain.links import Drawn, Link, draw
from app.domain.periods import Period
from app.domain.texts import cjk_characters, is_mostly_cjk, normalised, query_terms, terms
from app.domain.turns import AROUND, BEFORE, Place, Turns

# Below this a single result is dropped (pipelines 4.4).
DROP_BELOW = ABSTAIN_BELOW / 2

# Robertson's usual values.
_K1, _B = 1.2, 0.75
# Without them a word that each of three candidates has would say nothing, and a single one that is missing all.
_IMAGINED_TEXTS = 10
# A question rarely has more terms; of a longer text, such as a whole message sent as a query, so many are enough.
_ENOUGH_TERMS = 12
# A Chinese character says less than a bigram, but finds what was said in other words (abstention: AUC + 0.05).
_CHARACTER_WEIGHT = 0.5
# Fewer vectors than this mean that there were no more.
_FULL_VECTOR_LEG = 20
_LOWEST_PRIOR, _HIGHEST_PRIOR = 0.75, 1.35
# What keeps the odds of a certainty finite.
_SMALLEST_DOUBT = 1e-12
# Some 2 kB for an English turn, 20 kB for a Chinese one.
_CACHED_TEXTS = 2048
_LONGEST_CACHED_TEXT = 1000

_ASKS_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:date|day|time|week|month|year)\b|\bhow long\b"
    r"|什么时候|何时|几点|几号|几月|哪天|哪年|哪一天|哪一年|哪个月|多久|日期",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_TIMES = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december yesterday today tomorrow tonight ago week weekend month year night noon midnight spring
    summer autumn fall winter
    昨天 今天 明天 后天 前天 上周 下周 本周 这周 周末 星期 礼拜 个月 去年 今年 明年 前年 周日"""
_COUNTED_TIMES = {number + unit for number in "一二三四五六七八九十两" for unit in "点月号日年天"}
_WEEKDAYS = {"周" + number for number in "一二三四五六"}
_TIME_TERMS = frozenset(terms(_TIMES)) | _COUNTED_TIMES | _WEEKDAYS


class Candidate(msgspec.Struct, frozen=True):
    """A text that a leg of the search returned; `cosine` is None when the vector leg did not return it."""

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


class _Text(msgspec.Struct, frozen=True):
    """What scoring needs to know of a text."""

    counts: Counter[str]
    length: float
    is_cjk: bool
    asks: bool
    has_time: bool


class _Question(msgspec.Struct, frozen=True):
    """What is asked: the information of each term, estimated over the candidates, and the signs to look for."""

    information: dict[str, float]
    # A question without words, such as an emoji: it is looked for as it is. '' for all others.
    literal: str
    enough: float
    usual_length: float
    is_cjk: bool
    asks_time: bool
    periods: Sequence[Period]
    speakers: frozenset[str]
    weights: Weights


class _Match(msgspec.Struct, frozen=True):
    """How a text meets a question: deviations above chance, and shares of the question's information.

    `before` and `around` are what the turns there have of it and the text has not; `context` is log-odds.
    """

    z: float
    coverage: float
    bm25: float
    before: float
    around: float
    context: float


def score(
    query: str,
    candidates: Sequence[Candidate],
    *,
    has_vector: bool,
    links: Sequence[Link] = (),
    periods: Sequence[Period] = (),
) -> list[Scored]:
    """All candidates, the most relevant first; without vectors the words decide alone.

    `links` lie between the candidates; `periods` are the times that the query names.
    """
    texts = [_text(candidate.text) for candidate in candidates]
    question = _question(query, candidates, texts, periods)
    deviations = _deviations(question, candidates, texts) if has_vector else [question.weights.usual_z] * len(texts)
    matches = _matches(question, candidates, texts, deviations)
    evidence = [
        _vector_evidence(question, match) + _text_evidence(question, match) - _penalty(question, candidate, text)
        for candidate, text, match in zip(candidates, texts, matches, strict=True)
    ]
    shared = _shared_in_session(candidates, evidence)
    by_id = {candidate.id: value for candidate, value in zip(candidates, shared, strict=True)}
    drawn = draw(by_id, links, question.weights.midpoint)
    scored = [
        _scored(question, candidate, match, drawn[candidate.id], has_vector=has_vector)
        for candidate, match in zip(candidates, matches, strict=True)
    ]
    return sorted(scored, key=lambda one: (-one.relevance, -one.bm25, one.id))


def prior(importance: float, confidence: float, activation: float, pinned: bool, boost: float = 0) -> float:
    """The bounded factor of pipelines 4.6: it orders what is about as relevant, and lifts nothing irrelevant."""
    centred = 0.15 * (importance - 0.5) + 0.15 * (confidence - 0.5) + 0.10 * (activation - 0.5)
    return min(max(math.exp(2 * centred + 0.10 * pinned + boost), _LOWEST_PRIOR), _HIGHEST_PRIOR)


def weigh(relevance: float, factor: float) -> float:
    """A relevance whose odds are multiplied by a prior: near-ties change places, nothing else does."""
    odds = factor * relevance / max(1 - relevance, _SMALLEST_DOUBT)
    return odds / (1 + odds)


def _text(text: str) -> _Text:
    return _cached_text(text) if len(text) <= _LONGEST_CACHED_TEXT else _read(text)


@lru_cache(maxsize=_CACHED_TEXTS)
def _cached_text(text: str) -> _Text:
    return _read(text)


def _read(text: str) -> _Text:
    found = terms(text)
    is_cjk = is_mostly_cjk(text)
    counts = Counter(found)
    counts.update(cjk_characters(text))
    length = len(found) / CJK_TERMS_PER_WORD if is_cjk else len(found)
    has_time = _DIGIT.search(text) is not None or not _TIME_TERMS.isdisjoint(counts)
    return _Text(counts, length, is_cjk, text.rstrip().endswith(("?", "？")), has_time)


def _question(
    query: str, candidates: Sequence[Candidate], texts: Sequence[_Text], periods: Sequence[Period]
) -> _Question:
    weights = _term_weights(query)
    frequencies = Counter(term for text in texts for term in weights.keys() & text.counts.keys())
    information = {term: weight * _idf(len(texts), frequencies[term]) for term, weight in weights.items()}
    is_cjk = is_mostly_cjk(query)
    return _Question(
        information=information,
        literal="" if weights else normalised(query),
        enough=sum(information.values()) * min(1.0, _ENOUGH_TERMS / max(len(information), 1)) or 1.0,
        usual_length=max(math.fsum(text.length for text in texts) / max(len(texts), 1), 1.0),
        is_cjk=is_cjk,
        asks_time=_ASKS_TIME.search(query) is not None,
        periods=periods,
        speakers=_named_speakers(query, candidates),
        weights=CJK_WEIGHTS if is_cjk else LATIN_WEIGHTS,
    )


def _term_weights(query: str) -> dict[str, float]:
    asked = query_terms(query)
    characters = dict.fromkeys((one for term in asked for one in cjk_characters(term)), _CHARACTER_WEIGHT)
    return characters | {term: 1.0 for term in asked if term not in characters}


def _idf(texts: int, containing: int) -> float:
    """As in BM25, always positive, with some texts imagined that do not contain the term."""
    return math.log1p((texts + _IMAGINED_TEXTS - containing + 0.5) / (containing + 0.5))


def _named_speakers(query: str, candidates: Sequence[Candidate]) -> frozenset[str]:
    said = set(terms(query))
    speakers = {candidate.speaker for candidate in candidates if candidate.speaker}
    names = {speaker: terms(speaker) for speaker in speakers}
    return frozenset(speaker for speaker, name in names.items() if name and said.issuperset(name))


def _deviations(question: _Question, candidates: Sequence[Candidate], texts: Sequence[_Text]) -> list[float]:
    """What a full vector leg left out is about as near as the last it returned; otherwise it has no vector yet."""
    backgrounds = (CJK_BACKGROUND if question.is_cjk and text.is_cjk else LATIN_BACKGROUND for text in texts)
    known = [
        None if candidate.cosine is None else min(background.z(candidate.cosine), HIGHEST_Z)
        for candidate, background in zip(candidates, backgrounds, strict=True)
    ]
    returned = [z for z in known if z is not None]
    unknown = min(returned) if len(returned) >= _FULL_VECTOR_LEG else question.weights.usual_z
    return [unknown if z is None else z for z in known]


def _matches(
    question: _Question, candidates: Sequence[Candidate], texts: Sequence[_Text], deviations: Sequence[float]
) -> list[_Match]:
    turns = Turns([candidate.place for candidate in candidates])
    said = [question.information.keys() & text.counts.keys() for text in texts]
    least = min(deviations, default=0.0)

    def above(index: int, distance: int) -> float:
        # A question without words, such as an emoji, has no topic that a conversation could share.
        neighbour = turns.neighbour(index, distance) if question.information else None
        return 0.0 if neighbour is None else deviations[neighbour] - least

    def gained(index: int, distances: Sequence[int], coverage: float) -> float:
        window = frozenset(term for one in turns.window(index, distances) for term in said[one])
        return _coverage(question, window) - coverage

    matches: list[_Match] = []
    for index, text in enumerate(texts):
        coverage = _coverage(question, said[index])
        matches.append(
            _Match(
                z=deviations[index],
                coverage=coverage or _has_literal(question, candidates[index]),
                bm25=_bm25(question, text),
                before=gained(index, BEFORE, coverage),
                around=gained(index, AROUND, coverage),
                context=COSINE_BEFORE * above(index, -1) + COSINE_AFTER * above(index, 1),
            )
        )
    return matches


def _coverage(question: _Question, said: Set[str]) -> float:
    """The share of the question's information that these terms are."""
    # In the order of the question, since the order of a set, and with it the last digit of a sum, changes between runs.
    covered = math.fsum(information for term, information in question.information.items() if term in said)
    return min(covered / question.enough, 1.0)


def _has_literal(question: _Question, candidate: Candidate) -> float:
    """1.0 when the text has a question without words as it is, as if all its words were there."""
    return float(question.literal != "" and question.literal in normalised(candidate.text))


def _bm25(question: _Question, text: _Text) -> float:
    saturation = _K1 * (1 - _B + _B * text.length / question.usual_length)
    counts = text.counts
    counted = math.fsum(
        information * counts[term] / (counts[term] + saturation)
        for term, information in question.information.items()
        if term in counts
    )
    return min(counted / question.enough, 1.0)


def _vector_evidence(question: _Question, match: _Match) -> float:
    return question.weights.cosine * match.z + match.context


def _text_evidence(question: _Question, match: _Match) -> float:
    weights = question.weights
    full = max(match.coverage - FULL_FROM, 0.0) / (1 - FULL_FROM)
    own = weights.coverage * match.coverage + weights.full * full + weights.bm25 * match.bm25
    return own + weights.before * match.before + weights.around * match.around


def _penalty(question: _Question, candidate: Candidate, text: _Text) -> float:
    shortness = max(math.log(USUAL_TERMS / max(text.length, SHORTEST_TERMS)), 0.0)
    is_other = bool(question.speakers and candidate.speaker) and candidate.speaker not in question.speakers
    return (
        SHORTNESS_PENALTY * shortness
        + ASKS_PENALTY * text.asks
        + UNTIMED_PENALTY * (question.asks_time and not text.has_time)
        + OTHER_SPEAKER_PENALTY * is_other
        + OTHER_TIME_PENALTY * _is_of_other_time(question, candidate)
    )


def _is_of_other_time(question: _Question, candidate: Candidate) -> bool:
    since = candidate.since
    if not question.periods or since is None:
        return False
    return not any(period.tells_of(since) for period in question.periods)


def _shared_in_session(candidates: Sequence[Candidate], evidence: Sequence[float]) -> list[float]:
    """Draws each candidate towards the best of its session; the best keeps its own evidence."""
    best: dict[str, float] = {}
    keys = [
        f"session {candidate.session_id}" if candidate.session_id else f"alone {candidate.id}"
        for candidate in candidates
    ]
    for key, value in zip(keys, evidence, strict=True):
        best[key] = max(best.get(key, value), value)
    return [
        value + min(SESSION_SHARE * (best[key] - value), SESSION_LIMIT)
        for key, value in zip(keys, evidence, strict=True)
    ]


def _scored(question: _Question, candidate: Candidate, match: _Match, drawn: Drawn, *, has_vector: bool) -> Scored:
    weights = question.weights
    by_vector = _vector_evidence(question, match) - weights.midpoint
    by_text = _text_evidence(question, match) + weights.cosine * weights.usual_z - weights.midpoint
    return Scored(
        id=candidate.id,
        relevance=logistic(drawn.evidence - weights.midpoint),
        p_vector=logistic(by_vector) if has_vector and candidate.cosine is not None else 0.0,
        p_text=logistic(by_text) if match.coverage else 0.0,
        bm25=match.bm25,
        link=drawn.link,
    )

"""What can be counted about two statements, from which their relation is judged."""

from __future__ import annotations

import math
import re
from difflib import SequenceMatcher

import msgspec

from app.domain.calibration import CJK_BACKGROUND, LATIN_BACKGROUND
from app.domain.texts import cjk_characters, is_mostly_cjk, query_terms
from ingest import cues
from ingest.changes import tells_change

# What related statements have on average, for a pair whose vectors are not known.
USUAL_Z = {"latin": 5.0, "cjk": 1.8}
HIGHEST_Z = 8.0
# 93 % of the related pairs of the development set are this close or share a word.
RELATED_Z = 2.5
# Characters that stand in sentences about anything. Any other one that two statements share is mostly a word of both,
# while their bigrams differ (`我喜欢吃辣`, `出差我不碰辣`): without it half of the Chinese exceptions went unjudged.
FUNCTION_CHARACTERS = frozenset(
    "的了是我你您他她它们这那个在有没不无上下中里外会能可要得就都也还又再只才很最太更和与跟或及到去来从向对给把被让用以为于而且"
    "但所因如时候天日月年号点分秒前后间次一二三四五六七八九十两几多少每各某本该等吧吗呢啊呀哦着过地什么怎哪谁说做看想知道家人大小好"
)
# Brings deviations and logarithms of days to about the size of the features that are 0 or 1.
SCALE = 5.0
# Terms that name what a sentence is about stand first; a Chinese word has about one bigram more.
SUBJECT_TERMS = {"latin": 2, "cjk": 3}
PREFIX_CHARS = 4
# A fact is a sentence. Comparing takes up to the cube of the length: at worst 0.3 s for this one.
JUDGED_CHARS = 300
# Share of characters in common; of the contradicting pairs of the development set 3 of 25 have more.
SAME_FRAME = 0.6

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+(?:['’][^\W\d_]+)?|\d+")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two statements, the newer one said `gap_days` later; `cosine` is that of their vectors, None when unknown."""

    older: str
    newer: str
    is_same_speaker: bool
    gap_days: float
    cosine: float | None = None


def features(pair: Pair) -> dict[str, float]:
    """Each feature by its name, most of them between 0 and 1; long texts are judged by their beginnings."""
    pair = _beginnings(pair)
    return _circumstances(pair) | _likeness(pair) | _shape(pair) | _numbers(pair) | _cues(pair)


def _circumstances(pair: Pair) -> dict[str, float]:
    same = float(pair.is_same_speaker)
    return {
        "same_speaker": same,
        "same_day": float(pair.gap_days < 1),
        "same_speaker_gap": same * math.log1p(max(pair.gap_days, 0)) / SCALE,
        "each_about_oneself": float(is_each_about_oneself(pair.older, pair.newer) and not pair.is_same_speaker),
    }


def is_each_about_oneself(older: str, newer: str) -> bool:
    """Whether both speak of themselves: the same words of two people are then two facts."""
    return bool(cues.FIRST_PERSON.search(older) and cues.FIRST_PERSON.search(newer))


def has_common_ground(pair: Pair) -> bool:
    """Whether they share a word or lie close together; the judge assumes that, having seen few pairs without."""
    shares_term = not set(query_terms(pair.older)).isdisjoint(query_terms(pair.newer))
    return shares_term or (pair.cosine is not None and _closeness(pair) * SCALE >= RELATED_Z)


def may_share_word(pair: Pair) -> bool:
    """Whether both have a Chinese character that may be a word of its own, or a part of two unlike ones."""
    shared = set(cjk_characters(pair.older)).intersection(cjk_characters(pair.newer))
    return not shared <= FUNCTION_CHARACTERS


def is_same_frame(pair: Pair) -> bool:
    """Whether one is the other with another beginning, as in `Ada's desk is oak` and `Leo's desk is steel`."""
    older, newer = query_terms(pair.older), query_terms(pair.newer)
    begins_anew = bool(older and newer) and older[0] not in newer and newer[0] not in older
    return begins_anew and _frame(_beginnings(pair)) >= SAME_FRAME


def script_of(pair: Pair) -> str:
    """The script that means, deviations and thresholds are kept for."""
    return "cjk" if is_mostly_cjk(pair.older + pair.newer) else "latin"


def deviation(pair: Pair) -> float:
    """By how many standard deviations they are closer than any two texts; the usual one when that is not known."""
    script = script_of(pair)
    background = CJK_BACKGROUND if script == "cjk" else LATIN_BACKGROUND
    return USUAL_Z[script] if pair.cosine is None else background.z(pair.cosine)


def _likeness(pair: Pair) -> dict[str, float]:
    closeness = _closeness(pair)
    older, newer = query_terms(pair.older), query_terms(pair.newer)
    leading = SUBJECT_TERMS[script_of(pair)]
    return {
        "closeness": closeness,
        "same_speaker_closeness": closeness * pair.is_same_speaker,
        "older_kept": _share(older, newer),
        "newer_known": _share(newer, older),
        "characters_kept": _share(_characters(pair.older), _characters(pair.newer)),
        "older_subject_kept": _share(older[:leading], newer),
        "newer_subject_known": _share(newer[:leading], older),
    }


def _shape(pair: Pair) -> dict[str, float]:
    """How far the newer one is made after the older one: such pairs tell of two things more often than of one."""
    older, newer = _WORD.findall(pair.older.casefold()), _WORD.findall(pair.newer.casefold())
    words = SequenceMatcher(None, older, newer, autojunk=False).find_longest_match()
    return {
        "longer": math.log((len(pair.newer) + 1) / (len(pair.older) + 1)),
        "frame": _frame(pair),
        "longest_run": words.size / max(len(older), 1),
        "same_beginning": float(pair.older[:PREFIX_CHARS] == pair.newer[:PREFIX_CHARS]),
    }


def _numbers(pair: Pair) -> dict[str, float]:
    older, newer = cues.numbers(pair.older), cues.numbers(pair.newer)
    differ = bool(older - newer and newer - older)
    return {
        "numbers_shared": float(bool(older & newer)),
        "numbers_differ": float(differ),
        "others_numbers_differ": float(differ and not pair.is_same_speaker),
        "other_count": float(_is_other_count(pair)),
        "numbers_new": float(bool(newer) and not older),
    }


def _is_other_count(pair: Pair) -> bool:
    """Whether both count the same and come to different numbers."""
    older, newer = cues.units(pair.older), cues.units(pair.newer)
    return any(older[unit].isdisjoint(newer[unit]) for unit in older.keys() & newer.keys())


def _cues(pair: Pair) -> dict[str, float]:
    negation_differs = _has(cues.NEGATION, pair.older) != _has(cues.NEGATION, pair.newer)
    return {
        "change": float(tells_change(pair.newer, cues.CHANGE)),
        "explicit_change": float(tells_change(pair.newer)),
        "condition": _has(cues.CONDITION, pair.newer),
        "exception": _has(cues.EXCEPTION, pair.newer),
        "evidence": _has(cues.EVIDENCE, pair.newer),
        "others_evidence": _has(cues.EVIDENCE, pair.newer) * (not pair.is_same_speaker),
        "agreement": _has(cues.AGREEMENT, pair.newer),
        "negation_differs": float(negation_differs),
        "others_negation_differs": float(negation_differs and not pair.is_same_speaker),
        "reminder": _has(cues.REMINDER, pair.newer) * pair.is_same_speaker,
        "hedged": _has(cues.HEDGE, pair.older),
        "bygone": _has(cues.BYGONE, pair.older),
    }


def _frame(pair: Pair) -> float:
    return SequenceMatcher(None, pair.older, pair.newer, autojunk=False).ratio()


def _beginnings(pair: Pair) -> Pair:
    return msgspec.structs.replace(pair, older=pair.older[:JUDGED_CHARS], newer=pair.newer[:JUDGED_CHARS])


def _closeness(pair: Pair) -> float:
    return max(0.0, min(deviation(pair), HIGHEST_Z)) / SCALE


def _share(terms: list[str], others: list[str]) -> float:
    distinct = set(terms)
    return len(distinct.intersection(others)) / len(distinct) if distinct else 0.0


def _characters(text: str) -> list[str]:
    """The Chinese characters that are mostly a word or a part of one: two say it in other words, with some of them."""
    return [character for character in cjk_characters(text) if character not in FUNCTION_CHARACTERS]


def _has(cue: re.Pattern[str], text: str) -> float:
    return float(cue.search(text) is not None)

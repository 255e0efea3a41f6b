"""Builds a pattern for a whole message out of phrases of English and Chinese."""

from __future__ import annotations

import re
from typing import NamedTuple

# Bounds the ways in which a repeat can be tried; nobody says a filler word more often in a row.
_MOST_REPEATS = 6


def one_of(*lines: str) -> str:
    """Alternatives; a blank in them stands for any run of blanks, and each repeat is bounded against endless search."""
    bounded = re.sub(r"\)\*(?!\+)", f"){{0,{_MOST_REPEATS}}}", "|".join(lines))
    return "(?:" + bounded.replace(" ?", r"\s*").replace(" ", r"\s+") + ")"


def sequence(*lines: str) -> re.Pattern[str]:
    """A message made of nothing but these phrases and punctuation; possessive, so longer phrases stand first."""
    return re.compile(rf"\W*(?:{one_of(*lines)}(?:(?=[^\w']|$)\W*|(?<=[\u4e00-\u9fff])))++")


def whole(*lines: str) -> re.Pattern[str]:
    """A message that is one of these phrases, with punctuation around."""
    return re.compile(rf"\W*{one_of(*lines)}\W*")


class Vocabulary(NamedTuple):
    """Messages of which every word is a telling one or a filler, and at least one is telling."""

    words: re.Pattern[str]
    telling: re.Pattern[str]

    def covers(self, text: str) -> bool:
        """Whether the folded text has no word that could carry information."""
        return self.telling.search(text) is not None and self.words.fullmatch(text) is not None


def vocabulary(telling: str, fillers: str) -> Vocabulary:
    """From lists of words, where a word of several parts is written with `_`; longer words are tried first."""
    both = _alternatives(f"{telling} {fillers}")
    return Vocabulary(
        re.compile(rf"[^\w\"“「『]*+(?:{both}(?:(?![a-z0-9'])|(?<![a-z0-9]))[^\w\"“「『]*+)++"),
        re.compile(rf"(?<![a-z]){_alternatives(telling)}(?![a-z])"),
    )


def _alternatives(words: str) -> str:
    longest_first = sorted(set(words.split()), key=len, reverse=True)
    return "(?:" + "|".join(word.replace("_", r"\s+") for word in longest_first) + ")"

"""Tells a change from a denied one: `We never moved to Oslo` and `没有换成 Rust` leave everything as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.texts import cjk_characters, has_cjk, query_terms
from ingest.cues import EXPLICIT_CHANGE, numbers

# What may stand between a denial and its verb: `has never really been`, `didn't end up`, `没有再把例会`. No two of
# these make a third, and one object is enough: there is one way to read a text, however long.
_BETWEEN = (
    r"(?:,? (?:(?!only|merely|simply|solely|recently)[a-z]+ly|ever|never|even|yet|been|be|being|have|has|had|having"
    r"|was|were|is|are|got|gotten|get|getting|to|going|want(?:ed|ing)?|plan(?:s|ned|ning)?|need(?:ed)?|end(?:ed)? up"
    r"|able|all|both|once|so far|still))*"
)
_ZH_AUXILIARIES = (
    "(?:再|能够?|会|想|肯|敢|打算|计划|准备|决定|愿意|同意|必|需|要|用|应|该|可以|允许|准|让|办法|真的?|完全|全部|都|一起"
    "|同时|正式|马上|立[刻即]|直接|曾经?|被|有|去|是)*"
)
_ZH_BETWEEN = f"{_ZH_AUXILIARIES}(?:[把将跟从给][^，,。；;！!？?]{{1,12}}?{_ZH_AUXILIARIES})?"
# `No server was moved`: at the beginning of a clause, since `the job that had no owner moved to Dov` denies no move.
_NOBODY = (
    r"(?:(?:^|[,;:.!?(] ?|\b(?:and|but|so|because|that) )"
    r"(?:no (?!longer|doubt|matter|wonder|problem|the|it|we|i|they|he|she|that|this|our|my)[\w-]+(?: [\w-]+){0,2}?"
    r"|(?:none|neither) of (?:the |our |my )?[\w-]+|nobody|no one|nothing))"
)
_DENYING = re.compile(
    r"(?:\b(?:never|not(?! (?:only|just|merely|simply)\b)|\w+n['’]t|(?:did|do|does|is|was|were|has|have|had|wo)nt"
    r"|cannot|without|nor|yet to|almost|nearly|rather than|instead of|decided against"
    rf"|(?:not|never|un)[ ]?true that (?:[\w-]+ ){{0,2}}[\w-]+)|{_NOBODY}){_BETWEEN} $",
    re.IGNORECASE,
)
_ZH_UNDONE = f"(?:(?<!有)没有?|未曾?|从未|尚未|勿|差点儿?|险些)人?{_ZH_BETWEEN}$"
_ZH_NEVER_DONE = re.compile(_ZH_UNDONE)
_ZH_DENYING = re.compile(
    f"{_ZH_UNDONE}|(?:(?<![不是])(?<!不[得能会可])不|(?<![特分区级类性识个])别(?!人)){_ZH_BETWEEN}$"
)
# `We didn't move until May`, `not to Oslo but to Lisbon`: it was done after all.
_DONE_AFTER_ALL = re.compile(
    r"(?:[^,;.!?]|\.(?=\w)){0,120}?(?:\b(?:until|till)\b(?! now)|,? but (?:rather |instead )?(?:to|into|with|by)\b)",
    re.IGNORECASE,
)
# `We're not moving any more`, `不搬到上海了`: what was planned is over, which is a change.
_GIVEN_UP = re.compile(
    r"[^,;.!?，。；！？]{0,120}?(?:\bany ?(?:more|longer)\b|(?<=\w)了[吧呢啊]?(?=[，,。；;！!？?\s]|$))", re.IGNORECASE
)
# Tells when, or that something ended. `I never used to like it` says that I do now.
_TIME = re.compile(
    r"now|these|currently|any|since|former|previous|instead|the new|latest|last|no longer|not any|used to|from|starting"
    r"|as of|effective|\w+ ago|current|现在|如今|目前|最近|已经|新的|最终|不再|以后|从|[月天年周]起",
    re.IGNORECASE,
)
_LEAVING = "leav(?:e|es|ing)|left|quit(?:s|ting)?|resign(?:s|ed|ing)?"
_STARTING = "(?:start(?:ed)?|began)(?: work(?:ing)?)? (?:at|with)"
_VERB = re.compile(
    r"\b(?:(?:mov|relocat|chang|migrat|renam|upgrad|downgrad|replac|postpon|reschedul|remov|delet|retir|promot|rais|increas|reduc)"
    r"(?:e[ds]?|ing)|(?:switch|convert|rebrand|join|adopt|lower|extend|shift|transferr?|swapp?|dropp?|cancell?)(?:e?s|ed|ing)?"
    rf"|{_LEAVING}|{_STARTING}|bec[oa]me|call(?:ed)? off|hand(?:ed)? over|took over|taken over"
    r"|(?:going|gone|went|go) back)\b"
    "|改|换|搬|迁|转[到为岗]|升[级职到为至]|[降涨加减]到|降[级为至]|调[到为成至]|取消|推迟|延期|延到|提前到|加入|入职|离职|辞职"
    "|跳槽|停用|弃用|移交|交接|接手|变成|住到|采用|退出|离开",
    re.IGNORECASE,
)
# What is so after the change, where it says that: `to Rust`, `with Zig`, `joined Nokia`, `换成 Rust`.
_OUTCOME = re.compile(
    rf"\b(?:(?:join|adopt)\w*|{_STARTING}|to|into|onto|replac\w+ [^,;.!?]{{1,40}}? (?:with|by)) "
    r"(?P<english>(?:[^,;.!?]|\.(?=\w))+?)"
    r"(?=[,;!?]|\.(?!\w)|$| (?:with|for|in|on|at|because|since|when|after|yet|so far|last|this|next|which|and|or|as"
    r"|but|any)\b)"
    "|(?:(?:[改换搬迁转升降涨加减调延前槽交变住名]|推迟|升[级职]|迁移|替换)(?:家|户|期)?[到成为至去进回给用由叫当]{1,2}"
    "|加入|入职|采用)了?(?P<chinese>[^，,。；;！!？?]{1,20})",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?:[^,;:!?，。；：！？.]|[.:](?=\w)){0,200}")
_OR = re.compile(r"[^,;.!?，。；！？]*(?:\bn?or (?:to )?|或者?)$", re.IGNORECASE)
# Words of a denial; of Chinese also what stands in any sentence.
_DENIAL_WORDS = frozenset(("never", "not", "ever", "really", "actually", "cannot"))
_ZH_DENIAL_WORDS = re.compile("从来|没有?|未曾?|从未|并|还|了|过|已经|不|有|也|都|会|是|的")
# A statement is shorter.
_READ = 1000
# Further before a verb no denial is looked for.
_REACH = 80


class _Change(NamedTuple):
    """Where a word of change stands, and whether it is denied or only given up."""

    start: int
    end: int
    is_denied: bool
    is_given_up: bool


def tells_change(text: str, cue: re.Pattern[str] = EXPLICIT_CHANGE) -> bool:
    """Whether a word of the cue stands there that is not denied."""
    return any(not change.is_denied for change in _changes(text, cue))


def denies_change(text: str) -> bool:
    """Whether it says of some change that it was not made or is off, and of none that it was made."""
    return bool(_only_denied(text))


def denies_another_change(newer: str, older: str) -> bool:
    """Whether the newer text only denies a change to what the older text does not tell of.

    `We never moved to Oslo` takes back `We live in Oslo` and leaves `We live in Lisbon` as it is. A denial that does
    not say to what (`I never left`) takes back only another change.
    """
    outcomes = {_outcome(newer, change) for change in _only_denied(newer)}
    if not outcomes or ("" in outcomes and _is_changed(older)):
        return False
    told, counted = set(query_terms(older)), numbers(older)
    return not any(numbers(one) <= counted and _is_mostly(query_terms(one), told) for one in outcomes if one)


def takes_back(newer: str, older: str) -> bool:
    """Whether the newer text only denies a change that the older one tells: to the same, in the same words."""
    denied = {_outcome_terms(newer, change) for change in _only_denied(newer)}
    if not denied or not _words(newer) <= _words(older):
        return False
    return denied <= {_outcome_terms(older, change) for change in _changes(older, _VERB) if not change.is_denied}


def is_denied_value(clause: str, value: str) -> bool:
    """Whether the clause names the value only to say that nothing came to it, or that nobody left it."""
    if not value:
        return False
    denied = [change for change in _changes(clause, _VERB) if change.is_denied]
    named = [_outcome(clause, change) or _left(clause, change) for change in denied]
    terms = set(query_terms(value))
    return denies_change(value) or any(one and (one in value or terms <= set(query_terms(one))) for one in named)


def _only_denied(text: str) -> list[_Change]:
    """The changes that are denied or given up, where no other one is told; of a long text its beginning is read."""
    text = text[:_READ]
    if any(not (change.is_denied or change.is_given_up) for change in _changes(text, EXPLICIT_CHANGE)):
        return []
    return [change for change in _changes(text, _VERB) if change.is_denied or change.is_given_up]


def _changes(text: str, cue: re.Pattern[str]) -> Iterator[_Change]:
    """Each word of the cue; `never moved or switched` denies both."""
    end, was_denied = 0, False
    for match in cue.finditer(text):
        goes_on = was_denied and _OR.match(text[end : match.start()]) is not None
        is_denied = _TIME.match(match.group()) is None and (goes_on or _is_denied(text, match))
        is_given_up = is_denied and _is_given_up(text, match)
        end, was_denied = match.end(), is_denied and not is_given_up
        yield _Change(match.start(), end, was_denied, is_given_up)


def _is_denied(text: str, match: re.Match[str]) -> bool:
    before = _before(text, match)
    is_denied = _DENYING.search(before) or _ZH_DENYING.search(before.rstrip())
    return is_denied is not None and _DONE_AFTER_ALL.match(text, match.end()) is None


def _is_given_up(text: str, match: re.Match[str]) -> bool:
    was_never = _ZH_NEVER_DONE.search(_before(text, match).rstrip())
    return was_never is None and _GIVEN_UP.match(text, match.end()) is not None


def _before(text: str, match: re.Match[str]) -> str:
    return text[max(match.start() - _REACH, 0) : match.start()]


def _clause(text: str, change: _Change) -> str:
    rest = _CLAUSE.match(text, change.end)
    return rest.group() if rest else ""


def _outcome(text: str, change: _Change) -> str:
    """What it would be after the change; '' where that is not said."""
    said = _OUTCOME.search(text[change.start : change.end] + _clause(text, change))
    return (said["english"] or said["chinese"]).strip() if said else ""


def _outcome_terms(text: str, change: _Change) -> frozenset[str]:
    return frozenset(query_terms(_outcome(text, change)))


def _left(text: str, change: _Change) -> str:
    """What nobody left: `I never quit my job at Nokia` takes nothing back."""
    return _clause(text, change) if re.fullmatch(_LEAVING, text[change.start : change.end], re.IGNORECASE) else ""


def _is_mostly(words: list[str], told: set[str]) -> bool:
    return 0 < len(words) <= 2 * len(told.intersection(words))


def _is_changed(text: str) -> bool:
    return tells_change(text, _VERB) or tells_change(text)


def _words(text: str) -> set[str]:
    """Without those of a denial; of Chinese the characters, since bigrams differ where a 没 stands between."""
    words = {word for word in query_terms(text) if not has_cjk(word)}
    return words.union(cjk_characters(_ZH_DENIAL_WORDS.sub("", text))) - _DENIAL_WORDS

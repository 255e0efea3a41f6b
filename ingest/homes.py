"""Tells whether where `we` are is the speaker's home: a team moves to tools, days and branches in the same words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.domain.periods import MONTHS, WEEKDAYS
from app.domain.texts import CJK, has_cjk
from ingest.dates import find_dates
from ingest.slots import SELF, Slot

_OUR_HOME = re.compile(r"(?:[\w ]{1,12} )?we\b|.{0,6}?(?:我们|咱们|我[和跟])", re.IGNORECASE)
_KIN = "老公|老婆|太太|丈夫|妻子|爱人|孩子|宝宝|女儿|儿子|爸妈|父母|家人"
_WE = re.compile(
    rf"(?:\bwe(?:['’]ve)?|我们|咱们)$|(?:我们?|咱们)(?:[一全]|一家(?:人|[一二两三四五六]口)|全家人|(?:和|跟|带着?)(?:{_KIN}))$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?!.*\b(?i:cloud|office|hq|headquarters|branch|hotel)\b)[A-Z][^\d]*?(?= (?:with|as|for|because of)\b|$)"
)
_ZH_PLACE = re.compile(f"(?!新)(?!.*(?:办公|公司|楼|平台|系统|服务|部门|云|群|酒店|宾馆|旅馆|民宿))[{CJK}]{{2,8}}")
# `We are based in Berlin` tells of a firm more often than of a home. Of the words for one those count that are in small
# letters (`Google Home` is none) and before no other noun.
_AT_HOME = re.compile(
    r"\b(?i:(?:lives?|living|resides?|residing|settled(?: down)?|stays? permanently) (?:in|at|near))\b"
    r"|(?<!in[ -])\b(?:house|home|flat|apartment|condo|family|kids?|children|baby|husband|wife|partner|sons?|daughters?"
    r"|parents)\b(?![-'’]| (?!(?:and|in|on|at|to|from|for|with|of|last|this|because|when|since|after|too|together|now"
    r"|yesterday|today)\b)\w)"
)
_ZH_AT_HOME = re.compile(
    f"(?<![记留卡稳停困])住|定居|生活|搬家|(?:我们?|咱们)(?:[一全]家|家)|全家|[新老]家|房子|公寓|{_KIN}"
)
_DAY = re.compile(
    r"(?:(?:the|next|last|this|every|early|mid|late) )?"
    rf"(?:{'|'.join(WEEKDAYS)}|{'|'.join(MONTHS)})s?\b(?! (?-i:[A-Z]))"
    "|一起|(?:[上下这本每]个?)?(?:周|星期|礼拜)[一二三四五六日天末]|[上中下]午|[早晚]上|凌晨",
    re.IGNORECASE,
)
_NOT_MOVED = re.compile(
    r"\bnever (?:\w+ )?(?:moved|relocated)\b"
    "|(?:没有?|未曾?)住在|(?:没有?|未曾?|(?<!不得)(?<!不能)不)(?:再|能|会|想|肯|打算|必|需要?|真的?|完全|一起)*(?:搬|换到|住到)",
    re.IGNORECASE,
)
# Whether a text is a day does not depend on which day it is.
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def may_be_home(clause: str, place: str) -> bool:
    """Whether the clause can tell where somebody lives: nobody lives in a day, nor where he did not move to."""
    is_day = _DAY.match(place) or any(date.start == 0 for date in find_dates(place, _ANY_DAY))
    return not is_day and _NOT_MOVED.search(clause) is None


def of_us(slot: Slot | None, clause: str) -> Slot | None:
    """`We live in Lisbon`: where we live, the speaker does.

    `We moved to Lisbon` and `We relocated to Vercel` are alike, so that neither is a residence unless a home is spoken
    of: one of nobody would be taken for the speaker's, if his is the only one that is known.
    """
    if slot is None or slot.attribute != "residence" or not _OUR_HOME.match(clause.strip()):
        return slot
    if slot.subject and not _WE.search(slot.subject):
        return slot
    is_chinese = has_cjk(clause)
    is_home = (_ZH_AT_HOME if is_chinese else _AT_HOME).search(clause)
    place = _ZH_PLACE.fullmatch(slot.value) if is_chinese else _PLACE.match(slot.value)
    return Slot(SELF, slot.attribute, place.group()) if is_home and place else None

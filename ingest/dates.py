"""Finds when: absolute and relative dates in English and Chinese, resolved against the time of saying."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.domain.periods import MONTHS, WEEKDAYS
from app.domain.texts import has_cjk
from ingest.cues import chinese_number


class DateSpan(NamedTuple):
    """A date in a text: its characters, the day it begins and the day after it ends, and whether it was relative."""

    start: int
    end: int
    first: datetime
    after: datetime
    is_relative: bool

    @property
    def iso(self) -> str:
        """As short as it is precise: a year, a month, a day, or the first and last day."""
        if self.after - self.first == timedelta(days=1):
            return self.first.strftime("%Y-%m-%d")
        if self.first.day == 1 and self.after == _next_month(self.first):
            return self.first.strftime("%Y-%m")
        if (self.first.month, self.first.day) == (1, 1) and self.after == _day(self.first.year + 1, 1, 1):
            return self.first.strftime("%Y")
        return f"{self.first:%Y-%m-%d}/{self.after - timedelta(days=1):%Y-%m-%d}"


_Resolved = tuple[datetime, datetime] | None
_MONTH = "(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS if name != "may") + r"|may|sept)\.?"
_WEEKDAY = "(?P<weekday>" + "|".join(WEEKDAYS) + ")"
_NUMBERS = {
    word: value
    for value, words in enumerate(
        [
            "",
            "a an one 一",
            "two 两 二",
            "three 三",
            "four 四",
            "five 五",
            "six 六",
            "seven 七",
            "eight 八",
            "nine 九",
            "ten 十",
        ]
    )
    for word in words.split()
}
_COUNT = r"(?P<count>\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten)"
_ZH_COUNT = "(?P<count>\\d{1,3}|[一两二三四五六七八九十])"
_UNIT_DAYS = {"day": 1, "week": 7, "天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "个星期": 7, "个礼拜": 7}
_ZH_DAYS = {
    **dict.fromkeys(("昨", "昨天", "昨日", "昨晚"), -1),
    **dict.fromkeys(("今天", "今日", "今早", "今晚"), 0),
    **dict.fromkeys(("明天", "明日", "明晚", "明早"), 1),
    "大前天": -3,
    "前天": -2,
    "后天": 2,
    "大后天": 3,
}
_EN_DAYS = {
    **dict.fromkeys(("today", "tonight", "this morning", "this afternoon", "this evening"), 0),
    "the day before yesterday": -2,
    "yesterday": -1,
    "last night": -1,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}
_OFFSETS = {
    **dict.fromkeys(("last", "past", "previous", "since", "上", "上个", "去"), -1),
    **dict.fromkeys(("this", "本", "这", "这个", "今"), 0),
    **dict.fromkeys(("next", "coming", "下", "下个", "明"), 1),
    "前": -2,
    "后": 2,
}
_ZH_WEEKDAYS = {character: index for index, character in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_MAX_COUNT = 400
# People tell of the last months without a year, and plan further ahead than that.
_PAST_WEIGHT = 2.5


def find_dates(text: str, said_at: datetime) -> list[DateSpan]:
    """Every date of the text in order, without overlaps; days are those of UTC.

    A day without a year is the one nearest to the time of saying.
    """
    found = sorted(_all_dates(text, said_at.astimezone(UTC)), key=lambda span: (span.start, -span.end))
    kept: list[DateSpan] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _all_dates(text: str, said_at: datetime) -> Iterator[DateSpan]:
    today = said_at.replace(hour=0, minute=0, second=0, microsecond=0)
    for pattern, resolve, is_relative in _PATTERNS:
        for match in pattern.finditer(text):
            if resolved := _resolved(resolve, match, today):
                yield DateSpan(match.start(), match.end(), *resolved, is_relative)


def _resolved(
    resolve: Callable[[re.Match[str], datetime], _Resolved], match: re.Match[str], today: datetime
) -> _Resolved:
    """None for what looks like a date and is none, such as 31 February."""
    try:
        return resolve(match, today)
    except (ValueError, OverflowError):
        return None


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _next_month(day: datetime) -> datetime:
    return _shifted(day.replace(day=1), 1)


def _shifted(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def _one_day(day: datetime) -> tuple[datetime, datetime]:
    return day, day + timedelta(days=1)


def _one_month(day: datetime) -> tuple[datetime, datetime]:
    return day.replace(day=1), _next_month(day)


def _iso(match: re.Match[str], _: datetime) -> _Resolved:
    return _one_day(_day(int(match["year"]), int(match["m"]), int(match["d"])))


def _month_of(match: re.Match[str]) -> int:
    return next(number for number, name in enumerate(MONTHS, 1) if name[:3] == match["month"][:3].lower())


def _month_day(match: re.Match[str], today: datetime) -> _Resolved:
    month = _month_of(match)
    year = match["year"]
    return _one_day(_day(int(year), month, int(match["d"])) if year else _nearest(today, month, int(match["d"])))


def _nearest(today: datetime, month: int, day: int) -> datetime:
    years = (year for year in (today.year - 1, today.year, today.year + 1) if day <= monthrange(year, month)[1])
    return min((_day(year, month, day) for year in years), key=lambda date: _distance(date, today))


def _distance(date: datetime, today: datetime) -> timedelta:
    return date - today if date >= today else _PAST_WEIGHT * (today - date)


def _day_of_month(match: re.Match[str], today: datetime) -> _Resolved:
    firsts = [_shifted(today.replace(day=1), months) for months in (-1, 0, 1)]
    days = [
        first.replace(day=int(match["d"]))
        for first in firsts
        if int(match["d"]) <= monthrange(first.year, first.month)[1]
    ]
    return _one_day(min(days, key=lambda date: _distance(date, today)))


def _month_year(match: re.Match[str], today: datetime) -> _Resolved:
    month = _month_of(match)
    if match["year"]:
        return _one_month(_day(int(match["year"]), month, 1))
    if match["which"].lower() == "last":
        return _one_month(_day(today.year - (month >= today.month), month, 1))
    if match["which"].lower() == "next":
        return _one_month(_day(today.year + (month <= today.month), month, 1))
    return _one_month(_nearest(today, month, 1))


def _relative_day(match: re.Match[str], today: datetime) -> _Resolved:
    return _one_day(today + timedelta(days=(_EN_DAYS | _ZH_DAYS)[match.group().lower()]))


def _relative_weekday(match: re.Match[str], today: datetime) -> _Resolved:
    """`Last Friday` is the latest one before today, `next Friday` the first one after."""
    ahead = (WEEKDAYS.index(match["weekday"].lower()) - today.weekday()) % 7
    if (match["which"] or "").lower() in ("last", "past", "since"):
        return _one_day(today + timedelta(days=ahead - 7))
    return _one_day(today + timedelta(days=ahead or 7))


def _relative_unit(match: re.Match[str], today: datetime) -> _Resolved:
    offset, unit = _OFFSETS[match["which"].lower()], match["unit"].lower()
    if unit in ("week", "周", "星期", "礼拜"):
        monday = today + timedelta(days=7 * offset - today.weekday())
        return monday, monday + timedelta(days=7)
    if unit in ("weekend", "周末"):
        saturday = today + timedelta(days=7 * offset + 5 - today.weekday())
        return saturday, saturday + timedelta(days=2)
    if unit in ("month", "月"):
        return _one_month(_shifted(today.replace(day=1), offset))
    return _day(today.year + offset, 1, 1), _day(today.year + offset + 1, 1, 1)


def _past_weekend(_: re.Match[str], today: datetime) -> _Resolved:
    saturday = today - timedelta(days=(today.weekday() - 5) % 7 or 7)
    return saturday, saturday + timedelta(days=2)


def _ago(match: re.Match[str], today: datetime) -> _Resolved:
    word = match["count"].lower()
    count = min(int(word) if word.isdigit() else _NUMBERS[word], _MAX_COUNT)
    sign = -1 if match["way"].lower() in ("ago", "前", "之前", "以前") else 1
    unit = match["unit"].lower().removesuffix("s")
    if unit in _UNIT_DAYS:
        return _one_day(today + timedelta(days=sign * count * _UNIT_DAYS[unit]))
    moved = _shifted(today, sign * count * (1 if unit in ("month", "个月") else 12))
    return _one_month(moved) if unit in ("month", "个月") else (_day(moved.year, 1, 1), _day(moved.year + 1, 1, 1))


def _month_of_year(match: re.Match[str], today: datetime) -> _Resolved:
    """`April next year`, `5 April last year`."""
    first = _day(today.year + _OFFSETS[match["which"].lower()], _month_of(match), int(match["d"] or 1))
    return _one_day(first) if match["d"] else _one_month(first)


def _zh_date(match: re.Match[str], today: datetime) -> _Resolved:
    year, month = match["year"], _zh_number(match["m"])
    day = _zh_number(match["d"]) if match["d"] else 0
    if not year:
        first = _nearest(today, month, day or 1)
    else:
        first = _day(today.year + _OFFSETS[year] if year in _OFFSETS else int(year), month, day or 1)
    return _one_day(first) if day else _one_month(first)


def _zh_number(written: str) -> int:
    return int(written) if written.isdecimal() else chinese_number(written)


def _zh_weekday(match: re.Match[str], today: datetime) -> _Resolved:
    monday = today + timedelta(days=7 * _OFFSETS[match["which"]] - today.weekday())
    first = monday + timedelta(days=_ZH_WEEKDAYS[match["zhday"]])
    return first, first + timedelta(days=2 if match["zhday"] == "末" else 1)


def _year(match: re.Match[str], _: datetime) -> _Resolved:
    year = int(match["year"] or match["zhyear"])
    return _day(year, 1, 1), _day(year + 1, 1, 1)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_YEAR = r"(?P<year>(?:19|20)\d\d)"
# In small letters `may` and `march` are verbs, unless a day or one of these stands before: `we may next year`.
_BEFORE_MONTH = "in during of early late mid by since until till from before after".split()  # noqa: SIM905
_NOT_A_VERB = "(?:" + "".join(rf"(?<=\b{word}[ -])|" for word in _BEFORE_MONTH) + r"(?-i:(?!may\b|march\b)))"
_OF_YEAR = r",?(?: of)? (?P<which>last|next|this) year\b"
_ZH_DIGITS = r"(?P<m>1[0-2]|0?[1-9])月(?:(?P<d>[0-3]?\d)[日号]?)?(?!\d)"
# A month in characters stands with its year: `一月一次` is no date.
_ZH_MONTH = (
    "(?P<m>十[一二]?|[一二三四五六七八九])月份?(?:(?P<d>[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])[日号])?"
)
_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], _Resolved], bool]] = [
    (_pattern(rf"(?<!\d){_YEAR}[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?!\d)"), _iso, False),
    (_pattern(rf"\b(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? {_YEAR})?(?!\d)"), _month_day, False),
    (_pattern(rf"\b{_MONTH} (?P<d>\d\d?)(?:st|nd|rd|th)?\b(?!:)(?:,? {_YEAR})?(?!\d)"), _month_day, False),
    (_pattern(rf"\b(?:(?P<which>last|next|this|in|since|until|by) )?{_MONTH} {_YEAR}\b"), _month_year, False),
    (_pattern(rf"\b(?P<which>last|next|this) {_MONTH}(?P<year>)\b"), _month_year, True),
    (_pattern(rf"\b(?:(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? |{_NOT_A_VERB}){_MONTH}{_OF_YEAR}"), _month_of_year, True),
    (_pattern(rf"\b{_MONTH} (?P<d>\d\d?)(?:st|nd|rd|th)?{_OF_YEAR}"), _month_of_year, True),
    (_pattern(rf"\b(?P<which>last|next|this) year in {_MONTH}(?P<d>)\b"), _month_of_year, True),
    (_pattern(r"\b(?:" + "|".join(sorted(_EN_DAYS, key=len, reverse=True)) + r")\b"), _relative_day, True),
    (_pattern("大前天|大后天|前天|昨[天日晚]|今[天日早晚]|明[天日晚早]|后天"), _relative_day, True),
    (
        _pattern(rf"\b(?P<which>last|past|next|this|coming|since) {_WEEKDAY}(?: the \d\d?(?:st|nd|rd|th))?\b"),
        _relative_weekday,
        True,
    ),
    (
        _pattern(r"\b(?P<which>last|past|previous|this|next|coming) (?P<unit>week(?:end)?|month|year)\b"),
        _relative_unit,
        True,
    ),
    (_pattern(r"\bover the weekend\b"), _past_weekend, True),
    (_pattern(r"\b(?:until|till|by|on|since|from) the (?P<d>\d\d?)(?:st|nd|rd|th)\b(?! of)"), _day_of_month, True),
    (_pattern(rf"\b{_COUNT} (?P<unit>days?|weeks?|months?|years?) (?P<way>ago|from now)\b"), _ago, True),
    (_pattern(f"{_ZH_COUNT}(?P<unit>天|周|个?星期|个?礼拜|个月|年)(?P<way>前|之前|以前|后|之后|以后)"), _ago, True),
    (_pattern(rf"(?:(?P<year>(?:19|20)\d\d)年的?)?{_ZH_DIGITS}"), _zh_date, False),
    (_pattern(rf"(?P<year>(?:19|20)\d\d)年的?{_ZH_MONTH}"), _zh_date, False),
    (_pattern(rf"(?P<year>[去今明前后])年的?(?:{_ZH_DIGITS})"), _zh_date, True),
    (_pattern(rf"(?P<year>[去今明前后])年的?{_ZH_MONTH}"), _zh_date, True),
    (_pattern("(?P<which>上个?|这个?|本|下个?)(?:周|星期|礼拜)(?P<zhday>[一二三四五六日天末])"), _zh_weekday, True),
    (
        _pattern("(?P<which>上个?|这个?|本|下个?)(?P<unit>周|星期|礼拜|月)(?![一二三四五六日天末])"),
        _relative_unit,
        True,
    ),
    (_pattern(r"(?P<which>去|今|明|前|后)(?P<unit>年)(?!\d)"), _relative_unit, True),
    (
        _pattern(
            rf"\b(?:in|since|until|by|during|of|early|late) {_YEAR}\b(?![-/.:]?\d)|(?<!\d)(?P<zhyear>(?:19|20)\d\d)年"
        ),
        _year,
        False,
    ),
]


_BARE_MONTH = _pattern(
    rf"(?<!\b(?:last|next|this) year )\b(?:in|during|of|early|late|mid|this|by|since|until|before|after) {_MONTH}(?!\w)"
    r"(?!,? (?:19|20)\d\d| \d|,?(?: of)? (?:last|next|this) year)"
)


def find_months(text: str, now: datetime) -> list[DateSpan]:
    """Months without a day and a year, as questions name them, such as `in May`: the nearest one of each."""
    today = now.astimezone(UTC)
    found = ((match, _nearest(today, _month_of(match), 1)) for match in _BARE_MONTH.finditer(text))
    return [DateSpan(match.start(), match.end(), *_one_month(first), False) for match, first in found]


def with_resolved_dates(text: str, dates: list[DateSpan]) -> str:
    """The text with the day behind each relative date, since `tomorrow` means nothing a week later."""
    for span in reversed([span for span in dates if span.is_relative]):
        note = f"（{span.iso}）" if has_cjk(text[span.start : span.end]) else f" ({span.iso})"
        text = text[: span.end] + note + text[span.end :]
    return text

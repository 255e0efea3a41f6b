"""Finds numbers of payment cards: the length and first digits of an issuer, and a right check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import luhn

from ingest.secret_keys import Found, Kind

CARD = Kind("card-number", "a card number")

# First digits and lengths by issuer (ISO/IEC 7812 ranges as the networks publish them). Not Visa's 13 and 19 digits,
# which are no longer given out and are those of barcodes and of ids made of times.
_ISSUERS = re.compile(
    r"4\d{15}"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|62\d{14}(?:\d{3})?"  # UnionPay
    r"|(?:6011|64[4-9]\d|65\d{2})\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|220[0-4]\d{12}"  # Mir
)
# Where a number may be at all; looking closer at each character of a text would take most of the time of redaction.
_NUMBERS = re.compile(r"\d[\d \-\u00a0\u2013\u3000]{12,}\d", re.ASCII)
_BEYOND = 2  # so many characters after a number say that it is another one
# As they stand on cards and in forms: in one piece, or in groups with one sort of blank or dash between them. They are
# looked for from each digit that begins a number, so that a year or another number before it hides none.
_GAP = r"[ \-\u00a0\u2013\u3000]"
_BEGIN = r"(?<![0-9A-Za-z_.])"
_END = r"(?![0-9A-Za-z_]|\.[0-9])"
_WHOLE = re.compile(rf"{_BEGIN}(?<![0-9]-)\d{{14,19}}(?!-[0-9]){_END}", re.ASCII)
_GROUPED = [
    re.compile(rf"{_BEGIN}(?=({groups}){_END})", re.ASCII)
    for groups in (
        rf"\d{{4}}({_GAP})\d{{4}}\2\d{{4}}\2\d{{4}}",
        rf"\d{{4}}({_GAP})\d{{4}}\2\d{{4}}\2\d{{4}}\2\d{{3}}",
        rf"\d{{4}}({_GAP})\d{{6}}\2\d{{4,5}}",
        rf"\d{{6}}{_GAP}\d{{10,13}}",
    )
]
_NO_DIGIT = re.compile(r"[^0-9]+")
# What is called a number of an order in so many words is none of a card, unless it is written like one.
_ORDER = re.compile(
    r"(?:\b(?:order|invoice|tracking|ticket|parcel|shipment|case|request|transaction)"
    r"(?:[ _-]?(?:number|no\.?|id|nr\.?))?|订单号?码?|单号|编号|流水号?)\s{0,2}(?:is|是|为)?\s{0,2}[#:：=]?\s{0,2}\Z",
    re.IGNORECASE,
)
_ORDER_CHARS = 40


def find_cards(text: str) -> Iterator[Found]:
    """The card numbers of a text."""
    for numbers in _NUMBERS.finditer(text):
        start, end = numbers.start(), numbers.end() + _BEYOND
        yield from _in_one_piece(text, start, end)
        for pattern in _GROUPED:
            for match in pattern.finditer(text, start, end):
                if is_card(_NO_DIGIT.sub("", match.group(1))):
                    yield Found(match.start(1), match.end(1), CARD)


def _in_one_piece(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _WHOLE.finditer(text, start, end):
        before = text[max(0, match.start() - _ORDER_CHARS) : match.start()]
        if is_card(match.group()) and not _ORDER.search(before):
            yield Found(match.start(), match.end(), CARD)


def is_card(digits: str) -> bool:
    """Whether an issuer gives out such numbers and the check digit is right."""
    return _ISSUERS.fullmatch(digits) is not None and luhn.is_valid(digits)

"""The one error tree: each error has its status and code, and they are as its drawing says."""

from __future__ import annotations

import re

import pytest

from app.domain import errors
from app.domain.errors import Invalid, OurmemError, RateLimited
from app.domain.quotas import QuotaExceeded


def tree(kind: type[OurmemError]) -> list[type[OurmemError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


def test_drawing_shows_each_error_with_its_status_and_code() -> None:
    drawn = re.findall(r"── (\w+) +(\d{3}) (\w+)", errors.__doc__ or "")
    known = [kind for kind in tree(OurmemError)[1:] if ours(kind) or kind is QuotaExceeded]
    coded = [(kind.__name__, str(kind.status), kind.code) for kind in known]

    assert sorted(drawn) == sorted(coded)


def ours(kind: type[OurmemError]) -> bool:
    return kind.__module__ == errors.__name__


def test_there_is_no_403() -> None:
    assert 403 not in {kind.status for kind in tree(OurmemError)}


@pytest.mark.parametrize("kind", [kind for kind in tree(OurmemError) if ours(kind)], ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is_first(kind: type[OurmemError]) -> None:
    error = kind("the tea is cold")

    assert error.message == f"{kind.prefix}: the tea is cold"
    assert str(error) == "the tea is cold"
    assert error.hint == ""


def test_error_without_words_is_its_kind_alone() -> None:
    assert RateLimited("").message == "rate limited"


def test_hint_is_kept_apart() -> None:
    assert Invalid("too hot", "let it cool").hint == "let it cool"

"""Texts as scoring reads them."""

from __future__ import annotations

import pytest

from app.domain.readings import read, read_turn

TEXTS = [
    "",
    "We adopted a grey kitten last Sunday, for 1,200 euro!",
    "See ERR-4711 at 10:30, it's in v2.3.1",
    "“Don’t” said naïve Zoë — 2 times?",
    "我妹妹五月搬到了里斯本",
    "用 Postgres 做 billing-service 的数据库吗？",
    "猫",
    "x" * 2_000,
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("speaker", ["Ana", "April", "王小明", "user 7", "Zoë", ""])
def test_who_speaks_is_part_of_what_is_said(speaker: str, text: str) -> None:
    whole = read(f"{speaker}: {text}" if speaker else text)

    assert read_turn(speaker, text) == whole


def test_a_text_is_read_once() -> None:
    assert read("We adopted a kitten.") is read("We adopted a kitten.")
    assert read("word " * 1_000) is not read("word " * 1_000)


def test_single_characters_are_counted_beside_the_terms() -> None:
    reading = read("小王搬家")

    assert reading.terms == {"小王": 1, "王搬": 1, "搬家": 1}
    assert reading.counts == reading.terms | {"小": 1, "王": 1, "搬": 1, "家": 1}

"""What somebody says of himself, told by another."""

from __future__ import annotations

import pytest

from ingest.perspective import named


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I live in Oslo.", "Lena lives in Oslo."),
        ("I'm in Hamburg myself.", "Lena is in Hamburg."),
        ("I am a nurse myself", "Lena is a nurse"),
        ("Myself, I prefer tea.", "Lena prefers tea."),
        ("I taught myself Rust.", "Lena taught themself Rust."),
        ("I live by myself.", "Lena lives by themself."),
        ("I've never cooked for myself.", "Lena has never cooked for themself."),
        ("My dog is mine.", "Lena's dog is Lena's."),
    ],
)
def test_the_speaker_is_named(said: str, told: str) -> None:
    assert named(said, "Lena") == told


@pytest.mark.parametrize(
    ("said", "name", "told"),
    [
        ("我住在上海。", "张伟", "张伟住在上海。"),
        ("我们住在上海。", "张伟", "我们住在上海。"),
        ("我住在上海。", "Lena", "我住在上海。"),
        ("I live in Oslo.", "", "I live in Oslo."),
    ],
)
def test_chinese_takes_chinese_names_and_nobody_stays_i(said: str, name: str, told: str) -> None:
    assert named(said, name) == told

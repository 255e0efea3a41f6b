"""Which questions ask for all that is known of something."""

from __future__ import annotations

import pytest

from app.domain.overviews import central_boost, topic_of


@pytest.mark.parametrize(
    ("query", "topic"),
    [
        ("What do you know about Ada Byron?", "Ada Byron"),
        ("what have you learned about the Atlas project so far?", "the Atlas project"),
        ("Tell me everything about Lisbon", "Lisbon"),
        ("Tell me about my sister, please.", "my sister"),
        ("Summarize what you know about Lisbon", "Lisbon"),
        ("Give me a short overview of the harbour", "the harbour"),
        ("Everything you know about tea", "tea"),
        ("关于小明你知道什么？", "小明"),
        ("你对厦门了解多少", "厦门"),
        ("总结一下阿特拉斯项目", "阿特拉斯项目"),
        ("介绍一下小明的情况。", "小明"),
        ("小明的所有信息", "小明"),
    ],
)
def test_an_overview_names_its_topic(query: str, topic: str) -> None:
    assert topic_of(query) == topic


@pytest.mark.parametrize(
    "query",
    [
        "Where does Ada Byron live?",
        "When did we talk about Lisbon?",
        "What did Ada tell you?",
        "Ada told me about Lisbon",
        "小明住在哪里？",
        "昨天我们聊了什么",
        "",
    ],
)
def test_other_questions_have_none(query: str) -> None:
    assert topic_of(query) == ""


def test_how_central_a_memory_is_counts_in_an_overview_only() -> None:
    assert central_boost("", 1.0) == 0.0
    assert central_boost("Lisbon", 1.0) == pytest.approx(0.05)
    assert central_boost("Lisbon", 0.0) == pytest.approx(-0.05)

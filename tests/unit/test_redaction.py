"""Nothing that was marked as private is left, however it was marked."""

from __future__ import annotations

import time

import pytest

from ingest.redaction import MARKER, is_empty, redact

SECRET = "green-otter-44"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a <private>{SECRET}</private> b", "a [REDACTED] b"),
        (f"a <PRIVATE reason='x y'>{SECRET}</Private  > b", "a [REDACTED] b"),
        (f"< private\n>{SECRET}< / private > b", "[REDACTED] b"),
        (f"<private>x<private>y</private>{SECRET}</private> b", "[REDACTED] b"),
        (f"<private>{SECRET}</private> and <private>{SECRET}</private>", "[REDACTED] and [REDACTED]"),
        (f"a <private>{SECRET}", "a [REDACTED]"),
        (f"a <private>x<private>y</private>{SECRET}", "a [REDACTED]"),
        (f"a <private {SECRET}", "a [REDACTED]"),
        (f"a <private/>{SECRET}", "a [REDACTED]"),
        (f"a &lt;private&gt;{SECRET}&lt;/private&gt; b", "a [REDACTED] b"),
        (f"a &#60;private&#x3e;{SECRET}&#x3c;/private&#62; b", "a [REDACTED] b"),
        (f"a \\u003cprivate\\u003e{SECRET}\\u003c/private\\u003e b", "a [REDACTED] b"),
        (f"<private>&lt;/private&gt;{SECRET}</private> b", "[REDACTED] b"),
        (f"我的口令是＜ｐｒｉｖａｔｅ＞{SECRET}＜／private＞，别存", "我的口令是[REDACTED]，别存"),
        (f"《private》{SECRET}《/private》好", "[REDACTED]好"),
        (f"口令<private是{SECRET}", "口令[REDACTED]"),
        (f"a <pri\u200bva\u2060te\ufeff>{SECRET}<\u200b/pri\u00advate> b", "a [REDACTED] b"),
        (f"a <\u200bprivate>{SECRET}</private\u200d> b", "a [REDACTED] b"),
        (f"a &amp;lt;private&amp;gt;{SECRET}&amp;lt;/private&amp;gt; b", "a [REDACTED] b"),
        (f"＜ＰＲＩＶＡＴＥ　備考＝ｘ＞{SECRET}", "[REDACTED]"),
    ],
)
def test_a_private_span_becomes_one_marker(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing to hide",
        "1 < 2 private > 0",
        "<private_key>",
        "<privateer>",
        "<private-notes>",
        "private: x",
        "《私人》",
        "",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_closing_tag_without_a_span_is_dropped() -> None:
    assert redact("a </private> b") == "a  b"


@pytest.mark.parametrize("text", ["<private>x</private>", "  <private>x</private>\n<private>y", " ", MARKER])
def test_a_text_of_markers_is_empty(text: str) -> None:
    assert is_empty(redact(text))


def test_a_text_with_a_word_is_not_empty() -> None:
    assert not is_empty(redact("<private>x</private> ok"))


@pytest.mark.parametrize(
    "text",
    [
        "<private" * 125_000,
        "<private>" * 60_000 + "</private>" * 60_000,
        "<" + " " * 1_000_000,
        ("<" + " " * 1_000) * 1_000,
        "</private " * 100_000,
        "&#" + "0" * 1_000_000,
        "&lt;private " * 80_000,
    ],
    ids=["openings", "nested", "blanks", "brackets", "closings", "zeros", "escaped"],
)
def test_a_megabyte_takes_no_long_time(text: str) -> None:
    started = time.process_time()

    redact(text)

    assert time.process_time() - started < 2

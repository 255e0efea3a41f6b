"""What counts as a word, a duplicate, a sentence and a token, in English and Chinese."""

from __future__ import annotations

import pytest

from app.domain.texts import (
    MAX_QUERY_TERMS,
    estimate_tokens,
    first_sentence,
    first_sentences,
    has_cjk,
    is_mostly_cjk,
    lucene_query,
    normalised,
    query_terms,
    terms,
)

SPECIAL = set("+-!(){}[]^~?:\\/&|")


@pytest.mark.parametrize(
    ("text", "cjk", "mostly_cjk"),
    [
        ("Likes tea", False, False),
        ("喜欢喝茶", True, True),
        ("我用 Python 写代码", True, True),
        ("Li Lei (李雷) joined the team", True, False),
        ("テスト 한국어", True, True),
        ("😀 …", False, False),
        ("", False, False),
    ],
)
def test_the_script_of_a_text_is_told(text: str, cjk: bool, mostly_cjk: bool) -> None:
    assert (has_cjk(text), is_mostly_cjk(text)) == (cjk, mostly_cjk)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("She paints sunrises", "a painted sunrise"),
        ("Caroline's plan", "Caroline’s plans"),
        ("Ｐｙｔｈｏｎ ３", "python 3"),
        ("costs 12,500 dollars", "cost: 12500 dollar"),
    ],
)
def test_forms_of_a_word_share_a_term(left: str, right: str) -> None:
    shared = set(terms(left)) & set(terms(right))

    assert len(shared) >= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see ERR-4711", ["see", "err-4711", "err", "4711"]),
        ("v2.3.1 at 10:30", ["v2.3.1", "at", "10:30"]),
        ("anna@example.com", ["anna", "exampl", "com"]),
        ("src/app/main.py", ["src", "app", "main", "py"]),
        ("喜欢喝茶", ["喜欢", "欢喝", "喝茶"]),
        ("3月21日", ["3", "月", "21", "日"]),
        ("猫", ["猫"]),
        ("한국어", ["한국", "국어"]),
        ("😀 *** ", []),
    ],
)
def test_ids_and_chinese_become_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did Caroline research?", ["carolin", "research"]),
        ("When's the meeting with Melanie?", ["meet", "melani"]),
        ("我的德语考试是什么时候？", ["德语", "语考", "考试"]),
        ("你喜欢什么颜色吗", ["喜欢", "颜色"]),
        ("成都的酒吧", ["成都", "酒吧"]),
    ],
)
def test_question_words_are_not_asked_for(question: str, expected: list[str]) -> None:
    assert query_terms(question) == expected


def test_a_question_of_nothing_else_keeps_its_words() -> None:
    assert query_terms("Who am I?") == ["who", "am", "i"]
    assert query_terms("谁的？") == ["谁的"]


def test_a_long_query_keeps_its_first_distinct_terms() -> None:
    found = query_terms(" ".join(f"word{number} word{number}" for number in range(1000)))

    assert len(found) == MAX_QUERY_TERMS
    assert found[:2] == ["word0", "word1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is ERR-4711?", '"ERR-4711" OR "ERR" OR "4711"'),
        ("我的德语考试", '"德语" OR "语考" OR "考试"'),
        ("我的猫", "猫*"),
        ("Caroline's cat", '"Caroline" OR "cat"'),
        ("ＡＢＣ", '"ＡＢＣ" OR "ABC"'),
        ("to be or not to be", ""),
        ("😀 * ? \\ \" ' AND", ""),
        ("", ""),
    ],
)
def test_a_text_becomes_a_lucene_query(text: str, expected: str) -> None:
    assert lucene_query(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\"(coffee AND OR* NOT) +tea && \\ Caroline's [x TO y] {z}~2 ^3 /re.*/ content:secret",
        "coffee\\",
        'coffee "tea',
        "coffee) OR (space_key:other",
        "咖啡） OR （space_key：其他",
        "coffee \ud800 \x00 😀",
    ],
)
def test_no_operator_of_a_query_survives(text: str) -> None:
    clauses = lucene_query(text).split(" OR ")

    assert all(clause.startswith('"') and clause.endswith('"') and clause.count('"') == 2 for clause in clauses)
    assert not any(SPECIAL & set(clause) - set("-.:/") for clause in clauses)


def test_a_lucene_query_has_at_most_200_clauses() -> None:
    text = " ".join(f"word{number}" for number in range(5000))

    assert lucene_query(text).count(" OR ") == MAX_QUERY_TERMS - 1
    assert max(map(len, lucene_query("x" * 10_000).split(" OR "))) <= 257


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Likes tea.", "likes  tea"),
        ("“喜欢喝茶。”", "喜欢喝茶"),
        ("Ｌｉｋｅｓ　ｔｅａ！", "likes tea"),
        ("likes\u200b tea", "Likes\ntea"),
    ],
)
def test_the_same_text_has_one_normalised_form(left: str, right: str) -> None:
    assert normalised(left) == normalised(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("Writes C", "Writes C++"), ("Writes C++", "Writes C#"), ("Likes tea", "Likes tea?"), ("-5", "5")],
)
def test_another_text_has_another_normalised_form(left: str, right: str) -> None:
    assert normalised(left) != normalised(right)


def test_punctuation_alone_stays_itself() -> None:
    assert normalised(" ... ") == "..."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith likes tea. He said so.", "Mr. Smith likes tea."),
        ("Version 2.3 is out! Nice.", "Version 2.3 is out!"),
        ("我喜欢喝茶。你呢？", "我喜欢喝茶。"),
        ("他说：“好。”然后走了。", "他说：“好。”"),
        ("First line\nsecond line", "First line"),
        ("  no end  ", "no end"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_where_a_reader_would(text: str, expected: str) -> None:
    assert first_sentence(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great. We use ports\nof our own.", "Great. We use ports of our own."),
        ("Tea is fine. Coffee is fine. Water is even better.", "Tea is fine. Coffee is fine."),
        ("茶好喝。水也好喝。" * 4, "茶好喝。水也好喝。茶好喝。水也好喝。茶好喝。水也好喝。茶好喝。"),
        ("one two three four five six seven eight nine", "one two three four five six"),
    ],
)
def test_so_many_sentences_are_taken_as_fit(text: str, expected: str) -> None:
    assert first_sentences(text, limit=32) == expected


def test_a_long_sentence_is_cut_between_words() -> None:
    assert first_sentence("alpha beta gamma delta", limit=13) == "alpha beta"
    assert first_sentence("喝茶" * 100, limit=11) == ("喝茶" * 100)[:11]
    assert first_sentence("x" * 200, limit=20) == "x" * 20


@pytest.mark.parametrize("limit", range(1, 12))
def test_a_cut_leaves_no_half_character(limit: int) -> None:
    family = "👩\u200d👩\u200d👧"

    cut = first_sentence(f"{family}e\u0301{family}{family}", limit=limit)

    assert len(cut) <= limit
    assert limit < len(family) or not cut.endswith(("\u200d", "e"))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        # The pieces of the bundled model's tokenizer.
        ("The meeting with the accountant has been moved to Thursday afternoon.", 12),
        ("Melanie signed up for a pottery class on July 2, and she's thrilled about it!", 20),
        ("我们去云南的预算定的是一万二。", 15),
    ],
)
def test_the_estimate_of_tokens_is_near(text: str, pieces: int) -> None:
    assert 0.9 * pieces <= estimate_tokens(text) <= 1.35 * pieces

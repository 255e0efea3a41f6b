"""What a question asks for, which statement updates another, and how sure an answer must be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.answerability import ABSTAIN_BELOW, required_relevance
from app.domain.asking import read_question
from ingest.questions import MAX_NAMES, find_periods, in_first_person, parse_question
from ingest.updates import Statement, find_updates


@pytest.mark.parametrize(
    ("question", "attribute", "subject"),
    [
        ("Where does Miriam live?", "residence", "miriam"),
        ("where do I live", "residence", "user"),
        ("Who owns the mailer?", "owner", "mailer"),
        ("What's Ana's phone number?", "phone", "ana"),
        ("搜索的值班人是谁？", "owner", "搜索"),
        ("我住在哪里？", "residence", "user"),
        ("米娅对什么过敏？", "allergy", "米娅"),
    ],
)
def test_a_question_names_attribute_and_subject(question: str, attribute: str, subject: str) -> None:
    asked = parse_question(question)

    assert attribute in asked.attributes
    assert subject in asked.subjects


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("where does the user live?", "where do I live?"),
        ("Is the user vegetarian?", "am I vegetarian?"),
        ("Has the user been to Rome?", "have I been to Rome?"),
        ("What is the user's job?", "What is my job?"),
        ("用户住在哪里？", "我住在哪里？"),
        ("请问这个用户的生日", "请问我的生日"),
        ("does the user table have an index?", "does the user table have an index?"),
        ("the user's session token", "the user's session token"),
        ("新用户怎么注册", "新用户怎么注册"),
        ("用户表有哪些字段", "用户表有哪些字段"),
    ],
)
def test_what_agents_ask_about_the_user_is_asked_as_by_himself(question: str, asked: str) -> None:
    assert in_first_person(question) == asked


@pytest.mark.parametrize("question", ["", "!!!", "zebra migration", "斑马迁徙"])
def test_what_asks_for_no_attribute_names_nothing(question: str) -> None:
    assert parse_question(question).subjects == []


def test_a_long_text_is_read_in_bounds() -> None:
    assert len(parse_question("where do I live? " + "word " * 5000 + "住" * 5000).subjects) <= MAX_NAMES


def statement(text: str, day: int) -> Statement:
    return Statement(text, text, datetime(2026, 3, day, tzinfo=UTC))


@pytest.mark.parametrize(
    ("question", "older", "newer", "is_update"),
    [
        ("Who owns the mailer?", "The mailer belongs to Dov.", "From today the mailer is owned by Petra.", True),
        ("支付超时是多少？", "支付超时是五秒。", "支付超时改成八秒了。", True),
        ("Which Node does the app need?", "The app needs Node 18 or later.", "This release requires Node 20.", True),
        ("Which Node does the app need?", "The app needs Node 18 or later.", "Our Rust app needs Java 20.", False),
        ("Who owns the mailer?", "The mailer belongs to Dov.", "The mailer sends at nine.", False),
        ("When does Ana run?", "Ana's race is in May.", "Ana switched to oat milk.", False),
    ],
)
def test_only_a_later_change_of_what_is_asked_is_an_update(
    question: str, older: str, newer: str, is_update: bool
) -> None:
    old, new = statement(older, 1), statement(newer, 9)

    links = [(link.from_id, link.to_id) for link in find_updates(question, [new, old])]

    assert links == ([(older, newer)] if is_update else [])
    assert find_updates(question, [statement(older, 9), statement(newer, 9)]) == []


def test_an_answer_without_the_number_that_was_asked_must_be_surer() -> None:
    with_number = required_relevance("How many guests come?", ["We invite 85 guests."])
    without = required_relevance("How many guests come?", ["Guests get a letter."])

    assert with_number < ABSTAIN_BELOW < without


def test_what_has_no_word_of_the_question_must_be_surer() -> None:
    covered = required_relevance("Which tripod does Dalia own?", ["Dalia owns a Sirui tripod."])
    foreign = required_relevance("Which tripod does Dalia own?", ["Dalia drinks tea."])

    assert covered <= foreign
    assert required_relevance("???", []) == ABSTAIN_BELOW


@pytest.mark.parametrize(
    ("question", "kind", "text", "is_said"),
    [
        ("What tripod does Dalia own?", ["tripod"], "Dalia shoots with a Fujifilm.", False),
        ("Which linter does the repo use?", ["linter"], "Linting is flake8.", True),
        ("What is the name of Mara's manager?", ["manag"], "Mara is a nurse at Northwind.", False),
        ("What does Roxana charge for proofreading?", ["proofread"], "Legal texts cost 17 cents.", False),
        ("Where does Mara live?", [], "Mara lives in Lisbon.", True),
        ("房子的押金是多少？", ["押", "金"], "月租三千二，房东姓邬。", False),
        ("在昆明订的是哪家酒店？", ["酒", "店"], "五月二日从杭州飞昆明。", False),
        ("阿岩用的是哪个分机？", ["分", "机"], "阿岩的分机是6031。", True),
    ],
)
def test_what_kind_of_thing_is_asked_for_should_be_said(
    question: str, kind: list[str], text: str, is_said: bool
) -> None:
    assert read_question(question).kind == kind
    assert (required_relevance(question, [text]) < ABSTAIN_BELOW) is is_said


def test_everyday_words_need_not_be_said_and_names_only_somewhere() -> None:
    asked = read_question("At what time did the first person from Graz call Ana?")

    assert (asked.words, asked.names) == (["graz", "ana"], {"graz", "ana"})
    assert required_relevance("What about Ana?", ["Ana came."]) < required_relevance("What about Bo?", ["Ana came."])


@pytest.mark.parametrize(
    ("question", "inside", "outside"),
    [
        ("What did Ana buy in May 2023?", datetime(2023, 6, 3, tzinfo=UTC), datetime(2023, 8, 1, tzinfo=UTC)),
        ("What did Ana buy in May?", datetime(2021, 5, 9, tzinfo=UTC), datetime(2021, 9, 1, tzinfo=UTC)),
        ("What happened every year in May?", datetime(2021, 5, 9, tzinfo=UTC), datetime(2021, 9, 1, tzinfo=UTC)),
        ("What happened last year in May?", datetime(2025, 5, 9, tzinfo=UTC), datetime(2024, 5, 9, tzinfo=UTC)),
        ("2023年的5月3日安娜买了什么？", datetime(2023, 5, 3, 8, tzinfo=UTC), datetime(2026, 5, 3, 8, tzinfo=UTC)),
        ("What happened in December?", datetime(2022, 1, 6, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC)),
        ("What did we decide yesterday?", datetime(2026, 3, 9, 8, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        ("2023年5月安娜买了什么？", datetime(2023, 5, 2, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)),
        ("去年3月发生了什么？", datetime(2025, 3, 2, tzinfo=UTC), datetime(2024, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_question_names_a_time(question: str, inside: datetime, outside: datetime) -> None:
    periods = find_periods(question, datetime(2026, 3, 10, 12, tzinfo=UTC))

    assert any(period.tells_of(inside) for period in periods)
    assert not any(period.tells_of(outside) for period in periods)


def test_a_verb_is_no_month() -> None:
    assert find_periods("May I march in?", datetime(2026, 3, 10, tzinfo=UTC)) == []

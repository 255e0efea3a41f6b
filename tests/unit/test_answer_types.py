"""What kind of answer a question wants, and what a text names."""

from __future__ import annotations

import pytest

from app.domain.answer_types import asks_name, asks_time, names_in, words_of


@pytest.mark.parametrize(
    "question",
    [
        "When did Lena move?",
        "What day is the release?",
        "How long has Kai been there?",
        "Lena 什么时候搬家？",
        "发布会是哪天？",
    ],
)
def test_questions_for_a_time(question: str) -> None:
    assert asks_time(question)
    assert not asks_name(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the team?",
        "with whom does Lena work?",
        "Whose idea was it?",
        "Where does Kai live?",
        "What is the name of the puppy?",
        "What's the boat called?",
        "Which databases do we use?",
        "In which European cities has Lena been?",
        "what classical musicians does Kai like?",
        "What libraries does the importer need?",
        "What companies has she worked for?",
        "Which people did they meet?",
    ],
)
def test_questions_for_a_name(question: str) -> None:
    assert asks_name(question)
    assert not asks_time(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "How does the importer work?",
        "What did Lena paint?",
        "Why do we use Postgres?",
        "Is it Lena who leads the team?",
        "What kind of music does the band play?",
        "What kind of place does Kai want?",
        "我住在哪里？",
    ],
)
def test_questions_for_something_else(question: str) -> None:
    assert not asks_name(question)
    assert not asks_time(question)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("We moved to Lisbon with Zoë's parents, and Kai stayed.", {"lisbon", "zoë", "kai"}),
        ("Lena leads the team.", {"lena"}),
        ("Lena and Kai left.", {"lena", "kai"}),
        ('I read "Dune" twice.', {"dune"}),
        ("Painting helps me. Thanks! Wow, I'm glad.", set[str]()),
        ("It is late, and This, They and My are no names.", set[str]()),
        ("The database is Postgres; ERR-4711 came of it.", {"postgres", "err-4711"}),
        ("我住在上海。", set[str]()),
        ("", set[str]()),
    ],
)
def test_names_in_a_text(text: str, names: set[str]) -> None:
    assert names_in(text) == names


def test_words_are_as_names_have_them() -> None:
    assert words_of(["Who is Zoë's Kai?", "Lena"]) >= {"who", "is", "zoë", "kai", "lena"}

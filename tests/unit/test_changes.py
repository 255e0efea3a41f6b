"""What is said of a change, a denial, a former or a coming time: the slot has what is so now, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.facts import Fact, Modality, Utterance
from app.domain.memories import Category
from ingest.extraction import extract
from ingest.redaction import redact

SATURDAY = datetime(2026, 5, 16, 10, tzinfo=UTC)


def read(text: str) -> Fact:
    """The last fact of a message."""
    return extract([Utterance(id="u", role="user", speaker="user", said_at=SATURDAY, text=redact(text))])[-1]


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("I moved from Turin to Graz.", ("user", "residence", "Graz")),
        ("I moved to Graz from Turin last spring.", ("user", "residence", "Graz")),
        ("Bela relocated from Turin to Graz in 2024.", ("Bela", "residence", "Graz")),
        ("I moved from Jenkins to Buildkite.", ("", "", "")),
        ("I moved to the billing team.", ("", "", "")),
        ("We moved the demo from 3 June to 10 June 2026.", ("demo", "date", "10 June 2026")),
        ("The choir practice was shifted from Monday to Wednesday.", ("choir practice", "schedule", "Wednesday")),
        ("The sync got pushed back to 16:30.", ("sync", "schedule", "16:30")),
        ("I changed my email from ann@old.test to ann@new.test.", ("user", "email", "ann@new.test")),
        ("Our project was renamed from Otter to Heron.", ("project", "title", "Heron")),
        ("We upgraded from Django 4.2 to Django 5.1.", ("Django", "version", "5.1")),
        ("We upgraded the scheduler from Celery 4 to Celery 5.", ("scheduler", "version", "Celery 5")),
        ("I used to swim, but now I prefer rowing.", ("user", "prefers", "rowing")),
        ("My sister Ida is based in Bergen.", ("Ida", "residence", "Bergen")),
        ("I've been promoted to head of sales.", ("user", "role", "head of sales")),
        ("I joined Northwind as a tester.", ("user", "employer", "Northwind")),
        ("The survey is due by 9 June.", ("survey", "deadline", "9 June")),
        ("我从苏州搬到了厦门。", ("user", "residence", "厦门")),
        ("我搬家了，现在住在厦门。", ("user", "residence", "厦门")),
        ("我以前住在苏州，现在住在厦门。", ("user", "residence", "厦门")),
        ("例会从周二改到了周五。", ("例会", "schedule", "周五")),
        ("我们把例会从周二挪到周五。", ("例会", "schedule", "周五")),
        ("交稿截止日期从周三延到周五。", ("交稿", "deadline", "周五")),
        ("我把终端从iTerm换成了Kitty。", ("user", "custom:终端", "Kitty")),
        ("我们从Go 1.22升级到了Go 1.24。", ("Go", "version", "1.24")),
        ("我改名叫沈青了。", ("user", "name", "沈青")),
        ("我跳槽到了青石出版社。", ("user", "employer", "青石出版社")),
        ("我升职当主管了。", ("user", "role", "主管")),
        ("我同事阿穗对花粉过敏。", ("阿穗", "allergy", "对花粉过敏")),
    ],
)
def test_a_change_is_read_as_what_is_so_now(text: str, slot: tuple[str, str, str]) -> None:
    fact = read(text)

    assert (fact.subject, fact.attribute, fact.value) == slot


@pytest.mark.parametrize(
    "text",
    [
        "My sister used to live in Bergen.",
        "My aunt is visiting us next week.",
        "Our office is moving to Graz on 1 September 2026.",
        "I'm on leave until 3 June.",
        "我以前喜欢登山。",
        "我想搬到厦门。",
        "我打算明年搬到厦门。",
        "我在学摄影和剪辑。",
        "我没喜欢过摇滚乐。",
        "公司2026年9月1日搬到厦门。",
    ],
)
def test_what_was_is_wished_or_is_to_come_is_no_value_of_today(text: str) -> None:
    fact = read(text)

    assert (fact.attribute, fact.value) == ("", "")


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("I don't live in Graz any more.", "residence", "Graz"),
        ("I don't work at Northwind any longer.", "employer", "Northwind"),
        ("I quit my job at Northwind.", "employer", "Northwind"),
        ("我不住在厦门了。", "residence", "厦门"),
        ("我不在青石出版社上班了。", "employer", "青石出版社"),
        ("我上个月从青石出版社离职了。", "employer", "青石出版社"),
    ],
)
def test_what_is_over_takes_its_value_back(text: str, attribute: str, value: str) -> None:
    fact = read(text)

    assert (fact.subject, fact.attribute, fact.value) == ("user", attribute, value)
    assert fact.modality is Modality.NEGATED


@pytest.mark.parametrize(
    "text",
    [
        "I will row to Graz on 6 June.",
        "My aunt is visiting us next weekend.",
        "我下周三去看中医。",
        "我明年三月去冰岛。",
    ],
)
def test_what_has_a_day_to_come_is_an_event(text: str) -> None:
    assert read(text).category == Category.EVENTS


def test_a_day_that_something_was_moved_from_is_no_beginning_and_the_20th_is_an_end() -> None:
    assert read("We moved the demo from 3 June to 10 June 2026.").valid_from is None
    assert read("发布会从6月3日推迟到6月10日。").valid_from is None
    assert read("My bike is in repair until the 20th.").valid_to == datetime(2026, 5, 21, tzinfo=UTC)


def test_a_clause_without_a_subject_is_told_of_its_speaker_in_full() -> None:
    assert read("我搬家了，现在住在厦门。").text == "我搬家了，现在住在厦门。"
    assert read("我叫沈青，在青石出版社上班。").text == "我在青石出版社上班。"

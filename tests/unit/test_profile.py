"""Which memories are lines of a profile, where they stand, and which there is room for."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from app.domain.memories import OPEN_END, Category
from app.domain.profile import Day, FilledSlot, Language, Opponent, Section, Statement
from app.domain.profile_lines import View, lines_of
from app.domain.profile_text import Layout, fit, text_of
from app.domain.texts import estimate_tokens
from ingest.coming import event_day
from tests.fakes import NOON

VIEW = View(selves=frozenset(("user", "ann")), ranks={"own": 0, "team": 1}, at=NOON, since=NOON - timedelta(days=7))
LAYOUT = Layout(language=Language.EN, with_ids=False, space_ids={"own": "personal/x", "team": "team/y"})


def statement(number: int, **fields: object) -> Statement:
    made = Statement(
        id=f"m{number}",
        content=f"Statement {number}.",
        l0_abstract="",
        category=Category.PROFILE,
        importance=0.5,
        confidence=0.8,
        modality="fact",
        space_key="own",
        speaker="",
        tenant_id="t",
        agent_id="",
        text_hash=str(number),
        origin_id=f"m{number}",
        valid_from=NOON - timedelta(days=30),
        valid_to=OPEN_END,
        created_at=NOON,
        confirmed_at=NOON,
        slot=None,
        previous=None,
        disputed=[],
        sources=[],
        messages=[],
    )
    return msgspec.structs.replace(made, **fields)


def slot(attribute: str, value: str, subject: str = "ann", **fields: str) -> FilledSlot:
    made = FilledSlot(
        id=attribute,
        subject=subject,
        attribute=attribute,
        context="",
        cardinality="one",
        value=value,
        thing=subject,
        type="",
    )
    return msgspec.structs.replace(made, **fields)


def test_one_value_of_a_slot_is_its_head_and_the_others_say_against_it() -> None:
    older = statement(1, slot=slot("residence", "Paris"), confidence=0.5)
    head = statement(2, slot=slot("residence", "Rome"))
    same = statement(3, slot=slot("residence", "ROME", subject="user"), confidence=0.6)
    team = statement(4, slot=slot("residence", "Oslo"), space_key="team", confidence=0.9)

    [line] = lines_of([older, team, same, head], VIEW)

    assert (line.statement, line.section, line.same) == (head, Section.IDENTITY, ["m3"])
    assert [one.id for one in line.disputed] == ["m1"]
    assert [one.id for one in line.overridden] == ["m4"]


@pytest.mark.parametrize(
    ("fields", "section"),
    [
        ({"slot": slot("residence", "Rome")}, Section.IDENTITY),
        ({"slot": slot("custom:editor", "Vim")}, Section.TOOLS),
        ({"slot": slot("likes", "tea", cardinality="many")}, Section.PREFERENCES),
        ({"slot": slot("request", "no tables")}, Section.AGREEMENTS),
        ({"slot": slot("residence", "Rome", subject="kai")}, Section.PEOPLE),
        ({"slot": slot("port", "80", subject="harbor", type="tool"), "category": Category.ENTITIES}, Section.TOOLS),
        ({"slot": slot("port", "80", subject="harbor"), "category": Category.ENTITIES}, Section.PROJECTS),
        ({"category": Category.PREFERENCES}, Section.PREFERENCES),
        ({"category": Category.PATTERNS}, Section.AGREEMENTS),
        ({"category": Category.PATTERNS, "valid_from": NOON}, Section.RECENT),
        ({"category": Category.EVENTS, "valid_from": NOON}, Section.RECENT),
        ({"modality": "plan", "valid_from": NOON + timedelta(days=1)}, Section.COMING),
        ({}, Section.OTHER),
        ({"category": Category.EVENTS}, None),
        ({"modality": "hypothetical"}, None),
        ({"valid_to": NOON}, None),
    ],
)
def test_a_memory_stands_where_it_belongs(fields: dict[str, object], section: Section | None) -> None:
    assert [line.section for line in lines_of([statement(1, **fields)], VIEW)] == ([section] if section else [])


def test_two_people_who_speak_of_themselves_have_two_values() -> None:
    told = [statement(1, slot=slot("residence", "Rome")), statement(2, slot=slot("residence", "Oslo", subject="bob"))]

    lines = lines_of(told, msgspec.structs.replace(VIEW, speakers=frozenset(("bob",))))

    assert [(line.section, line.disputed) for line in lines] == [(Section.IDENTITY, [])] * 2


def test_the_order_is_that_of_importance_then_of_what_says_who_somebody_is() -> None:
    told = [
        statement(1, slot=slot("hobby", "chess")),
        statement(2, slot=slot("name", "Ann")),
        statement(3, slot=slot("skill", "knots"), importance=0.9),
    ]

    assert [line.statement.id for line in lines_of(told, VIEW)] == ["m3", "m2", "m1"]


@pytest.mark.parametrize("budget", [50, 120, 400])
def test_each_section_gets_a_place_before_any_gets_many(budget: int) -> None:
    told = [statement(number, category=Category.PREFERENCES) for number in range(30)]
    told += [statement(30 + number, category=Category.ENTITIES) for number in range(3)]
    lines = lines_of(told, VIEW)

    shown = fit(lines, LAYOUT, budget)

    assert {line.section for line in shown.lines} == {Section.PREFERENCES, Section.PROJECTS}
    assert estimate_tokens(text_of(shown, LAYOUT, budget)) <= budget
    assert len(shown.lines) + len(shown.omitted) == len(lines)


def test_an_event_stands_among_what_comes_until_its_day_is_over_and_then_among_what_was() -> None:
    day = Day(NOON + timedelta(days=20), NOON + timedelta(days=21))
    told = statement(1, category=Category.EVENTS, day=day)

    def places(days: float) -> list[Section]:
        at = NOON + timedelta(days=days)
        view = msgspec.structs.replace(VIEW, at=at, since=at - timedelta(days=7))
        return [line.section for line in lines_of([told], view)]

    assert [places(days) for days in (0, 20.5, 22, 29)] == [[Section.COMING], [Section.COMING], [Section.RECENT], []]
    text = text_of(fit(lines_of([told], VIEW), LAYOUT, 900), LAYOUT, 900)
    assert f"({(NOON + timedelta(days=20)).date()})" in text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The choir sings in Ghent on 2 April.", ("2026-04-02", "2026-04-03")),
        ("I will be in Ghent from 2 April to 5 April.", ("2026-04-02", "2026-04-06")),
        ("The concert was moved from 2 April to 9 April.", ("2026-04-09", "2026-04-10")),
        ("合唱团4月2日要去根特演出。", ("2026-04-02", "2026-04-03")),
        ("We sang in Ghent on 2 March.", None),
        ("We sing well.", None),
    ],
)
def test_the_day_of_an_event_is_what_its_text_names_after_it_was_told(text: str, day: tuple[str, str] | None) -> None:
    found = event_day(text, NOON)

    assert (found and (str(found.first.date()), str(found.after.date()))) == day


def test_what_is_denied_of_a_slot_stands_beside_its_value() -> None:
    denied = statement(1, slot=slot("employer", "Acme"), modality="negated", confidence=0.9)
    value = statement(2, slot=slot("employer", "Northwind"))

    lines = lines_of([denied, value], VIEW)

    assert sorted((line.statement.id, line.disputed) for line in lines) == [("m1", []), ("m2", [])]


@pytest.mark.parametrize(("days", "shown"), [((20, 22), 2), ((20, 20), 1)])
def test_events_on_different_days_dispute_each_other_only_over_one_slot(days: tuple[int, int], shown: int) -> None:
    def event(number: int, other: int, **fields: object) -> Statement:
        first = NOON + timedelta(days=days[number])
        opponent = Opponent(id=f"m{other}", content="The other.", confidence=0.5, valid_to=OPEN_END)
        day = Day(first, first + timedelta(days=1))
        return statement(number, category=Category.EVENTS, day=day, disputed=[opponent], **fields)

    retro = slot("date", "a day", subject="retro")

    assert len(lines_of([event(0, 1), event(1, 0)], VIEW)) == shown
    assert len(lines_of([event(0, 1, slot=retro), event(1, 0, slot=retro)], VIEW)) == 1

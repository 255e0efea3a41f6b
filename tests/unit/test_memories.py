"""What a memory looks like on the wire, when two texts are the same, and which values are accepted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from app.domain.errors import Invalid, TooLong
from app.domain.memories import (
    BEGINNING,
    OPEN_END,
    WIRE_STATES,
    Category,
    Memory,
    MemoryType,
    State,
    check_content,
    check_tags,
    created_view,
    current_key,
    facets,
    parse_choice,
    text_hash,
    timestamp,
    to_utc,
    view,
)

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
MEMORY = Memory(
    id="m1",
    content="张伟喜欢绿茶🍵",
    category=Category.PREFERENCES,
    memory_type=MemoryType.INSIGHT,
    tenant_id="t1",
    space_id="personal/t1",
    space_key="s0",
    visible_to="all0",
    valid_from=NOON,
    recorded_at=NOON,
    created_at=NOON,
    updated_at=NOON,
    text_hash=text_hash("张伟喜欢绿茶🍵"),
)


def changed(**fields: object) -> Memory:
    return msgspec.structs.replace(MEMORY, **fields)


def test_a_memory_has_29_fields_on_the_wire_and_a_new_one_its_task() -> None:
    assert len(view(MEMORY).__struct_fields__) == 29
    assert created_view(MEMORY, "t").__struct_fields__ == (*view(MEMORY).__struct_fields__, "task_id")


@pytest.mark.parametrize("field", ["agent_id", "session_id", "source"])
def test_what_is_empty_is_null_on_the_wire_where_the_contract_has_null(field: str) -> None:
    assert getattr(view(MEMORY), field) is None
    assert getattr(view(changed(**{field: "甲"})), field) == "甲"


def test_the_owner_of_what_nobody_owns_is_empty_and_not_null() -> None:
    assert view(MEMORY).owner_agent_id == ""


@pytest.mark.parametrize("state", list(State))
def test_only_what_was_replaced_says_since_when(state: State) -> None:
    shown = view(changed(state=state, valid_to=NOON))

    assert shown.state == WIRE_STATES[state]
    assert (shown.invalidated_at is not None) == (state in (State.SUPERSEDED, State.MERGED))


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(microsecond=1),
        NOON.astimezone(timezone(timedelta(hours=8))),
        datetime(1938, 5, 1, tzinfo=UTC),
    ],
)
def test_a_time_is_written_in_utc_with_six_digits(moment: datetime) -> None:
    written = timestamp(moment)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", written)
    assert datetime.fromisoformat(written) == moment


@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_every_moment_can_be_told_in_utc(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))

    assert BEGINNING <= to_utc(datetime(1, 1, 1, tzinfo=zone)) < NOON
    assert NOON < to_utc(datetime(9999, 12, 31, 23, 59, tzinfo=zone)) <= OPEN_END


@pytest.mark.parametrize("text", ["张伟喜欢绿茶🍵。", " 张伟喜欢绿茶🍵 ", "「张伟喜欢绿茶🍵」"])
def test_the_same_text_has_the_same_hash(text: str) -> None:
    assert text_hash(text) == MEMORY.text_hash


@pytest.mark.parametrize("text", ["张伟喜欢绿茶", "张伟喜欢绿茶🍵？", "张 伟喜欢绿茶🍵"])
def test_another_text_has_another_hash(text: str) -> None:
    assert text_hash(text) != MEMORY.text_hash


@pytest.mark.parametrize("field", ["space_key", "visible_to", "tenant_id", "agent_id", "text_hash"])
def test_a_text_is_current_once_for_each_agent_and_audience(field: str) -> None:
    assert current_key(changed(**{field: "other0"})) != current_key(MEMORY)


def test_what_may_change_does_not_change_the_key_of_a_text() -> None:
    assert current_key(changed(tags=["甲"], importance=1.0, version=7, id="m2")) == current_key(MEMORY)


def test_facets_are_tokens_that_no_analyzer_touches() -> None:
    tokens = facets(changed(source="克劳德 code", agent_id="Planner-1", tags=["部署", "infra"])).split()

    assert all(re.fullmatch(r"[a-z]+[0-9a-f]+0", token) for token in tokens)
    assert len(set(tokens)) == len(tokens) == 7


def test_a_value_means_another_facet_in_another_field() -> None:
    assert not set(facets(changed(tags=["x"])).split()) & set(facets(changed(source="x", agent_id="x")).split()[3:])


@pytest.mark.parametrize("content", ["x", "汉" * 100_000, "🚀" * 100_000])
def test_a_text_may_have_100_000_characters(content: str) -> None:
    check_content(content)


def test_a_longer_text_is_refused_with_what_to_do() -> None:
    with pytest.raises(TooLong, match="100001 characters") as refused:
        check_content("汉" * 100_001)

    assert "split" in refused.value.hint


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(Invalid, match="content"):
        check_content("")


def test_tags_keep_their_order_and_lose_blanks_and_doubles() -> None:
    assert check_tags([" 部署", "infra", "部署 ", "", " "]) == ["部署", "infra"]


@pytest.mark.parametrize("tags", [["汉" * 257], [str(number) for number in range(101)]])
def test_too_many_or_too_long_tags_are_refused(tags: list[str]) -> None:
    with pytest.raises(Invalid, match="tags"):
        check_tags(tags)


@pytest.mark.parametrize(("given", "expected"), [(None, "events"), ("cases", "cases"), ("CASES", "cases")])
def test_a_choice_may_be_written_in_any_case(given: str | None, expected: str) -> None:
    assert parse_choice("category", given, Category, Category.EVENTS) == expected


@pytest.mark.parametrize("given", ["", "case", "事件"])
def test_an_unknown_choice_is_refused_with_those_there_are(given: str) -> None:
    with pytest.raises(Invalid, match="category must be one of profile, preferences"):
        parse_choice("category", given, Category, Category.EVENTS)

"""Pages, cursors and filters of lists as they are read from a query string."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from app.domain import listing
from app.domain.errors import Invalid
from app.domain.listing import BulkQuery, Cursor, ListQuery, Page, parse_bulk, parse_filter, parse_instant, parse_page
from app.domain.memories import BEGINNING, OPEN_END, Category, Memory, MemoryType

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def memory(**fields: object) -> Memory:
    """A memory of which only some fields matter."""
    given = {
        "id": "m1",
        "content": "绿茶",
        "category": Category.EVENTS,
        "memory_type": MemoryType.INSIGHT,
        "tenant_id": "t",
        "space_id": "personal/t",
        "space_key": "s0",
        "visible_to": "all0",
        "text_hash": "",
        **dict.fromkeys(("valid_from", "recorded_at", "created_at", "updated_at"), NOON),
    }
    return Memory(**{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(("asked", "used"), [(None, 20), (0, 0), (1, 1), (200, 200), (201, 200), (10**9, 200)])
def test_a_limit_is_at_most_200(asked: int | None, used: int) -> None:
    assert listing.parse_limit(asked) == used


@pytest.mark.parametrize("query", [ListQuery(limit=-1), ListQuery(offset=-1)])
def test_negative_numbers_are_refused(query: ListQuery) -> None:
    with pytest.raises(Invalid, match=r"(limit|offset) must"):
        parse_page(query)


def test_a_list_begins_with_the_newest() -> None:
    assert parse_page(ListQuery()) == Page(sort="created_at", descending=True, after=OPEN_END, limit=20)


@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        ("importance", None, ("importance", True)),
        ("importance", "DESC", ("importance", True)),
        ("importance", "asc", ("importance", False)),
        ("importance", "up", ("importance", False)),
        ("content", "desc", ("created_at", True)),
        (None, None, ("created_at", True)),
    ],
)
def test_an_unknown_sort_is_by_creation_and_any_order_but_desc_ascends(
    sort: str | None, order: str | None, expected: tuple[str, bool]
) -> None:
    page = parse_page(ListQuery(sort=sort, order=order))

    assert (page.sort, page.descending) == expected


@pytest.mark.parametrize(
    ("sort", "value"), [("created_at", NOON), ("updated_at", NOON), ("importance", 0.7), ("access_count", 3)]
)
def test_a_cursor_goes_on_behind_the_last_memory(sort: str, value: object) -> None:
    first = Page(sort=sort, descending=False, limit=5)

    token = listing.next_cursor(first, memory(**{sort: value}))

    assert parse_page(ListQuery(cursor=token, limit=5)) == msgspec.structs.replace(first, after=value, after_id="m1")


def test_a_cursor_can_stand_in_an_address_as_it_is() -> None:
    token = listing.encode(Cursor("created_at", True, NOON.isoformat(), "记忆/?&=+ 🚀"))

    assert token.replace("-", "").replace("_", "").isalnum()
    assert listing.decode(token).id == "记忆/?&=+ 🚀"


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "绿茶",
        "bm90IG91cnM",
        listing.encode(Cursor("content", True, NOON.isoformat(), "m1")),
        listing.encode(Cursor("created_at", True, "soon", "m1")),
        listing.encode(Cursor("importance", True, "high", "m1")),
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(token: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        parse_page(ListQuery(cursor=token))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, BEGINNING),
        ("", BEGINNING),
        ("2026-03-14", datetime(2026, 3, 14, tzinfo=UTC)),
        (" 2026-03-14T12:00:00Z ", NOON),
        ("2026-03-14T20:00:00+08:00", NOON),
        ("2026-03-14T20:00:00 08:00", NOON),
        ("2026-03-14T12:00:00.000000+00:00", NOON),
    ],
)
def test_a_time_is_read_with_its_offset_and_a_date_as_its_midnight(text: str | None, expected: datetime) -> None:
    assert parse_instant("since", text, BEGINNING) == expected


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-03-14T12:00:00", "T", "昨天", "1773489600"])
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="since"):
        parse_instant("since", text, BEGINNING)


@pytest.mark.parametrize(
    ("query", "states"),
    [
        (ListQuery(), {"active", "expired", "archived"}),
        (ListQuery(include_superseded=True), {"active", "expired", "archived", "superseded", "merged"}),
        (ListQuery(state="active"), {"active"}),
        (ListQuery(state="archived"), {"held", "evidence", "expired", "archived"}),
        (ListQuery(state="superseded"), {"superseded", "merged"}),
        (ListQuery(state="deleted"), {"retracted"}),
        (ListQuery(state="Active"), set()),
        (ListQuery(state="unknown"), set()),
    ],
)
def test_a_state_on_the_wire_stands_for_ours_and_never_for_deleted(query: ListQuery, states: set[str]) -> None:
    assert set(parse_filter(query).states) == states


def test_a_bulk_filter_without_fields_means_everything_that_is_not_deleted() -> None:
    everything = parse_bulk(BulkQuery())

    assert "deleted" not in everything.states
    assert len(everything.states) == 8
    assert everything.before == OPEN_END


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ("", []),
        ("甲", ["甲"]),
        (" 甲 ,,乙, 甲", ["甲", "乙"]),
        (["甲,乙", " ", "丙"], ["甲,乙", "丙"]),
    ],
)
def test_a_list_is_given_by_commas_or_as_json(given: str | list[str] | None, expected: list[str]) -> None:
    assert listing.parse_list(given) == expected

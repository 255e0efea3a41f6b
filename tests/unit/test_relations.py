"""Which relations may be stated by hand, and how one reads on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import Invalid
from app.domain.listing import Cursor, encode
from app.domain.memories import BEGINNING, Category, Memory, MemoryType, text_hash
from app.domain.relations import (
    ASSERTABLE,
    Direction,
    Relation,
    RelationQuery,
    RelationType,
    check_statable,
    relation_view,
)
from app.services.relations import parse_page
from tests.fakes import NOON


def memory(memory_id: str, **fields: Any) -> Memory:
    defaults: dict[str, Any] = {"category": Category.EVENTS, "memory_type": MemoryType.INSIGHT}
    return Memory(
        id=memory_id,
        content=memory_id,
        tenant_id="ana",
        space_id="personal/ana",
        space_key="p10",
        visible_to="all0",
        valid_from=NOON,
        recorded_at=NOON,
        created_at=NOON,
        updated_at=NOON,
        text_hash=text_hash(memory_id),
        **(defaults | fields),
    )


@pytest.mark.parametrize("kind", ASSERTABLE)
def test_two_memories_can_be_related_in_each_way(kind: RelationType) -> None:
    check_statable(memory("a"), memory("b"), kind)


@pytest.mark.parametrize("kind", ASSERTABLE)
def test_a_memory_is_not_related_to_itself(kind: RelationType) -> None:
    with pytest.raises(Invalid, match="target_id is the memory itself"):
        check_statable(memory("a"), memory("a"), kind)


def test_a_message_is_neither_end() -> None:
    message = memory("m", kind="message", memory_type=MemoryType.SESSION)

    for ends in ((message, memory("b")), (memory("a"), message)):
        with pytest.raises(Invalid, match="messages"):
            check_statable(*ends, RelationType.SUPPORTS)


@pytest.mark.parametrize("kind", ASSERTABLE)
def test_what_is_pinned_is_only_kept_from_being_superseded(kind: RelationType) -> None:
    pinned = memory("b", memory_type=MemoryType.PINNED)

    if kind is RelationType.SUPERSEDES:
        with pytest.raises(Invalid, match="pinned"):
            check_statable(memory("a"), pinned, kind)
    else:
        check_statable(memory("a"), pinned, kind)


def test_a_pinned_memory_may_supersede() -> None:
    check_statable(memory("a", memory_type=MemoryType.PINNED), memory("b"), RelationType.SUPERSEDES)


def test_a_relation_reads_in_lower_case_with_the_other_end_whole() -> None:
    relation = Relation(
        id="r", type="SUPPORTS", direction=Direction.IN, of="a", memory=memory("b"), label="从五月起", created_at=NOON
    )

    view = relation_view(relation)

    assert (view.type, view.direction, view.memory.id, view.label) == ("supports", "in", "b", "从五月起")
    assert view.created_at == "2026-03-14T12:00:00.000000+00:00"
    assert (view.weight, view.task_id) == (None, None)


def test_without_parameters_a_page_has_every_kind_in_both_directions() -> None:
    page = parse_page(RelationQuery())

    assert page.types == [kind.upper() for kind in RelationType]
    assert page.directions == ["out", "in"]
    assert (page.after, page.after_id, page.limit) == (BEGINNING, "", 20)


def test_a_page_is_narrowed_in_any_case_of_letters() -> None:
    page = parse_page(RelationQuery(type="Similar_To", direction="OUT", limit=500))

    assert (page.types, page.directions, page.limit) == (["SIMILAR_TO"], ["out"], 200)


def test_a_page_goes_on_after_its_cursor() -> None:
    page = parse_page(RelationQuery(cursor=encode(Cursor("created_at", False, NOON.isoformat(), "r"))))

    assert (page.after, page.after_id) == (NOON, "r")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (RelationQuery(type="likes"), "type"),
        (RelationQuery(direction="up"), "direction"),
        (RelationQuery(limit=-1), "limit"),
        (RelationQuery(cursor="x"), "cursor"),
        (RelationQuery(cursor=encode(Cursor("importance", False, "0.5", "r"))), "cursor"),
    ],
)
def test_what_a_page_cannot_be_is_refused_by_its_name(query: RelationQuery, field: str) -> None:
    with pytest.raises(Invalid, match=field):
        parse_page(query)

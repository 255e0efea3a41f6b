"""Which queries need not be asked: those that go through a list in which there is nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.storage.graph import Transaction, many
from app.storage.queries import load, parse


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("UNWIND $rows AS row MATCH (memory:Memory {id: row.id}) SET memory.tier = row.tier", "rows"),
        ("// Of each.\nUNWIND $ids AS id MATCH (memory:Memory {id: id}) RETURN memory.content", "ids"),
        ("UNWIND $ids AS id MATCH (memory:Memory {id: id}) WITH count(memory) AS found RETURN found > 0", ""),
        ("UNWIND $ids AS id MATCH (memory:Memory {id: id}) RETURN count(*) AS found", ""),
        ("UNWIND $ids AS id MATCH (memory:Memory {id: id}) RETURN all(one IN collect(memory) WHERE true)", ""),
        ("MATCH (space:Space {id: $id}) UNWIND $rows AS row CREATE (memory:Memory)-[:IN_SPACE]->(space)", ""),
    ],
)
def test_the_list_that_a_query_goes_through(text: str, each: str) -> None:
    assert parse("some", text).each == each


class Asked:
    """A transaction that notes what it is asked, and answers nothing."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def run(self, text: str, _: object) -> Asked:
        self.texts.append(text)
        return self

    async def value(self) -> list[Any]:
        return []


async def test_a_query_about_nothing_is_not_sent() -> None:
    asked = Asked()
    query = load("decisions")["add_repeats"]

    for ids in ([], ["one"]):
        await many(cast("Transaction", asked), query, object, space_key="s", ids=ids, now=None)

    assert asked.texts == [query.text]

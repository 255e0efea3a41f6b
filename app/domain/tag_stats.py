"""How often tags are used, on the wire (contract 10.4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

# So many names at most of any list in a statistic; above it a limit is cut.
MAX_ROWS = 1_000
# Larger than any count, and an integer of the database.
MAX_COUNT = 2**31 - 1

Rows = Annotated[int, Meta(ge=0, le=MAX_COUNT)]


class TagQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many tags are asked for, used how often at least, and where."""

    limit: Rows = 20
    min_count: Rows = 1
    space: str | None = None


class TagCount(msgspec.Struct, frozen=True):
    """A tag and how many memories have it."""

    name: str
    count: int


class TagStats(msgspec.Struct, frozen=True, kw_only=True):
    """The most frequent tags; `total_tag_usages` counts all, also rarer ones than asked for."""

    tags: list[TagCount]
    total_unique_tags: int
    total_tag_usages: int
    cross_space_tags: list[str]

"""Groups of memories that one derived memory can stand for, and what consolidation did or would do with them."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from app.domain.memories import Category

# Where a derived memory says that it comes from.
SOURCE = "consolidation"
# Fewer memories are said as fast one by one; as many new ones make an existing summary be written again.
LEAST_MEMORIES = 3
LEAST_FRESH = 3


class GroupKind(StrEnum):
    """What holds a group together: the values of one slot, or a community."""

    VALUES = "values"
    TOPIC = "topic"


class Premise(msgspec.Struct, frozen=True, kw_only=True):
    """A memory of a group; it is fresh while no consolidation has seen its present text."""

    id: str
    text: str
    text_hash: str
    subject: str
    value: str
    category: Category
    importance: float
    tags: list[str]
    valid_from: str
    is_fresh: bool
    centrality: float


class Former(msgspec.Struct, frozen=True):
    """What was derived from a group before; it is outdated when something it follows from changed."""

    id: str
    is_outdated: bool


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The current memories of a slot or a community, with how many there are beyond those that were read."""

    key: str
    kind: GroupKind
    attribute: str
    label: str
    premises: list[Premise]
    total: int
    former: Former | None

    @property
    def is_due(self) -> bool:
        """Whether there is something new to say: a first time, something changed, or enough came since."""
        if len(self.premises) < LEAST_MEMORIES:
            return False
        fresh = sum(one.is_fresh for one in self.premises)
        return fresh > 0 if self.former is None else self.former.is_outdated or fresh >= LEAST_FRESH

    @property
    def is_left(self) -> bool:
        """Whether what was derived is no longer true and too little is left to say it anew."""
        return self.former is not None and self.former.is_outdated and len(self.premises) < LEAST_MEMORIES

    @property
    def fingerprint(self) -> str:
        """The same for the same memories with the same texts, whatever their order."""
        said = sorted(f"{one.id} {one.text_hash}" for one in self.premises)
        return hashlib.sha256("\n".join([self.key, *said]).encode()).hexdigest()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be remembered of a group, in whose words, and the ids of the memories that say it."""

    text: str
    method: str
    premise_ids: list[str]


class ConsolidationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """In which space memories are to be consolidated, and whether only to show which groups there are."""

    space: str | None = None
    dry_run: bool = False


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group on the wire; `text` is null where a language model would write it, `replaces` what it would supersede."""

    kind: GroupKind
    label: str
    memory_ids: list[str]
    text: str | None
    replaces: str | None


class ConsolidationRun(msgspec.Struct, frozen=True, kw_only=True):
    """The task that consolidates, or the groups that it would make memories of."""

    dry_run: bool
    task_id: str | None
    groups: list[GroupView]


def group_view(group: Group, summary: Summary | None) -> GroupView:
    """The wire form of a group."""
    return GroupView(
        kind=group.kind,
        label=group.label,
        memory_ids=[one.id for one in group.premises],
        text=summary.text if summary else None,
        replaces=group.former.id if group.former else None,
    )

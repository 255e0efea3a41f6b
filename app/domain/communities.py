"""Groups of memories and entities that belong together, made from the graph and made anew when it changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.memories import MemoryView, timestamp
from app.domain.texts import first_sentence, is_mostly_cjk, query_terms

# A label is three names or words.
LABEL_PARTS = 3
# Shorter words say nothing by themselves.
LEAST_LETTERS = 3
# Characters of a Chinese label, about six words.
CHINESE_LABEL = 12


class SketchMemory(msgspec.Struct, frozen=True):
    """A memory with the entities that it names; `centrality` as it is stored."""

    id: str
    entity_ids: list[str]
    centrality: float | None = None


class SketchRelation(msgspec.Struct, frozen=True):
    """A relation between two memories and how much it holds them together."""

    source_id: str
    target_id: str
    weight: float


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A community: its memories, and the entities that they name."""

    id: str
    memory_ids: list[str]
    entity_ids: list[str]

    @property
    def members(self) -> set[str]:
        """Memories and entities."""
        return {*self.memory_ids, *self.entity_ids}


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """The excerpt of a space in which communities are looked for, with those of before.

    `weight` is that of all edges when they were last made out of nothing; None when they never were.
    """

    space_key: str
    memories: list[SketchMemory]
    relations: list[SketchRelation]
    before: list[Cluster]
    weight: float | None = None


class Outcome(msgspec.Struct, frozen=True):
    """The communities of an excerpt, and how central each memory and entity is, from 0 to 1.

    `weight` is that of all edges when the communities were last made out of nothing, now or before.
    """

    clusters: list[Cluster]
    ranks: dict[str, float]
    weight: float = 0.0


class CommunityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which communities are asked for."""

    space: str | None = None
    cursor: str | None = None
    limit: int | None = None


class NamedEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity of a community and how many of its memories name it."""

    id: str
    name: str
    type: str
    memory_count: int


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """A community as far as the caller sees it; `texts` are some of its memories."""

    id: str
    space_key: str
    memory_count: int
    entities: list[NamedEntity]
    texts: list[str]
    updated_at: datetime


class CommunityView(msgspec.Struct, frozen=True, kw_only=True):
    """A community on the wire; its most named entities first."""

    id: str
    space_id: str
    label: str
    memory_count: int
    entities: list[NamedEntity]
    updated_at: str


class CommunityDetail(CommunityView, frozen=True, kw_only=True):
    """One community with its memories, the most central first."""

    memories: list[MemoryView]


class CommunityList(msgspec.Struct, frozen=True):
    """A page of communities, largest first; `next_cursor` is null on the last one."""

    communities: list[CommunityView]
    next_cursor: str | None


def label_of(names: Sequence[str], texts: Sequence[str]) -> str:
    """What a community is about in three names, else in words of its texts; the first text is the most central one.

    Nothing says where a Chinese word ends, so without names a Chinese label is the beginning of that text.
    """
    parts = list(dict.fromkeys(names))[:LABEL_PARTS]
    if texts and is_mostly_cjk(texts[0]):
        return "、".join(parts) or first_sentence(texts[0], CHINESE_LABEL)
    named = " ".join(parts).casefold()
    words = Counter(word for text in texts for word in set(query_terms(text)))
    telling = sorted(words, key=lambda word: (-words[word], word))
    parts += [word for word in telling if _is_telling(word) and word not in named][: LABEL_PARTS - len(parts)]
    return ", ".join(parts)


def _is_telling(word: str) -> bool:
    return len(word) >= LEAST_LETTERS and not word.isdecimal()


def community_view(community: Community, space_id: str) -> CommunityView:
    """The wire form of a community; its label is made of what the caller sees, so that nothing hidden is in it."""
    return CommunityView(
        id=community.id,
        space_id=space_id,
        label=label_of([entity.name for entity in community.entities], community.texts),
        memory_count=community.memory_count,
        entities=community.entities,
        updated_at=timestamp(community.updated_at),
    )

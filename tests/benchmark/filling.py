"""Memories to fill a graph with: seeded texts in English and Chinese, in the form in which the service stores them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import numpy

from app.domain.memories import Category, Memory, MemoryType, current_key, facets, text_hash
from app.domain.principal import ALL_AGENTS
from app.domain.texts import SafeText
from app.storage.graph import packed
from app.storage.memories import properties

SEED = 11
BATCH = 500
CHINESE_SHARE = 0.4
# So many texts are embedded by the model; the other vectors lie around theirs, as texts on one topic do.
EMBEDDED_TEXTS = 256
# A cosine of about 0.8 between a vector and the one it lies around.
SPREAD = 0.75
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Who, does what, with which thing, and how.
ENGLISH = """
    Ada;Ben;Chloe;David;Elena;Farid;Grace;Hugo;Ines;Jonas;Keiko;Liam;Mara;Nils;Olga;Pavel;Rosa;Sven;Tara;Yusuf
    prefers;deploys;reviews;rewrites;tested;cancelled;moved;booked;ordered;repaired;measured;documented
    the billing service;the staging cluster;a flight to Lisbon;the blue kayak;the onboarding guide;the release notes;\
    the espresso machine;an oak table;the search index;the Tuesday meeting;the tax report;the guitar lessons
    before the audit;because the old one failed;with two colleagues;after a long talk;for the second time;\
    in the small office;without telling anyone;as the contract says;on a rainy morning;to save money"""
CHINESE = """
    小林;阿岩;思远;米娅;柯南;老周;晓雯;建国
    喜欢;负责;取消了;搬走了;预订了;修好了;测试了;改写了
    支付服务;搜索索引;去里斯本的机票;蓝色皮划艇;入职手册;咖啡机;橡木桌;周二的例会;税务报告;吉他课
    因为旧的坏了;和两位同事一起;在小办公室;为了省钱;第二次;审计之前"""


def statement(number: int) -> str:
    """The text of a number; different numbers have different texts."""
    draw = random.Random(f"{SEED} {number}")
    if draw.random() < CHINESE_SHARE:
        who, does, thing, how = _words(CHINESE, draw)
        return f"{who}{does}{thing}，{how}，编号{number}。"
    return f"{' '.join(_words(ENGLISH, draw))}, ticket {number}."


def question(number: int) -> str:
    """An English question of a number, since its limit is one search of the English index; never asked twice."""
    words = _words(ENGLISH, random.Random(f"{SEED} question {number}"))
    return f"When was it that {' '.join(words)}, round {number}?"


def _words(language: str, draw: random.Random) -> list[str]:
    """One of each line's choices."""
    return [draw.choice(line.split(";")).strip() for line in language.strip().splitlines()]


class Vectors:
    """Unit vectors that lie around those of some real texts."""

    def __init__(self, real: Sequence[Sequence[float]]) -> None:
        self._real = numpy.asarray(real)
        self._draw = numpy.random.default_rng(SEED)

    def draw(self, count: int) -> list[list[float]]:
        """So many of them."""
        centres = self._real[self._draw.integers(len(self._real), size=count)]
        noise = self._draw.standard_normal(centres.shape)
        noise /= numpy.linalg.norm(noise, axis=1, keepdims=True)
        near = centres + SPREAD * noise
        return (near / numpy.linalg.norm(near, axis=1, keepdims=True)).tolist()


def memory(space_key: str, number: int) -> Memory:
    """The memory of a number in a space."""
    moment = EPOCH + timedelta(seconds=number)
    content = statement(number)
    draft = Memory(
        id=str(UUID(int=random.Random(f"{space_key} {number}").getrandbits(128))),
        content=content,
        l0_abstract=content,
        category=Category.EVENTS,
        memory_type=MemoryType.INSIGHT,
        tenant_id="measured",
        source="benchmark",
        space_id=f"personal/{space_key}",
        space_key=space_key,
        visible_to=ALL_AGENTS,
        valid_from=moment,
        recorded_at=moment,
        created_at=moment,
        updated_at=moment,
        text_hash=text_hash(SafeText(content)),
    )
    return msgspec.structs.replace(draft, facets=facets(draft))


def batches(vectors: Vectors, space_keys: Sequence[str], numbers: range) -> Iterator[list[dict[str, object]]]:
    """The memories of these numbers in each of the spaces, some hundred at a time."""
    places = [(space_key, number) for space_key in space_keys for number in numbers]
    for start in range(0, len(places), BATCH):
        part = places[start : start + BATCH]
        rows = zip(part, vectors.draw(len(part)), strict=True)
        yield [row(memory(space_key, number), vector) for (space_key, number), vector in rows]


def row(stored: Memory, vector: list[float]) -> dict[str, object]:
    """A memory as a parameter of the filling statements."""
    return {"properties": properties(stored) | {"current_key": current_key(stored)}, "embedding": packed(vector)}

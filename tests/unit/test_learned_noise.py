"""Learned noise: the same text, or what is close to three agreeing examples and names nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from app.domain.memories import text_hash
from app.domain.noise_examples import NoiseExample
from app.domain.texts import SafeText
from ingest.learned_noise import CLOSE_COSINE, STRICT_COSINE, learned_noise
from ingest.noise import is_anchored, opening_name
from ingest.noise_prototypes import MEASURED_MODEL

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ALIKE = "the build bot says it is done"


def at(cosine: float) -> list[float]:
    """A unit vector with this cosine to [1, 0]."""
    return [cosine, math.sqrt(1 - cosine * cosine)]


def example(text: str, cosine: float = 1.0, confirmations: int = 1) -> NoiseExample:
    return NoiseExample(
        id=text,
        space_id="personal/t",
        space_key="s0",
        visible_to="all0",
        text=text,
        text_hash=text_hash(text),
        embedding=at(cosine),
        memory_ids=[str(number) for number in range(confirmations)],
        created_at=NOW,
    )


def judged(text: str, *examples: NoiseExample, model: str = MEASURED_MODEL) -> str | None:
    return learned_noise(SafeText(text), [1.0, 0.0], model, examples)


@pytest.mark.parametrize("text", ["Build 4711 is green", "build 4711  is GREEN", "张伟在三号机房"])
def test_the_same_text_is_noise_whatever_it_names(text: str) -> None:
    assert judged(text, example("Build 4711 is green"), example("张伟在三号机房"))


def test_three_examples_that_agree_are_needed() -> None:
    close = [example(f"the build bot said so {letter}", CLOSE_COSINE) for letter in "abc"]

    assert judged(ALIKE, *close) == close[0].id
    assert judged(ALIKE, *close[:2]) is None
    assert judged(ALIKE, example("the build bot said so", CLOSE_COSINE, confirmations=3))


def test_what_is_not_close_does_not_agree() -> None:
    close = [example(f"the build bot said so {letter}", CLOSE_COSINE - 0.01) for letter in "abc"]

    assert judged(ALIKE, *close) is None


@pytest.mark.parametrize(("text", "model"), [("构建机器人说好了", MEASURED_MODEL), (ALIKE, "another model")])
def test_chinese_and_models_that_were_not_measured_need_more(text: str, model: str) -> None:
    nearly = [example(f"bot {letter}", STRICT_COSINE - 0.01) for letter in "abc"]
    nearer = [example(f"bot {letter}", STRICT_COSINE) for letter in "abc"]

    assert judged(text, *nearly, model=model) is None
    assert judged(text, *nearer, model=model)


@pytest.mark.parametrize(
    "text",
    [
        "the build bot met Marisol",
        "the build bot needs 4 minutes",
        "the build bot is off on monday",
        "the build bot reads `main`",
        "Marisol says it is done",
        "构建机器人周五停",
        "构建由阿宁负责",
        "the build bot " + "says that it is done and " * 3,
    ],
)
def test_what_names_something_is_never_noise_by_likeness(text: str) -> None:
    assert judged(text, *(example(f"bot {letter}") for letter in "abc")) is None


def test_a_first_word_that_examples_share_is_no_name() -> None:
    assert judged("Builds are done", *(example(f"Builds are fine {letter}") for letter in "abc"))


def test_without_a_vector_only_the_same_text_counts() -> None:
    examples = [example(f"bot {letter}") for letter in "abc"]

    assert learned_noise(SafeText(ALIKE), [], MEASURED_MODEL, examples) is None
    assert learned_noise(SafeText("bot a"), [], MEASURED_MODEL, examples) == "bot a"


@pytest.mark.parametrize(
    ("text", "anchored"), [("Lookup finished", False), ("see you tomorrow", True), ("ask Lena", True), ("好的", False)]
)
def test_an_anchor_is_a_name_number_date_or_code(text: str, anchored: bool) -> None:
    assert is_anchored(SafeText(text)) is anchored


def test_a_first_word_may_be_a_name() -> None:
    assert (opening_name(SafeText("Lena is late")), opening_name(SafeText("The train is late"))) == ("Lena", "")

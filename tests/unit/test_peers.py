"""The arithmetic of the comparison with others, and how its environment is made; no peer is asked."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.benchmark.peers.comparison import (
    Line,
    best,
    rate_with_embedding,
    ratio,
    recalls,
    table,
    times,
    with_embedding,
)
from tests.benchmark.peers.environment import REQUIREMENTS, commands
from tests.benchmark.peers.job import SLICE, Asked, slices
from tests.evaluation.scores import Estimate


def line(name: str, way: str, recall: float) -> Line:
    estimates = {depth: Estimate(recall, recall, recall) for depth in ("1", "5", "10", "20")}
    return Line(name=name, way=way, recall=estimates)


def test_slices_never_mix_conversations_and_hold_every_question_once() -> None:
    questions = [Asked("a", str(place), []) for place in range(SLICE + 3)] + [Asked("b", "one", [])]

    made = list(slices(questions))

    assert [len(part) for part in made] == [SLICE, 3, 1]
    assert [place for part in made for place in part] == list(range(len(questions)))
    assert list(slices([])) == []


def test_recall_is_the_mean_over_questions_at_each_depth() -> None:
    found = recalls([["1:1", "1:2"], ["2:1"]], [[["1:1"], ["9:9"]], [["9:9"], ["2:1"]]])

    assert {depth: value.mean for depth, value in found.items()} == {"1": 0.25, "5": 0.75, "10": 0.75, "20": 0.75}


def test_ratio_is_the_median_of_the_slices() -> None:
    assert ratio([[10, 10], [50, 50], [12, 12]], [[40, 40], [50, 50], [40, 40]]) == 0.3


def test_embedding_is_added_to_each_search_and_to_each_store() -> None:
    assert with_embedding([10.0, 20.0], [5.0, 1.0]) == [15.0, 21.0]
    assert rate_with_embedding(100.0, 300.0) == pytest.approx(75.0)
    assert times([1.0, 2.0, 3.0]).p50 == 2.0


def test_best_way_of_each_participant_is_kept() -> None:
    lines = [line("ourmem", "http", 0.8), line("G", "facts", 0.5), line("G", "episodes", 0.6), line("G", "mmr", 0.4)]

    assert [(one.name, one.way) for one in best(lines)] == [("ourmem", "http"), ("G", "episodes")]


def test_table_has_a_row_for_each_way_also_without_times() -> None:
    timed = msgspec.structs.replace(line("ourmem", "http", 0.8), known=times([1.0]), ratio=0.25)

    made = table([timed, line("BM25", "single turns", 0.6)])

    assert made.row_count == 2


@pytest.mark.parametrize("uv", ["/usr/bin/uv", None])
def test_environment_is_made_apart_from_ours(uv: str | None) -> None:
    create, install = commands(Path("/cache/peers"), Path("/cache/peers/bin/python"), uv)

    assert create[-1] == "/cache/peers"
    assert "/cache/peers/bin/python" in install
    assert install[-1] == str(REQUIREMENTS)

"""The arithmetic of the benchmark and what it fills graphs with; no service is asked."""

from __future__ import annotations

import os
import socket

import numpy
import pytest

from tests.benchmark import filling
from tests.benchmark.filling import Vectors
from tests.benchmark.processes import PROC, listener, resident_megabytes
from tests.benchmark.timing import absolute, compare, interleaved, meets, percentile


@pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (50, 2.5), (100, 4.0)])
def test_percentile_lies_between_neighbours(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


def test_steps_take_turns_and_the_warm_up_is_not_timed() -> None:
    calls: list[tuple[str, int]] = []

    times = interleaved({name: lambda place, name=name: calls.append((name, place)) for name in "ab"}, 2, 1)

    assert calls == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [len(values) for values in times.values()] == [2, 2]


def test_figure_is_divided_by_the_sum_of_its_limit() -> None:
    figure = compare("search", 30.0, {"embed": 15.0, "query": 5.0}, "≤ 1.6")

    assert (figure.result, figure.is_reached) == (1.5, True)


def test_figure_without_limit_stands_for_itself() -> None:
    assert absolute("memory", 1400.0, "≤ 1300", "MB").is_reached is False


@pytest.mark.parametrize(("target", "is_met"), [("≤ 1", True), ("≤ 0.9", False), ("≥ 1", True), ("≥ 1.1", False)])
def test_targets_include_their_bound(target: str, is_met: bool) -> None:
    assert meets(1.0, target) is is_met


def test_texts_differ_and_are_the_same_in_every_run() -> None:
    texts = [filling.statement(number) for number in range(500)]

    assert len(set(texts)) == 500
    assert texts[7] == filling.statement(7)
    assert 0.3 < sum(not text.isascii() for text in texts) / 500 < 0.5


def test_vectors_are_units_around_real_ones() -> None:
    real = numpy.eye(384)[:2]

    drawn = numpy.asarray(Vectors(real.tolist()).draw(50))

    assert numpy.allclose(numpy.linalg.norm(drawn, axis=1), 1)
    assert ((drawn @ real.T).max(axis=1) > 0.6).all()


def test_a_memory_has_another_id_in_another_space() -> None:
    assert filling.memory("s10", 1).id != filling.memory("s20", 1).id
    assert filling.memory("s10", 1) == filling.memory("s10", 1)


@pytest.mark.skipif(not PROC.is_dir(), reason="only Linux says so in /proc")
def test_this_process_is_found_by_the_port_it_listens_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert listener(f"bolt://127.0.0.1:{port}") == os.getpid()
    assert (resident_megabytes(os.getpid()) or 0) > 10


def test_nothing_is_known_of_processes_elsewhere() -> None:
    assert listener("bolt://db.example:7687") is None
    assert resident_megabytes(None) is None

"""The arithmetic of the benchmark and what it fills graphs with; no service is asked."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy
import pytest

from tests.benchmark import filling
from tests.benchmark.crowd import Crowd
from tests.benchmark.filling import Vectors
from tests.benchmark.processes import PROC, cpu_seconds, listener, resident_megabytes
from tests.benchmark.scale import disk
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


@pytest.mark.skipif(not PROC.is_dir(), reason="only Linux says so in /proc")
def test_processor_time_grows_with_work() -> None:
    before = cpu_seconds(os.getpid())
    while (now := cpu_seconds(os.getpid())) == before:
        pass

    assert now is not None
    assert before is not None
    assert now > before
    assert cpu_seconds(None) is None


def test_a_crowd_is_as_fast_as_its_searches_in_the_time_it_was_there() -> None:
    found = Crowd([10.0, 20.0, 30.0, 40.0], seconds=2.0)

    assert (found.p50, found.a_second) == (25.0, 2.0)
    assert 38 < found.p95 < 40


def test_disk_is_told_by_what_lies_there(tmp_path: Path) -> None:
    database = "databases/neo4j"
    for name in (
        f"{database}/neostore.nodestore.db",
        f"{database}/schema/index/vector-2026.08/3/vectors.vec",
        f"{database}/schema/index/fulltext-2.0/4/words.cfs",
        f"{database}/schema/index/range-1.0/5/index-5",
        f"{database}/schema/index/token-lookup-1.0/1/index-1",
        "transactions/neo4j/neostore.transaction.db.0",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(100_000))

    assert disk(tmp_path) == {"vector": 0.1, "text": 0.1, "range": 0.1, "store": 0.2, "log": 0.1}

"""Windows of a minute: what is counted, what is left, and that counting takes no more memory than it may."""

from __future__ import annotations

import pytest

from app.domain.rate_limits import MAX_WINDOWS, Allowance, Windows
from app.services.limits import LLM_WORK, SHARING, is_local, network_of
from tests.fakes import FixedClock


def test_limit_is_there_again_when_its_minute_is_over() -> None:
    windows, clock = Windows(), FixedClock()

    counted = [windows.count("requests", "ann", 2, clock()) for _ in range(3)]
    clock.move(59.5)
    late = windows.look("requests", "ann", 2, clock())
    clock.move(0.5)

    assert [(one.remaining, one.is_exceeded) for one in counted] == [(1, False), (0, False), (0, True)]
    assert late == Allowance(2, 0, 1, is_exceeded=True)
    assert windows.count("requests", "ann", 2, clock()) == Allowance(2, 1, 60)


def test_everybody_and_everything_is_counted_apart() -> None:
    windows, clock = Windows(), FixedClock()
    windows.count("requests", "ann", 1, clock())

    assert not windows.count("requests", "bob", 1, clock()).is_exceeded
    assert not windows.count("shares", "ann", 1, clock()).is_exceeded


def test_oldest_window_goes_when_there_are_too_many() -> None:
    windows, clock = Windows(), FixedClock()
    for number in range(MAX_WINDOWS + 1):
        windows.count("key", str(number), 1, clock())

    assert windows.look("key", "0", 1, clock()).remaining == 1
    assert windows.look("key", "1", 1, clock()).is_exceeded


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_client_is_known_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_only_this_machine_is_local() -> None:
    assert [is_local(address) for address in ("127.0.0.1", "::1", "127.9.9.9", "10.0.0.1", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["POST /v1/memories", "POST /v1/imports/", "POST /v1/imports/x/intelligence", "POST /v1/ingest/preview"]
)
def test_what_a_model_reads_is_work_for_it(line: str) -> None:
    assert LLM_WORK.fullmatch(line)
    assert not LLM_WORK.fullmatch(line.replace("POST", "GET"))


@pytest.mark.parametrize(
    "line", ["POST /v1/memories/x/share", "POST /v1/memories/share-all", "POST /v1/org/org/x/publish"]
)
def test_what_writes_into_spaces_of_others_is_sharing(line: str) -> None:
    assert SHARING.fullmatch(line)
    assert not LLM_WORK.fullmatch(line)

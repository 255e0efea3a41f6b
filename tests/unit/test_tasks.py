"""How a task shows its progress, and how long it waits after a failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.domain.tasks import (
    ERRORS_KEPT,
    MAX_ATTEMPTS,
    Progress,
    Task,
    TaskKind,
    TaskStatus,
    after,
    gives_up,
    outcome,
    retry_delay,
    view,
)
from app.services.tasks import request_hash

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TASK = Task(
    id="t1", kind=TaskKind.INGEST, status=TaskStatus.QUEUED, tenant_id="t", space_key="s0", created_at=NOON
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "done", "total", "progress"),
    [
        (TaskStatus.QUEUED, 0, 0, 0.0),
        (TaskStatus.QUEUED, 0, 10, 0.0),
        (TaskStatus.RUNNING, 5, 10, 0.5),
        (TaskStatus.RUNNING, 12, 10, 1.0),
        (TaskStatus.COMPLETED, 0, 0, 1.0),
        (TaskStatus.PARTIAL, 5, 10, 1.0),
        (TaskStatus.FAILED, 5, 10, 0.5),
        (TaskStatus.CANCELLED, 0, 0, 0.0),
    ],
)
def test_progress_is_the_share_of_steps_that_are_done(
    status: TaskStatus, done: int, total: int, progress: float
) -> None:
    assert view(msgspec.structs.replace(TASK, status=status, done_count=done, total_count=total)).progress == progress


def test_what_a_task_does_not_have_is_null() -> None:
    shown = view(TASK)

    assert (shown.memory_id, shown.session_id, shown.started_at, shown.finished_at) == (None, None, None, None)
    assert shown.created_at == "2026-03-14T12:00:00.000000+00:00"


def test_what_the_work_counted_stands_beside_the_steps() -> None:
    shown = view(msgspec.structs.replace(TASK, stored_count=2, done_count=1, total_count=3, counts='{"facts":4}'))

    assert shown.counts == {"stored": 2, "done": 1, "total": 3, "facts": 4}


def test_an_attempt_adds_to_what_earlier_ones_used_and_met() -> None:
    tried = msgspec.structs.replace(TASK, tokens=100, errors=["down"])

    total = after(tried, Progress(1, 2, {"facts": 4}, 20, ["line 7: no text"]))

    assert total == Progress(1, 2, {"facts": 4}, 120, ["down", "line 7: no text"])
    assert len(after(tried, Progress(errors=["bad"] * 1000)).errors) == ERRORS_KEPT


@pytest.mark.parametrize(("errors", "status"), [([], TaskStatus.COMPLETED), (["第 7 行没有文字"], TaskStatus.PARTIAL)])
def test_work_that_had_to_leave_something_out_is_partial(errors: list[str], status: TaskStatus) -> None:
    assert outcome(Progress(7, 7, errors=errors)) is status


def test_a_task_waits_twice_as_long_after_each_failure_up_to_five_minutes() -> None:
    waits = [retry_delay(attempt, 0.5).total_seconds() for attempt in range(1, 12)]

    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 300
    assert waits[:MAX_ATTEMPTS] == sorted(waits[:MAX_ATTEMPTS])


def test_only_erasing_is_never_given_up() -> None:
    tried = msgspec.structs.replace(TASK, attempts=MAX_ATTEMPTS)

    assert gives_up(tried)
    assert not gives_up(msgspec.structs.replace(tried, kind=TaskKind.ERASE))
    assert retry_delay(10_000, 0.5).total_seconds() == 300


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 0.75), (1.0, 1.25)])
def test_jitter_moves_a_wait_by_a_quarter(jitter: float, seconds: float) -> None:
    assert retry_delay(1, jitter) == timedelta(seconds=seconds)


def test_requests_differ_by_path_and_body_and_not_by_private_text() -> None:
    def hash_of(content: str, path: str = "/v1/memories") -> str:
        return request_hash(path, {"content": content})

    assert hash_of("绿茶") == hash_of("绿茶")
    assert len({hash_of("绿茶"), hash_of("红茶"), hash_of("绿茶", "/v1/other")}) == 3
    assert hash_of("a <private>1</private>") == hash_of("a <private>2</private>")

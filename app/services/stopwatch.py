"""How long each stage of a search took, and what it did."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from app.domain.search import Dropped, Stage, Trace

# Legs that are asked together with the vector leg, whose stage has the time of all.
WITHIN = ("leg:english", "leg:cjk")
ASKED_TOGETHER = "leg:vector"


class Stopwatch:
    """Collects the stages of a search with their durations."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._start = self._last = time.perf_counter()

    def stage(self, name: str, before: int, kept: Sequence[float | None], dropped: Iterable[Dropped] = ()) -> None:
        """Notes a stage that ends now: how many went in, the scores of what came out, what was dropped."""
        now = time.perf_counter()
        scores = [score for score in kept if score is not None]
        self.stages.append(
            Stage(
                name=name,
                input_count=before,
                output_count=len(kept),
                duration_ms=round((now - self._last) * 1000, 3),
                score_range=[min(scores), max(scores)] if scores else None,
                dropped=list(dropped),
            )
        )
        self._last = now

    def durations(self) -> list[tuple[str, float]]:
        """The stages with their seconds, the legs that are branches of one statement as one stage."""
        return [(_kind(stage.name), stage.duration_ms / 1000) for stage in self.stages if stage.name not in WITHIN]

    def trace(self, final_count: int) -> Trace:
        """The whole search."""
        total = round((time.perf_counter() - self._start) * 1000, 3)
        return Trace(stages=self.stages, total_duration_ms=total, final_count=final_count)


def _kind(stage: str) -> str:
    return "legs" if stage.startswith(ASKED_TOGETHER) else stage

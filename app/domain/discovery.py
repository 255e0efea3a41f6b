"""Relations between memories that are there already: what is compared, and what a run answers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.domain.facts import Cardinality, Modality
from app.domain.tasks import TaskStatus


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A current memory as it is compared with others; `''` stands for none, `asserter` is who vouches for it."""

    id: str
    text: str
    text_hash: str
    category: str
    memory_type: str
    asserter: str
    session_id: str
    said_at: datetime
    valid_to: datetime
    confidence: float
    importance: float
    subject: str = ""
    attribute: str = ""
    value: str = ""
    context: str = ""
    modality: Modality = Modality.FACT
    cardinality: Cardinality = Cardinality.MANY

    @property
    def is_pinned(self) -> bool:
        """Whether nothing may replace it."""
        return self.memory_type == "pinned"


class Entailment(msgspec.Struct, frozen=True):
    """How far a hypothesis follows from a premise, neither follows nor not, or is excluded by it; the sum is 1."""

    entails: float
    neutral: float
    contradicts: float


class FoundPair(msgspec.Struct, frozen=True):
    """Two memories that may have to do with each other and that nobody compared yet; no score without vectors."""

    left_id: str
    right_id: str
    score: float | None


class ReconcileQuery(msgspec.Struct, frozen=True, kw_only=True):
    """In which space relations are wanted, and how many seconds the answer may take when it is a large one."""

    space: str | None = None
    wait: float | None = None


class ReconcileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to, or how far its task is; `proposals` are relations that only somebody else can decide on.

    `task_id` names the decisions, which can be undone together; null when there are none.
    """

    relations_created: int
    memories_scanned: int
    pairs_judged: int
    proposals: int
    status: TaskStatus
    task_id: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in (TaskStatus.QUEUED, TaskStatus.RUNNING)

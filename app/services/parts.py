"""What flows work with: the frozen struct of graph, models, recorder and clock that `main.py` makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from app.config import Settings
from app.providers.breaker import CircuitBreaker
from app.providers.embedder import Embedder
from app.providers.entailment import Entailer
from app.providers.llm import LanguageModel
from app.providers.reranker import PAUSE_SECONDS, Reranker
from app.providers.thesaurus import Thesaurus
from app.services.accesses import AccessRecorder
from app.services.limits import Limits
from app.services.remembering import RememberedAnswers
from app.storage.graph import Graph

Clock = Callable[[], datetime]


class Parts(msgspec.Struct, frozen=True):
    """The parts of a running service; without language models rules do their work."""

    settings: Settings
    graph: Graph
    embedder: Embedder
    accesses: AccessRecorder
    clock: Clock
    llm: LanguageModel | None = None
    answers: RememberedAnswers = msgspec.field(default_factory=RememberedAnswers)
    limits: Limits = msgspec.field(default_factory=Limits)
    entailer: Entailer | None = None
    thesaurus: Thesaurus = msgspec.field(default_factory=Thesaurus)
    reranker: Reranker | None = None
    reranker_breaker: CircuitBreaker = msgspec.field(default_factory=lambda: CircuitBreaker(PAUSE_SECONDS))

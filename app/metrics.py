"""What a process counts of its own work, in the form that Prometheus reads.

Labels are names that stand in our own code: routes as they are declared, kinds, states, outcomes. No id, text, key or
name of a caller may become one, since each value of a label is kept for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# The framework adds the charset.
CONTENT_TYPE = "text/plain; version=0.0.4"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OTHER = "other"
# From a point read to the patience of a client; search targets tens of milliseconds.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
Info("ourmem", "The version of the service.", registry=REGISTRY).info({"version": version("ourmem")})

_requests = Counter("ourmem_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
_request_seconds = Histogram(
    "ourmem_http_request_seconds",
    "Seconds until an answer began.",
    ["method", "route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
_stage_seconds = Histogram(
    "ourmem_search_stage_seconds", "Seconds of each stage of a search.", ["stage"], buckets=SECONDS, registry=REGISTRY
)
_degraded = Counter(
    "ourmem_search_degraded", "Searches answered without a leg that failed.", ["leg"], registry=REGISTRY
)
_tasks = Counter("ourmem_task_attempts", "Attempts at tasks that ended.", ["kind", "outcome"], registry=REGISTRY)
_task_seconds = Histogram(
    "ourmem_task_seconds", "Seconds of an attempt at a task.", ["kind"], buckets=(*SECONDS, 60, 300), registry=REGISTRY
)
_llm_calls = Counter("ourmem_llm_calls", "Questions to the language model.", ["outcome"], registry=REGISTRY)
_llm_tokens = Counter("ourmem_llm_tokens", "Tokens the language model used.", registry=REGISTRY)
_llm_seconds = Histogram(
    "ourmem_llm_call_seconds", "Seconds of a question to the language model.", buckets=SECONDS, registry=REGISTRY
)
_embed_seconds = Histogram(
    "ourmem_embed_seconds",
    "Seconds until texts that were not known had their vectors, waiting included.",
    ["role"],
    buckets=SECONDS,
    registry=REGISTRY,
)
_embed_texts = Counter("ourmem_embed_texts", "Texts that got vectors.", ["role"], registry=REGISTRY)
_embed_failures = Counter("ourmem_embed_failures", "Batches of texts that got none.", ["role"], registry=REGISTRY)
_embed_waiting = Gauge("ourmem_embed_waiting_texts", "Texts that wait for vectors.", ["role"], registry=REGISTRY)
_graph_seconds = Histogram(
    "ourmem_graph_transaction_seconds",
    "Seconds of a transaction with its repetitions and the wait for a connection.",
    ["mode"],
    buckets=SECONDS,
    registry=REGISTRY,
)
_graph_open = Gauge("ourmem_graph_open_transactions", "Connections to Neo4j in use.", ["mode"], registry=REGISTRY)
_graph_failures = Counter("ourmem_graph_failures", "Transactions that failed.", ["mode", "reason"], registry=REGISTRY)
_refusals = Counter("ourmem_refusals", "Requests refused by a limit.", ["limit"], registry=REGISTRY)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts an answer; what callers make up is `other`."""
    known = method if method in METHODS else OTHER
    _requests.labels(known, route, str(status)).inc()
    _request_seconds.labels(known, route).observe(seconds)


def count_search(stages: Iterable[tuple[str, float]], degraded: Iterable[str]) -> None:
    """Counts a search: its stages with their seconds, and the legs it did without."""
    for stage, seconds in stages:
        _stage_seconds.labels(stage).observe(seconds)
    for leg in degraded:
        _degraded.labels(leg).inc()


def count_task(kind: str, outcome: str, seconds: float) -> None:
    """Counts an attempt at a task."""
    _tasks.labels(kind, outcome).inc()
    _task_seconds.labels(kind).observe(seconds)


def count_llm(outcome: str, tokens: int, seconds: float) -> None:
    """Counts a question to the language model."""
    _llm_calls.labels(outcome).inc()
    _llm_tokens.inc(tokens)
    _llm_seconds.observe(seconds)


def count_refusal(limit: str) -> None:
    """Counts a request above a limit."""
    _refusals.labels(limit).inc()


def count_graph_failure(mode: str, reason: str) -> None:
    """Counts a transaction that failed for good."""
    _graph_failures.labels(mode, reason).inc()


@contextmanager
def graph_transaction(mode: str) -> Generator[None]:
    """Measures a transaction from the wish for a connection on."""
    with _graph_open.labels(mode).track_inprogress(), _graph_seconds.labels(mode).time():
        yield


@contextmanager
def embedding(role: str, texts: int) -> Generator[None]:
    """Measures texts on their way to vectors."""
    started, waiting = time.perf_counter(), _embed_waiting.labels(role)
    waiting.inc(texts)
    try:
        yield
    except BaseException:
        _embed_failures.labels(role).inc()
        raise
    finally:
        waiting.dec(texts)
    _embed_texts.labels(role).inc(texts)
    _embed_seconds.labels(role).observe(time.perf_counter() - started)


def serve(host: str, port: int) -> Callable[[], None]:
    """Answers with what is counted here on a port of its own, in a thread; the answer ends that. Raises OSError."""
    server, thread = start_http_server(port, host, REGISTRY)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close


class _Ready(Collector):
    """Values that were read for this one answer."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def text(*families: Metric) -> bytes:
    """Everything counted so far, and values read for this answer."""
    now = CollectorRegistry()
    now.register(_Ready(list(families)))
    return generate_latest(REGISTRY) + generate_latest(now)


def gauge(name: str, about: str, labels: Iterable[str], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """A value that is read when it is asked for, once for each choice of labels."""
    family = GaugeMetricFamily(name, about, labels=list(labels))
    for given, value in values:
        family.add_metric(list(given), value)
    return family

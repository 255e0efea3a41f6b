"""Growth to many memories of many tenants, many clients at a time, and several processes on one Neo4j.

What it stores is written around the service, in the form in which the service stores it; every tenant signs up over
HTTP. The vectors lie around those of some hundred real texts, see `filling`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

import click
import httpx
import msgspec
from rich.table import Table

from app.client import Client
from app.domain.memories import NewMemory
from app.domain.messages import NewMessage, NewMessages
from app.domain.search import SearchRequest
from app.domain.tasks import TaskStatus
from app.storage.embedded_hold import held
from app.storage.queries import parse, statements
from app.storage.schema import NAMED, SCRIPTS
from tests.benchmark import crowd, filling
from tests.benchmark.crowd import Crowd, Visitor
from tests.benchmark.fleet import Fleet, fleet
from tests.benchmark.laboratory import QUERIES, Embedder, Laboratory
from tests.benchmark.processes import cpu_seconds, resident_megabytes
from tests.benchmark.timing import percentile, timed
from tests.bolt import Bolt
from tests.reporting import show, surroundings, write_json
from tests.serving import Service, Tenant

STAGES = (100, 300, 1_000)
RESULTS = 20
WARM_UP = 8
MEGABYTE, MIB = 1e6, 1 << 20
INDEX_SECONDS = 900
SEARCH_SCHEMA = next(path for path in SCRIPTS if path.name.endswith("_search.cypher"))
ATTEMPTS = re.compile(r"^ourmem_task_attempts_total\{.*\} ([\d.]+)$", re.MULTILINE)
SESSION = (
    "I moved to Lisbon in May and work at Harbor Labs now.",
    "My sister Nora prefers green tea to coffee.",
    "我下个月开始学小提琴，每周三上课。",
)


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many tenants there are at each stage, and what is asked of them."""

    tenants: Sequence[int]
    memories_each: int = 100
    clients: int = 16
    searches_each: int = 20
    alone: int = 60
    writes: int = 50
    sessions: int = 16


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """The figures at one size. Milliseconds, megabytes of 10^6 bytes, processor milliseconds for each search."""

    memories: int
    tenants: int
    filled_a_second: float
    graph_mb: float
    service_mb: float
    disk_mb: dict[str, float]
    # One client: with the embedding of a new question, and with a question whose vector the service has.
    alone: dict[str, float]
    # So many clients at a time on one API, and on all of them.
    crowds: dict[str, dict[str, float]]


class Processes(msgspec.Struct, frozen=True, kw_only=True):
    """What one process wrote and another was asked for at once, and who did the background work."""

    written: int
    got: int
    found: int
    sessions: int
    completed: int
    memories_of_sessions: int
    attempts_by_worker: list[int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one run."""

    stages: list[Stage]
    build_seconds: dict[str, float]
    processes: Processes


def measure_scale(json_path: Path | None, tenants: Sequence[int]) -> None:
    """Prints the tables of growth to these numbers of tenants."""
    sizes, note = Sizes(tenants=tenants), partial(click.echo, err=True)
    note("starting Neo4j, two APIs and two workers")
    with fleet(apis=2, workers=2) as found, asyncio.Runner() as runner, Bolt(found.graph) as bolt:
        embedder = Embedder(runner)
        service = Service(found.urls[0], found.graph, found.pids[0], None, has_own_graph=True)
        try:
            lab = Laboratory(service, bolt, embedder, note)
            report = Growth(lab, found, sizes, note).run()
        finally:
            embedder.close()
        ran_on = surroundings(service) | {"sizes": msgspec.to_builtins(sizes), "seed": filling.SEED}
        show([_growth(report), _crowds(report, sizes), _rest(report)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": report})


class Growth:
    """One run: it grows stage by stage and is measured at each."""

    def __init__(self, lab: Laboratory, found: Fleet, sizes: Sizes, note: Callable[[str], None]) -> None:
        self._lab, self._fleet, self._sizes, self._note = lab, found, sizes, note
        self._keys: list[str] = []

    def run(self) -> Report:
        stages: list[Stage] = []
        for wanted in self._sizes.tenants:
            stages.append(self._stage(wanted))
            # A run takes long, and what is known by then should outlive one that is cut off.
            self._note(msgspec.json.encode(stages[-1]).decode())
        processes = self._processes()
        return Report(stages=stages, build_seconds=self._build(), processes=processes)

    def _stage(self, wanted: int) -> Stage:
        rate = self._fill(wanted - len(self._keys))
        url, pids = self._fleet.urls[0], (self._fleet.pids[0], self._fleet.graph_pid)
        alone = self._alone(url)
        texts = [self._questions(self._sizes.searches_each) for _ in range(self._sizes.clients)]
        crowds = {name: self._crowd(name, urls, pids, texts) for name, urls in self._ways()}
        # Before the sizes on disk are taken, all must be written, for which a hold provides.
        with held(self._fleet.folder / "neo4j"):
            sizes = disk(self._fleet.folder / "neo4j" / "data")
        return Stage(
            memories=wanted * self._sizes.memories_each,
            tenants=wanted,
            filled_a_second=round(rate, 1),
            graph_mb=_megabytes(self._fleet.graph_pid),
            service_mb=_megabytes(self._fleet.pids[0]),
            disk_mb=sizes,
            alone=alone,
            crowds=crowds,
        )

    def _fill(self, tenants: int) -> float:
        """Signs up so many and gives each its memories; memories a second, all indexes kept meanwhile."""
        keys = asyncio.run(_sign_up(self._fleet.urls[0], tenants))
        spaces = [self._lab.space_key(key) for key in keys]
        self._keys += keys
        started = time.perf_counter()
        self._lab.fill(spaces, range(self._sizes.memories_each))
        return tenants * self._sizes.memories_each / (time.perf_counter() - started)

    def _alone(self, url: str) -> dict[str, float]:
        """One client, each question twice: the second time its vector is known."""
        questions = [SearchRequest(q=text, limit=RESULTS) for text in self._questions(self._sizes.alone + WARM_UP)]
        with ExitStack() as stack:
            tenants = [stack.enter_context(Tenant(url, key)) for key in self._keys[-self._sizes.clients :]]
            spent = {
                name: [
                    timed(lambda place: tenants[place % len(tenants)].call(Client.search, questions[place]), place)
                    for place in range(len(questions))
                ][WARM_UP:]
                for name in ("new", "known")
            }
        return {
            f"{name} p{percent}": round(percentile(values, percent), 1)
            for name, values in spent.items()
            for percent in (50, 95)
        }

    def _questions(self, number: int) -> list[str]:
        return [filling.question(place) for place in self._lab.fresh_numbers(number)]

    def _ways(self) -> Iterator[tuple[str, Sequence[str]]]:
        """What a crowd is asked for, and whom; a question is known to an API that was asked it before."""
        first, *others = self._fleet.urls
        yield "new", [first]
        yield "known", [first]
        yield "known, two APIs", [first, *others]

    def _crowd(
        self, name: str, urls: Sequence[str], pids: Sequence[int | None], texts: Sequence[Sequence[str]]
    ) -> dict[str, float]:
        """All clients at a time, each with its questions, spread over these APIs."""
        self._note(f"{self._sizes.clients} clients: {name}")
        # Where there are fewer tenants than clients, several of these are of one.
        keys = list(islice(cycle(self._keys[-self._sizes.clients :]), self._sizes.clients))
        for url in urls[1:]:
            crowd.ask([Visitor(url, key, own) for key, own in zip(keys, texts, strict=True)], RESULTS)
        visitors = [
            Visitor(urls[place % len(urls)], key, own) for place, (key, own) in enumerate(zip(keys, texts, strict=True))
        ]
        before = [cpu_seconds(pid) for pid in pids]
        found = crowd.ask(visitors, RESULTS)
        used = [_used(pid, earlier) for pid, earlier in zip(pids, before, strict=True)]
        return _figures(found, used, len(urls))

    def _processes(self) -> Processes:
        """Writes through one API and reads through the other at once; then sessions that both take, for two workers."""
        one, other = self._fleet.urls
        with Tenant(one, self._keys[0]) as first, Tenant(other, self._keys[0]) as second:
            got, found = self._written(first, second)
        with Tenant(one) as first, Tenant(other, first.key) as second:
            return self._sessions(first, second, got, found)

    def _written(self, first: Tenant, second: Tenant) -> tuple[int, int]:
        got = found = 0
        for place in range(self._sizes.writes):
            text = f"The locker {uuid4().hex[:8]} belongs to {filling.statement(place)}"
            writer, reader = (first, second) if place % 2 else (second, first)
            made = writer.call(Client.create_memory, NewMemory(content=text)).id
            got += reader.call(Client.get_memory, made).content == text
            answer = reader.call(Client.search, SearchRequest(q=text, limit=RESULTS))
            found += made in [hit.memory.id for hit in answer.results]
        return got, found

    def _sessions(self, first: Tenant, second: Tenant, got: int, found: int) -> Processes:
        before = self._attempts()
        tasks = [
            (second if place % 2 else first).call(Client.add_messages, _session(place)).task_id
            for place in range(self._sizes.sessions)
        ]
        second.wait_for(tasks)
        ended = [first.call(Client.get_task, task).status for task in tasks]
        return Processes(
            written=self._sizes.writes,
            got=got,
            found=found,
            sessions=len(tasks),
            completed=ended.count(TaskStatus.COMPLETED),
            memories_of_sessions=first.call(Client.list_memories, limit=0).total_count,
            attempts_by_worker=[after - earlier for earlier, after in zip(before, self._attempts(), strict=True)],
        )

    def _attempts(self) -> list[int]:
        """How many tasks each worker has ended."""
        return [
            sum(int(float(value)) for value in ATTEMPTS.findall(httpx.get(url, timeout=60).text))
            for url in self._fleet.worker_metrics
        ]

    def _build(self) -> dict[str, float]:
        """The seconds that the indexes of search take when they are made anew at the last size."""
        spent: dict[str, float] = {}
        creations = {
            index: parse(index, text) for text in statements(SCRIPTS[SEARCH_SCHEMA]) for index in NAMED.findall(text)
        }
        for name, creation in creations.items():
            self._note(f"building {name}")
            self._lab.bolt.run(QUERIES[f"drop_{name}"])
            started = time.perf_counter()
            wanted = {"dimension": len(self._lab.vectors.draw(1)[0])} if creation.parameters else {}
            self._lab.bolt.run(creation, **wanted)
            self._lab.bolt.run(QUERIES["await_indexes"], seconds=INDEX_SECONDS)
            spent[name] = round(time.perf_counter() - started, 1)
        return spent


async def _sign_up(url: str, tenants: int) -> list[str]:
    """The keys of so many new tenants."""
    async with Client(url) as client:
        return [(await client.create_tenant("measured")).api_key for _ in range(tenants)]


def _session(place: int) -> NewMessages:
    messages = [NewMessage(role="user", content=f"{text} ({place})") for text in SESSION]
    return NewMessages(messages=messages, session_id=f"session {place}")


def disk(data: Path) -> dict[str, float]:
    """The megabytes of each part of a server's data: its indexes by kind, its store and its log of transactions."""
    found: dict[str, float] = {"vector": 0, "text": 0, "range": 0, "store": 0, "log": 0}
    for path in data.rglob("*"):
        if path.is_file():
            found[_part(path.relative_to(data).parts)] += path.stat().st_size / MEGABYTE
    return {name: round(size, 1) for name, size in found.items()}


def _part(parts: Sequence[str]) -> str:
    if parts[0] == "transactions":
        return "log"
    kinds = {"vector": "vector", "fulltext": "text", "range": "range"}
    return next((name for kind, name in kinds.items() if any(part.startswith(kind + "-") for part in parts)), "store")


def _megabytes(pid: int | None) -> float:
    return round((resident_megabytes(pid) or 0) * MIB / MEGABYTE, 1)


def _used(pid: int | None, before: float | None) -> float:
    """The processor milliseconds since `before`; 0 where nothing is known of the process."""
    now = cpu_seconds(pid)
    return 0.0 if now is None or before is None else (now - before) * 1000


def _figures(found: Crowd, used: Sequence[float], apis: int) -> dict[str, float]:
    """With more than one API only one is looked at, which did its share of the searches."""
    service, graph = used
    searches = len(found.spent)
    return {
        "p50": round(found.p50, 1),
        "p95": round(found.p95, 1),
        "a second": round(found.a_second, 1),
        "service ms": round(service * apis / searches, 2),
        "Neo4j ms": round(graph / searches, 2),
    }


def _growth(report: Report) -> Table:
    kinds = list(report.stages[0].disk_mb)
    table = _table("Growth: MB of memory and on disk", ["filled/s", "Neo4j", "service", *kinds, "bytes each"])
    for stage in report.stages:
        total = sum(size for kind, size in stage.disk_mb.items() if kind != "log")
        sizes = [stage.graph_mb, stage.service_mb, *stage.disk_mb.values()]
        each = f"{total * MEGABYTE / stage.memories:.0f}"
        table.add_row(*_name(stage), f"{stage.filled_a_second:.0f}", *(f"{size:.0f}" for size in sizes), each)
    return table


def _crowds(report: Report, sizes: Sizes) -> Table:
    title = f"Search: ms alone, and of {sizes.clients} clients at a time; processor ms of each search"
    alone = list(report.stages[0].alone)
    table = _table(title, [*alone, "clients", "p50", "p95", "a second", "service", "Neo4j"])
    for stage in report.stages:
        for place, (name, crowd_figures) in enumerate(stage.crowds.items()):
            first = [f"{value:.0f}" for value in stage.alone.values()] if place == 0 else [""] * len(alone)
            table.add_row(*_name(stage), *first, name, *(f"{value:.1f}" for value in crowd_figures.values()))
    return table


def _name(stage: Stage) -> tuple[str, str]:
    return f"{stage.memories:,}", f"{stage.tenants:,}"


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("memories", "tenants", *headings):
        table.add_column(heading, justify="right")
    return table


def _rest(report: Report) -> Table:
    """What is no row of growth."""
    done = report.processes
    table = Table(title="Indexes made anew at the last size; two APIs and two workers", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    for name, seconds in report.build_seconds.items():
        table.add_row(f"{name}, seconds", f"{seconds:g}")
    table.add_row("memories written through one API, got at once through the other", f"{done.got} of {done.written}")
    table.add_row("… found by search through the other", f"{done.found} of {done.written}")
    table.add_row("sessions whose task completed", f"{done.completed} of {done.sessions}")
    table.add_row("tasks done by each worker", " and ".join(map(str, done.attempts_by_worker)))
    return table

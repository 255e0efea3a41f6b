"""The measurements: each returns lines of the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from app.client import Client
from app.domain.memories import NewMemory
from app.domain.messages import NewMessage, NewMessages
from app.domain.search import SearchRequest
from app.domain.texts import lucene_query
from app.storage.graph import packed
from tests.benchmark import filling
from tests.benchmark.laboratory import QUERIES, Laboratory
from tests.benchmark.processes import listener, resident_megabytes
from tests.benchmark.timing import Figure, Step, absolute, compare, interleaved, p50
from tests.serving import Tenant

RESULTS = 20
# A server that has just started compiles what it runs often: after fewer calls the first measurements are of that.
WARM_UP = 60
WARM_WINDOWS = 4
RELATIONS = 10
# The most messages whose vectors the service makes before it answers.
WINDOW = 64
# What is counted over all memories of a space; the first one has no name of its own.
STATISTICS: dict[str, Callable[[Client], Coroutine[object, object, object]]] = {
    "": Client.get_stats,
    "/tags": Client.get_tag_stats,
    "/relations": Client.get_relation_stats,
    "/spaces": Client.get_space_stats,
    "/agents": Client.get_agent_stats,
}


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much is stored and how often each call is timed."""

    # How many tenants there are at each measurement of search; the targets name 20,000 memories of 200 tenants.
    others: tuple[int, int, int]
    memories_each: int = 100
    own: tuple[int, int]
    rounds: int
    imported: int
    discovered: tuple[int, int]


QUICK = Sizes(others=(10, 50, 100), own=(1_000, 5_000), rounds=40, imported=768, discovered=(150, 1_500))
FULL = Sizes(others=(10, 200, 1_000), own=(1_000, 50_000), rounds=100, imported=1_024, discovered=(1_000, 10_000))


def measure(lab: Laboratory, sizes: Sizes) -> list[Figure]:
    """Everything, in an order that needs each fill once."""
    return [
        *_grow_others(lab, sizes),
        *_grow_own(lab, sizes),
        *_store(lab, sizes),
        *_import(lab, sizes),
        *_discover(lab, sizes),
        *_resources(lab),
    ]


def _grow_others(lab: Laboratory, sizes: Sizes) -> Iterator[Figure]:
    """Search of one tenant while others fill the same indexes."""
    tenant, space_key = lab.sign_up()
    lab.fill([space_key], range(sizes.memories_each))
    times: list[float] = []
    present = 1
    for wanted in sizes.others:
        lab.fill(lab.make_spaces(wanted - present), range(sizes.memories_each))
        present = wanted
        found = interleaved(_search_steps(lab, tenant, space_key, sizes.rounds), sizes.rounds, WARM_UP)
        times.append(p50(found["search"]))
        limit = {part: p50(found[part]) for part in ("embed", "vector", "text")}
        size = f"{wanted * sizes.memories_each:,} memories, {wanted} tenants"
        yield compare(f"search over HTTP ÷ its limit ({size})", times[-1], limit, "≤ 1.6")
    few, many = sizes.others[0], sizes.others[-1]
    name = f"search, {many} tenants ÷ {few} tenants of {sizes.memories_each}"
    yield compare(name, times[-1], {f"{few} tenants": times[0]}, "≤ 1.3")


def _search_steps(lab: Laboratory, tenant: Tenant, space_key: str, rounds: int) -> dict[str, Step]:
    """One search over HTTP, and by hand the three things that it cannot do without."""
    questions = [filling.question(number) for number in lab.fresh_numbers(rounds + WARM_UP)]
    words = [f"+content:({lucene_query(question)}) +space_key:({space_key})^0" for question in questions]
    vectors: dict[int, list[float]] = {}
    common = {"space_key": space_key, "limit": RESULTS}
    return {
        "embed": lambda place: vectors.update({place: lab.embedder.query(questions[place])}),
        "vector": lambda place: lab.bolt.run(QUERIES["search_vector"], embedding=packed(vectors[place]), **common),
        "text": lambda place: lab.bolt.run(QUERIES["search_text"], text_query=words[place], limit=RESULTS),
        "search": lambda place: _search(tenant, questions[place]),
    }


def _search(tenant: Tenant, question: str) -> object:
    return tenant.call(Client.search, SearchRequest(q=question, limit=RESULTS))


def _grow_own(lab: Laboratory, sizes: Sizes) -> Iterator[Figure]:
    """One space with few memories beside one with many; then what is read by index at the larger one."""
    (few, few_key), (many, many_key) = lab.sign_up(), lab.sign_up()
    for space_key, size in zip((few_key, many_key), sizes.own, strict=True):
        lab.fill([space_key], range(size))
    questions = [filling.question(number) for number in lab.fresh_numbers(sizes.rounds + WARM_UP)]
    steps: dict[str, Step] = {
        "few": lambda place: _search(few, f"First, {questions[place]}"),
        "many": lambda place: _search(many, f"Then, {questions[place]}"),
    }
    found = interleaved(steps, sizes.rounds, WARM_UP)
    name = f"search, {sizes.own[1]:,} own memories ÷ {sizes.own[0]:,}"
    yield compare(name, p50(found["many"]), {f"{sizes.own[0]:,}": p50(found["few"])}, "≤ 2.5")
    yield from _read_by_index(lab, many, many_key, sizes)


def _read_by_index(lab: Laboratory, tenant: Tenant, space_key: str, sizes: Sizes) -> Iterator[Figure]:
    ids = [filling.memory(space_key, number).id for number in range(RELATIONS + 1)]
    lab.bolt.write(QUERIES["create_relations"], id=ids[0], others=ids[1:], now=datetime.now(UTC))
    steps: dict[str, Step] = {
        "point read": lambda _: lab.bolt.run(QUERIES["get_memory"], id=ids[0]),
        "get": lambda _: tenant.call(Client.get_memory, ids[0]),
        "list": lambda _: tenant.call(Client.list_memories, limit=RESULTS),
        "relations of one memory": lambda _: tenant.call(Client.list_relations, ids[0]),
    }
    found = interleaved(steps, sizes.rounds, WARM_UP)
    limit = {"point read": p50(found["point read"])}
    for name in list(steps)[1:]:
        yield compare(f"{name} ÷ raw point read ({sizes.own[1]:,} own memories)", p50(found[name]), limit, "≤ 10")
    yield from _count(lab, tenant, space_key, sizes)


def _count(lab: Laboratory, tenant: Tenant, space_key: str, sizes: Sizes) -> Iterator[Figure]:
    """Each statistic when the space was written to just before, and when it was not."""
    one = filling.memory(space_key, 0).id
    steps: dict[str, Step] = {"point read": lambda _: lab.bolt.run(QUERIES["get_memory"], id=one)}
    for name, statistic in STATISTICS.items():
        steps[f"{name} moves"] = lambda _: lab.bolt.write(QUERIES["move_space"], space_key=space_key)
        steps[f"{name} fresh"] = lambda _, statistic=statistic: tenant.call(statistic)
        steps[f"{name} again"] = steps[f"{name} fresh"]
    found = interleaved(steps, max(1, sizes.rounds // 5), WARM_UP)
    limit = {"point read": p50(found["point read"])}
    size = f"{sizes.own[1]:,} own memories"
    for name in STATISTICS:
        shown = f"stats{name} ÷ raw point read ({size})"
        yield compare(f"{shown}, after a write", p50(found[f"{name} fresh"]), limit, "≤ 100")
        yield compare(shown, p50(found[f"{name} again"]), limit, "≤ 10")


def _store(lab: Laboratory, sizes: Sizes) -> Iterator[Figure]:
    """One memory, and a turn of one message, beside an embedding and a write of one node."""
    tenant, _ = lab.sign_up()
    raw_space = lab.make_spaces(1)[0]
    numbers = lab.fresh_numbers(sizes.rounds + WARM_UP)
    texts = [filling.statement(number) for number in numbers]
    stored = [filling.row(filling.memory(raw_space, number), lab.vectors.draw(1)[0]) for number in numbers]
    steps: dict[str, Step] = {
        "embed": lambda place: lab.embedder.documents([texts[place]]),
        "write": lambda place: lab.bolt.write(QUERIES["create_memory"], **stored[place]),
        "memory": lambda place: tenant.call(Client.create_memory, NewMemory(content=f"Note: {texts[place]}")),
        "turn": lambda place: tenant.call(Client.add_messages, _turns([f"Said: {texts[place]}"], "one turn each")),
    }
    found = interleaved(steps, sizes.rounds, WARM_UP)
    limit = {part: p50(found[part]) for part in ("embed", "write")}
    yield compare("store one memory ÷ its limit", p50(found["memory"]), limit, "≤ 1.6")
    yield compare("store a turn of messages ÷ its limit", p50(found["turn"]), limit, "≤ 1.6")


def _turns(texts: Sequence[str], session_id: str) -> NewMessages:
    messages = [NewMessage(role="user", content=text) for text in texts]
    return NewMessages(messages=messages, session_id=session_id, mode="raw")


def _import(lab: Laboratory, sizes: Sizes) -> Iterator[Figure]:
    """Many messages: with vectors that the service must make, then with vectors that it has in its cache."""
    (first, _), (second, _) = lab.sign_up(), lab.sign_up()
    texts = [filling.statement(number) for number in lab.fresh_numbers(sizes.imported)]
    windows = [texts[start : start + WINDOW] for start in range(0, len(texts), WINDOW)]
    embedding = _rate(sizes, lambda: lab.embedder.documents(texts))
    embedded = _rate(sizes, lambda: first.call(_send_all, windows, 2))
    rows = [_raw_messages(lab, len(window)) for window in windows]
    steps: dict[str, Step] = {
        "UNWIND": lambda place: lab.bolt.write(QUERIES["create_messages"], rows=rows[place]),
        "cached": lambda place: second.call(Client.add_messages, _turns(windows[place], f"import {place}")),
    }
    found = interleaved(steps, len(windows) - WARM_WINDOWS, WARM_WINDOWS)
    raw, cached = (WINDOW / p50(found[name]) * 1000 for name in steps)
    unit, size = "a second", f"{WINDOW} messages a request"
    yield compare(f"import with vectors known ÷ raw UNWIND ({size})", cached, {"UNWIND": raw}, "≥ 0.6", unit)
    name = f"import with embedding, two requests at a time ÷ embedder alone ({size})"
    yield compare(name, embedded, {"embedder": embedding}, "≥ 0.8", unit)


def _raw_messages(lab: Laboratory, number: int) -> list[dict[str, object]]:
    """Rows of a space of their own, for a write of the same size."""
    space = lab.make_spaces(1)[0]
    said = [msgspec.structs.replace(filling.memory(space, one), kind="message") for one in lab.fresh_numbers(number)]
    return [filling.row(one, vector) for one, vector in zip(said, lab.vectors.draw(number), strict=True)]


def _rate(sizes: Sizes, work: Callable[[], object]) -> float:
    """Messages a second."""
    started = time.perf_counter()
    work()
    return sizes.imported / (time.perf_counter() - started)


async def _send_all(client: Client, windows: Sequence[Sequence[str]], at_a_time: int) -> None:
    """A conversation for each window; with two at a time the one is written while the other is embedded."""
    waiting = enumerate(windows)

    async def send() -> None:
        for place, window in waiting:
            await client.add_messages(_turns(window, f"import {place}"))

    await asyncio.gather(*(send() for _ in range(at_a_time)))


def _discover(lab: Laboratory, sizes: Sizes) -> Iterator[Figure]:
    """Relations between memories that nobody compared yet, by rules and the judge, in a small space and a large one."""
    seconds: list[float] = []
    for number in sizes.discovered:
        tenant, space_key = lab.sign_up()
        lab.fill([space_key], range(number))
        started = time.perf_counter()
        found = tenant.call(Client.cross_reconcile)
        tenant.wait_for([found.task_id] if found.task_id else [])
        seconds.append(time.perf_counter() - started)
    few, many = sizes.discovered
    name = f"relation discovery, {many:,} memories ÷ {few:,}"
    yield compare(name, seconds[1], {f"{few:,}": seconds[0]}, "≤ 13", "s")


def _resources(lab: Laboratory) -> Iterator[Figure]:
    """Memory of the processes as far as they run on this machine, and how long the service took to start."""
    graph = lab.service.graph
    memory = {
        "service, resident memory": (lab.service.pid, "≤ 1300"),
        f"Neo4j, resident memory ({lab.count_vectors():,} vectors)": (listener(graph.uri) if graph else None, "≤ 2500"),
    }
    for name, (pid, target) in memory.items():
        if megabytes := resident_megabytes(pid):
            yield absolute(name, megabytes, target, "MB")
    if seconds := lab.service.start_seconds:
        also = "Neo4j included" if lab.service.has_own_graph else "Neo4j running"
        yield absolute(f"service until ready, {also}", seconds, "≤ 30", "s")

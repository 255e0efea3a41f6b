"""One run: everybody stores the turns and answers the questions, each peer by turns with us."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click
import msgspec

from app.config import load_settings
from tests.benchmark.peers import environment
from tests.benchmark.peers.comparison import (
    OURS,
    TARGET,
    Answer,
    Line,
    rate_with_embedding,
    ratio,
    recalls,
    table,
    times,
    with_embedding,
)
from tests.benchmark.peers.job import Job, prepare, slices
from tests.benchmark.peers.participants import PEERS, Candidate, Ours, Peer, running
from tests.evaluation.baseline import Bm25
from tests.evaluation.conversations import Conversation, choose, read
from tests.evaluation.locomo import SEARCH_LIMIT
from tests.reporting import show, surroundings, write_json
from tests.serving import serving

# So many questions are asked of each before its time counts.
WARM_UP = 8
Note = Callable[[str], None]


def compare(path: Path, json_path: Path | None, conversations: str = "", limit: int | None = None) -> None:
    """Prints the table. Raises UsageError where a database of somebody's could be taken."""
    if load_settings().neo4j_uri:
        raise click.UsageError("unset NEO4J_URI: each participant gets an empty Neo4j of its own")
    note = partial(click.echo, err=True)
    python = environment.provide()
    stories = choose(read(path), conversations)
    job = prepare(stories, limit, note)
    with serving(None) as service, closing(Ours(service, stories, job)) as ours:
        lines, versions = _measure(ours, job, python, note)
        lines.insert(1, _baseline(stories, job))
        ran_on = surroundings(service) | {
            "peers": versions,
            "data": path.name,
            "sizes": {"conversations": len(stories), "turns": _count(job), "questions": len(job.questions)},
            "limit": SEARCH_LIMIT,
            "target of ours ÷ Graphiti": f"≤ {TARGET}",
        }
        show([table(lines)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": lines})


def _count(job: Job) -> int:
    return sum(map(len, job.conversations.values()))


def _measure(ours: Ours, job: Job, python: Path, note: Note) -> tuple[list[Line], dict[str, str]]:
    """Ours first, then each peer beside ours."""
    note(f"{OURS}: storing")
    stored = ours.store()
    parts = list(slices(job.questions))
    note(f"{OURS}: asking")
    # A text that was not asked before is embedded; all later rounds find its vector in the cache of the service.
    embedded = [answer for places in parts for answer in ours.ask(places)]
    lines: list[Line] = []
    versions: dict[str, str] = {}
    known: list[float] = []
    for candidate in PEERS:
        with running(candidate, job, python) as peer:
            versions |= peer.versions
            for line in _beside(candidate, peer, ours, job, known, note):
                # A run takes long, and what is known by then should outlive one that is cut off.
                note(f"{line.name}, {line.way}: {msgspec.json.encode(line).decode()}")
                lines.append(line)
    note(f"{OURS}: storing with vectors known")
    own = Line(
        name=OURS,
        way="over HTTP",
        recall=recalls([asked.gold for asked in job.questions], [answer.found for answer in embedded]),
        known=times(known),
        embedded=times([answer.ms for answer in embedded]),
        stored_a_second=_count(job) / ours.store_known(),
        stored_embedded_a_second=_count(job) / stored,
    )
    return [own, *lines], versions


def _beside(candidate: Candidate, peer: Peer, ours: Ours, job: Job, known: list[float], note: Note) -> Iterator[Line]:
    """One line for each way of a peer; it and ours take turns. What ours takes is added to `known`."""
    note(f"{candidate.name}: storing")
    seconds = peer.store()
    mine: list[list[float]] = []
    answers: dict[str, list[list[Answer]]] = {way: [] for way in peer.ways}
    note(f"{candidate.name}: asking ({', '.join(peer.ways)})")
    for places in slices(job.questions):
        seconds += peer.enter(job.questions[places[0]].conversation)
        if not mine:
            for way in peer.ways:
                peer.ask(way, places[:WARM_UP])
        mine.append([answer.ms for answer in ours.ask(places)])
        for way in peer.ways:
            answers[way].append(peer.ask(way, places))
    known += [spent for part in mine for spent in part]
    rate = _count(job) / seconds
    for way, parts in answers.items():
        yield _line(candidate.name, way, job, parts, mine, rate)


def _line(
    name: str, way: str, job: Job, parts: Sequence[Sequence[Answer]], mine: Sequence[Sequence[float]], rate: float
) -> Line:
    answers = [answer for part in parts for answer in part]
    spent = [answer.ms for answer in answers]
    return Line(
        name=name,
        way=way,
        recall=recalls([asked.gold for asked in job.questions], [answer.found for answer in answers]),
        known=times(spent),
        embedded=times(with_embedding(spent, job.embedding_ms)),
        ratio=ratio(mine, [[answer.ms for answer in part] for part in parts]),
        stored_a_second=rate,
        stored_embedded_a_second=rate_with_embedding(rate, job.embedded_a_second),
    )


def _baseline(stories: Sequence[Conversation], job: Job) -> Line:
    """What words alone find, in no database."""
    indexes = {one.name: Bm25([item.text for item in job.conversations[one.name]]) for one in stories}
    found = [
        [[job.conversations[asked.conversation][place].id] for place in index.best(asked.text, SEARCH_LIMIT)]
        for asked in job.questions
        for index in (indexes[asked.conversation],)
    ]
    return Line(name="BM25", way="single turns", recall=recalls([asked.gold for asked in job.questions], found))

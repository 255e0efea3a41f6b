"""The tables of the demo."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.table import Column, Table
from rich.text import Text

from app.domain.conflicts import ConflictView
from app.domain.decisions import DecisionView
from app.domain.graphs import GraphPath
from app.domain.memories import MemoryView
from app.domain.messages import NewMessages
from app.domain.relations import RelationView
from app.domain.search import EvidenceView, SearchAnswer, SearchResult

# Of a conversation with many sessions the table shows the first.
SHOWN_SESSIONS = 8
SHOWN_RELATIONS = 12
DATE_CHARS = 10
PRIVATE = "<private"


def wide(*names: str) -> list[Column]:
    """Columns of texts; Chinese has no blanks to break a line at, so they are broken anywhere."""
    return [Column(name, overflow="fold") for name in names]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What was stored, as the service counts it."""

    sessions: list[NewMessages]
    messages: int
    current: int
    all: int
    tasks: int
    seconds: float


def stored(shown: Shown, note: str) -> list[Table | Text]:
    """Counts by kind, then session by session."""
    table = Table("stored", Column("count", justify="right"), "", title="What was stored", title_justify="left")
    table.add_row(
        "messages", str(shown.messages), f"in {len(shown.sessions)} session{'s' if len(shown.sessions) > 1 else ''}"
    )
    table.add_row("memories", str(shown.current), f"current; {shown.all - shown.current} superseded")
    table.add_row("tasks", str(shown.tasks), f"all completed, {shown.seconds:.1f} s from the first message")
    if hidden := sum(PRIVATE in message.content for session in shown.sessions for message in session.messages):
        table.add_row("private", str(hidden), "messages had a <private> part, which was dropped before storing")
    return [*([Text(note)] if note else []), table, by_session(shown.sessions)]


def by_session(sessions: Sequence[NewMessages]) -> Table:
    """Who spoke in which session, and when."""
    table = Table("session", Column("messages", justify="right"), "from", "to", "speakers")
    for session in sessions[:SHOWN_SESSIONS]:
        times = [str(message.said_at)[:DATE_CHARS] for message in session.messages if message.said_at]
        speakers = dict.fromkeys(message.speaker or message.role for message in session.messages)
        begin, end = (times[0], times[-1]) if times else ("now", "now")
        table.add_row(session.session_id, str(len(session.messages)), begin, end, ", ".join(speakers))
    if len(sessions) > SHOWN_SESSIONS:
        table.add_row(f"… {len(sessions) - SHOWN_SESSIONS} more", "", "", "", "")
    return table


def found(question: str, answer: SearchAnswer) -> Table:
    """The results of a search with score, text and who said it when; an abstention says so."""
    table = Table("score", "what", *wide("text", "evidence"), title=f"Search: {question}", title_justify="left")
    if answer.abstained:
        table.add_row("–", "", "nothing here answers that: the search abstains", "")
    for result in answer.results:
        memory = result.memory
        what = "message" if memory.memory_type == "session" else "memory"
        table.add_row(f"{result.score:.2f}", what, Text(memory.content), Text(evidence_of(result)))
    return table


def evidence_of(result: SearchResult) -> str:
    """Who said it when, one line each; a memory that was stored directly has no message behind it."""
    evidence = result.evidence
    if isinstance(evidence, msgspec.UnsetType) or not evidence:
        return f"stored directly by {result.memory.source or 'a client'}"
    return "\n".join(said(message) for message in evidence)


def said(message: EvidenceView) -> str:
    """One message as evidence."""
    return f"{message.speaker or message.role}, {message.said_at[:DATE_CHARS]}, session {message.session_id}"


def decided(decisions: Sequence[DecisionView], total: int) -> Table:
    """What became of facts and why, the telling ones first."""
    title = f"Decisions: {len(decisions)} of {total}, each with its reason"
    table = Table("action", *wide("fact", "reason"), title=title, title_justify="left")
    for decision in decisions:
        table.add_row(decision.action, Text(decision.text), Text(decision.reason))
    if not decisions:
        table.add_row("none", "", "nothing that was said is a fact")
    return table


def undone(before: Sequence[MemoryView], after: Sequence[MemoryView]) -> Table:
    """What an undo gives back: the memories of the decision as they were and as they are."""
    table = Table(*wide("memory", "before", "after"), title="Undoing a decision", title_justify="left")
    for old, new in zip(before, after, strict=True):
        table.add_row(Text(old.content), old.state, new.state)
    return table


def related(found: Sequence[tuple[MemoryView, RelationView]]) -> Table:
    """The relations between memories, from, type and to."""
    table = Table(*wide("from", "relation", "to", "by"), title="Relations between memories", title_justify="left")
    for memory, relation in found[:SHOWN_RELATIONS]:
        kind = relation.type if relation.weight is None else f"{relation.type} {relation.weight:.2f}"
        table.add_row(Text(memory.content), kind, Text(relation.memory.content), relation.method)
    if not found:
        table.add_row("none yet", "", "", "")
    return table


def contradicting(conflicts: Sequence[ConflictView]) -> Table:
    """What cannot both hold, and how far either side is believed."""
    table = Table(*wide("one says", "another says"), "by", title="Open contradictions", title_justify="left")
    for conflict in conflicts:
        sides = (conflict.left.memory, conflict.right.memory)
        table.add_row(*(Text(f"{side.content} ({side.confidence:.2f})") for side in sides), conflict.method)
    if not conflicts:
        table.add_row("none", "", "")
    return table


def connected(path: GraphPath | None) -> Table:
    """A path between two things, step by step in words."""
    ends = f": {path.nodes[0].label} and {path.nodes[-1].label}" if path else ""
    table = Table(*wide("step by step"), title=f"How two things are connected{ends}", title_justify="left")
    for step in path.steps if path else []:
        table.add_row(Text(step.sentence))
    if path is None:
        table.add_row("not at all")
    return table


def profiled(text: str) -> Table:
    """The text for the start of a session."""
    table = Table(*wide("what an agent is told when a session begins"), title="Profile", title_justify="left")
    table.add_row(Text(text or "nothing is known yet"))
    return table

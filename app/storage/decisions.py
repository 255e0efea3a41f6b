"""Decisions in the graph: what facts may be about, what a plan writes, what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.decisions import Before, DecisionCount, StoredDecision
from app.domain.events import EventType, Touched
from app.domain.memories import OPEN_END, Memory
from app.domain.principal import Principal
from app.storage import events, quotas
from app.storage.entities import Written, plain
from app.storage.graph import Transaction, many, one
from app.storage.queries import load
from app.storage.search import list_compared

QUERIES = load("decisions")
# An entity that more memories name says nothing about what they have in common (pipelines 4.5).
MOST_MENTIONS = 50


class FactQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact is looked up by; `index` is its place in the batch, '' stands for what is not asked."""

    index: int
    text_hash: str
    visible_to: str
    slot_ids: list[str]
    value: str
    embedding: list[float]
    english_query: str
    cjk_query: str
    entities: list[str]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that the fact with index `fact` may be about; `score` is the vector index's, None without vector."""

    fact: int
    id: str
    text: str
    text_hash: str
    category: str
    memory_type: str
    state: str
    tenant_id: str
    said_at: datetime
    valid_to: datetime
    recorded_at: datetime
    session_id: str
    confidence: float
    speaker: str
    subject: str
    attribute: str
    value: str
    context: str
    modality: str
    score: float | None


class CandidateQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one space to look up: so many of each kind for each, without the memories of `except_ids`."""

    space_key: str
    facts: list[FactQuery]
    except_ids: list[str]
    limit: int


class MemoryRow(msgspec.Struct, frozen=True):
    """A memory to store, with its vector."""

    properties: dict[str, object]
    embedding: list[float] | None


class StateRow(msgspec.Struct, frozen=True, kw_only=True):
    """Another state for a memory."""

    id: str
    state: str
    valid_to: datetime
    retired_at: datetime
    current_key: str | None


class DecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions a list shows; '' stands for any."""

    space_keys: list[str]
    task_id: str
    memory_id: str
    action: str
    before: datetime
    before_id: str
    limit: int


class Said(Memory, frozen=True, kw_only=True):
    """A message with its place in its session."""

    position: int
    # Whether it is a fact as it is: an entry of a list of memories, a section that somebody wants as a whole.
    as_fact: bool | None = None


class DecisionRow(StoredDecision, frozen=True, kw_only=True):
    """A decision as the node has it: maps and lists of maps as JSON, since a property cannot hold them."""

    scores_json: str
    before_json: str


async def get_rev(tx: Transaction, space_key: str) -> int:
    return await one(tx, QUERIES["get_rev"], int, space_key=space_key) or 0


async def list_candidates(tx: Transaction, principal: Principal, wanted: CandidateQuery) -> list[Candidate]:
    """At most six times `limit` for each fact, in the order of facts and ids."""
    return await many(
        tx,
        QUERIES["list_candidates"],
        Candidate,
        space_key=wanted.space_key,
        visible=principal.visible,
        facts=plain(wanted.facts),
        limit=wanted.limit,
        most_mentions=MOST_MENTIONS,
        except_ids=wanted.except_ids,
        compared=await list_compared(tx, principal, wanted.space_key),
    )


async def list_targets(tx: Transaction, space_key: str, ids: Sequence[str]) -> list[Memory]:
    return await many(tx, QUERIES["list_targets"], Memory, space_key=space_key, ids=list(ids))


async def list_taken_keys(tx: Transaction, space_key: str, keys: Sequence[str]) -> set[str]:
    return set(await many(tx, QUERIES["list_taken_keys"], str, space_key=space_key, keys=list(keys)))


async def create_memories(tx: Transaction, space_key: str, rows: Sequence[MemoryRow]) -> None:
    made = await many(tx, QUERIES["create_memories"], Touched, space_key=space_key, rows=plain(rows))
    events.note(tx, EventType.MEMORY_CREATED, made)
    quotas.note_created(tx, space_key, [row.properties for row in rows])


async def create_evidence(tx: Transaction, rows: Sequence[msgspec.Struct], written: Written) -> None:
    await many(tx, QUERIES["create_evidence"], object, rows=plain(rows), **msgspec.structs.asdict(written))


async def create_relations(tx: Transaction, rows: Sequence[msgspec.Struct], written: Written) -> None:
    made = await many(tx, QUERIES["create_relations"], Touched, rows=plain(rows), **msgspec.structs.asdict(written))
    events.note(tx, EventType.RELATION_CREATED, made)


async def update_states(tx: Transaction, space_key: str, rows: Sequence[StateRow], now: datetime) -> None:
    events.note_states(
        tx, await many(tx, QUERIES["update_states"], Touched, space_key=space_key, rows=plain(rows), now=now)
    )


async def add_repeats(tx: Transaction, space_key: str, ids: Sequence[str], now: datetime) -> None:
    await many(tx, QUERIES["add_repeats"], object, space_key=space_key, ids=list(ids), now=now)


async def update_meaning(tx: Transaction, memory: Memory) -> None:
    """Gives a stored text what ingest read in it: subject, attribute, value, context, modality."""
    await many(
        tx,
        QUERIES["update_meaning"],
        object,
        id=memory.id,
        space_key=memory.space_key,
        subject=memory.subject,
        attribute=memory.attribute,
        value=memory.value,
        context=memory.context,
        modality=memory.modality,
        valid_to=memory.valid_to,
        open_end=OPEN_END,
    )


async def create_many(tx: Transaction, space_key: str, decisions: Sequence[StoredDecision]) -> None:
    rows = [{"properties": properties(decision), "touched": touched(decision)} for decision in decisions]
    await one(tx, QUERIES["create_decisions"], int, space_key=space_key, rows=rows)
    events.note(tx, EventType.DECISION_MADE, [_told(decision) for decision in decisions])


def _told(decision: StoredDecision) -> Touched:
    return Touched(decision.id, decision.space_key, decision.visible_to, str(decision.action))


async def delete_marks(tx: Transaction, space_key: str, task_id: str, ids: Sequence[str]) -> int:
    """How many of the messages still waited for the task."""
    done = await one(tx, QUERIES["delete_ingest_marks"], int, space_key=space_key, task_id=task_id, ids=list(ids))
    return done or 0


async def list_window(tx: Transaction, space_key: str, task_id: str, limit: int) -> list[Said]:
    return await many(tx, QUERIES["list_window"], Said, space_key=space_key, task_id=task_id, limit=limit)


async def list_context(tx: Transaction, first: Said, limit: int) -> list[Said]:
    return await many(
        tx,
        QUERIES["list_context"],
        Said,
        space_key=first.space_key,
        session_id=first.session_id,
        position=first.position,
        visible_to=first.visible_to,
        limit=limit,
    )


async def delete_lost_marks(tx: Transaction, space_key: str, task_id: str) -> None:
    await many(tx, QUERIES["delete_lost_marks"], object, space_key=space_key, task_id=task_id)


async def count_waiting(tx: Transaction, space_key: str, task_id: str) -> int:
    return await one(tx, QUERIES["count_waiting_messages"], int, space_key=space_key, task_id=task_id) or 0


async def exists(tx: Transaction, space_key: str, decision_id: str) -> bool:
    return await one(tx, QUERIES["exists_decision"], str, space_key=space_key, id=decision_id) is not None


async def list_all(tx: Transaction, principal: Principal, page: DecisionPage) -> list[StoredDecision]:
    rows = await many(
        tx, QUERIES["list_decisions"], DecisionRow, visible=principal.visible, **msgspec.structs.asdict(page)
    )
    return [decoded(row) for row in rows]


async def list_of_task(tx: Transaction, space_key: str, task_id: str) -> list[StoredDecision]:
    rows = await many(tx, QUERIES["list_task_decisions"], DecisionRow, space_key=space_key, task_id=task_id)
    return [decoded(row) for row in rows]


async def count(tx: Transaction, principal: Principal, space_keys: list[str], task_id: str) -> list[DecisionCount]:
    return await many(
        tx,
        QUERIES["count_decisions"],
        DecisionCount,
        space_keys=space_keys,
        visible=principal.visible,
        task_id=task_id,
    )


async def get(tx: Transaction, principal: Principal, decision_id: str) -> StoredDecision | None:
    row = await one(
        tx,
        QUERIES["get_decision"],
        DecisionRow,
        id=decision_id,
        space_keys=principal.space_keys,
        visible=principal.visible,
    )
    return decoded(row) if row else None


async def list_blocking(tx: Transaction, decision: StoredDecision, but: Sequence[str]) -> list[str]:
    """The later decisions that build on this one, without those that are undone with it."""
    return await many(
        tx,
        QUERIES["list_blocking"],
        str,
        id=decision.id,
        space_key=decision.space_key,
        except_ids=list(but),
    )


async def undo(tx: Transaction, decision: StoredDecision, now: datetime) -> bool:
    """Whether the decision still held."""
    undone = await one(tx, QUERIES["undo_decision"], str, id=decision.id, space_key=decision.space_key, now=now)
    events.note(tx, EventType.DECISION_UNDONE, [_told(decision)] if undone else [])
    return undone is not None


def properties(decision: StoredDecision) -> dict[str, object]:
    """A decision as node properties."""
    fields = msgspec.structs.asdict(decision)
    scores, before = fields.pop("scores"), fields.pop("before")
    plain_fields = {
        name: str(value) if isinstance(value, str) else value for name, value in fields.items() if value is not None
    }
    return {
        **plain_fields,
        "scores_json": msgspec.json.encode(scores).decode(),
        "before_json": msgspec.json.encode(before).decode(),
    }


def decoded(row: DecisionRow) -> StoredDecision:
    """A decision with its scores and what was before."""
    fields = {name: getattr(row, name) for name in StoredDecision.__struct_fields__}
    fields["scores"] = msgspec.json.decode(row.scores_json, type=dict[str, float])
    fields["before"] = msgspec.json.decode(row.before_json, type=list[Before])
    return StoredDecision(**fields)


def touched(decision: StoredDecision) -> list[dict[str, str]]:
    """The memories that a decision is about, each with the strongest thing it did to it."""
    ops = {decision.target_id: "target", decision.memory_id: "target"}
    ops |= dict.fromkeys(decision.repeats, "repeated")
    ops |= {before.id: "changed" for before in decision.before}
    ops |= dict.fromkeys(decision.created, "created")
    return [{"id": memory_id, "op": op} for memory_id, op in ops.items() if memory_id]

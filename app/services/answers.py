"""What a search answers: the memories of the best candidates with their evidence, relations and reasons."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.domain.memories import BEGINNING, WIRE_STATES, Memory, State, timestamp, view
from app.domain.principal import Principal
from app.domain.provenance import StaleInfo, stale_info
from app.domain.relations import Direction, RelationType, RelationView, relation_view
from app.domain.search import EvidenceView, FactMark, FormerMark, OpponentMark, Part, SearchResult, Why
from app.services.understanding import Plan
from app.storage import links, memories, messages, relations
from app.storage.graph import Transaction
from app.storage.relations import RelationPage
from app.storage.search import Hit

RELATIONS_PER_RESULT = 20


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with everything its score is made of."""

    hit: Hit
    score: float
    why: Why
    formerly: list[FormerMark] = []


async def expand(tx: Transaction, principal: Principal, plan: Plan, best: Sequence[Ranked]) -> list[SearchResult]:
    """The results for the best candidates, in their order, as the caller may see them."""
    found = {memory.id: memory for memory in await memories.get_many(tx, principal, [item.hit.id for item in best])}
    evidence = await evidence_of(tx, principal, list(found)) if Part.EVIDENCE in plan.include else {}
    facts = await _facts(tx, principal, list(found)) if Part.FACTS in plan.include else {}
    disputed = [memory.id for memory in found.values() if memory.is_disputed]
    opposed = await _opponents(tx, principal, disputed) if disputed else {}
    related = await _relations(tx, principal, list(found)) if Part.RELATIONS in plan.include else {}
    return [
        SearchResult(
            memory=view(found[item.hit.id]),
            score=item.score,
            disputed=item.hit.id in opposed,
            opponents=opposed.get(item.hit.id, []),
            formerly=item.formerly,
            stale_info=_staleness(found[item.hit.id]) if plan.check_stale else msgspec.UNSET,
            evidence=evidence.get(item.hit.id, []) if Part.EVIDENCE in plan.include else msgspec.UNSET,
            facts=facts.get(item.hit.id, []) if Part.FACTS in plan.include else msgspec.UNSET,
            relations=related.get(item.hit.id, []) if Part.RELATIONS in plan.include else msgspec.UNSET,
            why=item.why if Part.WHY in plan.include else msgspec.UNSET,
        )
        for item in best
        if item.hit.id in found
    ]


def _staleness(memory: Memory) -> StaleInfo | msgspec.UnsetType:
    return stale_info(memory.shared) if memory.shared else msgspec.UNSET


async def evidence_of(tx: Transaction, principal: Principal, ids: list[str]) -> dict[str, list[EvidenceView]]:
    """The messages behind memories by their ids, as far as the caller may see them."""
    by_result: dict[str, list[EvidenceView]] = {}
    for row in await messages.get_evidence(tx, principal, ids):
        evidence = EvidenceView(
            message_id=row.message_id,
            session_id=row.session_id,
            role=row.role,
            speaker=row.speaker or None,
            said_at=timestamp(row.said_at),
            content=row.content,
        )
        by_result.setdefault(row.id, []).append(evidence)
    return by_result


async def _facts(tx: Transaction, principal: Principal, ids: list[str]) -> dict[str, list[FactMark]]:
    by_result: dict[str, list[FactMark]] = {}
    for row in await messages.list_facts(tx, principal, ids):
        mark = FactMark(memory_id=row.memory_id, content=row.content, state=WIRE_STATES[State(row.state)])
        by_result.setdefault(row.id, []).append(mark)
    return by_result


async def _opponents(tx: Transaction, principal: Principal, ids: list[str]) -> dict[str, list[OpponentMark]]:
    """What contradicts results by their ids: who gets one side of a dispute gets the other, too."""
    by_result: dict[str, list[OpponentMark]] = {}
    for row in await links.list_opponents(tx, principal, ids):
        mark = OpponentMark(
            memory_id=row.memory_id, content=row.content, confidence=row.confidence, since=timestamp(row.since)
        )
        by_result.setdefault(row.of, []).append(mark)
    return by_result


async def _relations(tx: Transaction, principal: Principal, ids: list[str]) -> dict[str, list[RelationView]]:
    by_result: dict[str, list[RelationView]] = {}
    page = RelationPage(
        types=[kind.upper() for kind in RelationType],
        directions=[Direction.OUT.value, Direction.IN.value],
        after=BEGINNING,
        after_id="",
        limit=RELATIONS_PER_RESULT,
    )
    for relation in await relations.list_all(tx, principal, ids, page):
        by_result.setdefault(relation.of, []).append(relation_view(relation))
    return by_result

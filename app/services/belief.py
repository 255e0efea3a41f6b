"""Keeps beliefs true to the graph: called in every transaction that changes what speaks for or against a memory."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.belief import Claim, Voice, needs_review, settle, witness_of
from app.storage import belief
from app.storage.belief import BeliefRow, ClaimRow
from app.storage.graph import Transaction

# A larger neighbourhood is cut; what lies outside counts with the belief it has (pipelines 3.6).
MOST_CLAIMS = 500


async def update(tx: Transaction, space_key: str, ids: Iterable[str]) -> None:
    """Computes anew how far the memories around these ones are believed; the caller holds the lock of the space."""
    changed = sorted(set(ids))
    rows = await belief.list_claims(tx, space_key, changed, MOST_CLAIMS) if changed else []
    if not any(row.evidence or row.needs_review or row.confidence != row.base_confidence for row in rows):
        return
    claims = [_claim(row) for row in rows]
    known = {one.id: one.confidence for row in rows for one in row.evidence}
    beliefs = {**known, **settle(claims, known)}
    after = [
        BeliefRow(id=claim.id, confidence=beliefs[claim.id], needs_review=needs_review(claim, beliefs))
        for claim in claims
    ]
    moved = [
        new
        for new, old in zip(after, rows, strict=True)
        if (new.confidence, new.needs_review) != (old.confidence, old.needs_review)
    ]
    if moved:
        await belief.update_beliefs(tx, space_key, moved)


def _claim(row: ClaimRow) -> Claim:
    return Claim(
        id=row.id,
        base=row.base_confidence,
        voices=[
            Voice(
                id=one.id,
                witness=witness_of(one.asserter, one.session_id),
                weight=one.weight,
                strength=one.base_confidence,
                is_against=one.type == "CONTRADICTS",
            )
            for one in row.evidence
            if one.type != "DERIVED_FROM"
        ],
        premises=[one.id for one in row.evidence if one.type == "DERIVED_FROM"],
        is_stale=any(one.is_changed for one in row.evidence),
    )

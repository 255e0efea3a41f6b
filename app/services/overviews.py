"""What belongs to the topic of an overview: the community of the memories that name it."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.principal import Principal
from app.domain.readings import read
from app.domain.texts import query_terms
from app.services.parts import Parts
from app.services.understanding import Plan
from app.storage import links
from app.storage.graph import QueryFailed
from app.storage.links import Step
from app.storage.search import Hit

# So many of the found memories say which community is meant.
MOST_VOICES = 16


async def members(parts: Parts, principal: Principal, plan: Plan, hits: Sequence[Hit]) -> list[Step]:
    """Steps to the most central memories of the topic's community; none for another question, or one without answer."""
    asked = set(query_terms(plan.topic))
    naming = dict.fromkeys(hit.id for hit in hits if asked and asked <= read(hit.text).terms.keys())
    if not naming:
        return []
    known = list({hit.id for hit in hits})
    try:
        return await parts.graph.read(
            links.list_community, principal, plan.scope, plan.tags, (list(naming)[:MOST_VOICES], known)
        )
    except QueryFailed:
        return []

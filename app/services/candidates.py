"""What facts may be about: looked up in the graph, and read as reconciliation compares it."""

from __future__ import annotations

import msgspec

from app.domain.facts import Fact, Modality, Utterance
from app.domain.memories import State, text_hash
from app.domain.principal import Principal, filter_token
from app.domain.texts import has_cjk, lucene_query
from app.storage import decisions, entities, search
from app.storage.decisions import Candidate, CandidateQuery, FactQuery
from app.storage.graph import Transaction
from ingest.candidates import Known
from ingest.extraction import extract
from ingest.linking import named_entities, norm_name, slot_id, subject_key

# So many of each kind: same text, same slot, close in meaning, sharing words, sharing entities (pipelines 2.7).
PER_KIND = 4


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """Facts to look up with their vectors, in a space, for an audience; `except_ids` are not candidates."""

    space_key: str
    visible_to: str
    facts: list[Fact]
    vectors: list[list[float]]
    except_ids: list[str] = []


class Found(msgspec.Struct, frozen=True):
    """The revision of the space and, for each fact, what it may be about then."""

    rev: int
    by_fact: list[list[Known]]


async def find(tx: Transaction, principal: Principal, lookup: Lookup) -> Found:
    """Candidates of all facts, with the revision of the space before they were read."""
    rev = await decisions.get_rev(tx, lookup.space_key)
    by_fact: list[list[Known]] = [[] for _ in lookup.facts]
    if not lookup.facts:
        return Found(rev, by_fact)
    names = await _same_names(tx, lookup)
    queries = [_query(lookup, index, names) for index in range(len(lookup.facts))]
    wanted = CandidateQuery(space_key=lookup.space_key, facts=queries, except_ids=lookup.except_ids, limit=PER_KIND)
    for row in await decisions.list_candidates(tx, principal, wanted):
        subject = lookup.facts[row.fact].subject
        by_fact[row.fact].append(_under_name(known(row), subject, names.get(subject_key(subject), [])))
    return Found(rev, by_fact)


async def _same_names(tx: Transaction, lookup: Lookup) -> dict[str, list[str]]:
    """For the subjects of the facts that were merged with others: all names of each."""
    subjects = sorted({subject_key(fact.subject) for fact in lookup.facts} - {""})
    found = await entities.list_same_names(tx, lookup.space_key, subjects) if subjects else []
    return {same.name: [subject_key(name) for name in same.names] for same in found}


def _under_name(known: Known, subject: str, names: list[str]) -> Known:
    """What is known of somebody under another name of his, as if it were said under this one."""
    return msgspec.structs.replace(known, subject=subject) if subject_key(known.subject) in names else known


def _slot_ids(lookup: Lookup, fact: Fact, names: dict[str, list[str]]) -> list[str]:
    """The slots of the fact: under the name it uses, and under the other names of its subject."""
    own = subject_key(fact.subject)
    ids = [slot_id(lookup.space_key, fact, name) for name in names.get(own, [own])]
    return [found for found in ids if found]


def _query(lookup: Lookup, index: int, names: dict[str, list[str]]) -> FactQuery:
    fact = lookup.facts[index]
    words = lucene_query(fact.text)
    text = (
        f"+space_key:{lookup.space_key}^0 +visible_to:{lookup.visible_to}^0 +state:active^0 "
        f"+facets:{filter_token('kind', 'memory')}^0 +content:({words})"
        if words
        else ""
    )
    return FactQuery(
        index=index,
        text_hash=text_hash(fact.text),
        visible_to=lookup.visible_to,
        slot_ids=_slot_ids(lookup, fact, names),
        value=fact.value,
        embedding=lookup.vectors[index],
        english_query="" if has_cjk(fact.text) else text,
        cjk_query=text if has_cjk(fact.text) else "",
        entities=[norm_name(mention.name) for mention in named_entities(fact)],
    )


def asserter(speaker: str, tenant_id: str) -> str:
    """Who vouches for a statement: the named speaker, else the tenant behind it."""
    return speaker or tenant_id


def known(row: Candidate) -> Known:
    """A memory as reconciliation reads it; of a text that ingest has not read yet, what it says is read here."""
    about = _read(row) if not row.subject and not row.attribute else None
    return Known(
        id=row.id,
        text=row.text,
        text_hash=row.text_hash,
        category=row.category,
        memory_type=row.memory_type,
        subject=about.subject if about else row.subject,
        attribute=about.attribute if about else row.attribute,
        value=about.value if about else row.value,
        context=about.context if about else row.context,
        speaker=asserter(row.speaker, row.tenant_id),
        said_at=row.said_at,
        valid_from=row.said_at,
        session_id=row.session_id,
        modality=about.modality if about else Modality(row.modality),
        cosine=None if row.score is None else search.cosine_of(row.score),
        is_pinned=row.memory_type == "pinned",
        is_held=row.state == State.HELD,
        confidence=row.confidence,
    )


def _read(row: Candidate) -> Fact | None:
    said = extract([Utterance(id=row.id, role="user", speaker=row.speaker, said_at=row.said_at, text=row.text)])
    return said[0] if len(said) == 1 else None

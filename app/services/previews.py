"""Shows what ingest would extract from a conversation and decide about it; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.domain.decisions import Decision
from app.domain.errors import Unavailable
from app.domain.facts import Fact, Utterance
from app.domain.memories import text_hash, timestamp
from app.domain.messages import NewMessage, NewMessages, check_messages, said_at
from app.domain.previews import NoiseView, Preview, PreviewedDecision, PreviewedFact, QuoteView
from app.domain.principal import Principal
from app.domain.space_settings import Preset
from app.domain.texts import SafeText
from app.providers.embedder import EmbeddingFailed
from app.services.parts import Parts
from app.storage import decisions, search
from app.storage.decisions import Candidate, FactQuery
from ingest.admission import Verdict, admit, refusal
from ingest.candidates import Known
from ingest.extraction import extract
from ingest.noise import noise_family
from ingest.reconciliation import BATCH, decide
from ingest.redaction import is_empty, redact

# So many memories of the same text, and so many that lie close, are compared with a fact (pipelines 2.7).
CANDIDATES = 4
# A cosine from which on a fact begins to count as known; at 1 nothing is new.
FAMILIAR_COSINE = 0.6


async def preview(parts: Parts, principal: Principal, new: NewMessages) -> Preview:
    """Facts with their decisions, and the noise. Raises what storing them would, and Unavailable without a model."""
    space = principal.writable_space(new.space)
    utterances = read_utterances(new.messages, parts.clock())
    facts = extract(utterances)
    hashes = [text_hash(fact.text) for fact in facts]
    found = await _candidates(parts, principal.acting_as(redact(new.agent_id or "")), space.space_key, facts, hashes)
    made = _decisions(facts, found, hashes, space.settings.admission)
    return Preview(
        facts=[_view(utterances, fact, decision) for fact, decision in zip(facts, made, strict=True)],
        noise=[
            NoiseView(int(utterance.id), family)
            for utterance in utterances
            if (family := noise_family(SafeText(utterance.text)))
        ],
    )


def read_utterances(messages: Sequence[NewMessage], now: datetime) -> list[Utterance]:
    """The messages without private text, each under its index in the request. Raises Invalid, TooLong."""
    check_messages(messages)
    return [
        Utterance(
            id=str(index),
            role=message.role,
            speaker=redact(message.speaker or ""),
            said_at=said_at(message.said_at, now),
            text=text,
        )
        for index, message in enumerate(messages)
        if not is_empty(text := redact(message.content))
    ]


async def _candidates(
    parts: Parts, principal: Principal, space_key: str, facts: Sequence[Fact], hashes: Sequence[str]
) -> list[list[Known]]:
    """For each fact what it may be about. Raises Unavailable: without vectors all would seem new."""
    known: list[list[Known]] = [[] for _ in facts]
    if not facts:
        return known
    try:
        vectors = await parts.embedder.embed_documents([fact.text for fact in facts])
    except EmbeddingFailed as error:
        raise Unavailable("the embedding model does not answer; try again later") from error
    queries = [
        FactQuery(index=index, text_hash=digest, embedding=vector)
        for index, (digest, vector) in enumerate(zip(hashes, vectors, strict=True))
    ]
    for row in await parts.graph.read(decisions.list_candidates, principal, space_key, queries, CANDIDATES):
        known[row.fact].append(_known(row))
    return known


def _known(row: Candidate) -> Known:
    """A memory as reconciliation reads it; what it is about is read from its text, as that of a new fact is."""
    utterance = Utterance(id=row.id, role="user", speaker="", said_at=row.said_at, text=row.text)
    said = extract([utterance])
    about = said[0] if len(said) == 1 else Fact(text=row.text, category=row.category)
    return Known(
        id=row.id,
        text=row.text,
        text_hash=row.text_hash,
        category=row.category,
        memory_type=row.memory_type,
        subject=about.subject,
        attribute=about.attribute,
        value=about.value,
        context=about.context,
        said_at=row.said_at,
        valid_from=row.said_at,
        session_id=row.session_id,
        modality=about.modality,
        cosine=search.cosine_of(row.score),
        is_pinned=row.memory_type == "pinned",
        confidence=row.confidence,
    )


def _decisions(
    facts: Sequence[Fact], found: Sequence[Sequence[Known]], hashes: Sequence[str], preset: Preset
) -> list[Decision]:
    """What admission refuses is decided; the rest is reconciled with what is known and with each other."""
    verdicts = [admit(fact, _novelty(known), False, preset) for fact, known in zip(facts, found, strict=True)]
    kept = [index for index, admission in enumerate(verdicts) if admission.verdict is Verdict.ADMIT]
    reconciled = decide(
        [facts[index] for index in kept], [found[index] for index in kept], [hashes[index] for index in kept]
    )
    by_fact = {kept[decision.fact]: _renumbered(decision, kept) for decision in reconciled}
    return [by_fact.get(index) or refusal(index, admission) for index, admission in enumerate(verdicts)]


def _renumbered(decision: Decision, kept: Sequence[int]) -> Decision:
    """A decision about some of the facts, with the numbers they have among all."""
    prefix, is_batch, number = decision.target_id.partition(BATCH)
    target = f"{BATCH}{kept[int(number)]}" if is_batch and not prefix else decision.target_id
    return msgspec.structs.replace(decision, fact=kept[decision.fact], target_id=target)


def _novelty(known: Sequence[Known]) -> float:
    closest = max((one.cosine or 0.0 for one in known), default=0.0)
    return 1 - max(0.0, closest - FAMILIAR_COSINE) / (1 - FAMILIAR_COSINE)


def _view(utterances: Sequence[Utterance], fact: Fact, decision: Decision) -> PreviewedFact:
    texts = {utterance.id: utterance.text for utterance in utterances}
    return PreviewedFact(
        text=fact.text,
        category=fact.category,
        subject=fact.subject or None,
        attribute=fact.attribute or None,
        value=fact.value or None,
        cardinality=fact.cardinality,
        modality=fact.modality,
        entities=[msgspec.structs.asdict(mention) for mention in fact.mentions],
        speaker=fact.speaker or None,
        valid_from=timestamp(fact.valid_from) if fact.valid_from else None,
        valid_to=timestamp(fact.valid_to) if fact.valid_to else None,
        importance=fact.importance,
        confidence=fact.confidence,
        quotes=[
            QuoteView(
                int(quote.utterance_id), quote.start, quote.end, texts[quote.utterance_id][quote.start : quote.end]
            )
            for quote in fact.quotes
        ],
        decision=PreviewedDecision(
            action=decision.action,
            requested_action=decision.requested_action,
            target_id=decision.target_id or None,
            reason=decision.reason,
            label=decision.label or None,
            scores=decision.scores,
        ),
    )

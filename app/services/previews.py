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
from app.domain.principal import ALL_AGENTS, Principal
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from app.providers.embedder import EmbeddingFailed
from app.services import candidates, embedding, noise
from app.services.assimilation import answer_batch
from app.services.candidates import Lookup, asserter
from app.services.ingest import read_facts
from app.services.parts import Parts
from ingest.assimilation import Batch, resolve
from ingest.candidates import Known
from ingest.redaction import is_empty, redact, redact_id
from ingest.windows import make_windows


async def preview(parts: Parts, principal: Principal, new: NewMessages) -> Preview:
    """Facts with their decisions, and the noise. Raises what storing them would, and Unavailable without a model."""
    space = principal.writable_space(new.space)
    secrets = space.settings.secrets
    utterances = read_utterances(new.messages, secrets, parts.clock())
    speaking = principal.acting_as(redact_id(new.agent_id or "", secrets, "agent_id"))
    judged = await noise.judge(parts, speaking, space.space_key, [SafeText(said.text) for said in utterances])
    heard = [said for said, found in zip(utterances, judged, strict=True) if found is None]
    facts = (await read_facts(parts, space, make_windows(heard), [], is_last=True)).facts
    found = await _found(parts, speaking, space.space_key, facts)
    asserted = [_as_asserted(fact, principal) for fact in facts]
    hashes = [text_hash(fact.text) for fact in facts]
    batch = Batch(facts=asserted, found=found, hashes=hashes, preset=space.settings.admission)
    made = resolve(batch, (await answer_batch(parts, space, batch)).answers)
    return Preview(
        facts=[_view(utterances, fact, decision) for fact, decision in zip(facts, made, strict=True)],
        noise=[NoiseView(int(said.id), found.family) for said, found in zip(utterances, judged, strict=True) if found],
    )


def read_utterances(messages: Sequence[NewMessage], secrets: SecretPolicy, now: datetime) -> list[Utterance]:
    """The messages without private text, each under its index in the request. Raises Invalid, TooLong."""
    check_messages(messages)
    return [
        Utterance(
            id=str(index),
            role=message.role,
            speaker=redact(message.speaker or "", secrets, f"messages[{index}].speaker"),
            said_at=said_at(message.said_at, now),
            text=text,
        )
        for index, message in enumerate(messages)
        if not is_empty(text := redact(message.content, secrets, f"messages[{index}].content"))
    ]


async def _found(parts: Parts, principal: Principal, space_key: str, facts: list[Fact]) -> list[list[Known]]:
    """For each fact what it may be about. Raises Unavailable: without vectors all would seem new."""
    try:
        texts = await embedding.embed_facts(parts, [fact.text for fact in facts])
    except EmbeddingFailed as error:
        raise Unavailable("the embedding model does not answer; try again later") from error
    lookup = Lookup(
        space_key=space_key,
        visible_to=ALL_AGENTS,
        facts=facts,
        vectors=[text.vectors[0] for text in texts],
    )
    return (await parts.graph.read(candidates.find, principal, lookup)).by_fact


def _as_asserted(fact: Fact, principal: Principal) -> Fact:
    return msgspec.structs.replace(fact, speaker=asserter(fact.speaker, principal.tenant_id))


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

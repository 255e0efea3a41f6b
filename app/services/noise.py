"""Which messages nothing is remembered from: by pattern, by what their space learned, by likeness to typical noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from app.domain.noise_examples import EXAMPLE_LIFE, NoiseExample
from app.domain.principal import Principal
from app.domain.texts import SafeText
from app.providers.embedder import EmbeddingFailed
from app.services.parts import Parts
from app.storage import memories, noise_examples
from app.storage.graph import Transaction
from ingest.learned_noise import learned_noise
from ingest.noise import is_anchored, noise_family
from ingest.noise_prototypes import PROTOTYPES, may_resemble, prototype_family

LEARNED = "learned"


class Noise(msgspec.Struct, frozen=True):
    """Why a message is noise: its family, and the example it is like when that was learned ('' when not)."""

    family: str
    example_id: str = ""


async def judge(parts: Parts, principal: Principal, space_key: str, texts: Sequence[SafeText]) -> list[Noise | None]:
    """For each message why it is noise, or None. While the model fails only patterns and equal texts count.

    Who drops messages counts the examples with `count_hits`, so that those in use are kept.
    """
    found = [Noise(family) if (family := noise_family(text)) else None for text in texts]
    rest = [index for index, noise in enumerate(found) if noise is None]
    if not rest:
        return found
    model, since = parts.embedder.model, parts.clock() - EXAMPLE_LIFE
    examples = await parts.graph.read(noise_examples.list_learned, principal, space_key, model, since)
    vectors, prototypes = await _vectors(parts, [texts[index] for index in rest], bool(examples))
    for index, vector in zip(rest, vectors, strict=True):
        found[index] = _judged(texts[index], vector, model, (examples, prototypes))
    return found


async def count_hits(tx: Transaction, space_key: str, hits: Mapping[str, int], now: datetime) -> None:
    """Counts by the id of an example how many messages were dropped for it."""
    await memories.lock_space(tx, space_key)
    await noise_examples.add_hits(tx, space_key, hits, now)


def _judged(
    text: SafeText, vector: list[float], model: str, known: tuple[list[NoiseExample], list[list[float]]]
) -> Noise | None:
    examples, prototypes = known
    if example_id := learned_noise(text, vector, model, examples):
        return Noise(LEARNED, example_id)
    family = prototype_family(vector, prototypes) if vector and prototypes and may_resemble(text, model) else None
    return Noise(family) if family else None


async def _vectors(
    parts: Parts, texts: Sequence[SafeText], has_examples: bool
) -> tuple[list[list[float]], list[list[float]]]:
    """Vectors of the texts that a vector may say something of ([] for others), and of the prototypes where needed."""
    alike = [may_resemble(text, parts.embedder.model) for text in texts]
    wanted = [index for index, text in enumerate(texts) if alike[index] or (has_examples and not is_anchored(text))]
    vectors: list[list[float]] = [[] for _ in texts]
    try:
        made = await parts.embedder.embed_documents([texts[index] for index in wanted]) if wanted else []
        # The embedder keeps them, so they are made once for a process.
        phrases = [phrase for _, phrase in PROTOTYPES] if any(alike) else []
        prototypes = await parts.embedder.embed_documents(phrases) if phrases else []
    except EmbeddingFailed:
        return vectors, []
    for index, vector in zip(wanted, made, strict=True):
        vectors[index] = vector
    return vectors, prototypes

"""Judges a message by what its space has learned to be noise: the same text, or one like several examples."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from app.domain.memories import text_hash
from app.domain.noise_examples import NoiseExample
from app.domain.texts import SafeText, is_mostly_cjk
from ingest.noise import is_anchored, opening_name
from ingest.noise_prototypes import MEASURED_MODEL

# So many examples must agree before a text that nobody called noise is dropped (pipelines 2.4).
ENOUGH_EXAMPLES = 3
# Of 95 English facts none came nearer than 0.61 to its third closest of 121 messages of noise.
CLOSE_COSINE = 0.70
# Of 175 Chinese facts some reached 0.93 with the bundled model; the same for models that were not measured.
STRICT_COSINE = 0.97


def learned_noise(
    text: SafeText, embedding: Sequence[float], model: str, examples: Sequence[NoiseExample]
) -> str | None:
    """The id of the example that a text is noise by: the same text, or the closest of those that agree; else None.

    A text with a name, a number, a date or code is compared as a whole only. Without a vector (`[]`) so is any text.
    """
    digest = text_hash(text)
    same = next((example.id for example in examples if example.text_hash == digest), None)
    if same or not embedding or is_anchored(text):
        return same
    line = CLOSE_COSINE if model == MEASURED_MODEL and not is_mostly_cjk(text) else STRICT_COSINE
    cosines = [(sum(map(mul, embedding, example.embedding)), example) for example in examples if example.embedding]
    close = [(cosine, example) for cosine, example in cosines if cosine >= line]
    if sum(example.confirmations for _, example in close) < ENOUGH_EXAMPLES or _is_new_name(text, close):
        return None
    return max(close, key=lambda found: found[0])[1].id


def _is_new_name(text: SafeText, close: Sequence[tuple[float, NoiseExample]]) -> bool:
    """Whether a text begins with what may be a name and no example begins so."""
    name = opening_name(text).casefold()
    return bool(name) and not any(example.text.casefold().startswith(name) for _, example in close)

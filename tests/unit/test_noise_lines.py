"""The filter on paraphrases that it was not made from: precision first, then as much as patterns and likeness find."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import load_settings
from app.domain.texts import SafeText
from app.providers.embedder import make_embedder
from ingest.noise import noise_family
from ingest.noise_prototypes import MEASURED_MODEL, PROTOTYPES, may_resemble, prototype_family
from tests.evaluation.noise import Line, read

LINES = read(Path(__file__).parents[1] / "evaluation" / "noise.jsonl")
# The share of the noise that patterns alone find, and how much likeness adds in English; measured, so that it stays.
LEAST_RECALL = {"en": 0.6, "zh": 0.4}


def test_there_are_enough_lines_of_both_kinds_and_languages() -> None:
    counts = [
        sum(line.noise is noise and line.lang == lang for line in LINES)
        for noise in (True, False)
        for lang in ("en", "zh")
    ]

    assert sum(counts[:2]) >= 60 <= sum(counts[2:])
    assert min(counts) >= 25


@pytest.mark.parametrize("lang", LEAST_RECALL)
def test_patterns_drop_nothing_that_is_worth_keeping_and_find_their_share(lang: str) -> None:
    said = [line for line in LINES if line.lang == lang]

    assert [line.text for line in said if noise_family(SafeText(line.text)) and not line.noise] == []
    found = [bool(noise_family(SafeText(line.text))) for line in said if line.noise]
    assert sum(found) / len(found) >= LEAST_RECALL[lang]


async def test_likeness_adds_noise_and_nothing_else() -> None:
    embedder = make_embedder(load_settings({}))
    undecided = [line for line in LINES if not noise_family(SafeText(line.text))]
    texts = [SafeText(line.text) for line in undecided]
    vectors = await embedder.embed_documents(texts)
    prototypes = await embedder.embed_documents([phrase for _, phrase in PROTOTYPES])
    await embedder.close()

    added: list[Line] = [
        line
        for line, text, vector in zip(undecided, texts, vectors, strict=True)
        if may_resemble(text, MEASURED_MODEL) and prototype_family(vector, prototypes)
    ]

    assert len(added) >= 3
    assert [line.text for line in added if not line.noise] == []

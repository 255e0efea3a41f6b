"""An optional cross-encoder moves the best results, over HTTP with a tiny real one; without it none moves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.main import make_parts
from app.providers.breaker import MAX_FAILURES, CircuitBreaker
from app.providers.cross_encoder import load_cross_encoder
from app.providers.reranker import CrossEncoderReranker, RerankingFailed
from app.services import reranking
from app.services.parts import Parts
from app.services.reranking import SHARE
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import FixedEmbedder

QUESTION = "which lamp is in the hall"
TEXTS = [f"The {colour} lamp is in the hall." for colour in ("red", "blue", "green", "yellow", "white")]


def build(folder: Path, labels: int = 1) -> Path:
    """A real cross-encoder with a few random weights, so that each text has a score of its own."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "lamp", "hall", "red", "blue", "green", "yellow", "white"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(11)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        num_labels=labels, initializer_range=1.0,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    model.save_pretrained(folder)
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("reranker"))


def with_reranker(parts: Parts, model: Path) -> Parts:
    settings = msgspec.structs.replace(parts.settings, reranker_model=str(model))
    return make_parts(settings, parts.graph, FixedEmbedder(model=parts.embedder.model))


async def asked(client: Client, **parameters: object) -> dict[str, Any]:
    return await client.search(QUESTION, include="why", include_trace="true", **parameters)


def by_content(answer: dict[str, Any]) -> dict[str, float]:
    return {one["memory"]["content"]: one["score"] for one in answer["results"]}


async def test_the_order_is_what_its_scores_and_ours_say(sign_up: SignUp, parts: Parts, encoder: Path) -> None:
    rows, _ = load_cross_encoder(str(encoder))
    said = {text: row[0] for text, row in zip(TEXTS, rows([(QUESTION, text) for text in TEXTS]), strict=True)}
    plain, client = await sign_up(), await sign_up(parts=with_reranker(parts, encoder))
    for text in TEXTS:
        await plain.store(text)
        await client.store(text)
    before = by_content(await asked(plain))

    answer = await asked(client)

    after = by_content(answer)
    wanted = {text: SHARE * said[text] + (1 - SHARE) * before[text] for text in TEXTS}
    assert list(after) == sorted(TEXTS, key=lambda text: -wanted[text]) != list(before)
    assert after == pytest.approx(wanted, abs=0.02)
    assert {one["memory"]["content"]: one["why"]["p_rerank"] for one in answer["results"]} == pytest.approx(said)
    assert [stage["name"] for stage in answer["trace"]["stages"]].count("rerank") == 1
    assert (answer["degraded"], (await client.get("/health/ready")).json()["checks"]["reranker"]) == ([], "ok")


async def test_nothing_is_below_the_line_that_the_caller_set(sign_up: SignUp, parts: Parts, encoder: Path) -> None:
    client = await sign_up(parts=with_reranker(parts, encoder))
    for text in TEXTS:
        await client.store(text)
    scores = sorted(by_content(await asked(client)).values())

    found = by_content(await asked(client, min_score=scores[2]))

    assert 0 < len(found) <= 3
    assert min(found.values()) >= scores[2]


async def test_a_model_that_cannot_be_loaded_changes_nothing_and_is_named(
    sign_up: SignUp, parts: Parts, tmp_path: Path
) -> None:
    plain = await sign_up()
    client = await sign_up(parts=with_reranker(parts, tmp_path))
    for one in (plain, client):
        await one.store(TEXTS[0])

    answer = await asked(client)
    ready = await client.get("/health/ready")

    assert answer["degraded"] == ["rerank"]
    assert by_content(answer) == pytest.approx(by_content(await asked(plain)), abs=0.02)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert "OMEM_RERANKER_MODEL" in ready.json()["checks"]["reranker"]
    assert str(tmp_path) not in ready.text


class SlowReranker:
    def __init__(self) -> None:
        self.asked = 0

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked += 1
        await asyncio.sleep(5)
        raise AssertionError(f"nobody waits so long for {question} of {texts}")

    async def close(self) -> None: ...


async def test_a_search_does_not_wait_for_a_slow_model(
    sign_up: SignUp, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "PATIENCE_SECONDS", 0.05)
    client = await sign_up(parts=msgspec.structs.replace(parts, reranker=SlowReranker()))
    await client.store(TEXTS[0])

    answer = await asked(client)

    assert (answer["degraded"], len(answer["results"])) == (["rerank"], 1)


class RecoveringReranker(SlowReranker):
    """Too slow for the first three questions."""

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        if self.asked >= MAX_FAILURES:
            return [0.5 for _ in texts]
        return await super().score(question, texts)


async def test_a_model_that_is_always_too_slow_is_left_alone_and_named_once_in_the_log(
    sign_up: SignUp, parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reranking, "PATIENCE_SECONDS", 0.05)
    reranker = SlowReranker()
    client = await sign_up(parts=msgspec.structs.replace(parts, reranker=reranker))
    await client.store(TEXTS[0])

    answers = [await asked(client) for _ in range(MAX_FAILURES + 2)]

    assert reranker.asked == MAX_FAILURES
    for answer in answers:
        assert (answer["degraded"], len(answer["results"])) == (["rerank"], 1)
        assert "rerank" in [stage["name"] for stage in answer["trace"]["stages"]]
    assert [record.message for record in caplog.records if "left alone" in record.message] == [
        f"{reranking.ALONE}: the reranker took longer than 0 s"
    ]
    assert "left alone" in (await client.get("/health/ready")).json()["checks"]["reranker"]


async def test_after_the_pause_one_search_finds_that_the_model_is_back(
    sign_up: SignUp, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "PATIENCE_SECONDS", 0.05)
    slow = msgspec.structs.replace(parts, reranker=RecoveringReranker(), reranker_breaker=CircuitBreaker(0))
    client = await sign_up(parts=slow)
    await client.store(TEXTS[0])

    answers = [await asked(client) for _ in range(MAX_FAILURES + 2)]

    assert [answer["degraded"] for answer in answers] == [["rerank"]] * MAX_FAILURES + [[], []]


async def test_without_a_setting_there_is_no_stage_and_no_check(alice: Client) -> None:
    await alice.store(TEXTS[0])

    answer = await asked(alice)

    assert "rerank" not in [stage["name"] for stage in answer["trace"]["stages"]]
    assert "p_rerank" not in answer["results"][0]["why"]
    assert "reranker" not in (await alice.get("/health/ready")).json()["checks"]


async def test_of_two_labels_the_second_counts_and_three_are_refused(tmp_path: Path) -> None:
    two, three = tmp_path / "two", tmp_path / "three"
    for folder, labels in ((two, 2), (three, 3)):
        folder.mkdir()
        build(folder, labels)
    rows, _ = load_cross_encoder(str(two))

    assert await CrossEncoderReranker(str(two)).score("hall", ["lamp"]) == pytest.approx(
        [rows([("hall", "lamp")])[0][1]]
    )
    with pytest.raises(RerankingFailed, match="one label or two"):
        await CrossEncoderReranker(str(three)).score("hall", ["lamp"])

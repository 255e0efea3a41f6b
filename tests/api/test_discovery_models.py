"""Relations between memories as models see them, over HTTP: a tiny cross-encoder, and a scripted language model."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from neo4j import AsyncDriver

from app.main import make_parts
from app.services.parts import Parts
from tests.api.test_discovery import forget_tasks, store, task_of
from tests.conftest import SignUp
from tests.fakes import FixedEmbedder
from tests.servers.openai_api import OpenAIServer, Request, chat, status

# About one thing, and the judge is not sure what they are to each other.
PAIRS = [
    ("Deploys are frozen on Fridays.", "Fridays: deploys frozen."),
    ("周五冻结发布。", "发布在周五冻结。"),
]
LABELS = ["contradiction", "entailment", "neutral"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cross-encoder with hardly any weights, to which all texts contradict each other."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "fridays"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        num_labels=3, id2label=dict(enumerate(LABELS)), label2id={name: at for at, name in enumerate(LABELS)},
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([9.0, 0.0, 0.0]))
    model.save_pretrained(folder)
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


async def test_a_cross_encoder_decides_what_the_judge_leaves_open(sign_up: SignUp, parts: Parts, encoder: Path) -> None:
    own = make_parts(
        msgspec.structs.replace(parts.settings, nli_model=str(encoder)),
        parts.graph,
        FixedEmbedder(model=parts.embedder.model),
    )
    client = await sign_up(parts=own)
    for pair in PAIRS:
        older, newer = await store(client, *pair)

    found = (await client.post("/v1/imports/cross-reconcile")).json()

    assert (found["status"], found["relations_created"]) == ("completed", 2)
    decided = (await client.get("/v1/decisions", params={"task_id": found["task_id"]})).json()["decisions"]
    assert {(one["action"], one["method"]) for one in decided} == {("supersede", "nli")}
    assert (await client.get(f"/v1/memories/{older}")).json()["superseded_by"] == newer


async def test_a_model_that_cannot_be_loaded_leaves_it_to_the_judge_and_says_so(
    sign_up: SignUp, parts: Parts, tmp_path: Path
) -> None:
    own = make_parts(
        msgspec.structs.replace(parts.settings, nli_model=str(tmp_path)),
        parts.graph,
        FixedEmbedder(model=parts.embedder.model),
    )
    client = await sign_up(parts=own)
    await store(client, "I think deploys freeze on Fridays.", "Deploys freeze on Fridays, says the handbook.")

    found = (await client.post("/v1/imports/cross-reconcile")).json()

    assert (found["status"], found["proposals"]) == ("partial", 1)
    [error] = (await task_of(client, found["task_id"]))["errors"]
    assert "OMEM_NLI_MODEL" in error
    assert str(tmp_path) not in error


def related(request: Request) -> dict[str, object]:
    """Says of each pair that the newer one took the place of the older one."""
    pairs = [line for line in request.body["messages"][-1]["content"].splitlines() if line.startswith('{"pair"')]
    items = [
        {"pair": number, "relation": "supersedes", "confidence": 5, "reason": "so"}
        for number in range(1, len(pairs) + 1)
    ]
    return {"relations": items}


@pytest.mark.parametrize("fails", [False, True])
async def test_a_language_model_is_asked_about_open_pairs_and_may_be_away(
    sign_up: SignUp, parts: Parts, driver: AsyncDriver, *, fails: bool
) -> None:
    with OpenAIServer() as server:
        server.always(status(401) if fails else chat(related))
        settings = msgspec.structs.replace(parts.settings, llm_base_url=server.url, llm_provider="openai-compatible")
        own = make_parts(settings, parts.graph, FixedEmbedder(model=parts.embedder.model))
        client = await sign_up(parts=own)
        for pair in PAIRS:
            await store(client, *pair)
        await forget_tasks(driver, client)

        found = (await client.post("/v1/imports/cross-reconcile")).json()

    task = await task_of(client, found["task_id"])
    assert (found["relations_created"], found["status"]) == ((0, "partial") if fails else (2, "completed"))
    assert (task["tokens"] > 0) is not fails
    asked = [request for request in server.requests if "chat" in request.path]
    assert len(asked) == 1

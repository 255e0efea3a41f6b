"""The bundled model as the service uses it, and the cache in front of any model."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from app.config import Settings
from app.providers.embedder import CACHED_TEXTS, CachingEmbedder, Embedder, EmbeddingFailed, make_embedder
from app.providers.embeddings import to_unit
from app.providers.local_embedder import MAX_BATCH_TOKENS, LocalEncoder
from app.providers.openai_embedder import OpenAIEncoder
from tests.fakes import FixedEmbedder
from tests.servers.openai_api import DIMENSION, OpenAIServer, malformed

LOCAL = Settings(home=Path("unused"))

# Loads the bundled model in a new process, prints what it reached on the network and how long the loop stood still.
FIRST_USE = """
import asyncio, sys, time
from pathlib import Path
from app.config import Settings
from app.providers.embedder import make_embedder

def report(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments)

async def main():
    embedder = make_embedder(Settings(home=Path("unused")))
    assert "torch" not in sys.modules
    await embedder.load()
    await embedder.embed_documents([f"The {number}th sentence. 第一句" * number for number in range(70)])
    await embedder.close()
    print(embedder.model, embedder.dimension)

sys.addaudithook(report)
asyncio.run(main())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bundled() -> AsyncGenerator[Embedder]:
    embedder = make_embedder(LOCAL)
    await embedder.load()
    yield embedder
    await embedder.close()


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@asynccontextmanager
async def remote(server: OpenAIServer, cached_texts: int = CACHED_TEXTS) -> AsyncGenerator[Embedder]:
    """An embedder whose work the server can tell."""
    settings = Settings(home=Path("unused"), embed_base_url=server.url, embed_dim=DIMENSION)
    embedder = CachingEmbedder(OpenAIEncoder(settings), cached_texts)
    yield embedder
    await embedder.close()


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


async def test_the_bundled_model_puts_an_answer_nearer_than_another_text(bundled: Embedder) -> None:
    [question] = await bundled.embed_queries(["Where does Anna keep the keys?"])
    answer, other = await bundled.embed_documents(["Anna's keys hang beside the door.", "It rained all Sunday."])

    assert cosine(question, answer) > cosine(question, other) + 0.3


async def test_vectors_are_plain_floats_of_length_one(bundled: Embedder) -> None:
    texts = ["short", "一杯绿茶", "", "🙂", "long " * 2_000]

    vectors = await bundled.embed_documents(texts)

    assert bundled.dimension == 384
    assert [len(vector) for vector in vectors] == [384] * len(texts)
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1] * len(texts), abs=1e-6)
    assert {type(value) for vector in vectors for value in vector} == {float}


async def test_a_text_has_the_same_vector_alone_and_in_a_batch(bundled: Embedder) -> None:
    texts = [f"{number} " + "word " * (number % 40) for number in range(100)]

    together = await bundled.embed_documents(texts)
    [alone] = await bundled.embed_queries([texts[33]])

    assert cosine(alone, together[33]) == pytest.approx(1, abs=1e-5)


async def test_a_query_overtakes_documents(bundled: Embedder) -> None:
    finished: list[str] = []

    async def note(name: str, work: asyncio.Future[list[list[float]]]) -> None:
        await work
        finished.append(name)

    documents = asyncio.ensure_future(bundled.embed_documents([f"overtaken {n} " + "word " * 100 for n in range(20)]))
    importing = asyncio.create_task(note("documents", documents))
    await asyncio.sleep(0.05)
    await note("query", asyncio.ensure_future(bundled.embed_queries(["overtaking"])))
    await importing

    assert finished == ["query", "documents"]


async def test_few_texts_overtake_the_many_of_an_import(bundled: Embedder) -> None:
    ended: list[str] = []

    async def embed(name: str, texts: list[str]) -> None:
        await bundled.embed_documents(texts)
        ended.append(name)

    many = asyncio.create_task(embed("import", [f"Line {number} of a long file." for number in range(300)]))
    await asyncio.sleep(0)
    await embed("memory", ["We deploy on Fridays.", "我们周五部署。"])
    await many

    assert ended == ["memory", "import"]


async def test_who_came_first_is_served_first(bundled: Embedder) -> None:
    ended: list[int] = []

    async def ask(number: int) -> None:
        await bundled.embed_queries([f"In which line does number {number} wait? {'Nobody knows. ' * 60}"])
        ended.append(number)

    await asyncio.gather(*(ask(number) for number in range(6)))

    assert ended == sorted(ended)


async def test_the_event_loop_runs_on_while_documents_are_embedded(bundled: Embedder) -> None:
    work = asyncio.create_task(bundled.embed_documents([f"meanwhile {n} " + "word " * 100 for n in range(10)]))
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0.005)

    assert turns > 10


def test_the_first_use_reaches_no_network_and_prints_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", FIRST_USE], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout == "all-MiniLM-L6-v2 384\n"


async def test_a_folder_without_a_model_is_a_failure_that_says_what_to_set(tmp_path: Path) -> None:
    embedder = CachingEmbedder(LocalEncoder(str(tmp_path)))

    with pytest.raises(EmbeddingFailed, match="cannot be loaded, set OMEM_EMBED_MODEL"):
        await embedder.embed_queries(["tea"])

    await embedder.close()


async def test_a_dimension_that_the_model_does_not_have_is_refused() -> None:
    encoder = LocalEncoder(LOCAL.embed_model, dimension=512)

    with pytest.raises(EmbeddingFailed, match="384 numbers instead of 512"):
        await encoder.load()

    await encoder.close()


async def test_a_closed_model_fails_what_still_waits() -> None:
    encoder = LocalEncoder(LOCAL.embed_model)
    waiting = asyncio.create_task(encoder.encode(["word " * MAX_BATCH_TOKENS] * 3, "document"))
    await asyncio.sleep(0)

    await encoder.close()

    with pytest.raises(EmbeddingFailed, match="closed"):
        await waiting
    with pytest.raises(EmbeddingFailed, match="closed"):
        await encoder.encode(["tea"], "query")


@pytest.mark.parametrize("row", [[], [0.0, 0.0], [1.0, math.nan], [1.0, math.inf], [1.0]])
def test_what_is_no_direction_of_two_dimensions_is_refused(row: list[float]) -> None:
    with pytest.raises(EmbeddingFailed):
        to_unit(row, 2)


async def test_a_text_asked_for_again_is_not_made_again(server: OpenAIServer) -> None:
    async with remote(server) as embedder:
        first = await embedder.embed_queries(["a", "b", "a"])
        second = await embedder.embed_queries(["b", "c"])

    assert server.inputs() == [["a", "b"], ["c"]]
    assert first[0] == first[2]
    assert second[0] == first[1]


async def test_what_was_not_asked_for_lately_is_made_again(server: OpenAIServer) -> None:
    async with remote(server, cached_texts=2) as embedder:
        for text in ("a", "b", "a", "c", "a", "b"):
            await embedder.embed_queries([text])

    assert server.inputs() == [["a"], ["b"], ["c"], ["b"]]


async def test_callers_that_meet_share_the_work(server: OpenAIServer) -> None:
    async with remote(server) as embedder:
        first, second = await asyncio.gather(embedder.embed_documents(["a", "b"]), embedder.embed_documents(["b", "c"]))

    assert sorted(server.inputs()) == [["a", "b"], ["c"]]
    assert first[1] == second[0]


async def test_what_was_begun_is_made_once_and_only_where_nobody_waits(server: OpenAIServer) -> None:
    async with remote(server) as embedder:
        embedder.begin("a", "query")
        embedder.begin("late", "query")
        await embedder.embed_queries(["a"])
        embedder.begin("a", "query")
        await embedder.embed_queries(["b"])

    assert server.inputs() == [["a"], ["b"]]


async def test_a_caller_that_leaves_does_not_take_the_work_from_others(server: OpenAIServer) -> None:
    async with remote(server) as embedder:
        leaving = asyncio.create_task(embedder.embed_queries(["a"]))
        staying = asyncio.create_task(embedder.embed_queries(["a"]))
        await asyncio.sleep(0)
        leaving.cancel()

        assert len(await staying) == 1

    assert server.inputs() == [["a"]]


async def test_a_failure_is_not_kept(server: OpenAIServer) -> None:
    server.script(malformed)

    async with remote(server) as embedder:
        with pytest.raises(EmbeddingFailed):
            await embedder.embed_queries(["a"])

        assert len(await embedder.embed_queries(["a"])) == 1


async def test_a_cached_query_takes_no_time(bundled: Embedder) -> None:
    await bundled.embed_queries(["the same question"])
    started = time.process_time()

    await bundled.embed_queries(["the same question"])

    assert time.process_time() - started < 0.005


async def test_the_fixed_embedder_knows_similar_texts() -> None:
    embedder = FixedEmbedder()

    question, answer, other = await embedder.embed_queries(["Where are Anna's keys?", "anna's key", "It rained."])
    tea, green_tea, rain = await embedder.embed_queries(["喜欢喝绿茶", "他喝绿茶", "下雨了"])

    assert cosine(question, answer) > cosine(question, other) + 0.2
    assert cosine(tea, green_tea) > cosine(tea, rain) + 0.2

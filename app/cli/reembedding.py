"""The command `reembed`: renews all vectors with the configured model, and goes on where it was cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.databases import Use, external, joined
from app.cli.failures import Failure
from app.cli.offline import on_graph
from app.cli.terminal import echo
from app.config import load_settings
from app.domain.messages import embedding_text
from app.providers.embedder import Embedder
from app.services.parts import Parts
from app.storage import schema, system
from app.storage.graph import Graph
from app.storage.system import Embeddable

# As many texts as lose their new vectors when it is cut off; an embedder's own batches are smaller.
PORTION = 256

# Says how many of how many texts are done.
Report = Callable[[int, int], None]


def reembed(again: bool) -> None:
    """Renews the vectors of the graph and shows how far it is."""
    settings = load_settings()
    if not external(settings) and joined(settings):
        raise Failure(f"a service runs on the data in {settings.home}; stop it first, then run this again")

    async def work(parts: Parts) -> bool:
        return await _renew(parts, again=again)

    if on_graph(work, Use.START):
        echo("All vectors are of the configured model; services may start again.")
    else:
        echo("The vectors are of the configured model already; there is nothing to do.")


async def _renew(parts: Parts, *, again: bool) -> bool:
    echo(f"Loading the embedding model {parts.embedder.model} …")
    columns = (TextColumn("Embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return await renew(parts.graph, parts.embedder, report, again=again)


async def renew(graph: Graph, embedder: Embedder, report: Report, *, again: bool = False) -> bool:
    """Makes all vectors anew; False when they are of this embedder already, unless they are wanted again.

    Raises Failure, EmbeddingFailed.
    """
    recorded = await graph.read(system.get_embedding_model)
    if recorded is None:
        raise Failure("there are no vectors in this graph yet; start the service with the model you want")
    await embedder.load()
    name, dimension = embedder.model, embedder.dimension
    if (recorded.name, recorded.dimension, recorded.next_name) == (name, dimension, None) and not again:
        return False
    begun = await graph.write(system.begin_reembedding, name, dimension)
    await schema.fit_vector_index(graph, dimension)
    await _renew_from(graph, embedder, (begun and begun.cursor) or "", report)
    await graph.write(system.end_reembedding)
    return True


async def _renew_from(graph: Graph, embedder: Embedder, cursor: str, report: Report) -> None:
    total = await graph.read(system.count_embeddable, "")
    done = total - await graph.read(system.count_embeddable, cursor)
    report(done, total)
    while page := await graph.read(system.list_embeddable, cursor, PORTION):
        cursor = page[-1].id
        vectors = await _embed(embedder, [node for node in page if node.has_embedding])
        await graph.write(system.update_embeddings, embedder.model, cursor, vectors)
        done += len(page)
        report(done, total)


async def _embed(embedder: Embedder, nodes: Sequence[Embeddable]) -> dict[str, list[float]]:
    vectors = await embedder.embed_documents([embedding_text(node.speaker, node.content) for node in nodes])
    return dict(zip((node.id for node in nodes), vectors, strict=True))

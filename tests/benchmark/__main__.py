"""`python -m tests.benchmark`: the speed figures, each beside the limit that was measured in the same run."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import click
import msgspec
from rich.table import Table

from tests.benchmark import filling
from tests.benchmark.laboratory import Embedder, Laboratory
from tests.benchmark.measures import FULL, QUICK, Sizes, measure
from tests.benchmark.peers.measuring import compare
from tests.benchmark.scale import STAGES, measure_scale
from tests.benchmark.timing import Figure
from tests.bolt import Bolt
from tests.reporting import show, surroundings, write_json
from tests.serving import Service, serving


@click.command()
@click.option("--url", envvar="OMEM_URL", help="A running service; NEO4J_URI must then name its database.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep the figures in this file.")
@click.option("--full", is_flag=True, help="The sizes of the targets instead of small ones; takes half an hour.")
@click.option(
    "--peers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with other memories on this LoCoMo file instead; see python -m tests.benchmark.peers --help.",
)
@click.option(
    "--scale",
    is_flag=False,
    flag_value=",".join(map(str, STAGES)),
    help="Grow to 100,000 memories of 1,000 tenants instead; with a value such as 10,20 to other numbers of tenants.",
)
def main(url: str | None, json_path: Path | None, peers: Path | None, scale: str | None, *, full: bool) -> None:
    """Measure the speed of the service over HTTP against what its database and model need by themselves.

    Without --url a service of this checkout is started, on the Neo4j of NEO4J_URI or on an empty one of its own. What
    is stored for the measurement is removed at its end.
    """
    if peers:
        compare(peers, json_path)
        return
    if scale:
        measure_scale(json_path, [int(number) for number in scale.split(",")])
        return
    sizes = FULL if full else QUICK
    with serving(url) as service, asyncio.Runner() as runner:
        if service.graph is None:
            raise click.UsageError(
                "NEO4J_URI must name the database of the service, since the limits are measured there"
            )
        embedder = Embedder(runner)
        try:
            figures, vectors = _run(service, embedder, sizes)
        finally:
            embedder.close()
        ran_on = surroundings(service) | {
            "sizes": msgspec.to_builtins(sizes),
            "vectors in the database before": vectors,
            "seed": filling.SEED,
        }
        show([_table(figures)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": figures})


def _run(service: Service, embedder: Embedder, sizes: Sizes) -> tuple[list[Figure], int]:
    """The figures, and how many vectors were there before."""
    assert service.graph is not None
    with Bolt(service.graph) as bolt:
        lab = Laboratory(service, bolt, embedder, partial(click.echo, err=True))
        vectors = lab.count_vectors()
        try:
            return measure(lab, sizes), vectors
        finally:
            lab.clear()


def _table(figures: list[Figure]) -> Table:
    table = Table(title="Speed and size (p50)", title_justify="left")
    table.add_column("figure")
    for heading in ("ours", "limit", "result", "target"):
        table.add_column(heading, justify="right")
    table.add_column("reached")
    for one in figures:
        limit = " + ".join(f"{part} {value:g}" for part, value in one.limit.items())
        reached = "yes" if one.is_reached else "no"
        table.add_row(one.name, f"{one.ours:g} {one.unit}", limit, f"{one.result:g}", one.target, reached)
    return table


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmark")

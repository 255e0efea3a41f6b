"""`python -m tests.benchmark.peers`: other memories beside ours, on the same texts, vectors and Neo4j."""

from __future__ import annotations

from pathlib import Path

import click

from tests.benchmark.peers.measuring import compare


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep the figures in this file.")
@click.option("--conversations", default="", help="Only these, counted from 0: 0,1.")
@click.option("--limit", type=int, help="At most so many questions of each conversation.")
def main(path: Path, json_path: Path | None, conversations: str, limit: int | None) -> None:
    """Compare with Graphiti, neo4j-agent-memory and mem0 on a LoCoMo file, whose data is yours to get (CC BY-NC 4.0).

    None of them has an LLM. All get the same texts and vectors, those on Neo4j an empty one of the same version. Their
    packages are installed into an environment of their own, which needs the package index the first time.
    """
    compare(path, json_path, conversations, limit)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmark.peers")

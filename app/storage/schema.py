"""Applies the numbered files of `cypher/schema/` once each, and checks that the database is as they say."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

from app.domain.errors import Unavailable
from app.storage import system
from app.storage.graph import AlreadyThere, Graph
from app.storage.queries import FOLDER, statements

# The first version this was tested with that filters inside the vector index (SEARCH … WHERE).
NEEDED_VERSION = (2026, 8)
NAMED = re.compile(r"CREATE\b (?:VECTOR |FULLTEXT )?(?:INDEX|CONSTRAINT) (\w+)")
# Read once, when the program starts: the event loop must not wait for a disk.
FILES = sorted((FOLDER / "schema").glob("[0-9]*.cypher"))
SCRIPTS = {path: path.read_text(encoding="utf-8") for path in FILES}
VECTOR_INDEX = "memory_embedding"
# Ten processes that start together meet in the schema lock; the loser tries again.
ATTEMPTS = 20
PAUSE_SECONDS = 0.25
INDEX_SECONDS = 300


class SetupError(Exception):
    """The service cannot start on this database; the message says why and what to do."""


def is_supported(version: str) -> bool:
    """Whether a server version such as `2026.08.1` or `5.26.0` is new enough."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return numbers >= NEEDED_VERSION


async def apply(graph: Graph, dimension: int) -> None:
    """Brings the schema up to date for vectors of this length, also in several processes at once. Raises SetupError."""
    await check_version(graph)
    applied = await get_applied(graph)
    known = {number_of(path): path for path in FILES}
    for number in sorted(set(known) - applied):
        await _apply_file(graph, number, known[number], dimension)
    await check(graph, dimension)


async def get_applied(graph: Graph) -> set[int]:
    """The numbers of the schema files that were applied. Raises SetupError when this program does not know all."""
    applied = set(await graph.read(system.list_schema_versions))
    if applied - set(map(number_of, FILES)):
        raise SetupError(
            f"this graph was written by a newer ourmem (schema {max(applied)}, this one knows {newest()}); upgrade the "
            "program, or restore a backup that this one has made"
        )
    return applied


async def check_version(graph: Graph) -> str:
    """The version of the server. Raises SetupError when it is too old."""
    version = await graph.read(system.get_server_version)
    if not is_supported(version):
        needed = ".".join(f"{number:02}" for number in NEEDED_VERSION)
        raise SetupError(
            f"this Neo4j is {version}; ourmem needs {needed} or newer, as it filters inside the vector index"
        )
    return version


def number_of(path: Path) -> int:
    """The number that a schema file's name begins with."""
    return int(path.name.partition("_")[0])


def newest() -> int:
    """The number of the last schema file that this program knows."""
    return max(map(number_of, FILES))


async def _apply_file(graph: Graph, number: int, path: Path, dimension: int) -> None:
    for statement in statements(SCRIPTS[path]):
        parameters = {"dimension": dimension} if "$dimension" in statement else {}
        await _run(graph, statement, **parameters)
    await graph.write(system.create_schema_version, number, path.name, datetime.now(UTC))


async def _run(graph: Graph, statement: LiteralString, **parameters: object) -> None:
    for attempt in range(ATTEMPTS):
        try:
            await graph.run_alone(statement, **parameters)
        except AlreadyThere:
            return
        except Unavailable:
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def check(graph: Graph, dimension: int) -> None:
    """Raises SetupError when an index is missing or broken, or is for vectors of another length."""
    await graph.read(system.await_indexes, INDEX_SECONDS)
    present = {index.name: index for index in await graph.read(system.list_indexes)}
    wanted = {name for script in SCRIPTS.values() for name in NAMED.findall(script)}
    if missing := sorted(wanted - set(present)):
        raise SetupError(
            f"the database lacks {', '.join(missing)}; delete the SchemaVersion nodes to apply the schema again"
        )
    if broken := sorted(name for name in wanted if present[name].state != "ONLINE"):
        raise SetupError(f"the database cannot build {', '.join(broken)}; see its log, drop them and start again")
    if present[VECTOR_INDEX].dimension != dimension:
        raise SetupError(
            f"the vectors in this graph have {present[VECTOR_INDEX].dimension} numbers, those of the configured "
            f"embedding model have {dimension}; run `ourmem reembed` to change the model, or configure the earlier one"
        )


async def check_model(graph: Graph, name: str, dimension: int) -> None:
    """Records the embedding model in an empty graph; raises SetupError when the graph's vectors are another model's."""
    model = await graph.write(system.create_embedding_model, name, dimension)
    if model is None:
        raise SetupError("the embedding model cannot be recorded")
    if model.next_name is not None:
        raise SetupError(f"the change to the embedding model {model.next_name} was interrupted; run `ourmem reembed`")
    if (model.name, model.dimension) != (name, dimension):
        raise SetupError(
            f"the vectors in this graph were made by {model.name} ({model.dimension} numbers), not by {name} "
            f"({dimension}); run `ourmem reembed` to change the model, or configure the earlier one"
        )


async def fit_vector_index(graph: Graph, dimension: int) -> None:
    """Makes the vector index anew when it is for vectors of another length; found is then what has new ones."""
    present = {index.name: index for index in await graph.read(system.list_indexes)}
    if VECTOR_INDEX in present and present[VECTOR_INDEX].dimension == dimension:
        return
    await graph.write(system.drop_vector_index)
    scripted: list[LiteralString] = [statement for script in SCRIPTS.values() for statement in statements(script)]
    for statement in scripted:
        if NAMED.findall(statement) == [VECTOR_INDEX]:
            await _run(graph, statement, dimension=dimension)
    await graph.read(system.await_indexes, INDEX_SECONDS)

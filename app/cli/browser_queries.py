"""The saved queries for Neo4j Browser: one file each; its first lines say what it shows and what it wants to know."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from app.cli.failures import Failure
from app.storage.queries import FOLDER, statements

BROWSER_FOLDER = FOLDER / "browser"
STYLE = BROWSER_FOLDER / "style.grass"
# `// :param name => 'example'  what it is`
_PARAMETER = re.compile(r"^// :param (?P<name>\w+) => '(?P<example>[^']*)'  (?P<meaning>.+)$", re.MULTILINE)


class Parameter(msgspec.Struct, frozen=True):
    """What a query wants to know, with an example."""

    name: str
    example: str
    meaning: str


class SavedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A saved query: the name of its file, its first line, what it shows, its parameters, and all of it."""

    name: str
    title: str
    summary: str
    parameters: list[Parameter]
    text: str


def list_all() -> list[SavedQuery]:
    """All saved queries by name."""
    return [read(path) for path in sorted(BROWSER_FOLDER.glob("*.cypher"))]


def get(name: str) -> SavedQuery:
    """The query of this name. Raises Failure, which names those there are."""
    found = {query.name: query for query in list_all()}
    if name not in found:
        raise Failure(f"there is no saved query {name!r}; there are {', '.join(found)}")
    return found[name]


def read(path: Path) -> SavedQuery:
    """The query of a file."""
    script = path.read_text(encoding="utf-8")
    title, *explained = [line.removeprefix("// ") for line in script.splitlines() if line.startswith("// ")]
    (text,) = statements(script)
    return SavedQuery(
        name=path.stem,
        title=title,
        summary=" ".join(line for line in explained if not line.startswith(":param")),
        parameters=[Parameter(**match.groupdict()) for match in _PARAMETER.finditer(script)],
        text=text,
    )


def pasteable(query: SavedQuery, known: dict[str, str]) -> str:
    """The query with its parameters written out, by example if unknown: the Browser draws only one statement."""
    values = {one.name: known.get(one.name, one.example) for one in query.parameters}
    return re.sub(r"\$(\w+)", lambda match: _quoted(values[match[1]]), query.text) + ";"


def _quoted(value: str) -> str:
    """A text as Cypher spells it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

"""Reads the named queries of `cypher/`; the form is `// name: x`, one sentence, the query, a semicolon."""

from __future__ import annotations

import re
from pathlib import Path
from typing import LiteralString, NamedTuple, cast

FOLDER = Path(__file__).resolve().parents[2] / "cypher"
NAME = re.compile(r"^// name: (\w+)$", re.MULTILINE)
COMMENT = re.compile(r"//.*")
PARAMETER = re.compile(r"\$(\w+)")
EACH = re.compile(r"UNWIND \$(\w+) AS ")
# Of no rows these make one.
AGGREGATE = re.compile(r"\b(?:count|collect|sum|min|max|avg)\b", re.IGNORECASE)


class Query(NamedTuple):
    """One named query, its first comment and the parameters it takes.

    `each` is the list for whose items alone it does and returns something; '' where it must be asked in any case.
    """

    name: str
    text: LiteralString
    summary: str
    parameters: frozenset[str]
    each: str


def load(topic: str) -> dict[str, Query]:
    """The queries of `cypher/<topic>.cypher` by name."""
    _, *parts = NAME.split((FOLDER / f"{topic}.cypher").read_text(encoding="utf-8"))
    return {name: parse(name, body) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def parse(name: str, body: str) -> Query:
    """One query from the text after its name line."""
    text = body.strip().removesuffix(";")
    summary = text.partition("\n")[0].removeprefix("//").strip() if text.startswith("//") else ""
    query = COMMENT.sub("", text).strip()
    # The files are ours and reviewed like code, so their text counts as literal.
    return Query(name, cast(LiteralString, query), summary, frozenset(PARAMETER.findall(query)), _each(query))


def _each(query: str) -> str:
    first = EACH.match(query)
    return first[1] if first and not AGGREGATE.search(query) else ""


def statements(script: str) -> list[LiteralString]:
    """The statements of a schema script, split at semicolons that end a line."""
    parts = re.split(r";\s*$", COMMENT.sub("", script), flags=re.MULTILINE)
    return [cast(LiteralString, part.strip()) for part in parts if part.strip()]

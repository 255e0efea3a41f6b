"""The symbols of source code with their lines; the one module that knows tree-sitter, run in a process with limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from app.domain.files import Piece, Reading

# What is a symbol of its own, in the words of the grammars.
_SYMBOLS = re.compile(
    r"(?:function|method|class|struct|enum|union|trait|impl|interface|type_alias|constructor|module|mod|namespace|"
    r"record|macro|decorated|singleton_method|type)_?(?:definition|declaration|item|specifier|alias)?"
)
_WRAPPERS = ("export_statement", "decorated_definition", "ambient_declaration", "template_declaration")
_CONTAINERS = ("class", "impl", "trait", "interface", "module", "mod", "namespace", "struct", "record")
_NAME_TYPES = ("identifier", "type_identifier", "constant", "property_identifier", "field_identifier")
# A symbol of more lines is cut at its own members; below, a class is read best as a whole.
MAX_WHOLE_LINES = 80
# Deeper than anybody nests; a file made to exhaust the parser is read as blocks.
MAX_DEPTH = 200
# Lines between symbols are kept together up to this many.
BLOCK_LINES = 60
_GRAMMARS = {"tsx": ("typescript", "language_tsx"), "typescript": ("typescript", "language_typescript")}


class Span(NamedTuple):
    """A symbol and the lines it stands on, counted from 1."""

    symbol: str
    start: int
    end: int


def read_code(text: str, language: str) -> Reading:
    """A piece for each symbol, and pieces for what stands between them; blocks where the grammar does not fit."""
    lines = text.split("\n")
    spans = sorted(_spans(text, language), key=lambda span: (span.start, span.end))
    pieces: list[Piece] = []
    line = 1
    for span in spans:
        if span.start < line:
            continue
        pieces += _blocks(lines, line, span.start - 1)
        pieces += _piece(lines, span.start, span.end, span.symbol)
        line = span.end + 1
    pieces += _blocks(lines, line, len(lines))
    return Reading(pieces=pieces)


def _spans(text: str, language: str) -> list[Span]:
    # Megabytes of grammars that only code needs.
    from tree_sitter import Language, Parser  # noqa: PLC0415

    package, function = _GRAMMARS.get(language, (language, "language"))
    grammar: object = getattr(import_module(f"tree_sitter_{package}"), function)()
    root = Parser(Language(grammar)).parse(text.encode()).root_node
    return list(_symbols(root, "", 0))


def _symbols(node: Any, prefix: str, depth: int) -> Iterator[Span]:
    """The outermost symbols below a node; the members of those that are long, each with its container's name."""
    if depth > MAX_DEPTH:
        return
    for child in node.children:
        inner = _unwrapped(child)
        if not inner.is_named or not _SYMBOLS.fullmatch(inner.type):
            yield from _symbols(child, prefix, depth + 1) if _is_body(child) else ()
            continue
        name = _name(inner)
        symbol = f"{prefix}.{name}" if prefix else name
        start, end = child.start_point[0] + 1, child.end_point[0] + 1
        members = list(_symbols(inner, symbol, depth + 1)) if end - start >= MAX_WHOLE_LINES else []
        is_container = inner.type.startswith(_CONTAINERS)
        yield from members if is_container and members else [Span(symbol, start, end)]


def _unwrapped(node: Any) -> Any:
    """The definition inside what only exports, decorates or templates it."""
    for child in node.named_children if node.type in _WRAPPERS else ():
        if _SYMBOLS.fullmatch(child.type) and child.type != "decorator":
            return child
    return node


def _is_body(node: Any) -> bool:
    return node.type.endswith(("body", "block", "list", "declaration_list")) or node.type in _WRAPPERS


def _name(node: Any) -> str:
    """What a definition is called; an implementation by the type it is for."""
    inner = node.named_children[0] if node.named_children else node
    places = ((node, "name"), (node, "declarator"), (node, "type"), (inner, "name"))
    found = next((name for at, field in places if (name := at.child_by_field_name(field)) is not None), node)
    while found.type not in _NAME_TYPES and (inner := found.child_by_field_name("declarator")) is not None:
        found = inner
    if found is node:
        found = next((child for child in node.named_children if child.type in _NAME_TYPES), node)
    text = found.text.decode(errors="replace")
    return text.partition("\n")[0].partition("(")[0].strip()[:100] or node.type


def _piece(lines: Sequence[str], start: int, end: int, symbol: str) -> list[Piece]:
    text = "\n".join(lines[start - 1 : end]).strip("\n")
    return [Piece(text=text, symbol=symbol, line_start=start, line_end=end)] if text.strip() else []


def _blocks(lines: Sequence[str], start: int, end: int) -> list[Piece]:
    """Lines without a symbol, cut at blank lines once there are many."""
    pieces: list[Piece] = []
    first = start
    for line in range(start, end + 1):
        is_long = line - first >= BLOCK_LINES and not lines[line - 1].strip()
        if is_long or line == end:
            pieces += _piece(lines, first, line, "")
            first = line + 1
    return pieces

"""The limits on size, depth and habits that keep the code readable; each failure lists the places."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for package in ("app", "ingest") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.COMMENT}
CYPHER = re.compile(r"\b(MATCH\s*\(|MERGE\s*\(|UNWIND\s+[\w$]+\s+AS\s|CALL\s+db\.|CREATE\s+\(|DETACH\s+DELETE\s)")
MOCK = re.compile(r"\b(MagicMock|AsyncMock|Mock)\(|\bpatch(\.object)?\(|\bmonkeypatch\.\w+\(|\bmocker\.\w+")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager"}
SMALLEST_JUDGED = 1_000  # lines; below, one `Any` or one broad except already breaks a share


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def docstring(node: ast.AST) -> ast.Constant | None:
    """The docstring itself, whose lines are not code."""
    first = node.body[0] if isinstance(node, DOCUMENTED) and node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


@cache
def code_lines(path: Path) -> frozenset[int]:
    """Numbers of the lines that hold code: no blanks, comments or docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    held = {line for token in tokens if token.type not in LAYOUT for line in range(token.start[0], token.end[0] + 1)}
    texts = [text for node in ast.walk(tree(path)) if (text := docstring(node))]
    return frozenset(held - {line for text in texts for line in lines_of(text)})


def lines_of(node: ast.expr | ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def functions() -> Iterator[tuple[str, Path, Function]]:
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", path, node


def lengths() -> dict[str, int]:
    return {place: len(code_lines(path).intersection(lines_of(node))) for place, path, node in functions()}


def nesting(node: ast.AST, depth: int = 0) -> int:
    """The deepest block of a function; an `elif` is as deep as its `if`."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        deepest = max(deepest, nesting(child, depth + (isinstance(child, BLOCKS) and not is_elif)))
    return deepest


def argument_count(node: Function) -> int:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return sum(argument is not None and argument.arg not in ("self", "cls") for argument in given)


def at_ninety_percent(values: Sequence[int]) -> int:
    return sorted(values)[int(0.9 * len(values))] if values else 0


def all_code() -> int:
    return sum(len(code_lines(path)) for path in MODULES)


def longest(sizes: dict[str, int]) -> str:
    return "; ".join(f"{size} {place}" for place, size in sorted(sizes.items(), key=lambda item: -item[1])[:5])


def places(kind: type[ast.AST], name: str) -> list[str]:
    """Where the code names it: as a plain name, or as what an `except` catches."""
    nodes = [(path, node) for path in MODULES for node in ast.walk(tree(path)) if isinstance(node, kind)]
    named = [(path, node.type if isinstance(node, ast.ExceptHandler) else node) for path, node in nodes]
    return [f"{path.name}:{node.lineno}" for path, node in named if node and re.search(name, ast.unparse(node))]


def test_functions_are_short() -> None:
    sizes = lengths()
    over_forty = [size for size in sizes.values() if size > 40]

    assert at_ninety_percent(list(sizes.values())) <= 25, longest(sizes)
    assert len(over_forty) <= 0.03 * len(sizes), longest(sizes)
    assert max(sizes.values()) <= 60, longest(sizes)


def test_modules_are_short() -> None:
    sizes = {str(path.relative_to(ROOT)): len(code_lines(path)) for path in MODULES}

    assert at_ninety_percent([size for size in sizes.values() if size]) <= 300, longest(sizes)
    assert max(sizes.values()) <= 500, longest(sizes)


def test_functions_take_few_arguments() -> None:
    counts = {place: argument_count(node) for place, _, node in functions()}

    assert at_ninety_percent(list(counts.values())) <= 5, longest(counts)


def test_functions_are_flat() -> None:
    depths = {place: nesting(node) for place, _, node in functions()}

    assert sum(depth > 3 for depth in depths.values()) <= 0.01 * len(depths), longest(depths)


def test_folders_are_one_deep_and_modules_say_what_they_know() -> None:
    assert [path for path in MODULES if len(path.relative_to(ROOT).parts) > 3] == []
    assert [path for path in MODULES if path.stem in VAGUE] == []


@pytest.mark.parametrize(
    ("kind", "name", "per_thousand"), [(ast.ExceptHandler, r"\b(Base)?Exception\b", 1), (ast.Name, "^Any$", 10)]
)
def test_what_hides_mistakes_is_rare(kind: type[ast.AST], name: str, per_thousand: int) -> None:
    found = places(kind, name)

    assert len(found) <= per_thousand * max(all_code(), SMALLEST_JUDGED) / 1000, found


def test_queries_are_not_in_python() -> None:
    texts = [
        (path, node)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno in code_lines(path)
    ]

    assert [f"{path.name}:{node.lineno}" for path, node in texts if CYPHER.search(str(node.value))] == []


def test_docstrings_are_mostly_one_sentence() -> None:
    heights = [len(lines_of(text)) for _, _, node in functions() if (text := docstring(node))]

    assert sum(height == 1 for height in heights) >= 0.4 * len(heights)
    assert [path for path in MODULES if code_lines(path) and docstring(tree(path)) is None] == []


def test_tests_use_the_real_thing() -> None:
    texts = [path.read_text(encoding="utf-8") for path in TESTS if path != Path(__file__)]
    mocks = sum(len(MOCK.findall(text)) for text in texts)
    tests = sum(len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE)) for text in texts)

    assert mocks <= 0.1 * tests

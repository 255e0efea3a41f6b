"""docs/running.md names settings, commands, routes and metrics that there are, and every metric."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
import yaml

from app import metrics
from app.cli import main
from app.config import Settings, variable_name
from app.main import create_app
from tests.unit.test_docs import ROOT, no_parts, read, routes_of

TEXT = read("docs/running.md")
# Read from the graph when they are asked for.
READ = {"ourmem_tasks", "ourmem_oldest_waiting_task_seconds", "ourmem_graph_up"}


def registered() -> set[str]:
    """The metrics of this process by the names that a scrape shows, and those that are read for it."""
    families = [family for family in metrics.REGISTRY.collect() if family.name.startswith("ourmem")]
    named = {f"{family.name}{'_total' if family.type == 'counter' else ''}" for family in families}
    return {f"{name}_info" if name == "ourmem" else name for name in named} | READ


def commands(group: click.Group = main, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


def test_the_table_has_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| (`ourmem_.*?) \|", TEXT[TEXT.index("| Metric |") :], re.MULTILINE)

    assert {name for row in rows for name in re.findall(r"`(ourmem_\w+)`", row)} == registered()


def test_alerts_ask_for_metrics_that_there_are() -> None:
    asked = set(re.findall(r"(ourmem_\w+)", TEXT[TEXT.index("| When |") : TEXT.index("| Metric |")]))

    assert asked
    assert asked <= registered()


def test_metrics_that_are_read_are_those_of_the_route() -> None:
    source = (ROOT / "app" / "api" / "metrics.py").read_text(encoding="utf-8")

    assert set(re.findall(r'"(ourmem_\w+)"', source)) == READ


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b(?:OMEM|NEO4J)_[A-Z0-9_]+\b", TEXT))))
def test_settings_are_settings(name: str) -> None:
    assert name in {variable_name(field) for field in Settings.__struct_fields__}


def test_commands_are_commands() -> None:
    known = {" ".join(command) for command in commands()}
    quoted = re.findall(r"`(?:OMEM_\w+=\S+ )?ourmem ([^`]+)`|^(?:OMEM_\w+=\S+ )+ourmem (.+)$", TEXT, re.MULTILINE)
    named = [" ".join(re.findall(r"^[a-z]+|(?<=^tenant )[a-z]+", one or other)) for one, other in quoted]

    assert len(named) > 8
    assert [name for name in named if name not in known] == []


def test_routes_are_routes() -> None:
    known = {route.partition(" ")[2] for route in routes_of(create_app(no_parts))} | {"/mcp"}
    # The paths of the route table carry types, the documentation does not.
    known = {re.sub(r"\{(\w+)\}", "{}", path) for path in known}

    named = set(re.findall(r"(?<![\w:.])(/(?:v1|health|metrics|mcp)[\w/{}-]*)", TEXT))

    assert named
    assert {re.sub(r"\{(\w+)\}", "{}", path) for path in named} <= known


def test_the_scrape_configuration_is_yaml() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)

    [job] = yaml.safe_load(block)["scrape_configs"]
    assert job["job_name"] == "ourmem"

"""What figures ran on, and where they go: a table for people, JSON for machines."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from rich.console import Console
from rich.table import Table

from app.domain import calibration, ranking
from tests.serving import Service

# Wide enough for every table when the output goes to a file.
FILE_WIDTH = 140


def surroundings(service: Service) -> dict[str, Any]:
    """The machine, and the versions and the model that the service reports."""
    return {
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "service": httpx.get(f"{service.url}/version", timeout=30).raise_for_status().json(),
    }


def ranking_constants() -> dict[str, Any]:
    """The weights of this checkout's ranking; a service elsewhere may have others."""
    known = vars(ranking) | vars(calibration)
    return {name: value for name, value in known.items() if name.isupper() and not name.startswith("_")}


def console() -> Console:
    """Standard output, without line breaks of its own when it is no terminal."""
    found = Console()
    return found if found.is_terminal else Console(width=FILE_WIDTH)


def show(tables: list[Table], ran_on: dict[str, Any]) -> None:
    """Prints the tables and what they ran on."""
    out = console()
    for table in tables:
        out.print(table)
    for name, value in ran_on.items():
        out.print(f"{name}: {msgspec.json.encode(value).decode()}", highlight=False, markup=False, soft_wrap=True)


def write_json(path: Path | None, report: dict[str, Any]) -> None:
    """Keeps everything, the single outcomes included."""
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        click.echo(f"written to {path}", err=True)

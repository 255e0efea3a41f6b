"""The peers' packages, in an environment of their own below the user's cache: made once for each list of versions."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from app.storage.embedded_jars import cache_folder

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Lies in an environment whose packages are all there; one that was cut off is made anew.
COMPLETE = "complete"
DIGEST_CHARACTERS = 12


def provide() -> Path:
    """The Python that has the peers. Raises ClickException when they cannot be installed."""
    folder = cache_folder() / "peers" / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:DIGEST_CHARACTERS]
    python = folder / "bin" / "python"
    if not (folder / COMPLETE).exists():
        click.echo(f"installing the peers' packages into {folder} (about 0.4 GB, once)", err=True)
        shutil.rmtree(folder, ignore_errors=True)
        for command in commands(folder, python, shutil.which("uv")):
            _run(command)
        (folder / COMPLETE).touch()
    return python


def commands(folder: Path, python: Path, uv: str | None) -> list[list[str]]:
    """What makes the environment, with uv where it is installed."""
    wanted = ["--requirement", str(REQUIREMENTS)]
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    ]


def _run(command: Sequence[str]) -> None:
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise click.ClickException(
            "the packages of the peers could not be installed, see above;"
            " that needs the package index once, later runs take what was installed"
        )

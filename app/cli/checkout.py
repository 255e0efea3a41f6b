"""The commands `eval` and `bench`: programs beside the tests, which only a checkout of the repository has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.cli.failures import Failure

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, arguments: tuple[str, ...]) -> None:
    """Runs `python -m tests.<name>` where the caller stands, and ends with its exit code."""
    if not (ROOT / "tests" / name / "__main__.py").is_file():
        raise Failure(f"tests/{name} is part of the repository and not of the package; run this in a checkout of it")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", f"tests.{name}", *arguments]
    sys.exit(subprocess.run(command, env=environ, check=False).returncode)  # noqa: S603

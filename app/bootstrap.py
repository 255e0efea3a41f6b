"""Makes `.venv` from requirements.lock for the Makefile; only the standard library, since nothing is installed yet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / ".installed"
# A package copied by half looks installed to uv and pip, so an environment that still holds this mark is thrown away.
UNFINISHED = VENV / ".unfinished"

GIGABYTE = 10**9
# Measured on Linux x86-64, where the registry's torch carries CUDA; elsewhere its CPU build comes.
DOWNLOAD_GB, DISK_GB = (3, 6) if sys.platform == "linux" else (1, 2)
SPARE_GB = 1


class Refused(Exception):
    """Why the environment cannot be made, and what to do."""


def main() -> int:
    """Makes, repairs or updates the environment; 0 when it is as the lock says."""
    uv = shutil.which("uv")
    try:
        if is_broken():
            print(announcement(), flush=True)
            check_space(uv)
            create(uv)
        install(uv)
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: stopped before the environment was ready; the same command starts it again", file=sys.stderr)
        return 130
    return 0


def is_broken() -> bool:
    """True when there is no environment, its Python does not run, or an earlier run was cut off."""
    if UNFINISHED.exists() or not VENV_PYTHON.exists():
        return True
    answer = subprocess.run([VENV_PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False)
    return answer.returncode != 0


def announcement() -> str:
    reason = "; on Linux the registry's torch carries CUDA" if sys.platform == "linux" else ""
    return (
        f"Several GB of Python packages are downloaded now, once: about {DOWNLOAD_GB} GB,"
        f" which take {DISK_GB} GB on disk in {VENV}{reason}."
    )


def check_space(uv: str | None) -> None:
    """Raises Refused, which names the folder, when the packages would not fit."""
    for folder, gigabytes in space_needed(uv):
        free = shutil.disk_usage(folder).free / GIGABYTE
        if free < gigabytes + SPARE_GB:
            raise Refused(
                f"{folder} has {free:.1f} GB free and the Python packages need {gigabytes + SPARE_GB} GB there;"
                " free some space and run the same command again"
            )


def space_needed(uv: str | None) -> list[tuple[Path, int]]:
    """Gigabytes by folder: uv links from its cache where it can, pip holds the downloads in its cache and once more."""
    cache = cache_folder("UV_CACHE_DIR" if uv else "PIP_CACHE_DIR")
    is_shared = cache.stat().st_dev == ROOT.stat().st_dev
    here, there = (DISK_GB, 0 if is_shared else DISK_GB) if uv else (DISK_GB + DOWNLOAD_GB, DOWNLOAD_GB)
    return [(ROOT, here + there)] if is_shared else [(ROOT, here), (cache, there)]


def cache_folder(variable: str) -> Path:
    """The nearest folder that exists on the way to the cache of uv or pip."""
    named = os.environ.get(variable) or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = Path(named).expanduser().absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def create(uv: str | None) -> None:
    """An empty environment that bears the mark until its packages are complete."""
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    by_uv = [str(uv), "venv", "--quiet", "--allow-existing", "--python", sys.executable]
    by_python = [sys.executable, "-m", "venv"]
    failure = "the virtual environment cannot be made; Debian and Ubuntu need the package python3-venv for it"
    run([*(by_uv if uv else by_python), str(VENV)], failure)


def install(uv: str | None) -> None:
    """Brings the packages to what the lock says; what an update could not fetch leaves the old environment in use."""
    is_update = not UNFINISHED.exists()
    UNFINISHED.touch()
    try:
        install_packages(uv)
    except Refused:
        if is_update:
            UNFINISHED.unlink()
        raise
    UNFINISHED.unlink()
    INSTALLED.touch()


def install_packages(uv: str | None) -> None:
    command = [uv, "pip", "install", "--python", str(VENV_PYTHON)] if uv else pip()
    failure = "the packages were not installed, see above; the same command goes on with what is already downloaded"
    # pip unpacks its downloads in the temporary folder, and /tmp is often small or in memory.
    with tempfile.TemporaryDirectory(dir=VENV) as folder:
        os.environ["TMPDIR"] = folder
        run([*command, "--require-hashes", "-r", "requirements.lock"], failure)
        run([*command, "--no-deps", "--no-build-isolation", "-e", "."], failure)


def pip() -> list[str]:
    """The environment's own pip, put there first where uv made the environment without one."""
    python = str(VENV_PYTHON)
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        run([python, "-m", "ensurepip"], "the environment has no pip; delete .venv and run the same command again")
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--timeout", "60"]


def run(command: list[str], failure: str) -> None:
    """Runs one step in the project's folder; Refused when it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise Refused(failure)


if __name__ == "__main__":
    sys.exit(main())

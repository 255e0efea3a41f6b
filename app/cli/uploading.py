"""Sends files of any make to a service as imports, several at a time, and shows how far each is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from app.cli.failures import Failure, sentence
from app.client import OPEN, POLL_SECONDS, Client, ServiceError
from app.domain.decisions import Action
from app.domain.imports import ImportStatus, ImportView
from app.domain.tasks import TaskView

# The service reads one file in a second or two, and works on one after the other.
PARALLEL_FILES = 4
# Where conversations are kept, which go on in the file that they began in.
CHAT_FILES = (".json", ".jsonl")
# What of a folder is taken; a file that is named is taken whatever it is called.
TEXT_FILES = (".md", ".mdc", ".markdown", ".txt", ".json", ".jsonl")
# What no other file would fare better with: no service, no key, no such space, no database.
HOPELESS = (0, 401, 404, 503)
# Errors of one file that the report shows.
SHOWN_ERRORS = 3


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says of all files."""

    space: str = ""
    strategy: str = "auto"
    file_type: str = "memory"
    force: bool = False
    facts: bool = True

    def form(self, path: Path) -> dict[str, str]:
        """The parts of the form for a file; messages that name no conversation are in one of the name of their file."""
        return {
            "space_id": self.space,
            "strategy": self.strategy,
            "file_type": self.file_type,
            "force": str(self.force).lower(),
            "post_process": str(self.facts).lower(),
            "session_id": path.stem if path.suffix.lower() in CHAT_FILES else "",
        }


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: its import and task, or why there is none."""

    path: Path
    state: ImportView | None = None
    task: TaskView | None = None
    reason: str = ""

    @property
    def is_duplicate(self) -> bool:
        """Whether the service has the file already."""
        return "duplicate" in self.reason


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and in folders those that are text by name. Raises Failure when there are none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in TEXT_FILES)
        found += inside if path.is_dir() else [path]
    if not found:
        raise Failure(f"no file to import; of a folder those ending in {', '.join(TEXT_FILES)} are taken")
    return list(dict.fromkeys(found))


async def upload_all(client: Client, paths: Sequence[Path], choices: Choices, console: Console) -> list[Uploaded]:
    """Sends the files, some at a time, and follows each until its task has ended."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    gate = asyncio.Semaphore(PARALLEL_FILES)
    with Progress(*columns, console=console) as bars:

        async def one(path: Path) -> Uploaded:
            async with gate:
                return await _upload(client, path, choices, (bars, bars.add_task(path.name, total=1.0)))

        return list(await asyncio.gather(*map(one, paths)))


async def _upload(client: Client, path: Path, choices: Choices, bar: tuple[Progress, TaskID]) -> Uploaded:
    try:
        content = await asyncio.to_thread(path.read_bytes)
        state = await client.create_import(str(path), content, choices.form(path))
    except OSError as error:
        return Uploaded(path=path, reason=f"cannot be read: {error.strerror}")
    except ServiceError as refused:
        if refused.status in HOPELESS:
            raise
        return Uploaded(path=path, reason=sentence(refused))
    bars, number = bar
    # Tasks announce nothing, so they are asked.
    while (task := await client.get_task(state.task_id)).status in OPEN:
        bars.update(number, completed=task.progress)
        await asyncio.sleep(POLL_SECONDS)
    bars.update(number, completed=1.0)
    return Uploaded(path=path, state=await client.get_import(state.id), task=task)


def report(uploads: Sequence[Uploaded]) -> Table:
    """A line for each file: what was stored and found, and what was decided about it."""
    numbers = [Column(name, justify="right") for name in ("items", "facts", "skipped")]
    table = Table("file", *numbers, "decisions", "remark", title="Import", title_justify="left")
    for one in uploads:
        if one.state is None:
            table.add_row(str(one.path), "", "", "", "", "there already" if one.is_duplicate else one.reason)
            continue
        counts = [one.state.storage_stored, one.state.extraction_facts, one.state.storage_skipped]
        remark = "; ".join([one.state.status, *one.state.errors[:SHOWN_ERRORS]])
        table.add_row(str(one.path), *map(str, counts), _decisions(one.task), remark)
    return table


def _decisions(task: TaskView | None) -> str:
    counts = task.counts if task else {}
    return ", ".join(f"{counts[action]} {action}" for action in Action if counts.get(action))


def check_uploads(uploads: Sequence[Uploaded]) -> None:
    """Raises Failure when a file was refused or its import failed; one that is there already is none."""
    refused = [one for one in uploads if one.state is None and not one.is_duplicate]
    failed = [one for one in uploads if one.state and one.state.status is ImportStatus.FAILED]
    if refused or failed:
        raise Failure(f"{len(refused) + len(failed)} of {len(uploads)} files were not imported; see the report")

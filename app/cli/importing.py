"""The command `import`: restores exports, uploads all other files; as often as one likes with one outcome."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from app.cli import uploading
from app.cli.failures import Failure, sentence
from app.cli.files import Contents, is_account, is_restorable, read_file
from app.cli.terminal import output
from app.cli.uploading import Choices, check_uploads, files_of, upload_all
from app.client import Client, ServiceError, address
from app.config import load_settings
from app.domain.account_lines import AccountImported
from app.domain.exports import MemoryLine, RelationLine
from app.domain.memories import CreatedMemory, MemoryChange, NewMemory
from app.domain.messages import NewMessages
from app.domain.relations import ASSERTABLE, NewRelation
from app.domain.tasks import TaskStatus, TaskView

# The service embeds one batch at a time, so more at once would only wait there.
PARALLEL_REQUESTS = 4
# So long without any task ending means that nobody works on them.
IDLE_SECONDS = 60.0
# So much of a file is in memory at a time.
CHUNK_BYTES = 1024 * 1024
NOT_FOUND = 404

# Says that so many more steps are done.
Step = Callable[[int], object]


class Placed(msgspec.Struct, frozen=True):
    """A memory of a file as the service has it: its id there, and the agent that may write to it."""

    id: str
    agent_id: str


class Importer:
    """Sends contents in the name of one tenant, and counts what becomes of them."""

    def __init__(self, client: Client, step: Step, space: str = "") -> None:
        self._space = space
        self.counts: Counter[str] = Counter()
        self.tasks: list[str] = []
        self._client = client
        self._step = step
        self._placed: dict[str, Placed] = {}

    async def send(self, contents: Contents) -> None:
        """Groups, messages, memories, relations, in this order, as each needs those before it. Raises Failure."""
        for group in contents.groups:
            await self._client.update_group(group.name, list(group.agents))
            self._step(1)
        await together([self._send_session(session) for session in contents.sessions], PARALLEL_REQUESTS)
        # A memory that replaces others waits for all before it; the others are sent side by side.
        for waits, lines in groupby(contents.memories, lambda line: bool(line.replaces)):
            await together([self._send_memory(line) for line in lines], 1 if waits else PARALLEL_REQUESTS)
        for relation in contents.relations:
            await self._send_relation(relation)
            self._step(1)

    async def _send_session(self, session: NewMessages) -> None:
        try:
            accepted = await self._client.add_messages(session)
        except ServiceError as refused:
            raise Failure(f"session {session.session_id}: {sentence(refused)}") from refused
        self.tasks.append(accepted.task_id)
        self.counts["messages"] += len(session.messages)
        self._step(len(session.messages))

    async def _send_memory(self, line: MemoryLine) -> None:
        owner = self._client.acting_as(line.agent_id)
        if await exists(owner, line.id):
            self._placed[line.id] = Placed(line.id, line.agent_id)
        else:
            await self._create_memory(owner, line)
        self.counts["memories"] += 1
        self._step(1)

    async def _create_memory(self, owner: Client, line: MemoryLine) -> None:
        replaced = [self._placed[old].id for old in line.replaces if old in self._placed]
        self.counts["relations left out"] += len(line.replaces) - len(replaced)
        new = msgspec.structs.replace(new_memory(line, replaced), space=self._space or None)
        stored = await create_once(owner, line, new)
        if stored.task_id is None and line.state != "active":
            # A current memory has this text: what the file knows as past must not retire it.
            return
        self._placed[line.id] = Placed(stored.id, line.agent_id)
        self.tasks += [stored.task_id] if stored.task_id else []
        if line.state == "archived" and stored.state == "active":
            await owner.update_memory(stored.id, MemoryChange(state="archived"))

    async def _send_relation(self, line: RelationLine) -> None:
        source, target = self._placed.get(line.source_id), self._placed.get(line.target_id)
        if line.type not in ASSERTABLE or source is None or target is None:
            self.counts["relations left out"] += 1
            return
        new = NewRelation(type=line.type, target_id=target.id, label=line.label)
        await self._client.acting_as(source.agent_id).create_relation(source.id, new)
        self.counts["relations"] += 1


async def together(work: Sequence[Awaitable[None]], at_once: int) -> None:
    """Does all of it, so many at a time and beginning in order."""
    gate = asyncio.Semaphore(at_once)

    async def pass_gate(one: Awaitable[None]) -> None:
        async with gate:
            await one

    await asyncio.gather(*map(pass_gate, work))


async def exists(client: Client, memory_id: str) -> bool:
    """Whether the tenant has a memory with this id: then the file is its own export."""
    try:
        await client.get_memory(memory_id)
    except ServiceError as refused:
        if refused.status != NOT_FOUND:
            raise
        return False
    return True


def new_memory(line: MemoryLine, replaced: list[str]) -> NewMemory:
    """The request that makes the memory of a line again."""
    return NewMemory(
        content=line.content,
        tags=line.tags,
        source=line.source or None,
        category=line.category,
        memory_type=line.memory_type,
        importance=line.importance,
        visibility=line.visibility,
        valid_from=line.valid_from,
        valid_to=line.valid_to,
        replaces=replaced,
    )


async def create_once(client: Client, line: MemoryLine, new: NewMemory) -> CreatedMemory:
    """The memory that an earlier import made of this line, or a new one."""
    key = hashlib.sha256(f"{line.id}\n{line.agent_id}\n".encode() + msgspec.json.encode(new)).hexdigest()
    try:
        return await client.create_memory(new, f"import-{key}")
    except ServiceError as refused:
        if refused.status != NOT_FOUND:
            raise Failure(f"memory {line.id}: {sentence(refused)}") from refused
    # What the key stands for was deleted since, and is wanted again.
    return await client.create_memory(new)


def import_files(paths: Sequence[Path], key: str, url: str, no_facts: bool, **chosen: Any) -> None:
    """Sends all files to the service, waits for its tasks and prints what became of them.

    An export of this service goes to it as it is. Lines as other programs write them are restored with relations and
    agents, a LoCoMo file session by session; both go to the personal space. All other files are imports.
    """
    if not key:
        raise Failure("no API key; set OMEM_API_KEY (`ourmem tenant create` makes a tenant with one)")
    found = files_of(paths)
    accounts = [path for path in found if is_account(path)]
    found = [path for path in found if path not in accounts]
    restored = [path for path in found if is_restorable(path)]
    contents = [read_file(path) for path in restored]
    settings = load_settings()
    client = Client(url or address(settings.host, settings.port), key)
    others = [path for path in found if path not in restored]
    asyncio.run(_import_all(client, (accounts, contents, others), Choices(**chosen, facts=not no_facts)))


async def _import_all(
    client: Client, files: tuple[Sequence[Path], Sequence[Contents], Sequence[Path]], choices: Choices
) -> None:
    accounts, contents, paths = files
    async with client:
        for account in accounts:
            await _take_in(client, account)
        if contents:
            await _restore(client, contents)
        if paths:
            uploads = await upload_all(client, paths, choices, Console(stderr=True))
            output().print(uploading.report(uploads))
            check_uploads(uploads)


async def _take_in(client: Client, path: Path) -> None:
    """Sends an export. Raises Failure, which names the file and the line that is wrong."""
    console = Console(stderr=True)
    with console.status(f"Sending {path.name} …"):
        try:
            imported = await client.import_account(chunks_of(path))
        except ServiceError as refused:
            raise Failure(f"{path}: {sentence(refused)}") from refused
    with console.status("Waiting for the tasks of the service …"):
        tasks = await client.wait_for(imported.task_ids, IDLE_SECONDS)
    output().print(account_report(imported))
    check(tasks)


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file, a piece at a time."""
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


def account_report(imported: AccountImported) -> Table:
    """What of an export was new."""
    table = Table("stored", Column("count", justify="right"), title="Import", title_justify="left")
    for kind, count in imported.stored.items():
        table.add_row(kind, str(count))
    table.add_row("there already", str(imported.known))
    if imported.members_left_out:
        table.add_row("members who are not here", str(len(imported.members_left_out)))
    return table


async def _restore(client: Client, contents: Sequence[Contents]) -> None:
    console = Console(stderr=True)
    before = await count_messages(client)
    importer = await _send_all(client, contents, console)
    with console.status("Waiting for the tasks of the service …"):
        tasks = await client.wait_for(importer.tasks, IDLE_SECONDS)
    added = await count_messages(client) - before
    output().print(report(importer.counts, added))
    check(tasks)


async def _send_all(client: Client, contents: Sequence[Contents], console: Console) -> Importer:
    columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=sum(size_of(part) for part in contents))
        importer = Importer(client, lambda steps: bar.advance(task, steps))
        for part in contents:
            await importer.send(part)
    return importer


def size_of(contents: Contents) -> int:
    """The steps of sending it."""
    return len(contents.groups) + contents.message_count + len(contents.memories) + len(contents.relations)


async def count_messages(client: Client) -> int:
    """How many messages the tenant has."""
    return (await client.list_memories(memory_type="session", limit=0)).total_count


def report(counts: Counter[str], added: int) -> Table:
    """What was sent, and how much of it was new."""
    known = counts["messages"] - added
    rest = f"; {known} were there already, or held nothing but private text" if known else ""
    remarks = {
        "messages": f"{added} new{rest}",
        "memories": "those with the same text are one memory",
        "relations": "",
        "relations left out": "found or decided by the service, or to memories that are not in the file",
    }
    table = Table("sent", Column("count", justify="right"), "", title="Import", title_justify="left")
    for kind, remark in remarks.items():
        if counts[kind]:
            table.add_row(kind, str(counts[kind]), remark)
    return table


def check(tasks: Sequence[TaskView]) -> None:
    """Raises Failure when a task failed or nobody works on them."""
    failed = sum(task.status is TaskStatus.FAILED for task in tasks)
    waiting = sum(task.status in (TaskStatus.QUEUED, TaskStatus.RUNNING) for task in tasks)
    if failed:
        raise Failure(f"{failed} tasks failed; GET /v1/tasks?status=failed says why")
    if waiting:
        raise Failure(f"{waiting} tasks are still open and none has ended for a while; run a worker: `ourmem worker`")

"""What an import is: the items that a file is read as, the record of the import, and its form on the wire."""

from __future__ import annotations

import codecs
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from app.domain.decisions import Action
from app.domain.errors import Invalid
from app.domain.memories import MAX_CONTENT_CHARS, timestamp
from app.domain.tasks import Task, TaskStatus

# What is stored in one transaction: a fraction of a second, and little to do again when a worker ends in the middle.
PORTION_ITEMS = 200
PORTION_CHARS = 200_000


class ItemKind(StrEnum):
    """What an item of a file is."""

    SECTION = "section"
    MESSAGE = "message"
    MEMORY = "memory"


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A section of a text, a message of a conversation or a memory, as its file has it; '' and 0 stand for none.

    `heading` is the path of headings above it, `session` names its conversation; one that begins with `#` counts the
    conversations of a file that names none.
    """

    text: str
    kind: ItemKind = ItemKind.SECTION
    role: str = "document"
    speaker: str = ""
    said_at: datetime | None = None
    session: str = ""
    heading: str = ""
    line_start: int = 0
    line_end: int = 0
    # Where in a PDF, or in which function or class of code, it stands.
    page: int = 0
    symbol: str = ""
    # What only the lines of an export say.
    agent_id: str = ""
    source: str = ""
    tags: list[str] = []
    visibility: str = ""
    category: str = ""
    importance: float | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class ParsedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds: its format, its items in order, what could not be read, and how much holds nothing to keep."""

    format: str
    items: list[Item]
    errors: list[str] = []
    skipped: int = 0


class FileType(StrEnum):
    """What the caller says a file is; `memory` leaves it to the service."""

    MEMORY = "memory"
    SESSION = "session"
    MARKDOWN = "markdown"
    JSONL = "jsonl"


class Strategy(StrEnum):
    """How facts are made of a file: by extraction, or of each section or the whole as it is."""

    AUTO = "auto"
    ATOMIC = "atomic"
    SECTION = "section"
    DOCUMENT = "document"


class ImportStatus(StrEnum):
    """Where an import is."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent, with what the request says of it."""

    content: bytes
    filename: str = "unknown"
    file_type: str = "memory"
    strategy: str = "auto"
    post_process: bool = True
    force: bool = False
    agent_id: str | None = None
    session_id: str | None = None
    space_id: str | None = None


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import as it is stored; where it is, its tasks know: the last of `task_ids` is the current one."""

    id: str
    task_id: str
    task_ids: list[str]
    tenant_id: str
    space_id: str
    space_key: str
    agent_id: str = ""
    session_id: str = ""
    filename: str
    file_type: FileType
    strategy: Strategy
    post_process: bool
    format: str
    hash: str
    version: int
    storage_total: int
    storage_stored: int = 0
    storage_skipped: int = 0
    errors: list[str] = []
    created_at: datetime
    rolled_back_at: datetime | None = None


class DecidedCount(msgspec.Struct, frozen=True):
    """How often an action was taken."""

    action: Action
    count: int


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """An import with its task, its decisions, and how many portions wait to be stored and messages to be read."""

    record: Import
    task: Task | None
    waiting: int = 0
    unread: int = 0
    decided: list[DecidedCount] = []


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import on the wire: the fields of the contract's ImportTask (2.5), then ours."""

    id: str
    status: ImportStatus
    file_type: FileType
    filename: str
    agent_id: str | None
    space_id: str
    post_process: bool
    strategy: Strategy
    storage_total: int
    storage_stored: int
    storage_skipped: int
    extraction_status: str
    extraction_chunks: int
    extraction_facts: int
    extraction_progress: int
    reconcile_status: str
    reconcile_relations: int
    reconcile_merged: int
    reconcile_progress: int
    errors: list[str]
    created_at: str
    completed_at: str | None
    task_id: str
    format: str
    version: int


class ImportPage(msgspec.Struct, frozen=True):
    """A page of imports; `total` counts all of them, `next_cursor` is null on the last page."""

    imports: list[ImportView]
    total: int
    next_cursor: str | None


# Decisions that relate memories, and those that make or change one.
RELATING = (Action.MERGE, Action.SUPERSEDE, Action.SUPPORT, Action.CONTEXTUALIZE, Action.CONTRADICT)
CHANGING = (Action.CREATE, *RELATING)
# How the two phases of the contract stand when the task does.
_PHASES = {
    TaskStatus.QUEUED: "pending",
    TaskStatus.RUNNING: "running",
    TaskStatus.COMPLETED: "completed",
    TaskStatus.PARTIAL: "completed",
    TaskStatus.FAILED: "failed",
    TaskStatus.CANCELLED: "failed",
}
_STATUSES = {
    TaskStatus.QUEUED: ImportStatus.PROCESSING,
    TaskStatus.RUNNING: ImportStatus.PROCESSING,
    TaskStatus.COMPLETED: ImportStatus.COMPLETED,
    TaskStatus.PARTIAL: ImportStatus.PARTIAL,
    TaskStatus.FAILED: ImportStatus.FAILED,
    TaskStatus.CANCELLED: ImportStatus.FAILED,
}


def status_of(state: ImportState) -> ImportStatus:
    """Where an import is; one without facts is complete once all is stored, though vectors may still be made."""
    if state.record.rolled_back_at:
        return ImportStatus.ROLLED_BACK
    is_stored = not state.record.post_process and not state.waiting
    task = TaskStatus.COMPLETED if is_stored or state.task is None else state.task.status
    is_partial = task is TaskStatus.COMPLETED and state.record.errors
    return ImportStatus.PARTIAL if is_partial else _STATUSES[task]


def view(state: ImportState) -> ImportView:
    """The wire form of an import; its counts are those of its task's decisions."""
    record, task, status = state.record, state.task, status_of(state)
    counts = {one.action: one.count for one in state.decided}
    facts = sum(counts.values())
    phase = _PHASES[task.status] if record.post_process and task else "skipped"
    finished = task.finished_at if task else None
    ended = record.rolled_back_at or (None if status is ImportStatus.PROCESSING else finished or record.created_at)
    return ImportView(
        id=record.id,
        status=status,
        file_type=record.file_type,
        filename=record.filename,
        agent_id=record.agent_id or None,
        space_id=record.space_id,
        post_process=record.post_process,
        strategy=record.strategy,
        storage_total=record.storage_total,
        storage_stored=record.storage_stored,
        storage_skipped=record.storage_skipped,
        extraction_status=phase,
        extraction_chunks=record.storage_stored if record.post_process else 0,
        extraction_facts=facts,
        extraction_progress=record.storage_stored - state.unread if record.post_process else 0,
        reconcile_status=phase,
        reconcile_relations=sum(counts.get(action, 0) for action in RELATING),
        reconcile_merged=sum(counts.get(action, 0) for action in CHANGING),
        reconcile_progress=facts,
        errors=[*record.errors, *(task.errors if task else [])],
        created_at=timestamp(record.created_at),
        completed_at=timestamp(ended) if ended else None,
        task_id=record.task_id,
        format=record.format,
        version=record.version,
    )


def content_hash(found: ParsedFile) -> str:
    """Tells files apart by what is kept of them: two that differ in private text only are the same."""
    return hashlib.sha256(msgspec.json.encode((found.format, found.items))).hexdigest()


def without_known(items: Sequence[Item], hashes: Sequence[str], known: Mapping[str, list[str]]) -> list[Item]:
    """The items that their conversations do not have yet: a text counts as often as it is there.

    `hashes` are those of the items, `known` those of the messages of each conversation.
    """
    left = {session: Counter(stored) for session, stored in known.items()}
    fresh: list[Item] = []
    for item, digest in zip(items, hashes, strict=True):
        if left.get(item.session, Counter())[digest] > 0:
            left[item.session][digest] -= 1
        else:
            fresh.append(item)
    return fresh


def is_fact(record: Import, item: Item) -> bool:
    """Whether an item is a fact as it is; otherwise facts are taken out of it."""
    if record.strategy is Strategy.AUTO:
        return item.kind is ItemKind.MEMORY
    return record.strategy is not Strategy.ATOMIC


def as_document(items: Sequence[Item]) -> list[Item]:
    """All items as one, unless it would be longer than a memory may be."""
    text = "\n\n".join(item.text for item in items)
    if len(text) > MAX_CONTENT_CHARS:
        return list(items)
    first, last = items[0], items[-1]
    return [Item(text=text, said_at=first.said_at, line_start=first.line_start, line_end=last.line_end)]


def portions_of(items: Sequence[Item]) -> list[list[Item]]:
    """The items in order, in portions that are stored in one transaction each."""
    portions: list[list[Item]] = []
    size = PORTION_CHARS
    for item in items:
        size += len(item.text)
        if size > PORTION_CHARS or len(portions[-1]) == PORTION_ITEMS:
            portions.append([])
            size = len(item.text)
        portions[-1].append(item)
    return portions


def decode_text(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark, with plain line ends. Raises Invalid for another."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Invalid("file is not UTF-8 text; save it as UTF-8 first") from error


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a rollback took back, or would take back; `blocked` are later decisions that build on some of it."""

    deleted_memories: int
    deleted_sessions: int
    deleted_messages: int
    reopened_memories: int
    undone_decisions: int
    import_status: ImportStatus
    dry_run: bool
    blocked: list[str]

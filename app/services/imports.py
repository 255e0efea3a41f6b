"""Imports of files: upload, state, lists."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import msgspec

from app.domain import listing
from app.domain.errors import Invalid, NotFound, Outdated, TooLong
from app.domain.imports import (
    FileType,
    Import,
    ImportPage,
    ImportState,
    ImportView,
    Item,
    ParsedFile,
    Strategy,
    Upload,
    as_document,
    content_hash,
    decode_text,
    portions_of,
    view,
    without_known,
)
from app.domain.listing import parse_instant
from app.domain.memories import MAX_NAME_CHARS, OPEN_END, parse_choice
from app.domain.messages import message_hash
from app.domain.principal import ALL_AGENTS, Principal, SpaceAccess
from app.domain.quotas import text_bytes
from app.domain.space_settings import SecretPolicy
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.domain.texts import SafeText
from app.services import import_storing
from app.services.embedding import INLINE_VECTORS
from app.services.import_storing import Stored
from app.services.parts import Parts
from app.storage import imports, memories, quotas, tasks
from app.storage.graph import Transaction
from app.storage.imports import ImportList, Portion
from ingest.formats import parse
from ingest.redaction import redact, redact_id

# The contract's limit of an uploaded file (16).
MAX_FILE_BYTES = 20 * 1024 * 1024
PAGE = 50


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read, before it is known which of it is new."""

    record: Import
    items: list[Item]
    force: bool


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of a file: all of it at once, or portions for the task."""

    record: Import
    stored: list[Stored]
    portions: list[Portion]


async def create(parts: Parts, principal: Principal, upload: Upload) -> ImportView:
    """Reads a file and keeps it, with the task that stores and works on it; a short file is stored at once.

    Raises Invalid for a file that is no text, empty or there already, TooLong, NotFound or Unauthorized for its space.
    """
    _check(upload)
    policy = principal.writable_space(upload.space_id).settings.secrets
    # Reading twenty megabytes takes seconds, in which others want answers.
    found = await asyncio.to_thread(_read, upload, policy)
    return await create_parsed(parts, principal, upload, found)


async def create_parsed(parts: Parts, principal: Principal, upload: Upload, found: ParsedFile) -> ImportView:
    """Keeps a file that is read already. Raises Invalid when nothing of it can be kept or it is there already."""
    space = principal.writable_space(upload.space_id)
    speaking = principal.acting_as(redact_id(upload.agent_id or "", space.settings.secrets, "agent_id"))
    draft = await asyncio.to_thread(_draft, speaking, space, (upload, found), parts.clock())
    while True:
        ready = await _prepare(parts, speaking, await parts.graph.read(_compare, draft))
        try:
            return view(await parts.graph.write(_begin, speaking, ready))
        except Outdated:
            # The same text was imported between the look and the lock.
            continue


def _check(upload: Upload) -> None:
    parse_choice("file_type", upload.file_type, FileType, FileType.MEMORY)
    parse_choice("strategy", upload.strategy, Strategy, Strategy.AUTO)
    for name in ("agent_id", "session_id"):
        if len(getattr(upload, name) or "") > MAX_NAME_CHARS:
            raise Invalid(f"{name} may have at most {MAX_NAME_CHARS} characters")
    if len(upload.content) > MAX_FILE_BYTES:
        raise TooLong(f"file has {len(upload.content)} bytes, at most {MAX_FILE_BYTES} are accepted", "split the file")
    if not upload.content.strip():
        raise Invalid("file is empty")


def _read(upload: Upload, policy: SecretPolicy) -> ParsedFile:
    """The file as items without private text."""
    file_type = parse_choice("file_type", upload.file_type, FileType, FileType.MEMORY)
    return parse(decode_text(upload.content), _name(upload, policy), file_type, policy)


def _name(upload: Upload, policy: SecretPolicy) -> SafeText:
    return SafeText(redact(upload.filename, policy, "file")[-MAX_NAME_CHARS:] or "unknown")


def _draft(principal: Principal, space: SpaceAccess, read: tuple[Upload, ParsedFile], now: datetime) -> Draft:
    """What would be kept of a file. Raises Invalid when that is nothing."""
    upload, found = read
    if not found.items:
        reasons = f": {found.errors[0]}" if found.errors else ""
        raise Invalid(f"file holds nothing to remember{redact(reasons)}")
    record = _record(principal, space, upload, found, now)
    record = msgspec.structs.replace(record, filename=_name(upload, space.settings.secrets))
    is_one = record.strategy is Strategy.DOCUMENT
    items = [_named(record, item) for item in (as_document(found.items) if is_one else found.items)]
    total = len(items) + found.skipped
    return Draft(record=msgspec.structs.replace(record, storage_total=total), items=items, force=upload.force)


def _record(principal: Principal, space: SpaceAccess, upload: Upload, found: ParsedFile, now: datetime) -> Import:
    import_id, task_id = str(uuid4()), str(uuid4())
    return Import(
        id=import_id,
        task_id=task_id,
        task_ids=[task_id],
        tenant_id=principal.tenant_id,
        space_id=space.id,
        space_key=space.space_key,
        agent_id=principal.agent_id,
        session_id=redact_id(upload.session_id or "", space.settings.secrets, "session_id") or f"import-{import_id}",
        filename="",
        file_type=FileType(parse_choice("file_type", upload.file_type, FileType, FileType.MEMORY)),
        strategy=Strategy(parse_choice("strategy", upload.strategy, Strategy, Strategy.AUTO)),
        post_process=upload.post_process,
        format=found.format,
        hash=content_hash(found),
        version=1,
        storage_total=len(found.items) + found.skipped,
        storage_skipped=found.skipped,
        errors=[redact(error) for error in found.errors],
        created_at=now,
    )


def _named(record: Import, item: Item) -> Item:
    """The item in a conversation with a name: its own, or that of the file, numbered from the second on."""
    own = item.session if not item.session.startswith("#") else ""
    number = "" if item.session in ("", "#1") else item.session
    return msgspec.structs.replace(item, session=(own or f"{record.session_id}{number}")[:MAX_NAME_CHARS])


async def _compare(tx: Transaction, draft: Draft) -> Draft:
    """The draft with its version and without what its conversations have already. Raises Invalid for a duplicate.

    A forced version is a conversation of its own, so that all of it is worked on again.
    """
    record = draft.record
    known = await imports.get_document(tx, record.space_key, record.hash)
    if known and known.is_held and not draft.force:
        raise Invalid("duplicate: this file was imported already; force=true imports it again")
    version = known.version + 1 if known else 1
    record = msgspec.structs.replace(record, version=version)
    if draft.force and version > 1:
        again = [msgspec.structs.replace(item, session=f"{item.session}#v{version}") for item in draft.items]
        return msgspec.structs.replace(draft, record=record, items=again)
    sessions = list(dict.fromkeys(item.session for item in draft.items))
    hashes = await imports.list_session_hashes(tx, record.space_key, sessions, ALL_AGENTS)
    own = [message_hash(item.role, item.text) for item in draft.items]
    fresh = without_known(draft.items, own, hashes)
    record = msgspec.structs.replace(record, storage_skipped=record.storage_skipped + len(own) - len(fresh))
    return msgspec.structs.replace(draft, record=record, items=fresh)


async def _prepare(parts: Parts, principal: Principal, draft: Draft) -> Ready:
    portions = portions_of(draft.items)
    if len(portions) > 1:
        kept = [_portion(number, items) for number, items in enumerate(portions)]
        for item in draft.items:
            import_storing.audience(principal.acting_as(item.agent_id), item)
        return Ready(record=draft.record, stored=[], portions=kept)
    stored = await import_storing.prepare(parts, principal, draft.record, draft.items, 0, INLINE_VECTORS)
    return Ready(record=draft.record, stored=stored, portions=[])


def _portion(number: int, items: list[Item]) -> Portion:
    size = sum(text_bytes(item.text) for item in items)
    return Portion(number, msgspec.json.encode(items).decode(), len(items), size)


async def _begin(tx: Transaction, principal: Principal, ready: Ready) -> ImportState:
    record = ready.record
    await memories.lock_space(tx, record.space_key)
    quotas.obey(tx, principal, record.space_key)
    known = await imports.get_document(tx, record.space_key, record.hash)
    if (known.version if known else 0) != record.version - 1:
        raise Outdated("the same file was imported meanwhile")
    await imports.create(tx, record)
    await imports.create_portions(tx, record, ready.portions)
    await import_storing.store(tx, record, ready.stored)
    record = msgspec.structs.replace(record, storage_stored=len(ready.stored))
    task = _task(record, sum(one.text.missing for one in ready.stored))
    await tasks.create(tx, task, None)
    return ImportState(record=record, task=task, waiting=len(ready.portions), unread=len(ready.stored))


def _task(record: Import, missing: int) -> Task:
    """The task of an import, which is done already when there is nothing left to do."""
    is_done = not record.post_process and record.storage_stored == record.storage_total - record.storage_skipped
    is_done = is_done and not missing
    return Task(
        id=record.task_id,
        kind=TaskKind.IMPORT,
        status=TaskStatus.COMPLETED if is_done else TaskStatus.QUEUED,
        tenant_id=record.tenant_id,
        space_key=record.space_key,
        agent_id=record.agent_id,
        import_id=record.id,
        stored_count=record.storage_stored,
        done_count=record.storage_stored,
        total_count=record.storage_total - record.storage_skipped + missing,
        created_at=record.created_at,
        finished_at=record.created_at if is_done else None,
    )


async def get(tx: Transaction, principal: Principal, import_id: str) -> ImportView:
    """An import of the caller's tenant. Raises NotFound."""
    return view(await find(tx, principal, import_id))


async def find(tx: Transaction, principal: Principal, import_id: str) -> ImportState:
    """An import of the caller's tenant in a space that he may still read. Raises NotFound."""
    found = await imports.get(tx, principal, import_id)
    if found is None:
        raise NotFound("no such import")
    return found


async def list_page(tx: Transaction, principal: Principal, cursor: str | None, limit: int | None) -> ImportPage:
    """The tenant's imports, newest first. Raises Invalid for a foreign cursor."""
    place = listing.from_newest(cursor)
    size = listing.parse_limit(PAGE if limit is None else limit)
    before = parse_instant("cursor", place.after, OPEN_END)
    found = await imports.list_all(tx, principal, ImportList(before=before, before_id=place.id, limit=size))
    return ImportPage(
        imports=[view(state) for state in found],
        total=await imports.count_all(tx, principal),
        next_cursor=listing.cursor_after([state.record for state in found], size, descending=True),
    )

"""Takes in what an export holds: the whole file is read and checked first, and then stored batch by batch.

A file that is sent again stores what is missing and nothing twice, so an import that was cut off is sent once more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO
from uuid import uuid4

import msgspec

from app.domain.account_lines import MAX_LINE_BYTES, AccountImported, AccountLine, Placed, SpaceLine
from app.domain.account_reading import Survey, new_id, parse_line
from app.domain.audit import AuditAction, Entry
from app.domain.errors import Blocked, Invalid, TooLong
from app.domain.memories import to_utc
from app.domain.principal import Principal, Role, Scope, SpaceAccess
from app.domain.space_settings import SecretPolicy
from app.domain.spaces import MAX_SPACES_PER_USER, PREFIXES, SpaceKind
from app.domain.tasks import Task, TaskKind, TaskStatus
from app.services import account_storing, audit
from app.services.account_rows import Names, Target, cleaned
from app.services.account_storing import Batch, Stored
from app.services.parts import Parts
from app.storage import account_imports, exports, memories, spaces, tasks, tenants
from app.storage.account_imports import FileSettings, FileSpace
from app.storage.exports import Settings
from app.storage.graph import AlreadyThere, Transaction
from ingest.redaction import redact, redact_id

# An account with some hundred thousand memories; what is known of the lines while they are checked is a tenth of that.
MAX_FILE_BYTES = 512 * 1024 * 1024
# A larger file waits on the disk.
KEPT_IN_MEMORY = 8 * 1024 * 1024
# What is stored in one transaction, well below a second each.
BATCH_LINES = 200
BATCH_BYTES = 1024 * 1024


class Owned(msgspec.Struct, frozen=True):
    """A space of the account, and what was set in it."""

    id: str
    space_key: str
    settings: Settings


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was checked: whose it is, its spaces with their lines, and what it told."""

    user_id: str
    export_id: str
    survey: Survey
    numbers: dict[str, int]
    now: datetime


class Begun(msgspec.Struct, frozen=True):
    """The spaces of a file as they are here, the caller with them, and who of their members is not here."""

    principal: Principal
    names: Names
    left_out: list[str]


async def create(parts: Parts, principal: Principal, chunks: AsyncIterator[bytes]) -> AccountImported:
    """Stores an export in the caller's account.

    Raises InsufficientScope; Invalid, which names the line, and TooLong before anything is changed; Blocked.
    """
    principal.require(Scope.ADMIN)
    with SpooledTemporaryFile[bytes](max_size=KEPT_IN_MEMORY) as file:
        await _keep(file, chunks)
        owned = await parts.graph.read(_list_owned, principal)
        draft = await asyncio.to_thread(_survey, file, principal, owned, parts.clock())
        try:
            begun = await parts.graph.write(_begin, principal, draft)
            stored = await _store_all(parts, file, begun, draft)
            return await parts.graph.write(_end, begun, draft, stored)
        except AlreadyThere as error:
            raise Blocked("something of the file is being stored or erased at this moment; send it again") from error


async def _keep(file: IO[bytes], chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise TooLong(f"at most {MAX_FILE_BYTES} bytes are accepted")
        await asyncio.to_thread(file.write, chunk)


async def _list_owned(tx: Transaction, principal: Principal) -> dict[str, Owned]:
    """The spaces of the account by their ids."""
    return {
        space.id: Owned(space.id, space.space_key, await exports.get_settings(tx, space.space_key))
        for space in await spaces.list_all(tx, principal)
        if space.owner_id == principal.tenant_id
    }


def _survey(file: IO[bytes], principal: Principal, owned: Mapping[str, Owned], now: datetime) -> Draft:
    """Reads all of a file. Raises Invalid, which names the line."""
    survey, numbers, policies = Survey(), dict[str, int](), dict[str, SecretPolicy]()
    for number, line in _lines(file):
        survey.add(number, line)
        if isinstance(line, SpaceLine) and survey.header:
            numbers[line.id] = number
            there = owned.get(target_id(principal, survey.header.user_id, line, owned))
            policies[line.id] = _policy(line, there)
        if isinstance(line, Placed) and policies[line.space] is SecretPolicy.BLOCK:
            _check_secrets(number, line)
    header = survey.end()
    return Draft(user_id=header.user_id, export_id=header.id, survey=survey, numbers=numbers, now=now)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, AccountLine]]:
    """The lines from the beginning on, without blank ones. Raises Invalid."""
    file.seek(0)
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if line.strip():
            yield number, parse_line(number, line)


def target_id(principal: Principal, user_id: str, line: SpaceLine, owned: Mapping[str, Owned]) -> str:
    """Where a space of the file goes: the personal one and those that the account owns already into themselves."""
    if line.id == f"{PREFIXES[SpaceKind.PERSONAL]}/{user_id}":
        return principal.personal_space().id
    return line.id if line.id in owned else f"{PREFIXES[line.space_type]}/{new_id(principal.tenant_id, line.id)}"


def _policy(line: SpaceLine, there: Owned | None) -> SecretPolicy:
    """What happens to secrets: as the space here says, and as the file does where that says nothing."""
    here = there.settings.secrets if there else None
    return SecretPolicy(here) if here else line.secrets or SecretPolicy.MARK


def _check_secrets(number: int, line: Placed) -> None:
    try:
        cleaned(line, SecretPolicy.BLOCK)
    except Invalid as error:
        raise Invalid(f"line {number}: {error.message.partition(': ')[2]}", error.hint) from error


async def _begin(tx: Transaction, principal: Principal, draft: Draft) -> Begun:
    """Makes the spaces that are not there, with their members and settings, and the agent groups.

    Raises Invalid, which names the line, for more spaces than an account may own.
    """
    await memories.lock_space(tx, principal.personal_space().space_key)
    owned = await _list_owned(tx, principal)
    left_out: list[str] = []
    targets: dict[str, Target] = {}
    accesses: list[SpaceAccess] = []
    for line in draft.survey.spaces.values():
        there = owned.get(target_id(principal, draft.user_id, line, owned))
        if there is None:
            there = await _create_space(tx, principal, line, draft, left_out)
            owned[there.id] = there
            accesses.append(SpaceAccess(there.id, there.space_key, line.space_type, Role.ADMIN))
        task_id = new_id(principal.tenant_id, f"{draft.export_id}\n{there.id}")
        targets[line.id] = Target(there.id, there.space_key, _policy(line, there), task_id)
        settings = FileSettings(admission=line.admission, secrets=line.secrets, llm_tokens_a_day=line.llm_tokens_a_day)
        await account_imports.update_settings(tx, principal.tenant_id, there.space_key, settings)
        if len(owned) > MAX_SPACES_PER_USER:
            raise Invalid(f"line {draft.numbers[line.id]}: a user owns at most {MAX_SPACES_PER_USER} spaces")
    await _add_groups(tx, principal, draft)
    told = [Entry(action=AuditAction.IMPORTED, space_key=one.space_key, subject=one.id) for one in targets.values()]
    await audit.record(tx, principal, draft.now, *told)
    widened = msgspec.structs.replace(principal, spaces=[*principal.spaces, *accesses])
    return Begun(widened, Names(principal.tenant_id, draft.user_id, targets, {}), sorted(set(left_out)))


async def _create_space(
    tx: Transaction, principal: Principal, line: SpaceLine, draft: Draft, left_out: list[str]
) -> Owned:
    """A space of a file with those of its members who are here; notes who is not."""
    space_id = target_id(principal, draft.user_id, line, {})
    space_key = f"s{uuid4().hex}0"
    properties: dict[str, object] = {
        "id": space_id,
        "space_key": space_key,
        "kind": line.space_type.value,
        "name": redact(line.name),
        "created_at": to_utc(line.created_at),
        "updated_at": to_utc(line.updated_at),
    }
    others = [one for one in line.members if one.user_id not in (draft.user_id, principal.tenant_id)]
    own = next((one.joined_at for one in line.members if one.user_id == draft.user_id), line.created_at)
    rows: list[dict[str, object]] = [
        {"user_id": one.user_id, "role": one.role.value, "joined_at": to_utc(one.joined_at)} for one in others
    ]
    space = FileSpace(properties=properties, joined_at=to_utc(own), members=rows)
    added = await account_imports.create_space(tx, principal.tenant_id, space)
    left_out += [one.user_id for one in others if one.user_id not in added]
    made = Entry(action=AuditAction.SPACE_CREATED, space_key=space_key, subject=space_id)
    joined = [Entry(action=AuditAction.MEMBER_ADDED, space_key=space_key, subject=user_id) for user_id in added]
    await audit.record(tx, principal, draft.now, made, *joined)
    return Owned(space_id, space_key, Settings())


async def _add_groups(tx: Transaction, principal: Principal, draft: Draft) -> None:
    """Makes the agent groups that are not there."""
    there = {group.name for group in principal.groups}
    for line in draft.survey.groups.values():
        if line.name not in there:
            await tenants.update_group(tx, principal, redact_id(line.name), [redact_id(agent) for agent in line.agents])


async def _store_all(parts: Parts, file: IO[bytes], begun: Begun, draft: Draft) -> Stored:
    """Stores batch after batch."""
    stored = Stored(Counter(), 0, {})
    reading = _batches(file)
    while batch := await asyncio.to_thread(next, reading, None):
        names = msgspec.structs.replace(begun.names, kept=stored.kept)
        stored = await account_storing.store(parts, begun.principal, names, draft.survey, (batch, stored))
    return stored


def _batches(file: IO[bytes]) -> Iterator[Batch]:
    """Lines of one kind and space after each other, not too many at a time."""
    batch: list[Placed] = []
    size = 0
    for _, line in _lines(file):
        if not isinstance(line, Placed):
            continue
        length = len(getattr(line, "content", ""))
        is_other = batch and (type(line) is not type(batch[0]) or line.space != batch[0].space)
        if is_other or len(batch) == BATCH_LINES or size + length > BATCH_BYTES:
            yield Batch(batch)
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield Batch(batch)


async def _end(tx: Transaction, begun: Begun, draft: Draft, stored: Stored) -> AccountImported:
    """Queues the tasks that make the vectors of what was stored, and says what came of the file."""
    targets = begun.names.targets
    for space_key in sorted({target.space_key for target in targets.values()}):
        await memories.lock_space(tx, space_key)
    for target in targets.values():
        await _queue(tx, begun.principal, target, draft.now, is_new=bool(stored.counts))
    return AccountImported(
        spaces={line_id: target.id for line_id, target in targets.items()},
        stored=dict(stored.counts),
        known=stored.known,
        members_left_out=begun.left_out,
        task_ids=[target.task_id for target in targets.values()],
    )


async def _queue(tx: Transaction, principal: Principal, target: Target, now: datetime, *, is_new: bool) -> None:
    """The task of a space; once more when the file was sent again and something of it was new."""
    task = await tasks.get(tx, principal, target.task_id)
    if task is None:
        task = Task(
            id=target.task_id,
            kind=TaskKind.RESTORE,
            status=TaskStatus.QUEUED,
            tenant_id=principal.tenant_id,
            space_key=target.space_key,
            created_at=now,
        )
        await tasks.create(tx, task, None)
    elif is_new and task.finished_at is not None:
        await tasks.retry(tx, principal, task.id, now)
        await tasks.open_lane(tx, task)

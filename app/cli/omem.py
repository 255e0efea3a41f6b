"""The command `import omem`: brings what a running server of ourmem/omem holds for one of its keys, over its API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import httpx
import msgspec
from rich.console import Console
from rich.table import Column, Table

from app.cli.failures import Failure
from app.cli.files import Contents
from app.cli.importing import IDLE_SECONDS, Importer, check
from app.cli.terminal import output
from app.client import Client, address
from app.config import load_settings
from app.domain.exports import MemoryLine, RelationLine
from app.domain.memories import MAX_CONTENT_CHARS, MAX_NAME_CHARS, MAX_TAGS, Category, MemoryType
from app.domain.relations import ASSERTABLE
from app.domain.spaces import NewMember, NewSpace, SpaceView

Shape = TypeVar("Shape")

TIMEOUT_SECONDS = 60.0
PAGE = 200
# That server lists the personal space only; of others it shows what a search finds, and its search has no limit. It
# drops the weakest result of each search, so several are laid over each other (contract 5.2).
SEARCHED = ("*", "the", "的")
SEARCH_LIMIT = 10_000
# An id there is the key of its user, so only so much of it is shown.
SHOWN_CHARS = 8
UNAUTHORIZED = 401


class SeedRelation(msgspec.Struct, frozen=True):
    """A relation as it stands in a memory there."""

    relation_type: str = ""
    target_id: str = ""
    context_label: str | None = None


class SeedMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A memory there, in the fields that are brought."""

    id: str
    content: str
    l2_content: str = ""
    category: str = ""
    memory_type: str = ""
    state: str = "active"
    importance: float = 0.5
    tags: list[str] = []
    agent_id: str | None = None
    source: str | None = None
    relations: list[SeedRelation] = []
    superseded_by: str | None = None
    visibility: str = "global"
    created_at: datetime


class SeedPage(msgspec.Struct, frozen=True):
    """A page of its list."""

    memories: list[SeedMemory] = []
    total_count: int = 0


class SeedResult(msgspec.Struct, frozen=True):
    """A result of its search."""

    memory: SeedMemory


class SeedAnswer(msgspec.Struct, frozen=True):
    """The answer of its search."""

    results: list[SeedResult] = []


class SeedMember(msgspec.Struct, frozen=True):
    """A member there; the id is that user's key."""

    user_id: str = ""
    role: str = "member"


class SeedSpace(msgspec.Struct, frozen=True, kw_only=True):
    """A space there."""

    id: str
    space_type: str = ""
    name: str = ""
    members: list[SeedMember] = []


class SeedSpaces(msgspec.Struct, frozen=True):
    """Its list of spaces in the form for clients that want an object."""

    spaces: list[SeedSpace] = []


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to bring: the personal memories, and each other space with what its search gives."""

    personal: list[SeedMemory]
    shared: list[tuple[SeedSpace, list[SeedMemory]]]


class Seed:
    """The other server, which is only read."""

    def __init__(self, url: str, key: str, http: httpx.AsyncClient | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = http or httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._headers = {"X-API-Key": key}

    async def list_memories(self) -> list[SeedMemory]:
        """All memories of the personal space, oldest first."""
        found: dict[str, SeedMemory] = {}
        offset = 0
        while True:
            query = f"limit={PAGE}&offset={offset}&sort=created_at&order=asc"
            page = parse(await self._get(f"/v1/memories?{query}"), SeedPage)
            found.update((memory.id, memory) for memory in page.memories)
            offset += len(page.memories)
            if not page.memories or offset >= page.total_count:
                return list(found.values())

    async def list_spaces(self) -> list[SeedSpace]:
        """Its spaces beside the personal ones; it answers with a list or an object that has one."""
        body = await self._get("/v1/spaces")
        is_list = body.lstrip().startswith(b"[")
        spaces = parse(body, list[SeedSpace]) if is_list else parse(body, SeedSpaces).spaces
        return [space for space in spaces if space.space_type != "personal"]

    async def search_space(self, space: SeedSpace) -> list[SeedMemory]:
        """What its search gives of a space, oldest first."""
        found: dict[str, SeedMemory] = {}
        for words in (*SEARCHED, space.name or "*"):
            query = {"q": words, "space": space.id, "limit": str(SEARCH_LIMIT), "min_score": "0"}
            answer = parse(await self._get(f"/v1/memories/search?{httpx.QueryParams(query)}"), SeedAnswer)
            found.update((result.memory.id, result.memory) for result in answer.results)
        return sorted(found.values(), key=lambda memory: memory.created_at)

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str) -> bytes:
        try:
            answer = await self._http.get(path, headers=self._headers)
        except httpx.HTTPError as error:
            raise Failure(f"{self.url} does not answer; is the other server running there?") from error
        if answer.status_code == UNAUTHORIZED:
            raise Failure(f"{self.url} does not accept the key of --key")
        if answer.is_success:
            return answer.content
        raise Failure(f"{self.url} answered {answer.status_code} at {path.partition('?')[0]}; run it again to go on")


def parse(body: bytes, shape: type[Shape]) -> Shape:
    """An answer of the other server. Raises Failure when it is none."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(f"the other server does not answer as omem does: {error}") from error


def contents_of(memories: Sequence[SeedMemory], counts: Counter[str]) -> Contents:
    """Memories and relations as lines of an export. What cannot be brought is counted by its reason."""
    kept = [memory for memory in memories if is_kept(memory, counts)]
    ids = {memory.id for memory in kept}
    replaces: dict[str, list[str]] = {}
    for memory in kept:
        if memory.superseded_by in ids:
            replaces.setdefault(memory.superseded_by or "", []).append(memory.id)
    lines = [line_of(memory, replaces.get(memory.id, []), is_replaced=memory.superseded_by in ids) for memory in kept]
    relations = [
        RelationLine(
            type=relation.relation_type,
            source_id=memory.id,
            target_id=relation.target_id,
            label=(relation.context_label or "")[:MAX_NAME_CHARS] or None,
        )
        for memory in kept
        for relation in memory.relations
        if relation.relation_type in ASSERTABLE and relation.target_id in ids and relation.target_id != memory.id
    ]
    return Contents(memories=in_order(lines), relations=relations)


def is_kept(memory: SeedMemory, counts: Counter[str]) -> bool:
    """Whether a memory can be brought."""
    if memory.state == "deleted":
        return False
    if not memory.content.strip():
        counts["empty"] += 1
    elif len(memory.content) > MAX_CONTENT_CHARS:
        counts["too long"] += 1
    else:
        return True
    return False


def line_of(memory: SeedMemory, replaced: list[str], *, is_replaced: bool) -> MemoryLine:
    """A memory as a line. Its time there is since when it is true here; a file's piece becomes an insight.

    Visibility was stored there and never kept, groups are not known here: what was for a group is private here.
    """
    is_over = memory.state == "archived" or bool(memory.superseded_by)
    categories, types = list(Category), (MemoryType.PINNED, MemoryType.INSIGHT)
    return MemoryLine(
        id=memory.id,
        content=memory.content,
        category=memory.category if memory.category in categories else Category.PREFERENCES.value,
        # What is replaced cannot be pinned here.
        memory_type=memory.memory_type if memory.memory_type in types and not is_replaced else MemoryType.INSIGHT.value,
        importance=min(1.0, max(0.0, memory.importance)),
        tags=[tag[:MAX_NAME_CHARS] for tag in memory.tags[:MAX_TAGS]],
        source=(memory.source or "")[:MAX_NAME_CHARS],
        agent_id=(memory.agent_id or "")[:MAX_NAME_CHARS],
        visibility="global" if memory.visibility in ("", "global") else "private",
        state="superseded" if is_replaced else "archived" if is_over else "active",
        valid_from=memory.created_at,
        created_at=memory.created_at,
        replaces=replaced,
    )


def in_order(lines: Sequence[MemoryLine]) -> list[MemoryLine]:
    """What replaces others after those, else as it was; a circle, which no server should have, is cut."""
    known = {line.id: line for line in lines}
    placed: dict[str, MemoryLine] = {}
    open_ids: set[str] = set()

    def place(line: MemoryLine) -> None:
        stack = [line]
        while stack:
            top = stack[-1]
            open_ids.add(top.id)
            before = [known[old] for old in top.replaces if old not in placed and old not in open_ids]
            if before:
                stack.append(before[0])
                continue
            placed[stack.pop().id] = top

    for line in lines:
        if line.id not in placed:
            place(line)
    return list(placed.values())


class Mover:
    """Brings a plan to a service in the name of one tenant."""

    def __init__(self, client: Client, members: dict[str, str]) -> None:
        self.counts: Counter[str] = Counter()
        self.tasks: list[str] = []
        self._client = client
        # Users here by their ids there.
        self._members = members

    async def bring(self, plan: Plan) -> None:
        """All of it; again it stores nothing twice, and goes on where it was cut off."""
        await self._send(plan.personal, "")
        known = {(space.space_type.value, space.name): space for space in (await self._client.list_spaces()).spaces}
        for space, memories in plan.shared:
            name = (space.name or space.id)[:MAX_NAME_CHARS]
            made = known.get((space.space_type, name)) or await self._create(space, name)
            await self._add_members(space, made)
            await self._send(memories, made.id)

    async def _create(self, space: SeedSpace, name: str) -> SpaceView:
        self.counts["spaces created"] += 1
        return await self._client.create_space(NewSpace(name=name, space_type=space.space_type))

    async def _add_members(self, space: SeedSpace, made: SpaceView) -> None:
        there = {member.user_id for member in made.members}
        for member in space.members:
            user_id = self._members.get(member.user_id)
            if user_id is None:
                self.counts["members not named by --member"] += 1
            elif user_id not in there:
                made = await self._client.add_member(made.id, NewMember(user_id, member.role))
                there.add(user_id)
                self.counts["members added"] += 1

    async def _send(self, memories: Sequence[SeedMemory], space: str) -> None:
        importer = Importer(self._client, lambda _: None, space)
        await importer.send(contents_of(memories, self.counts))
        self.counts.update(importer.counts)
        self.tasks += importer.tasks


async def read_plan(seed: Seed) -> Plan:
    """All that the other server gives."""
    shared = [(space, await seed.search_space(space)) for space in await seed.list_spaces()]
    return Plan(personal=await seed.list_memories(), shared=shared)


def report(plan: Plan, counts: Counter[str], *, is_dry: bool) -> Table:
    """What there is, and what became of it."""
    title = "Import from omem" + (" (nothing written)" if is_dry else "")
    table = Table("what", Column("count", justify="right"), title=title, title_justify="left")
    table.add_row("memories of the personal space there", str(len(plan.personal)))
    for space, memories in plan.shared:
        table.add_row(
            f"memories of {space.space_type} {space.name or space.id[:SHOWN_CHARS]} there", str(len(memories))
        )
    for words, count in sorted(counts.items()):
        if count:
            table.add_row(words, str(count))
    return table


def import_omem(url: str, key: str, ours: tuple[str, str], members: Sequence[str], dry_run: bool) -> None:
    """Brings everything and waits for the tasks; `ours` is the address of our service and a key of it."""
    if not key:
        raise Failure("no key of the other server; give it with --key or OMEM_SEED_KEY")
    if not ours[1] and not dry_run:
        raise Failure("no API key of this service; set OMEM_API_KEY (`ourmem tenant create` makes a tenant with one)")
    settings = load_settings()
    client = Client(ours[0] or address(settings.host, settings.port), ours[1])
    asyncio.run(move(Seed(url, key), client, parse_members(members), dry_run=dry_run))


def parse_members(given: Sequence[str]) -> dict[str, str]:
    """`THERE=HERE` pairs. Raises Failure for anything else."""
    pairs = [pair.partition("=") for pair in given]
    if not all(there and here for there, _, here in pairs):
        raise Failure("--member takes the user's id there and here, as THERE=HERE")
    return {there: here for there, _, here in pairs}


async def move(seed: Seed, client: Client, members: dict[str, str], *, dry_run: bool) -> None:
    """Reads all, writes unless it is a dry run, waits for the tasks, and prints a report."""
    mover = Mover(client, members)
    console = Console(stderr=True)
    try:
        with console.status("Reading …"):
            plan = await read_plan(seed)
        if dry_run:
            for memories in (plan.personal, *(found for _, found in plan.shared)):
                contents_of(memories, mover.counts)
        else:
            with console.status("Writing …"):
                await mover.bring(plan)
        output().print(report(plan, mover.counts, is_dry=dry_run))
        if mover.tasks:
            with console.status("Waiting for the tasks of the service …"):
                check(await client.wait_for(mover.tasks, IDLE_SECONDS))
    finally:
        await seed.close()
        await client.close()

"""The command `demo`: a conversation becomes searchable memory, over HTTP like any client's, and is shown as tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from app.cli import demo_tables, logs, program
from app.cli.browser import directions
from app.cli.databases import Database, Use, open_database
from app.cli.demo_script import Script, read_script
from app.cli.demo_tables import Shown
from app.cli.failures import Failure, sentence
from app.cli.importing import PARALLEL_REQUESTS, check, together
from app.cli.program import Ending
from app.cli.terminal import echo, output
from app.client import Client, ServiceError, address
from app.config import Settings, load_settings
from app.domain.decisions import Action, DecisionView
from app.domain.graphs import GraphPath
from app.domain.listing import MAX_LIMIT
from app.domain.memories import MemoryView, NewMemory
from app.domain.messages import NewMessages
from app.domain.relations import NewRelation, RelationType, RelationView
from app.domain.search import SearchRequest
from app.domain.tenants import CreatedTenant
from app.main import running

SHOWN_RESULTS = 3
SHOWN_DECISIONS = 3
PROFILE_TOKENS = 500
# Among so many a way is looked for.
SHOWN_ENTITIES = 6
# A task of one session takes about a second.
TASK_SECONDS = 60.0


def demo(file: Path | None, leave: bool) -> None:
    """Starts everything, shows the conversation, and serves until Ctrl-C unless told to leave."""
    settings, script = load_settings(), read_script(file)
    logs.set_up(settings.log_level, settings.log_format)
    with program.bind(settings) as listener, open_database(settings, Use.START) as database:
        client = Client(address(settings.host, listener.getsockname()[1]))

        async def show_until(ending: Ending) -> None:
            async with (
                program.prepared(settings, database, ending) as parts,
                running(parts),
                program.serving(parts, listener),
                client,
            ):
                await ending.unless(show(client, script, settings, database))
                if not leave:
                    echo("Serving. Ctrl-C stops it.")
                    await ending.wait()

        echo("Starting Neo4j and the embedding model …")
        program.run(show_until)
    echo("Stopped.")


async def show(client: Client, script: Script, settings: Settings, database: Database) -> None:
    """Makes a tenant, stores the script, and prints what came of it."""
    tenant = await sign_up(client, settings)
    owner = client.with_key(tenant.api_key)
    console = output()
    for table in demo_tables.stored(await store(owner, script), script.note):
        console.print(table)
    for question in script.questions:
        request = SearchRequest(q=question, limit=SHOWN_RESULTS, include="evidence")
        console.print(demo_tables.found(question, await owner.search(request)))
    decisions = (await owner.list_decisions(limit=MAX_LIMIT)).decisions
    console.print(demo_tables.decided(telling(decisions), len(decisions)))
    console.print(demo_tables.related(await relations_of(owner)))
    console.print(demo_tables.contradicting((await owner.list_conflicts(limit=SHOWN_RESULTS)).conflicts))
    console.print(demo_tables.connected(await path_of(owner)))
    for decision in decisions:
        if decision.action is Action.SUPERSEDE and decision.target_id:
            console.print(await undo(owner, decision, decision.target_id))
            break
    console.print(demo_tables.profiled((await owner.get_profile(budget=PROFILE_TOKENS, ids="false")).profile))
    for line in [*addresses(client, tenant, script.questions[0]), *directions(settings, database, tenant.user_id)]:
        console.print(line, soft_wrap=True, markup=False)


def telling(decisions: Sequence[DecisionView]) -> list[DecisionView]:
    """A few of each action, those that happen seldom first."""
    by_action: dict[Action, list[DecisionView]] = {}
    for decision in decisions:
        by_action.setdefault(decision.action, []).append(decision)
    return [one for found in sorted(by_action.values(), key=len) for one in found[:SHOWN_DECISIONS]]


async def undo(client: Client, decision: DecisionView, target_id: str) -> Table:
    """Takes a replacement back: the old memory is current again beside what was stored, or in the place of a fact."""
    ids = [target_id, decision.memory_id or target_id]
    before = [await client.get_memory(memory_id) for memory_id in ids]
    await client.undo_decision(decision.id)
    return demo_tables.undone(before, [await client.get_memory(memory_id) for memory_id in ids])


async def sign_up(client: Client, settings: Settings) -> CreatedTenant:
    """A fresh tenant, so that the demo may run any number of times on the same data."""
    try:
        return await client.create_tenant("demo", settings.signup_token)
    except ServiceError as refused:
        raise Failure(f"the demo cannot sign up ({sentence(refused)}); unset OMEM_SIGNUP for it") from refused


async def store(client: Client, script: Script) -> Shown:
    """Sends sessions and memories, waits for their tasks, and counts."""
    begun = time.monotonic()
    tasks: list[str] = []

    async def send(session: NewMessages) -> None:
        tasks.append((await client.add_messages(session)).task_id)

    await together([send(session) for session in script.sessions], PARALLEL_REQUESTS)
    tasks += await remember(client, script)
    check(await client.wait_for(tasks, TASK_SECONDS))
    return Shown(
        sessions=script.sessions,
        messages=(await client.list_memories(memory_type="session", limit=0)).total_count,
        current=(await client.list_memories(limit=0)).total_count,
        all=(await client.list_memories(limit=0, include_superseded="true")).total_count,
        tasks=len(tasks),
        seconds=time.monotonic() - begun,
    )


async def remember(client: Client, script: Script) -> list[str]:
    """Stores the memories of the script in order, each related to an earlier one as it says; their tasks."""
    ids: list[str] = []
    tasks: list[str] = []
    for planned in script.memories:
        replaced = [ids[planned.replaces]] if planned.replaces is not None else None
        new = NewMemory(content=planned.content, category=planned.category, source="demo", replaces=replaced)
        memory = await client.create_memory(new)
        if planned.relation is not None:
            kind, earlier = planned.relation
            await client.create_relation(memory.id, NewRelation(type=kind, target_id=ids[earlier]))
        ids.append(memory.id)
        tasks += [memory.task_id] if memory.task_id else []
    return tasks


async def relations_of(client: Client) -> list[tuple[MemoryView, RelationView]]:
    """The relations between the tenant's memories, each once, from where it begins."""
    page = await client.list_memories(include_superseded="true", limit=MAX_LIMIT)
    found: dict[str, tuple[MemoryView, RelationView]] = {}
    for memory in page.memories:
        for relation in (await client.list_relations(memory.id, direction="out")).relations:
            found.setdefault(relation.id, (memory, relation))
    return sorted(found.values(), key=lambda pair: list(RelationType).index(pair[1].type))


async def path_of(client: Client) -> GraphPath | None:
    """The longest way from who or what most is known of to one of the next; None when nothing is connected with it."""
    first, *others = (await client.list_entities(limit=SHOWN_ENTITIES)).entities or [None]
    answers = [await client.get_path(first.id, other.id) for other in others if first and other]
    return max((answer.paths[0] for answer in answers if answer.paths), key=lambda path: len(path.steps), default=None)


def addresses(client: Client, tenant: CreatedTenant, question: str) -> list[str]:
    """Where the service is, and a request to paste."""
    body = msgspec.json.encode({"q": question, "limit": SHOWN_RESULTS, "include": "evidence"}).decode()
    quoted = body.replace("'", "'\\''")
    return [
        f"Service         {client.url}",
        f"API docs        {client.url}/docs",
        f"API key         {tenant.api_key}",
        f"Tenant          {tenant.user_id}",
        "Request to paste:",
        f"curl -s {client.url}/v1/memories/search -H 'X-API-Key: {tenant.api_key}'"
        f" -H 'Content-Type: application/json' -d '{quoted}'",
        "",
    ]

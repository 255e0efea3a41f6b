"""The command line `ourmem`: names, options and help of all commands; the module that a command names does the work.

Nothing here may be slow to import, since every `--help` waits for it: the work is imported when a command runs.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from app.cli.failures import EXPECTED, sentence

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)
STRATEGIES = ["auto", "atomic", "section", "document"]
FILE_TYPES = ["memory", "session", "markdown", "jsonl"]
WRITTEN = click.Path(dir_okay=False, path_type=Path)
API_KEY = click.option("--key", envvar="OMEM_API_KEY", default="", help="An API key; better in OMEM_API_KEY.")
TENANT = click.option("--tenant", default="", help="A tenant's id (its `user_id`), instead of a key.")
SCOPES = ["read", "write", "admin"]
# What `eval` and `bench` get is theirs to read.
PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def perform(work: str, *arguments: object, **named: object) -> None:
    """Imports and calls `module:function` of this package; what may go wrong becomes one sentence and exit code 1."""
    module, _, function = work.partition(":")
    try:
        getattr(import_module(f"app.cli.{module}"), function)(*arguments, **named)
    except EXPECTED as error:
        raise click.ClickException(sentence(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ourmem")
def main() -> None:
    """ourmem: a shared memory for AI agents, kept as a graph in Neo4j.

    Settings are environment variables: OMEM_HOME, OMEM_PORT, NEO4J_URI and others, see docs/settings.md.

    \b
    Examples:
      ourmem demo                 see a conversation become searchable memory
      ourmem up                   Neo4j, the API and a worker, until Ctrl-C
      ourmem tenant create me     a tenant and its first key
      ourmem import chat.jsonl    a conversation of yours
      ourmem doctor               what is wrong, and what to do
    """


@main.command()
def up() -> None:
    """Serve the API and work on tasks, with a Neo4j of its own.

    Starts Neo4j in OMEM_HOME, or uses the server that NEO4J_URI names. The first start downloads Neo4j, about 190 MB.
    Ctrl-C or SIGTERM ends it: open requests are answered first.

    \b
    Examples:
      ourmem up
      OMEM_PORT=9000 OMEM_HOME=~/work-memory ourmem up
    """
    perform("serving:up")


@main.command()
@click.option("--no-worker", is_flag=True, help="Leave background work to `ourmem worker` processes.")
def serve(no_worker: bool) -> None:
    """Serve the API on a Neo4j that is there already.

    That is the server of NEO4J_URI, else the one that `ourmem up` runs on the same OMEM_HOME.

    \b
    Examples:
      NEO4J_URI=bolt://db:7687 NEO4J_PASSWORD=... ourmem serve
      OMEM_PORT=8081 ourmem serve --no-worker
    """
    perform("serving:serve", not no_worker)


@main.command()
def worker() -> None:
    """Work on tasks beside a service; any number of these may run.

    \b
    Example:
      NEO4J_URI=bolt://db:7687 NEO4J_PASSWORD=... ourmem worker
    """
    perform("serving:work")


@main.command()
@click.option("--file", "file", type=EXISTING, envvar="DEMO_FILE", help="Your conversation; also as DEMO_FILE.")
@click.option("--exit", "leave", is_flag=True, help="Stop when all is shown, instead of serving until Ctrl-C.")
def demo(file: Path | None, leave: bool) -> None:
    """See a conversation become searchable memory in a real Neo4j.

    Starts all that `up` starts, makes a tenant, sends it a conversation in English and Chinese and shows what was
    stored, what searches find and where to look at the graph. A file of yours holds one {"role": ..., "content": ...}
    a line, with `speaker`, `said_at`, `session_id` if you like, or is a LoCoMo file, whose first conversation is taken.

    \b
    Examples:
      ourmem demo
      ourmem demo --file chat.jsonl
      ourmem demo --exit
    """
    perform("demo:demo", file, leave)


@main.group()
def tenant() -> None:
    """Make tenants, also where sign-up is closed."""


@tenant.command("create")
@click.argument("name", default="")
def create_tenant(name: str) -> None:
    """Make a tenant and print its first key, which is shown this once.

    Works on the graph itself, so a service may run or not: on NEO4J_URI, else on the Neo4j in OMEM_HOME, which is
    started for the moment when it is not running.

    \b
    Example:
      ourmem tenant create "Ming's agents"
    """
    perform("tenants:create_tenant", name)


@tenant.command("quota")
@click.argument("tenant")
@click.option("--memories", type=click.IntRange(min=0), help="How many memories and messages it may keep; 0: no limit.")
@click.option("--text-bytes", type=click.IntRange(min=0), help="How much text it may keep; 0: no limit.")
@click.option("--llm-tokens", type=click.IntRange(min=0), help="What it may spend on models a day; 0: no limit.")
@click.option("--reset", is_flag=True, help="Take back what was given before: the settings count again.")
def give_quota(tenant: str, memories: int | None, text_bytes: int | None, llm_tokens: int | None, reset: bool) -> None:
    """Show what a tenant keeps and may keep, and give it quotas of its own in place of those in the settings.

    The tenant is named by the `user_id` that sign-up answered. What is not named stays as it is.

    \b
    Examples:
      ourmem tenant quota 3f0c...
      ourmem tenant quota 3f0c... --memories 50000 --text-bytes 20000000
    """
    perform("tenants:give_quota", tenant, (memories, text_bytes, llm_tokens), reset)


@main.group()
def key() -> None:
    """Make, list and revoke the API keys of a tenant.

    The tenant is named by --tenant, or by one of its keys that has the scope admin. All of these work on the graph
    itself, so a service may run or not: on NEO4J_URI, else on the Neo4j in OMEM_HOME, which is started for the moment
    when it is not running. Over HTTP the same is /v1/keys.
    """


@key.command("create")
@API_KEY
@TENANT
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="May be repeated.")
@click.option("--agent", default="", help="The one agent that may use the key.")
@click.option("--days", type=click.IntRange(min=1), help="How many days it works; forever when absent.")
def create_key(key: str, tenant: str, scopes: tuple[str, ...], agent: str, days: int | None) -> None:
    """Make a key and print it, which is done this once; read and write unless scopes are named.

    \b
    Examples:
      OMEM_API_KEY=omk_... ourmem key create --agent coder
      ourmem key create --tenant 3f0c... --scope read --days 30
    """
    perform("tenants:create_key", (key, tenant), list(scopes), agent, days)


@key.command("list")
@API_KEY
@TENANT
def list_keys(key: str, tenant: str) -> None:
    """List the keys that are not revoked, each by its prefix.

    \b
    Example:
      OMEM_API_KEY=omk_... ourmem key list
    """
    perform("tenants:list_keys", (key, tenant))


@key.command("revoke")
@click.argument("key_id")
@API_KEY
@TENANT
def revoke_key(key_id: str, key: str, tenant: str) -> None:
    """Revoke the key with this id (see `key list`); it stops working at once.

    \b
    Example:
      OMEM_API_KEY=omk_... ourmem key revoke 8d2e...
    """
    perform("tenants:revoke_key", key_id, (key, tenant))


@click.command("omem")
@click.option("--url", required=True, help="The other server, such as http://127.0.0.1:8080.")
@click.option("--key", envvar="OMEM_SEED_KEY", default="", help="A key of it; better in OMEM_SEED_KEY.")
@click.option("--to", default="", help="This service; http://OMEM_HOST:OMEM_PORT when absent.")
@click.option("--to-key", envvar="OMEM_API_KEY", default="", help="A key of this service; better in OMEM_API_KEY.")
@click.option("--member", multiple=True, help="A user's id there and here, as THERE=HERE; as often as needed.")
@click.option("--dry-run", is_flag=True, help="Only read, and say what there is.")
def import_omem(url: str, key: str, to: str, to_key: str, member: tuple[str, ...], dry_run: bool) -> None:
    """Bring what a running server of ourmem/omem holds for a key: memories, spaces, members.

    Texts, categories, tags, times, agents, what replaced what, and relations come along; vectors are made anew. Run it
    again as often as you like: what is there already is not stored twice. Of shared spaces that server gives only what
    its search finds; docs/omem.md says what else is different here.

    \b
    Example:
      OMEM_API_KEY=omk_... ourmem import omem --url http://old:8080 --key 1f0c... --member 77ab...=8a5c...
    """
    perform("omem:import_omem", url, key, (to, to_key), member, dry_run)


class FilesOrOmem(click.Command):
    """`import`, which takes files, or the word omem for another server, unless a file is called so."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["omem"] and not Path("omem").exists():
            return import_omem.make_context("import omem", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@main.command("import", cls=FilesOrOmem)
@click.argument("paths", nargs=-1, required=True, type=FILE_OR_FOLDER)
@API_KEY
@click.option("--url", default="", help="The service; http://OMEM_HOST:OMEM_PORT when absent.")
@click.option("--space", default="", help="Where to; the personal space when absent.")
@click.option("--strategy", type=click.Choice(STRATEGIES), default="auto", help="How facts are made of a file.")
@click.option("--type", "file_type", type=click.Choice(FILE_TYPES), default="memory", help="What the files are.")
@click.option("--force", is_flag=True, help="Also files that were imported already.")
@click.option("--no-facts", is_flag=True, help="Only store them.")
def import_files(paths: tuple[Path, ...], key: str, url: str, **chosen: Any) -> None:
    """Send files and folders to a running service.

    Takes Markdown, texts, conversations, exports of ChatGPT and Claude, transcripts of Claude Code and OpenClaw,
    memories of mem0, Cursor and OpenClaw, JSON lines; docs/api.md says how each is read. What `ourmem export` wrote
    comes back whole, each space into one of its own. Run it again as often as you like: what is there already is
    not stored twice. Exit code 1 when a file could not be imported.

    \b
    Examples:
      OMEM_API_KEY=omk_... ourmem import chat.jsonl notes/ MEMORY.md
      ourmem import conversations.json --space team/3f0c... --strategy atomic
      ourmem import backup.jsonl --key omk_... --url https://memory.example.com
      ourmem import omem --help   bring what a server of ourmem/omem holds
    """
    perform("importing:import_files", paths, key, url, **chosen)


@main.command()
@API_KEY
@click.option("--url", envvar="OMEM_API_URL", default="", help="The service; http://OMEM_HOST:OMEM_PORT when absent.")
@click.option("--agent", envvar="OMEM_AGENT_ID", default="", help="The agent that the client is.")
def mcp(key: str, url: str, agent: str) -> None:
    """Serve the memory as MCP tools on standard input and output.

    For clients that start their MCP servers themselves, such as Claude Desktop and Cursor; docs/clients.md has what to
    write into their settings. Others reach the same tools at /mcp of a running service.

    \b
    Example:
      OMEM_API_URL=http://127.0.0.1:8080 OMEM_API_KEY=omk_... ourmem mcp
    """
    perform("mcp:mcp", url, key, agent)


@main.group()
def install() -> None:
    """Connect a client to ourmem; docs/clients.md says how for those that are not here."""


@install.command("claude-code")
@API_KEY
@click.option("--url", envvar="OMEM_API_URL", default="", help="The service; http://OMEM_HOST:OMEM_PORT when absent.")
@click.option("--settings", type=WRITTEN, help="The file to change; ~/.claude/settings.json when absent.")
@click.option("--uninstall", is_flag=True, help="Take hooks, address and key out again.")
def install_claude_code(key: str, url: str, settings: Path | None, uninstall: bool) -> None:
    """Give Claude Code a memory: hooks for the start of a session, each stop, and before a compaction.

    Writes them and the address and key of the service into Claude Code's settings; what else is there stays, and what
    the file said before is kept beside it. Run it again as often as you like.

    \b
    Examples:
      OMEM_API_KEY=omk_... ourmem install claude-code
      ourmem install claude-code --key omk_... --settings .claude/settings.local.json
      ourmem install claude-code --uninstall
    """
    perform("installing:install_claude_code", settings, url, key, uninstall)


@main.command()
@API_KEY
@TENANT
@click.option("-o", "--output", type=WRITTEN, help="The file to write; standard output when absent.")
def export(key: str, tenant: str, output: Path | None) -> None:
    """Write everything a tenant owns: its spaces with messages, memories, relations, decisions, settings.

    One JSON object a line, described in docs/export.md; `ourmem import` reads it. It is read from the graph itself, so
    a service may run or not, and what is private to any agent of the tenant is part of it.

    \b
    Example:
      OMEM_API_KEY=omk_... ourmem export -o backup.jsonl
    """
    perform("exporting:export", (key, tenant), output)


@main.command()
@click.argument("file", type=WRITTEN)
def backup(file: Path) -> None:
    """Write the whole embedded store into one compressed file, also while a service runs and is written to.

    All tenants, spaces, memories, vectors, keys (as hashes) and tasks, as of one moment. What was acknowledged before
    the backup began is in it, and no change by half. The file appears when it is complete; only you may read it. A
    server that NEO4J_URI names has tools of its own, see docs/backup.md.

    \b
    Example:
      ourmem backup /backups/ourmem-monday
    """
    perform("backups:backup", file)


@main.command()
@click.argument("file", type=EXISTING)
@click.option("--force", is_flag=True, help="Also in the place of a store that is there, which is lost then.")
def restore(file: Path, force: bool) -> None:
    """Put a backup into OMEM_HOME; the service must not run on it.

    A file that is damaged or of a newer ourmem is refused, and a store that cannot be opened is taken out again: what
    was there stays as it is.

    \b
    Examples:
      OMEM_HOME=~/restored ourmem restore /backups/ourmem-monday
      ourmem restore --force /backups/ourmem-monday
    """
    perform("backups:restore", file, force)


@main.command()
@click.option("--again", is_flag=True, help="Also when the vectors are of this model already, to repair them.")
def reembed(again: bool) -> None:
    """Renew all vectors with the embedding model that is configured now.

    Needed after a change of OMEM_EMBED_MODEL, OMEM_EMBED_PROVIDER or OMEM_EMBED_DIM. Stop every service and worker
    first: what they store meanwhile would get vectors of the old model. Interrupted, it goes on when run again.

    \b
    Example:
      OMEM_EMBED_MODEL=intfloat/multilingual-e5-small ourmem reembed
    """
    perform("reembedding:reembed", again)


@main.command()
def doctor() -> None:
    """Check settings, Java, Neo4j, schema, vectors, model, port and one round trip; say what to do.

    Exit code 1 when something is a problem. An embedded Neo4j that is not running is started for the check.

    \b
    Example:
      ourmem doctor
    """
    perform("doctor:doctor")


@main.command("eval", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evaluate(arguments: tuple[str, ...]) -> None:
    """Measure the quality of search; needs a checkout of the repository.

    \b
    Examples:
      ourmem eval locomo locomo10.json
      ourmem eval locomo --help
    """
    perform("checkout:run", "evaluation", arguments)


@main.command("bench", context_settings=PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def benchmark(arguments: tuple[str, ...]) -> None:
    """Measure speed and growth; needs a checkout of the repository.

    \b
    Examples:
      ourmem bench
      ourmem bench --peers locomo10.json
      ourmem bench --scale
    """
    perform("checkout:run", "benchmark", arguments)


@main.command()
@click.argument("query", required=False, default="")
@click.option("--tenant", default="", help="Whose personal space the queries are about: a tenant's `user_id`.")
@click.option("--param", "given", multiple=True, help="name=value of a query's parameter; may be repeated.")
@click.option("--open/--no-open", "visit", default=True, help="Whether to open it in your web browser.")
def browser(query: str, tenant: str, given: tuple[str, ...], visit: bool) -> None:
    """Say where Neo4j Browser is and how to log in, list the saved queries, and open it; or print one QUERY to paste.

    \b
    Examples:
      ourmem browser --no-open
      ourmem browser topic --tenant 3f0c... --param topic=harbor
    """
    perform("browser:browser", query, tenant, given, visit)

"""The command `doctor`: a line for each thing that has to be right, and what to do where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
from rich.text import Text

from app.api.health import Readiness
from app.cli import doctor_graph, program
from app.cli.databases import MEGABYTE, external, joined
from app.cli.failures import EXPECTED, Failure, sentence
from app.cli.findings import Finding, Status, ok, problem, warning
from app.cli.offline import on_graph
from app.cli.terminal import output
from app.client import address
from app.config import Settings, SettingsError, load_settings
from app.services.parts import Parts
from app.storage.embedded_error import EmbeddedError
from app.storage.embedded_folder import check_space
from app.storage.embedded_jars import download_bytes, locked, unusable
from app.storage.embedded_java import find_java

STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red"}
ANSWER_SECONDS = 5.0


def doctor() -> None:
    """Prints each finding as it comes; raises Failure when one is a problem."""
    report = Report()
    try:
        settings = load_settings()
    except SettingsError as error:
        report.add(problem("settings", str(error)))
    else:
        report.add(ok("settings", "all can be read"))
        examine(settings, report)
    if report.problems:
        raise Failure(f"{report.problems} problem{'s' if report.problems > 1 else ''}, see above")


class Report:
    """Prints findings and counts the problems among them."""

    def __init__(self) -> None:
        self.problems = 0
        self._console = output()

    def add(self, finding: Finding) -> None:
        """Prints one line."""
        line = Text(f"{finding.status:8} {finding.subject:15} {finding.text}")
        line.stylize(STYLES[finding.status], 0, len(finding.status))
        self._console.print(line, soft_wrap=True)
        self.problems += finding.status is Status.PROBLEM


def examine(settings: Settings, report: Report) -> None:
    """The machine, then the graph as far as there is one."""
    is_own = not external(settings)
    for finding in [*(check_embedded(settings) if is_own else ()), check_port(settings)]:
        report.add(finding)
    if is_own and not joined(settings) and (reason := _why_not_started(settings, report)):
        report.add(warning("graph", reason))
        return

    async def check(parts: Parts) -> None:
        async for finding in doctor_graph.examine(parts):
            report.add(finding)

    try:
        on_graph(check)
    except EXPECTED as error:
        report.add(problem("graph", sentence(error)))


def _why_not_started(settings: Settings, report: Report) -> str:
    if not (settings.home / "neo4j" / "data").exists():
        return f"not checked: there is no data in {settings.home} yet; `ourmem up` begins one"
    return "not checked: Neo4j cannot be started for it, see above" if report.problems or download_bytes() else ""


def check_embedded(settings: Settings) -> Iterator[Finding]:
    """What the embedded server needs: folder, disk, Java, jars."""
    yield check_folder(settings.home)
    try:
        java = find_java()
        yield ok("Java", f"{java.version} in {java.home}")
    except EmbeddedError as error:
        yield problem("Java", str(error))
    yield check_jars()


def check_folder(home: Path) -> Finding:
    """Whether the data folder can be written to and has room."""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        return problem("data folder", f"{existing} cannot be written to; set OMEM_HOME to another folder")
    try:
        check_space(home / "neo4j" if (home / "neo4j").exists() else existing)
    except EmbeddedError as error:
        return problem("data folder", str(error))
    return ok("data folder", f"{home}, with room on its disk")


def check_jars() -> Finding:
    """Whether Neo4j is there and unchanged."""
    jars = locked()
    bad = unusable(jars)
    if not bad:
        return ok("jars of Neo4j", f"all {len(jars)} are there and as locked")
    megabytes = download_bytes() // MEGABYTE
    return warning(
        "jars of Neo4j", f"{len(bad)} of {len(jars)} are missing or damaged; the next start downloads {megabytes} MB"
    )


def check_port(settings: Settings) -> Finding:
    """Whether the port is free, or held by a service that works."""
    url = address(settings.host, settings.port)
    state = _readiness(url)
    if state is None:
        try:
            program.bind(settings).close()
        except Failure as failure:
            return problem("port", str(failure))
        return ok("port", f"{settings.port} is free; no service runs")
    wrong = [f"{part}: {said}" for part, said in state.checks.items() if said != "ok"]
    return warning("service", f"{url}: {'; '.join(wrong)}") if wrong else ok("service", f"answers at {url}")


def _readiness(url: str) -> Readiness | None:
    """What an ourmem at this address says of itself; None when there is none."""
    try:
        answer = httpx.get(f"{url}/health/ready", timeout=ANSWER_SECONDS, trust_env=False)
        return msgspec.json.decode(answer.content, type=Readiness)
    except (httpx.HTTPError, msgspec.MsgspecError):
        return None

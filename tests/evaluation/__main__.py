"""`python -m tests.evaluation`: the quality figures of docs, printed with what they ran on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from tests.evaluation import ablation, facts, locomo, noise, relations, scenarios
from tests.evaluation.conversations import choose, read
from tests.evaluation.scores import RESAMPLES, SEED, Estimate
from tests.reporting import ranking_constants, show, surroundings, write_json
from tests.serving import Service, Tenant, serving

Command = Callable[..., None]


@click.group()
def main() -> None:
    """Measure the quality of search, over HTTP, on data that you name.

    Without --url a service of this checkout is started, on the Neo4j of NEO4J_URI or on an empty one of its own.
    """


def with_service(command: Command) -> Command:
    """The options that all evaluations share."""
    options = [
        click.option("--url", envvar="OMEM_URL", help="A running service, such as http://127.0.0.1:8080."),
        click.option("--key", envvar="OMEM_API_KEY", help="Use this tenant for everything instead of fresh ones."),
        click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep all outcomes in this file."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command("locomo")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_service
@click.option("--conversations", default="", help="Only these, counted from 0: 0,1.")
@click.option("--limit", type=int, help="At most so many questions of each conversation.")
def measure_locomo(
    path: Path, url: str | None, key: str | None, json_path: Path | None, conversations: str, limit: int | None
) -> None:
    """Evidence recall on a LoCoMo file, whose data is yours to get (CC BY-NC 4.0).

    Example: python -m tests.evaluation locomo locomo10.json --conversations 0,1 --limit 20
    """
    chosen = choose(read(path), conversations)
    with serving(url) as service:
        outcomes = locomo.ask_all(partial(Tenant, service.url, key), chosen, limit, partial(click.echo, err=True))
        found = locomo.tables(outcomes)
        ran_on = _ran_on(service, path, key) | {
            "sizes": {"conversations": [one.name for one in chosen], "turns": sum(len(one.turns) for one in chosen)},
        }
        show([_locomo_table(name, rows) for name, rows in found.items()], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": found, "outcomes": outcomes})


def _ran_on(service: Service, path: Path, key: str | None) -> dict[str, Any]:
    return surroundings(service) | {
        "data": path.name,
        "tenants": "the given one" if key else "a fresh one each",
        "interval": {"percent": 95, "bootstrap_resamples": RESAMPLES, "seed": SEED},
        "weights": ranking_constants(),
    }


def _locomo_table(name: str, rows: list[locomo.Figures]) -> Table:
    table = Table(title=f"LoCoMo, evidence recall by {name}", title_justify="left")
    table.add_column(name)
    depths = [f"R@{depth}" for depth in locomo.DEPTHS]
    for heading in ("questions", *depths, "BM25 R@10", "p50 ms"):
        table.add_column(heading, justify="right")
    for row in rows:
        cells = [_interval(row.recall[str(depth)]) for depth in locomo.DEPTHS]
        table.add_row(row.name, str(row.questions), *cells, _interval(row.bm25["10"]), f"{row.p50_ms:.0f}")
    return table


def _interval(value: Estimate) -> str:
    return f"{value.mean:.3f} ({value.low:.2f}–{value.high:.2f})"


@main.command("ablation")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep all outcomes in this file.")
@click.option("--conversations", default="", help="Only these, counted from 0: 0,1.")
@click.option("--limit", type=int, help="At most so many questions of each conversation.")
def measure_ablation(path: Path, json_path: Path | None, conversations: str, limit: int | None) -> None:
    """What each lever of search is worth on a LoCoMo file: recall and time with one taken away at a time.

    Example: python -m tests.evaluation ablation locomo10.json --conversations 2 --limit 50
    """
    chosen = choose(read(path), conversations)
    with ablation.inside() as url:
        outcomes = ablation.ask_all(partial(Tenant, url), chosen, limit)
        found = ablation.rows(outcomes)
        ran_on = _ran_on(Service(url, None), path, None) | {
            "sizes": {"conversations": [one.name for one in chosen], "questions": len(outcomes) // len(found)},
        }
        show([_ablation_table(found)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": found, "outcomes": outcomes})


def _ablation_table(rows: list[ablation.Row]) -> Table:
    table = Table(title="LoCoMo, evidence recall with one lever away", title_justify="left")
    table.add_column("lever")
    for heading in (*(f"R@{depth}" for depth in ablation.DEPTHS), "R@10 lost", "p50 ms"):
        table.add_column(heading, justify="right")
    for row in rows:
        cells = [f"{row.recall[str(depth)].mean:.3f}" for depth in ablation.DEPTHS]
        table.add_row(row.lever, *cells, _interval(row.lost), f"{row.p50_ms:.0f}")
    return table


@main.command("scenarios")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_service
def measure_scenarios(path: Path, url: str | None, key: str | None, json_path: Path | None) -> None:
    """Answers in the top 3, abstention and secrets on scenarios of the project's form, English and Chinese apart.

    Example: python -m tests.evaluation scenarios scenarios-dev.jsonl --json out.json
    """
    told = scenarios.read(path)
    with serving(url) as service:
        outcomes = scenarios.ask_all(partial(Tenant, service.url, key), told)
        leaks = scenarios.list_leaks(service.graph, told) if service.graph else None
        rows = scenarios.tables(outcomes)
        ran_on = _ran_on(service, path, key) | {"sizes": {"scenarios": len(told), "questions": len(outcomes)}}
        said = "not looked for, as no NEO4J_URI is given" if leaks is None else leaks
        show([_scenario_table(rows)], {"secrets found in the database": said} | ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": rows, "secrets_found": leaks, "outcomes": outcomes})


def _scenario_table(rows: list[scenarios.Figures]) -> Table:
    table = Table(title="Scenarios, answers in the top 3", title_justify="left")
    table.add_column("figure")
    for row in rows:
        table.add_column(f"{row.name} ({row.questions})", justify="right")
    kinds = sorted({kind for row in rows for kind in row.answered_by_type})
    table.add_row("answered (target ≥ 0.85)", *(f"{row.answered:.2f}" for row in rows))
    for kind in kinds:
        table.add_row(f"  {kind}", *(f"{row.answered_by_type.get(kind, float('nan')):.2f}" for row in rows))
    table.add_row("conflicts with both sides", *(f"{row.conflicts_with_both_sides:.2f}" for row in rows))
    table.add_row("outdated value first (target 0)", *(str(row.stale_first) for row in rows))
    table.add_row("abstain F1 (target ≥ 0.75)", *(f"{row.abstain_f1:.2f}" for row in rows))
    return table


@main.command("noise")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_service
def measure_noise(path: Path, url: str | None, key: str | None, json_path: Path | None) -> None:
    """Precision and recall of the noise filter on lines of {text, lang, noise, kind}, and what it drops wrongly.

    Example: python -m tests.evaluation noise tests/evaluation/noise.jsonl
    """
    lines = noise.read(path)
    with serving(url) as service, Tenant(service.url, key) as tenant:
        outcomes = noise.ask_all(tenant, lines)
        rows = noise.tables(outcomes)
        ran_on = _ran_on(service, path, key) | {"sizes": {"lines": len(lines)}}
        show([_noise_table(rows)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": rows, "outcomes": outcomes})


def _noise_table(rows: list[noise.Figures]) -> Table:
    table = Table(title="Noise filter", title_justify="left")
    table.add_column("figure")
    for row in rows:
        table.add_column(f"{row.name} ({row.lines})", justify="right")
    table.add_row("F1 (target ≥ 0.95)", *(f"{row.f1:.3f}" for row in rows))
    table.add_row("precision", *(f"{row.precision:.3f}" for row in rows))
    table.add_row("recall", *(f"{row.recall:.3f}" for row in rows))
    table.add_row("dropped wrongly (target 0)", *(_counts(row.dropped) for row in rows))
    table.add_row("not noticed", *(_counts(row.missed) for row in rows))
    return table


def _counts(by_kind: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in by_kind.items()) or "none"


@main.command("facts")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_service
def measure_facts(path: Path, url: str | None, key: str | None, json_path: Path | None) -> None:
    """Precision and recall of the facts that a preview of each scenario finds, by category and language.

    Example: python -m tests.evaluation facts scenarios-dev.jsonl --json out.json
    """
    told = facts.read(path)
    with serving(url) as service, Tenant(service.url, key) as tenant:
        outcomes = facts.ask_all(tenant, told)
        rows = facts.tables(outcomes)
        ran_on = _ran_on(service, path, key) | {"sizes": {"scenarios": len(told)}}
        show([_facts_table(rows)], ran_on)
        write_json(json_path, {"ran_on": ran_on, "figures": rows, "outcomes": outcomes})


def _facts_table(rows: list[facts.Figures]) -> Table:
    table = Table(title="Facts of scenarios", title_justify="left")
    for heading in ("language", "category"):
        table.add_column(heading)
    for heading in ("facts", "recall", "precision", "category right", "from noise (target 0)"):
        table.add_column(heading, justify="right")
    for row in rows:
        shares = (f"{value:.2f}" for value in (row.recall, row.precision, row.category_right))
        table.add_row(row.lang, row.category, str(row.facts), *shares, str(row.from_noise))
    return table


@main.command("relations")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_service
def measure_relations(path: Path, url: str | None, key: str | None, json_path: Path | None) -> None:
    """What the service finds a newer statement to be to an older one, and its judge on pairs that it was not fitted on.

    Example: python -m tests.evaluation relations relations-dev.jsonl --json out.json
    """
    lines = relations.read(path)
    with serving(url) as service:
        outcomes = relations.ask_all(partial(Tenant, service.url), lines)
        found = relations.tables([(one.line, one.found) for one in outcomes])
        judged = relations.tables(relations.cross_validate(lines))
        ran_on = _ran_on(service, path, key) | {
            "sizes": {"pairs": len(lines)},
            "carried out, of which right": {label: list(two) for label, two in relations.acting(outcomes).items()},
            "left out of the fit": f"{relations.FOLDS} folds, {relations.REPEATS} times",
        }
        over_http = "Relations over HTTP, the weights in use (fitted on the development set)"
        show(
            [_relation_table(over_http, found), _relation_table("The judge on pairs left out of its fit", judged)],
            ran_on,
        )
        write_json(json_path, {"ran_on": ran_on, "figures": found, "cross_validated": judged, "outcomes": outcomes})


def _relation_table(title: str, rows: list[relations.Figures]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("language", "relation"):
        table.add_column(heading)
    for heading in ("pairs", "precision", "recall", "F1 (target macro ≥ 0.75)"):
        table.add_column(heading, justify="right")
    for row in rows:
        shares = (f"{value:.2f}" for value in (row.precision, row.recall, row.f1))
        table.add_row(row.lang, row.label, str(row.pairs), *shares)
    return table


if __name__ == "__main__":
    main(prog_name="python -m tests.evaluation")

"""`weather-tweets audit`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TaskID, TimeElapsedColumn
from rich.table import Table

from operations.cli.context import err, fail, folder, out, speaks

if TYPE_CHECKING:
    from operations import audit
    from operations.deep_audit import run as deep


@speaks
def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    stats_url: Annotated[
        str, typer.Option(help="`/stats` of a stream worker: audit the stores that the environment names.")
    ] = "",
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for agreement; 0: one reading, at once.")
    ] = 30.0,
    deep: Annotated[
        bool, typer.Option(help="Compare record by record, too: a recount straight from the topic.")
    ] = False,
) -> None:
    """Prove that all stores agree: exit status 1, and the difference, where they do not.

    Audits the stack of the data folder; where there is none, the stores that WEATHER_* settings name.
    """
    from operations.audit_sources import choose

    prove(choose(folder(context), stats_url), wait=wait, deep=deep, as_json=as_json)


def prove(
    sources: "audit.Sources",
    *,
    wait: float = 30.0,
    deep: bool = False,
    as_json: bool = False,
) -> None:
    """Audits and tells; raises `typer.Exit` with the status where the stores disagree or cannot be asked."""
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from operations import audit

    try:
        with err.status("Auditing"):
            counts = audit.audit(sources, wait_seconds=wait)
        findings = _deep(sources) if deep else None
    except audit.StoreUnreachableError as error:
        raise fail(f"cannot audit: {error}", 2) from error
    differences = counts.differences + (findings.differences if findings else [])
    if as_json:
        answer = as_dict(counts) | {"agree": not differences, "differences": differences}
        if findings:
            answer["partitions"] = [row._asdict() for row in findings.partitions]
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        out.print(_table(counts))
        if findings:
            out.print(_deep_table(findings))
        for difference in differences:
            err.print(difference, style="red", markup=False, highlight=False)
        for note in counts.notes:
            err.print(note, style="yellow", markup=False, highlight=False)
        if not differences:
            within = f", within the {counts.moving:,} that came meanwhile" if counts.moving else ""
            out.print(
                f"All stores agree: {counts.expected:,} messages{within}.", style="green", highlight=False
            )
    if differences:
        raise typer.Exit(1)


def _deep(sources: "audit.Sources") -> "deep.Findings":
    from operations.deep_audit import run as deep

    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def total(store: str, count: int) -> None:
            tasks[store] = bars.add_task(store, total=count)

        return deep.deep_audit(sources, deep.Progress(total, lambda s, more: bars.advance(tasks[s], more)))


def _deep_table(findings: "deep.Findings") -> Table:
    table = Table(title="Record by record", title_justify="left")
    for column in ("Partition", "From", "To", "Messages", "Dead", "Repeats", "Empty", "Gone", "Missing"):
        table.add_column(column, justify="right")
    for row in findings.partitions:
        table.add_row(*(f"{value:,}" for value in row), style="red" if row.missing else None)
    return table


def as_dict(counts: "audit.Counts") -> dict[str, Any]:
    """What `--json` says."""
    return {
        "kafka": counts.kafka,
        "earlier": counts.earlier,
        "dead": counts.dead,
        "repeats": counts.repeats,
        "empty": counts.empty,
        "lost": counts.lost,
        "lag": counts.lag,
        "moving": counts.moving,
        "expected": counts.expected,
        "mongo": counts.mongo,
        "kept_no_longer": counts.kept_no_longer,
        "history": counts.history,
        "redis_total": counts.redis_total,
        "redis_countries": counts.redis_countries,
        "tables": counts.tables,
        "live": counts.live,
        "agree": counts.agree,
        "differences": counts.differences,
        "notes": counts.notes,
    }


def _table(counts: "audit.Counts") -> Table:
    table = Table("Store", "What", title="Audit", title_justify="left")
    table.add_column("Messages", justify="right")

    def row(store: str, what: str, count: int, expected: int | None = None) -> None:
        wrong = expected is not None and abs(count - expected) > counts.moving
        table.add_row(store, what, f"{count:,}", style="red" if wrong else None)

    row("Kafka", "end offsets", counts.kafka)
    row("", "+ of earlier lives of the topic", counts.earlier)
    row("", "− dead letters", -counts.dead)
    row("", "− retries of clients", -counts.repeats)
    row("", "− empty", -counts.empty)
    row("", "− lost", -counts.lost)
    row("", "− not counted yet", -counts.lag)
    row("", "= to be found in every store", counts.expected)
    table.add_section()
    row("MongoDB", "documents", counts.mongo, counts.expected - counts.kept_no_longer)
    if counts.kept_no_longer:
        row("", "+ kept no longer", counts.kept_no_longer)
    row("MongoDB", "Σ hours of the history", counts.history, counts.expected)
    row("Redis", "totals.messages", counts.redis_total, counts.expected)
    row("Redis", "Σ countries", counts.redis_countries, counts.expected)
    row("Faust", "tables", counts.tables, counts.expected)
    return table

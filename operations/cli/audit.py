"""`weather-tweets audit`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from operations.cli.context import err, fail, folder, out, speaks

if TYPE_CHECKING:
    from operations import audit


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
) -> None:
    """Prove that all stores agree: exit status 1, and the difference, where they do not.

    Audits the stack of the data folder; where there is none, the stores that WEATHER_* settings name.
    """
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from operations import audit
    from operations.audit_sources import choose

    try:
        with err.status("Auditing"):
            counts = audit.audit(choose(folder(context), stats_url), wait_seconds=wait)
    except audit.StoreUnreachableError as error:
        raise fail(f"cannot audit: {error}", 2) from error
    if as_json:
        typer.echo(json.dumps(as_dict(counts), indent=2, ensure_ascii=False))
    else:
        out.print(_table(counts))
        for difference in counts.differences:
            err.print(difference, style="red", markup=False, highlight=False)
        for note in counts.notes:
            err.print(note, style="yellow", markup=False, highlight=False)
        if counts.agree:
            out.print(f"All stores agree: {counts.expected:,} messages.", style="green", highlight=False)
    if not counts.agree:
        raise typer.Exit(1)


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
        "expected": counts.expected,
        "mongo": counts.mongo,
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
        wrong = expected is not None and count != expected
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
    row("MongoDB", "documents", counts.mongo, counts.expected)
    row("Redis", "totals.messages", counts.redis_total, counts.expected)
    row("Redis", "Σ countries", counts.redis_countries, counts.expected)
    row("Faust", "tables", counts.tables, counts.expected)
    return table

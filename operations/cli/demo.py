"""`weather-tweets demo`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from operations.cli import up
from operations.cli.context import err, fail, folder, out, speaks

if TYPE_CHECKING:
    from operations import demo


@speaks
def run(
    context: typer.Context,
    tweets: Annotated[int, typer.Option(min=1, help="How many are sent.")] = 10_000,
    users: Annotated[int, typer.Option(min=1, help="How many clients send at once.")] = 10,
    brokers: up.Brokers = None,
    secure: up.Secure = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Send the tweets of this file, in their order, from its start again when it is short."
        ),
    ] = None,
    text_key: Annotated[str, typer.Option(help="The key that the file has for the text.")] = "",
    country_key: Annotated[str, typer.Option(help="The key that the file has for the country.")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there, too.")] = None,
) -> None:
    """Send tweets through every part with Locust, and count them in every store.

    Starts the stack if it is not running. Exit status 1 unless every tweet was accepted and all stores agree.
    """
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from loadgen.text_file import FileError
    from operations import audit, demo, swarm_run
    from operations.audit_sources import of_stack

    stack = folder(context)
    options: tuple[str, ...] = ()
    if data:
        try:
            # Before everything else: what is wrong with a file is known without a stack.
            options = swarm_run.data_options(data, text_key, country_key, warn=lambda said: err.print(said))
        except FileError as error:
            raise fail(str(error)) from error
    endpoints = up.start(stack, brokers=brokers, secure=secure)
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
        ) as progress:
            sending = progress.add_task(f"{users:,} clients send tweets", total=tweets)
            report = demo.run(
                of_stack(endpoints),
                endpoints.gateway,
                tweets=tweets,
                users=users,
                data=data or swarm_run.ensure_data(stack),
                options=options,
                on_progress=lambda done: progress.update(sending, completed=done),
                on_sent=lambda: progress.update(sending, description="Waiting for the stores"),
            )
            progress.update(sending, description=f"{users:,} clients sent tweets")
    except (audit.StoreUnreachableError, swarm_run.SwarmFailedError) as error:
        raise fail(str(error)) from error
    out.print(_table(report))
    out.print(f"Live page: {endpoints.gateway}/", highlight=False)
    if json_file:
        json_file.write_text(json.dumps(msgspec.to_builtins(report), indent=2) + "\n")
    if not report.agree:
        raise fail("The stores do not agree, or requests failed: see `weather-tweets audit`.")


def _table(report: "demo.Report") -> Table:
    table = Table(
        "Of this run",
        title=f"{report.requests:,} tweets of {report.users:,} clients",
        title_justify="left",
    )
    table.add_column("Count", justify="right")

    def row(what: str, count: int, expected: int | None = None) -> None:
        wrong = expected is not None and count != expected
        table.add_row(what, f"{count:,}", style="red" if wrong else None)

    accepted = report.accepted
    row("Accepted (202)", accepted)
    row("Failed", report.failed, 0)
    table.add_section()
    row("Kafka", report.kafka - report.dead, accepted)
    row("MongoDB", report.mongo, accepted)
    row("Redis total", report.redis_total, accepted)
    row("Redis Σ countries", report.redis_countries, accepted)
    row("Faust tables", report.tables, accepted)
    row("Live view", report.live)
    table.add_section()
    table.add_row("Requests/s", f"{report.requests_per_second:,.0f}")
    for quantile, milliseconds in report.latency_ms.items():
        table.add_row(f"Latency {quantile}", f"{milliseconds:,.1f} ms")
    table.add_row("Last 202 to last store", f"{report.catch_up_seconds:.2f} s")
    table.add_section()
    agree = "[green]yes[/]" if report.agree else "[red]no[/]"
    table.add_row("All stores agree", agree)
    return table

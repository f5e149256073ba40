"""`weather-tweets chaos`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from operations.cli import up
from operations.cli.context import err, fail, folder, out, speaks

if TYPE_CHECKING:
    from operations.chaos.report import FaultReport, Report


@speaks
def run(
    context: typer.Context,
    minutes: Annotated[float, typer.Option(min=0.5, help="How long faults strike.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Draws the faults: the same seed, the same schedule.")] = 1,
    brokers: up.Brokers = None,
    secure: up.Secure = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there, too.")] = None,
) -> None:
    """Kill, pause, wipe and restart parts under load, and prove that nothing was lost or counted twice.

    Starts the stack if it is not running. Exit status 1 when a promise was broken.
    """
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from operations import audit, chaos
    from operations.audit_sources import of_stack

    stack = folder(context)
    endpoints = up.start(stack, brokers=brokers, secure=secure)
    try:
        with Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err
        ) as progress:
            task = progress.add_task("Load")
            report = chaos.run(
                stack,
                of_stack(endpoints),
                endpoints.gateway,
                seconds=minutes * 60,
                seed=seed,
                on_fault=lambda fault: progress.update(task, description=f"{fault.kind} {fault.target}"),
            )
    except audit.StoreUnreachableError as error:
        raise fail(str(error)) from error
    out.print(_faults(report.faults))
    out.print(_summary(report))
    if json_file:
        json_file.write_text(json.dumps(msgspec.to_builtins(report), indent=2) + "\n")
    if not report.is_clean:
        raise fail("A promise was broken: see the table above and `weather-tweets audit`.")


def _faults(faults: "list[FaultReport]") -> Table:
    from operations.chaos.report import recovery_medians

    table = Table("Fault", title="Recovery, medians", title_justify="left")
    for heading in ("Times", "Accepting after", "Processing after"):
        table.add_column(heading, justify="right")
    for name, times, accepting, processing in recovery_medians(faults):
        table.add_row(name, str(times), _seconds(accepting), _seconds(processing))
    return table


def _seconds(value: float | None) -> str:
    return "not seen" if value is None else f"{value:.1f} s"


def _summary(report: "Report") -> Table:
    table = Table("Promise", title=f"Chaos, seed {report.seed}", title_justify="left")
    table.add_column("Tweets", justify="right")

    def row(what: str, count: int, *, must_be_none: bool = False) -> None:
        table.add_row(what, f"{count:,}", style="red" if must_be_none and count else None)

    row("Acknowledged (202)", report.acknowledged)
    row("Stored", report.stored)
    row("Lost", report.lost, must_be_none=True)
    row("Duplicated", report.duplicated, must_be_none=True)
    row("Stored but never sent", report.never_sent, must_be_none=True)
    row("Answered with a wrong id", report.wrong_ids, must_be_none=True)
    table.add_section()
    row("Attempts refused or broken, and sent again", sum(report.refusals.values()))
    row("Retries recognised as repeats", report.repeats)
    row("Never settled", report.unsettled)
    table.add_section()
    table.add_row("All stores agree", "[green]yes[/]" if report.agree else "[red]no[/]")
    return table

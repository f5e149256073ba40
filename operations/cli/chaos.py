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
    proxied: up.Proxied = False,
    faults: Annotated[
        str, typer.Option(help="Only these kinds or families, comma-separated; else all that can be drawn.")
    ] = "",
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="Show which there are, and end.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there, too.")] = None,
) -> None:
    """Break parts, links, topic and keys under load, and prove that nothing was lost or counted twice.

    Starts the stack if it is not running. Exit status 1 when a promise was broken, or when nobody was told of
    a fault of noticeable length.
    """
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from operations import audit, chaos
    from operations.audit_sources import of_stack
    from operations.chaos import repertoire

    if list_faults:
        out.print(_repertoire())
        return
    stack = folder(context)
    names = [name.strip() for name in faults.split(",") if name.strip()]
    try:
        # Before anything is started, so that a slip of the keyboard costs no minute.
        repertoire.choose(names, brokers=3, proxied=True)
        endpoints = up.start(stack, brokers=brokers, secure=secure, proxied=proxied)
        entries = repertoire.choose(
            names, brokers=len(endpoints.kafka.split(",")), proxied=bool(endpoints.links)
        )
    except repertoire.NotDrawnError as error:
        raise fail(str(error), 2) from error
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
                entries=entries,
                on_fault=lambda fault: progress.update(task, description=f"{fault.kind} {fault.target}"),
                on_audit=lambda: progress.update(task, description="Audit, record by record"),
            )
    except audit.StoreUnreachableError as error:
        raise fail(str(error)) from error
    out.print(_faults(report.faults))
    out.print(_told(report))
    out.print(_summary(report))
    for difference in report.deep_differences:
        err.print(difference, style="red", markup=False, highlight=False)
    if not report.watched:
        err.print("There is no `prometheus` on PATH: metrics and alerts were not watched.", style="yellow")
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


def _told(report: "Report") -> Table:
    table = Table("At", "Fault", title="What was told", title_justify="left")
    for heading in ("Metrics", "Health", "Alerts"):
        table.add_column(heading, overflow="fold")
    for fault in report.faults:
        lasting = f" {fault.seconds:g} s" if fault.seconds else ""
        table.add_row(
            f"{fault.at:.0f} s",
            f"{fault.kind} {fault.target}{lasting}"
            + (f"\nnot carried out: {fault.failed}" if fault.failed else ""),
            *("\n".join(told) for told in (fault.metrics, fault.health, fault.alerts)),
            style="red" if fault in report.untold else None,
        )
    return table


def _repertoire() -> Table:
    from operations.chaos.repertoire import REPERTOIRE

    table = Table("Family", "Kind", "Strikes", "What", "Lasts", title_justify="left")
    merged = {(entry.family, entry.kind, entry.what, entry.seconds): list[str]() for entry in REPERTOIRE}
    for entry in REPERTOIRE:
        merged[entry.family, entry.kind, entry.what, entry.seconds] += entry.targets
    for (family, kind, what, seconds), targets in merged.items():
        lasts = ", ".join(f"{each:g}" for each in seconds if each)
        table.add_row(family, kind, ", ".join(targets), what, f"{lasts} s" if lasts else "")
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
    table.add_row("All stores agree", _yes(report.agree))
    table.add_row("Record by record, too (audit --deep)", _yes(not report.deep_differences))
    table.add_row(
        "Noticeable faults of which nobody was told", f"{len(report.untold)}" if report.watched else "?"
    )
    table.add_section()
    for guard, times in report.guards.items():
        row(f"Guard: {guard}", times)
    return table


def _yes(holds: bool) -> str:
    return "[green]yes[/]" if holds else "[red]no[/]"

"""`weather-tweets energy`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from operations.cli.context import err, fail, folder, out, speaks
from weather_tweets.settings import EnergySettings

if TYPE_CHECKING:
    from operations.energy.report import Cost, Report

_BAR_CHARACTERS = 24

QUIET_PERCENT = 15
"""More of the machine than this used by others makes runs differ by more than they should."""


@speaks
def run(
    context: typer.Context,
    country: Annotated[
        str, typer.Option(help="Whose grid: a name or code; WEATHER_ENERGY_COUNTRY by default.")
    ] = "",
    tweets: Annotated[int, typer.Option(min=100, help="How many are sent in each run.")] = 10_000,
    users: Annotated[int, typer.Option(min=1, help="How many clients send at once.")] = 10,
    runs: Annotated[int, typer.Option(min=2, help="How many runs, to see how far they differ.")] = 3,
    ways: Annotated[bool, typer.Option(help="Compare with unary calls and with arrays.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there, too.")] = None,
) -> None:
    """Measure what tweets cost on the running stack: joules, gCO2e and SCI, per service and per million.

    By the processor's own counters (RAPL) where they can be read, else an estimate by a power model.
    """
    # Here and not above: an audit's image has no swarm.
    from operations.energy.experiment import Experiment
    from operations.energy.grid import UnknownGridError
    from operations.energy.traffic import RefusedTweetsError
    from operations.swarm_run import SwarmFailedError
    from weather_tweets.processed import NotProcessedError

    settings = EnergySettings()
    if country:
        settings = settings.model_copy(update={"country": country})
    try:
        experiment = Experiment(folder(context), settings, tweets=tweets, users=users)
        with err.status("Warming up") as spinner:

            def show(way: str, number: int) -> None:
                spinner.update(f"Run {number} of {runs}: {way}" if number else f"Warming up: {way}")

            report = experiment.report(runs, compare_ways=ways, on_run=show)
    except UnknownGridError as error:
        raise fail(f"{error}: set WEATHER_ENERGY_GRID_GCO2E_PER_KWH", 2) from error
    except (NotProcessedError, RefusedTweetsError, SwarmFailedError) as error:
        raise fail(str(error)) from error
    _show(report)
    if json_file:
        json_file.write_text(json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False) + "\n")


def _show(report: "Report") -> None:
    out.print(_of_this_run(report))
    out.print(
        f"{report.runs} runs of {report.tweets:,} tweets differ by {report.spread_percent:.1f} % "
        f"({', '.join(f'{joules:.1f}' for joules in report.run_joules)} J). "
        f"{report.services[0].name} cost most: {report.services[0].share_percent:.0f} %.\n",
        highlight=False,
    )
    if report.others_percent > QUIET_PERCENT:
        out.print(
            f"Other programs used {report.others_percent:.0f} % of the machine meanwhile: repeat this "
            "when it is quiet.\n",
            style="red",
            highlight=False,
        )
    out.print(_of_a_million(report))
    out.print(_range(report))
    out.print(_inputs(report))
    out.print(_elsewhere(report))
    if report.ways:
        out.print(_ways(report))
    out.print(report.method, style="yellow" if report.is_estimate else "green", highlight=False)
    for source in (*report.sources, *(f"{each.name}: {each.source}" for each in report.uncertainty.inputs)):
        out.print(source, style="dim", highlight=False)


def _of_this_run(report: "Report") -> Table:
    kind = "estimated" if report.is_estimate else "measured"
    table = Table(
        "Service",
        title=f"{report.tweets:,} tweets, {kind}; {report.country}: {report.grid_gco2e_per_kwh:g} gCO2e/kWh",
        title_justify="left",
    )
    for column in ("CPU s", "MB", "J", "mgCO2e", "SCI mg", "%"):
        table.add_column(column, justify="right")

    def row(name: str, cpu: float, memory: float, cost: "Cost", share: float) -> None:
        table.add_row(
            name,
            f"{cpu:.2f}",
            f"{memory:,.0f}",
            f"{cost.joules:.1f}",
            f"{cost.gco2e * 1e3:.3f}",
            f"{cost.sci_gco2e * 1e3:.3f}",
            f"{share:.0f}",
        )

    for service in report.services:
        row(
            service.name,
            service.cpu_seconds,
            service.memory_megabytes,
            service.run,
            service.share_percent,
        )
    table.add_section()
    cpu = sum(service.cpu_seconds for service in report.services)
    row("all", cpu, sum(service.memory_megabytes for service in report.services), report.total, 100)
    return table


def _of_a_million(report: "Report") -> Table:
    table = Table("Service", title="A million tweets", title_justify="left")
    for column in ("J", "gCO2e", "SCI g"):
        table.add_column(column, justify="right")

    def row(name: str, cost: "Cost") -> None:
        table.add_row(name, f"{cost.joules:,.0f}", f"{cost.gco2e:.3f}", f"{cost.sci_gco2e:.3f}")

    for service in report.services:
        row(service.name, service.per_million_tweets)
    table.add_section()
    row("all", report.per_million_tweets)
    return table


def _range(report: "Report") -> Table:
    table = Table("A million tweets, all services", title="How sure that is", title_justify="left")
    for column in ("Low", "Best", "High"):
        table.add_column(column, justify="right")
    known = report.uncertainty
    for name, figure, digits in (
        ("J", known.joules, 0),
        ("gCO2e", known.gco2e, 3),
        ("SCI g", known.sci_gco2e, 3),
    ):
        table.add_row(name, *(f"{each:,.{digits}f}" for each in (figure.low, figure.best, figure.high)))
    return table


def _inputs(report: "Report") -> Table:
    """What the range comes from, the widest first; the bar is of the whole range of the SCI."""
    table = Table("Input", "From", title="What the range comes from", title_justify="left")
    for column in ("Low", "Best", "High"):
        table.add_column(column, justify="right")
    table.add_column("SCI", min_width=_BAR_CHARACTERS, no_wrap=True)
    whole = report.uncertainty.sci_gco2e
    width = whole.high - whole.low or 1.0
    for each in report.uncertainty.inputs:
        before = round((each.sci_low - whole.low) / width * _BAR_CHARACTERS)
        within = round((each.sci_high - each.sci_low) / width * _BAR_CHARACTERS)
        value = each.value
        table.add_row(
            f"{each.name} ({each.unit})" if each.unit else each.name,
            each.kind,
            *(f"{number:,.4g}" for number in (value.low, value.best, value.high)),
            " " * before + "█" * within,
        )
    return table


def _elsewhere(report: "Report") -> Table:
    table = Table("Country", title="A million tweets elsewhere", title_justify="left")
    for column in ("Year", "gCO2e/kWh", "SCI g/million"):
        table.add_column(column, justify="right")
    for place in report.elsewhere:
        table.add_row(
            place.country,
            str(place.year),
            f"{place.gco2e_per_kwh:.0f}",
            f"{place.sci_gco2e_per_million_tweets:.2f}",
            style="bold" if place.country == report.country else None,
        )
    return table


def _ways(report: "Report") -> Table:
    table = Table("The same tweets", title="What batching saves", title_justify="left")
    for column in ("J/million", "CPU s/million", "Spread", "Saves"):
        table.add_column(column, justify="right")
    for way in report.ways:
        table.add_row(
            way.way,
            f"{way.joules_per_million_tweets:,.0f}",
            f"{way.cpu_seconds_per_million_tweets:,.0f}",
            f"{way.spread_percent:.1f} %",
            f"{way.saves_percent:.0f} %",
        )
    return table

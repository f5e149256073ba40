"""`weather-tweets status`."""

import json
import time
from typing import Annotated

import typer
from rich.table import Table

from weather_tweets.cli.context import folder, out, speaks
from weather_tweets.local import launch
from weather_tweets.local.keeper import PartStatus

_STYLES = {"ready": "green", "starting": "yellow", "waiting": "red", "stopped": "dim"}


@speaks
def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every part: its state, address, process, and how often it had to be restarted."""
    stack = folder(context)
    if as_json:
        typer.echo(json.dumps(launch.describe(stack), indent=2))
        return
    _, parts = launch.status(stack)
    out.print(_table(parts))


def _table(parts: list[PartStatus]) -> Table:
    table = Table("Part", "State", "For", "Port", "Process", "Restarts", "Last end")
    for part in parts:
        table.add_row(
            part.name,
            f"[{_STYLES[part.state]}]{part.state}[/]",
            _duration(time.time() - part.since),
            str(part.port),
            str(part.pid or "—"),
            str(part.restarts),
            part.last_end or "",
        )
    return table


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

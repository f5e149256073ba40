"""`weather-tweets status`."""

import json
import time
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from operations.cli.context import NOT_RUNNING, fail, folder, out, speaks
from operations.local import launch, leftovers
from operations.local.endpoints import NotRunningError
from operations.local.keeper import PartStatus

_STYLES = {"ready": "green", "starting": "yellow", "waiting": "red", "stopped": "dim"}


@speaks
def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every part: its state, address, process, and how often it had to be restarted."""
    stack = folder(context)
    try:
        described = launch.describe(stack)
    except NotRunningError:
        left = len(leftovers.processes(stack.path))
        if not left:
            raise
        raise fail(
            f"what keeps the stack running is gone, but {left} of its processes are left: "
            "`weather-tweets up` starts anew, `weather-tweets down` ends them",
            NOT_RUNNING,
        ) from None
    if as_json:
        typer.echo(json.dumps(described, indent=2))
    else:
        out.print(_table(msgspec.convert(described["parts"], list[PartStatus])))


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

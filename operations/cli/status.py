"""`weather-tweets status`."""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.table import Table

from operations.cli.context import NOT_RUNNING, err, fail, folder, out, speaks
from operations.local import launch, leftovers
from operations.local.endpoints import NotRunningError
from operations.local.keeper import PartStatus

if TYPE_CHECKING:
    from operations.local.kafka_replicas import Replicas

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
    brokers = _brokers(described.get("endpoints"))
    if as_json:
        if brokers:
            described["brokers"] = {str(number): msgspec.to_builtins(one) for number, one in brokers.items()}
        typer.echo(json.dumps(described, indent=2))
        return
    out.print(_table(msgspec.convert(described["parts"], list[PartStatus])))
    if brokers:
        out.print(_broker_table(brokers))


def _brokers(endpoints: dict[str, Any] | None) -> "dict[int, Replicas]":
    """Of a cluster; none where there is one broker, which has nothing to tell."""
    if endpoints is None or "," not in endpoints["kafka"]:
        return {}
    # Here and not above: these imports take a third of a second.
    from aiokafka.errors import KafkaError

    from operations.audit_sources import of_stack
    from operations.local.endpoints import Endpoints
    from operations.local.kafka_replicas import by_broker

    try:
        return asyncio.run(by_broker(of_stack(msgspec.convert(endpoints, Endpoints)).kafka))
    except (KafkaError, OSError) as error:
        err.print(f"No broker says who leads: {error!r}", style="red", markup=False)
        return {}


def _broker_table(brokers: "dict[int, Replicas]") -> Table:
    table = Table("Broker", "Leads", "Replicas in sync")
    for number, one in brokers.items():
        behind = one.in_sync < one.replicas
        table.add_row(
            f"kafka-{number}",
            str(one.leads),
            f"{one.in_sync} of {one.replicas}",
            style="red" if behind else None,
        )
    return table


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

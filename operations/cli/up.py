"""`weather-tweets up`."""

import shutil
from typing import Annotated

import typer

from operations.cli.context import err, fail, folder, out, speaks
from operations.local import control, launch
from operations.local.endpoints import Endpoints
from operations.local.folder import Folder
from operations.local.keeper import PartStatus

Brokers = Annotated[
    int | None,
    typer.Option(min=1, max=5, help="Kafka's nodes, each broker and controller; 1 for a new stack."),
]
Secure = Annotated[
    bool | None,
    typer.Option(
        "--secure",
        help="Kafka with TLS, and with the users and rights that the chart asks for; needs a checkout.",
    ),
]
Proxied = Annotated[
    bool,
    typer.Option("--proxied", help="Lead every connection through a proxy that can break it (see `chaos`)."),
]


@speaks
def run(
    context: typer.Context,
    workers: Annotated[int | None, typer.Option(min=1, help="Stream workers; 1 for a new stack.")] = None,
    brokers: Brokers = None,
    secure: Secure = None,
    proxied: Proxied = False,
    observe: Annotated[bool, typer.Option("--observe", help="Start Prometheus beside it.")] = False,
) -> None:
    """Start everything in the background, and return when all of it is ready."""
    if observe and not shutil.which("prometheus"):
        raise fail("There is no `prometheus` on PATH: install Debian's package of that name.")
    endpoints = start(folder(context), workers, brokers=brokers, secure=secure, proxied=proxied)
    out.print(f"Live page   {endpoints.gateway}/", highlight=False)
    out.print(f"Send to     {endpoints.gateway}/input", highlight=False)
    if observe:
        out.print(f"Prometheus  {control.call(folder(context), 'observe')}", highlight=False)


def start(
    stack: Folder,
    workers: int | None = None,
    *,
    brokers: int | None = None,
    secure: bool | None = None,
    proxied: bool = False,
) -> Endpoints:
    """Brings the stack up, showing what it waits for; a number of workers holds for a running one, too."""
    with err.status("Starting") as spinner:

        def show(parts: list[PartStatus]) -> None:
            waiting = [part.name for part in parts if part.state != "ready"]
            spinner.update(f"Starting {', '.join(waiting)}" if waiting else "Waiting for the stream workers")

        endpoints = launch.up(stack, workers or 1, show, brokers=brokers, secure=secure, proxied=proxied)
        if workers not in (None, len(endpoints.stats)):
            spinner.update("Scaling the stream workers")
            control.call(stack, "scale", workers=workers)
    return endpoints

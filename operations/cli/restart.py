"""`weather-tweets restart NAME`."""

from typing import Annotated

import typer

from operations.cli.context import err, folder, out, speaks
from operations.local import control


@speaks
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A part as `status` names it; `kafka`: all brokers, in turn.")],
) -> None:
    """Stop a part gracefully, start it again, and return when it is ready."""
    with err.status(f"Restarting {name}"):
        control.call(folder(context), "restart", name=name)
    out.print(f"Restarted {name}.")

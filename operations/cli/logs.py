"""`weather-tweets logs NAME`."""

import time
from typing import Annotated

import typer

from operations.cli.context import fail, folder, speaks
from operations.local import logfiles

_POLL_SECONDS = 0.3


@speaks
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A part as `status` names it, or `supervisor`.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
) -> None:
    """Print the log of a part."""
    stack = folder(context)
    path = stack.log(name)
    if not path.exists():
        present = ", ".join(sorted(log.stem for log in stack.logs.glob("*.log"))) or "none"
        raise fail(f"there is no log of {name!r}; there are: {present}")
    for line in logfiles.tail(path, lines):
        typer.echo(line)
    if follow:
        with path.open(errors="replace") as log:
            log.seek(0, 2)
            while True:
                typer.echo(log.read(), nl=False)
                time.sleep(_POLL_SECONDS)

"""`weather-tweets down`."""

from typing import Annotated

import typer

from operations.cli.context import err, folder, out, speaks
from operations.local import launch


@speaks
def run(
    context: typer.Context,
    purge: Annotated[bool, typer.Option("--purge", help="Remove all data, too.")] = False,
) -> None:
    """Stop everything, also after a crash of what keeps it running."""
    with err.status("Stopping"):
        found = launch.down(folder(context), purge=purge)
    out.print("Stopped." if found else "Nothing was running.")

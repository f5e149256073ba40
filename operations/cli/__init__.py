"""`weather-tweets`: one module for each command."""

from pathlib import Path
from typing import Annotated

import typer

from operations.cli import (
    audit,
    backup,
    chaos,
    dead,
    demo,
    down,
    energy,
    export,
    keys,
    kinds,
    logs,
    place,
    rebuild,
    restart,
    restore,
    scale,
    settings,
    status,
    up,
)
from operations.cli.context import Context
from operations.local.folder import DEFAULT, Folder

app = typer.Typer(
    help="Tweets about the weather of the whole world, through every part, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def main(
    context: typer.Context,
    data_dir: Annotated[
        Path, typer.Option(envvar="WEATHER_DATA_DIR", help="Folder of the stack's state, data and logs.")
    ] = DEFAULT,
) -> None:
    context.obj = Context(Folder(data_dir))


for command in (
    up,
    status,
    logs,
    scale,
    restart,
    down,
    demo,
    audit,
    backup,
    restore,
    rebuild,
    export,
    energy,
    chaos,
    place,
    kinds,
    settings,
):
    app.command(command.__name__.rpartition(".")[2])(command.run)
app.add_typer(dead.app, name="dead")
app.add_typer(keys.app, name="keys")

"""`weather-tweets keys`: new, check."""

import json
from codecs import BOM_UTF8
from pathlib import Path
from shutil import copymode
from typing import Annotated

import typer
from rich.table import Table

from operations.cli.context import fail, out

app = typer.Typer(
    help="Keys at the door: who may send, and how fast. The gateway asks for one if "
    "WEATHER_GATEWAY_KEYS_FILE names a file of them; what sends has its key in WEATHER_KEY.",
    no_args_is_help=True,
)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is: letters, digits, _ and -.")],
    rate: Annotated[
        float, typer.Option(help="Tweets a second in the long run, in each gateway process.")
    ] = 100,
    burst: Annotated[
        int | None, typer.Option(help="Tweets at once, after a pause; 1,000 or the rate if not given.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Add the line to this file, which is made if it is not there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Make a key. It is shown once; the file gets its hash, from which nobody can make it again."""
    # Here and not above: other commands need nothing of the gateway.
    from gateway.keys import key_file, token
    from weather_tweets.tweet import MAX_TWEETS_PER_REQUEST

    if burst is None:
        burst = max(MAX_TWEETS_PER_REQUEST, int(rate))
    key = token.new()
    line = key_file.line(key_file.Key(name, (token.digest(key.encode()),), rate, burst))
    try:
        key_file.check_name(name)
        key_file.parse(line.encode())
        if file:
            _add(line, file)
    except key_file.KeyFileError as error:
        raise fail(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"name": name, "key": key, "line": line}))
        return
    typer.echo(f"The key of {name}, shown only now:\n\n    {key}\n")
    if file:
        typer.echo(f"Its line is in {file}. A gateway that reads this file takes the key within two seconds.")
    else:
        typer.echo(f"The line for the file that WEATHER_GATEWAY_KEYS_FILE names:\n\n{line}")


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A file of keys.")]) -> None:
    """Say who may send by this file, or what is wrong with it, before a gateway gets it."""
    from gateway.keys import key_file

    try:
        keys = key_file.parse(key_file.content(file))
    except key_file.KeyFileError as error:
        raise fail(str(error)) from error
    table = Table("Name", "Tweets/s", "Burst", "Keys", "May send")
    for key in keys:
        table.add_row(
            key.name,
            f"{key.rate:,g}",
            f"{key.burst:,}",
            str(len(key.digests)),
            "no" if key.disabled else "yes",
        )
    out.print(table)


def _add(line: str, file: Path) -> None:
    """Adds the line, and replaces the file as a whole: who reads it meanwhile sees the old one or the new."""
    from gateway.keys import key_file

    there = key_file.content(file) if file.exists() else b""
    # In front: if the file ends with a table, a line after it would be that table's.
    content = line.encode() + b"\n" + there.removeprefix(BOM_UTF8)
    key_file.parse(content)
    beside = file.with_name(f".{file.name}.new")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    if file.exists():
        copymode(file, beside)
    beside.replace(file)

"""`weather-tweets place`."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from weather_tweets import places


def run(
    texts: Annotated[
        list[str] | None, typer.Argument(help="Standard input, a line each, if none is given.")
    ] = None,
    profile: Annotated[
        bool, typer.Option(help="Free text of profiles, instead of what is in `país`.")
    ] = False,
) -> None:
    """Say which country a text means, and by what evidence: one line of JSON for each."""
    look_up = places.look_up_profile if profile else places.look_up
    lines: Iterable[str] = texts or (line.rstrip("\r\n") for line in sys.stdin)
    for text in lines:
        (code, name), by = look_up(text)
        typer.echo(json.dumps({"text": text, "code": code, "name": name, "by": by}, ensure_ascii=False))

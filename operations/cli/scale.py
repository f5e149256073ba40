"""`weather-tweets scale streams N`."""

from typing import Annotated

import typer

from operations.cli.context import err, fail, folder, out, speaks
from operations.local import control


@speaks
def run(
    context: typer.Context,
    part: Annotated[str, typer.Argument(help="`streams`, the only part of which there may be several.")],
    workers: Annotated[int, typer.Argument(min=0, help="How many workers there are to be.")],
) -> None:
    """Change the number of stream workers; those too many finish what they have in hand."""
    if part != "streams":
        raise fail(f"only `streams` can be scaled, not {part!r}")
    with err.status("Scaling the stream workers"):
        control.call(folder(context), "scale", workers=workers)
    out.print(f"Stream workers: {workers}")
    # Here and not above: other commands need not wait for the import.
    from weather_tweets.settings import KafkaSettings

    partitions = KafkaSettings().partitions
    if workers > partitions:
        err.print(f"Topics have {partitions} partitions by default: workers beyond that have nothing to do.")

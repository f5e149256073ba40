"""`weather-tweets scale streams N` and `weather-tweets scale partitions N`."""

import asyncio
from typing import Annotated

import typer

from operations.cli.context import err, fail, folder, out, speaks
from operations.local import control, endpoints

_READ_SECONDS = 60.0
"""How long the workers may take to read partitions that were added; they take some ten seconds."""


@speaks
def run(
    context: typer.Context,
    part: Annotated[str, typer.Argument(help="`streams` or `partitions`.")],
    number: Annotated[int, typer.Argument(min=0, help="How many there are to be.")],
) -> None:
    """Change the number of stream workers, or add partitions to the topic of tweets.

    Workers too many finish what they have in hand. Partitions cannot be taken away.
    """
    match part:
        case "streams":
            _scale_streams(context, number)
        case "partitions":
            _scale_partitions(context, number)
        case _:
            raise fail(f"`streams` or `partitions` can be scaled, not {part!r}")


def _scale_streams(context: typer.Context, workers: int) -> None:
    with err.status("Scaling the stream workers"):
        control.call(folder(context), "scale", workers=workers)
    out.print(f"Stream workers: {workers}")
    # Here and not above: other commands need not wait for the import.
    from weather_tweets.settings import KafkaSettings

    partitions = KafkaSettings().partitions
    if workers > partitions:
        err.print(f"Topics have {partitions} partitions by default: workers beyond that have nothing to do.")


def _scale_partitions(context: typer.Context, partitions: int) -> None:
    from aiokafka.errors import KafkaError

    from operations import partitions as topic
    from operations.audit_sources import of_stack

    stack = of_stack(endpoints.read(folder(context)))
    try:
        before = asyncio.run(topic.grow(stack.kafka, partitions))
    except topic.CannotShrinkError as error:
        raise fail(str(error)) from error
    except (KafkaError, OSError) as error:
        raise fail(f"Kafka at {stack.kafka.bootstrap_servers}: {error!r}") from error
    if stack.stats_urls:
        with err.status("Waiting until the workers read all of them"):
            topic.until_read(stack.stats_urls, partitions, timeout_seconds=_READ_SECONDS)
    out.print(f"Partitions: {partitions} (before: {before})")

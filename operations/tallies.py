"""The tallies straight from the changelog of the workers' table, also while no worker runs."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from operations import committed_log
from streams.tally import Tally
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings, StreamsSettings


def changelog() -> str:
    """Name of the topic."""
    return f"{StreamsSettings().app_id}-tally-changelog"


async def read(settings: KafkaSettings) -> dict[int, Tally]:
    """By partition, the tally as it is now; without those that were lost. Raises `KafkaError`.

    Whatever one counts as a message was in MongoDB before it was written.
    """
    tallies: dict[int, Tally] = {}

    async def take(_: int, records: committed_log.Records) -> None:
        for record in records:
            partition = int(record.key or b"-1")
            value: Any = msgspec.json.decode(record.value) if record.value else None
            if value:
                tallies[partition] = Tally.from_table(value)
            else:
                tallies.pop(partition, None)

    log = await committed_log.extents(settings, changelog())
    await committed_log.read(settings, changelog(), {p: [extent] for p, extent in log.items()}, take)
    return tallies


async def replace(
    settings: KafkaSettings, tallies: Mapping[int, Tally | None], topic: str | None = None
) -> None:
    """Writes tallies, or that there is none, for the workers to begin with.

    No worker may run: it would go on with what it has in memory. Raises `KafkaError`.
    """
    topic = topic or changelog()
    async with AIOKafkaProducer(**client_options(settings), acks="all") as producer:
        for partition, tally in tallies.items():
            value = msgspec.json.encode(tally.to_table()) if tally else None
            await producer.send_and_wait(topic, value, str(partition).encode(), partition=partition)
